"""Whatever the lab's description allows and forbids, tried by schemathesis.

One check is left out: that all the description allows is done. A picture that is none, a data set that has to
be downloaded or points that are all at one x are refused for what they say, which a schema cannot tell.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import schemathesis
import schemathesis.checks
from hypothesis import HealthCheck, settings

from linnet.lab.app import make_app
from linnet.lab.settings import Settings

HERE = "http://127.0.0.1:8765"
LAB = make_app(Settings())
described = schemathesis.openapi.from_asgi("/openapi.json", LAB, headers={"host": "127.0.0.1:8765"})
schemathesis.checks.load_all_checks()
LEFT_OUT = [schemathesis.checks.CHECKS.get_one("positive_data_acceptance")]
LONG = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


@pytest.fixture(scope="module", autouse=True)
def without_pictures() -> Iterator[None]:
    """Large data would be trained on for minutes; the digits are always there."""
    before = os.environ.pop("LINNET_DATA", None)
    yield
    if before is not None:
        os.environ["LINNET_DATA"] = before


@described.parametrize()
@LONG
def test_the_lab_does_what_it_says(case: schemathesis.Case) -> None:
    case.call_and_validate(
        base_url=HERE,
        excluded_checks=LEFT_OUT,  # pyright: ignore[reportArgumentType]  (it says None and takes a list)
    )

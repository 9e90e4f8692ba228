"""Whatever OpenAPI's description allows and forbids, tried by schemathesis."""

from __future__ import annotations

import tempfile
from pathlib import Path

import schemathesis
from hypothesis import HealthCheck, settings

from linnet.serve.app import make_app
from tests.support.runs import make_run

KEPT = {kind: tempfile.TemporaryDirectory() for kind in ("softmax", "squared")}  # removed at the end
SERVICES = [make_app(make_run(kind).save(Path(kept.name))) for kind, kept in KEPT.items()]
classes, numbers = (schemathesis.openapi.from_asgi("/openapi.json", app) for app in SERVICES)
LONG = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


@classes.parametrize()
@LONG
def test_a_service_of_classes_does_what_it_says(case: schemathesis.Case) -> None:
    case.call_and_validate()


@numbers.parametrize()
@LONG
def test_a_service_of_numbers_does_what_it_says(case: schemathesis.Case) -> None:
    case.call_and_validate()

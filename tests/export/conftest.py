from __future__ import annotations

import pytest

from linnet.model.run import Run
from tests.support.runs import make_run


@pytest.fixture(params=["softmax", "logistic", "squared"])
def run(request: pytest.FixtureRequest) -> Run:
    """A run of each kind."""
    return make_run(request.param)

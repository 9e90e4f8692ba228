"""Whatever OpenAPI's description allows and forbids, tried by schemathesis."""

from __future__ import annotations

import tempfile
from pathlib import Path

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from linnet.serve.app import make_app
from tests.support.runs import make_run
from tests.support.tables import make_table_run

KEPT = {kind: tempfile.TemporaryDirectory() for kind in ("softmax", "squared", "table")}  # removed at the end
RUNS = {kind: make_table_run() if kind == "table" else make_run(kind) for kind in KEPT}
SERVICES = [make_app(run.save(Path(KEPT[kind].name))) for kind, run in RUNS.items()]
classes, numbers, table = (schemathesis.openapi.from_asgi("/openapi.json", app) for app in SERVICES)
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


@table.parametrize()
@LONG
def test_a_service_of_a_table_does_what_it_says(case: schemathesis.Case) -> None:
    """JSON Schema cannot say which texts are numbers or dates of a column: those that are none are a 422."""
    case.call_and_validate(excluded_checks=[positive_data_acceptance])

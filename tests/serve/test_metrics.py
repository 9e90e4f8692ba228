"""The counters, read by Prometheus' own parser."""

from __future__ import annotations

from multiprocessing import get_context

import numpy as np
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from linnet.schema.columns import Seen
from linnet.serve.app import make_app
from linnet.serve.metrics import ACTIVE, BOUNDS, CELLS, COLUMNS, REFUSED, RELOADS, ROWS, Metrics, table_of
from tests.support.tables import make_table_run


def read(metrics: Metrics) -> dict[str, float]:
    """Every sample by its name and labels."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(metrics.text("abc")):
        assert family.documentation
        for sample in family.samples:
            labels = ",".join(f"{key}={value}" for key, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def test_several_processes_add_up() -> None:
    table = np.zeros((3, CELLS))
    for place, metrics in enumerate(Metrics(table, place) for place in range(3)):
        metrics.add(ACTIVE)
        metrics.add(ROWS, 10)
        for seconds in (0.0004, 0.3, 2.0):
            metrics.count("/predict", 200, seconds * (place + 1))
        metrics.count("/elsewhere", 404, 1.0)
    said = read(Metrics(table, 0))
    assert said["linnet_requests_total{path=/predict,status=200}"] == 9
    assert said["linnet_requests_total{path=other,status=404}"] == 3
    assert said["linnet_rows_total"] == 30
    assert said["linnet_requests_active"] == 2  # a process that begins anew has nothing under way
    assert said["linnet_predict_seconds_count"] == said["linnet_predict_seconds_bucket{le=+Inf}"] == 9
    assert said["linnet_predict_seconds_bucket{le=0.0005}"] == 1
    assert said["linnet_predict_seconds_bucket{le=1.0}"] == 6
    np.testing.assert_allclose(said["linnet_predict_seconds_sum"], 6 * (0.0004 + 0.3 + 2.0))
    steps = [said[f"linnet_predict_seconds_bucket{{le={bound}}}"] for bound in BOUNDS]
    assert steps == sorted(steps)
    assert said["linnet_model_info{checksum=abc}"] == 1


def test_reloads_never_go_back_when_a_process_takes_the_place_of_another() -> None:
    table = np.zeros((2, CELLS))
    first, second = Metrics(table, 0), Metrics(table, 1)
    for metrics in (first, second):
        metrics.add(RELOADS)
        metrics.add(RELOADS)
    assert first.reloads == 2  # of each process, not of both together
    anew = Metrics(table, 1)
    assert read(anew)["linnet_model_reloads_total"] == 2
    first.add(RELOADS)
    assert read(anew)["linnet_model_reloads_total"] == 3


def test_one_process_that_refused_a_model_is_told_by_all() -> None:
    table = np.zeros((2, CELLS))
    first, second = Metrics(table, 0), Metrics(table, 1)
    first.cells[REFUSED] = True
    assert read(second)["linnet_model_refused"] == 1
    first.cells[REFUSED] = False
    assert read(second)["linnet_model_refused"] == 0


def test_a_status_that_has_no_place_is_no_success() -> None:
    metrics = Metrics()
    metrics.count("/predict", 299, 0.1)
    assert read(metrics)["linnet_requests_total{path=/predict,status=500}"] == 1


def test_shared_memory_is_a_table() -> None:
    memory = get_context("spawn").RawArray("d", 2 * CELLS)
    Metrics(table_of(memory), 1).add(ROWS, 3)
    assert read(Metrics(table_of(memory), 0))["linnet_rows_total"] == 3


def test_cells_that_were_missing_or_new_are_counted_by_column() -> None:
    make_table_run("regression").save("sales")
    row = {"carat": None, "cut": "superb", "new": None, "sold": "2024-03-01"}
    with TestClient(make_app("sales")) as client:
        assert client.post("/predict", json={"rows": [row, row | {"new": True}]}).status_code == 200
        body = "carat,cut,new,sold\n,fair,yes,2024-03-01\n"
        assert client.post("/predict", content=body, headers={"content-type": "text/csv"}).status_code == 200
        page = client.get("/metrics").text
    found = {
        (family.name, sample.labels["column"]): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if "column" in sample.labels
    }
    missing = {"carat": 3, "cut": 0, "new": 1, "sold": 0}
    unseen = {"carat": 0, "cut": 2, "new": 0, "sold": 0}
    assert found == {
        **{("linnet_cells_missing", name): count for name, count in missing.items()},
        **{("linnet_cells_unseen", name): count for name, count in unseen.items()},
    }


def test_columns_of_a_newer_model_begin_at_nothing_and_many_share_a_line() -> None:
    metrics, gap = Metrics(), Seen(np.ones(2, bool))
    metrics.add_seen(("a", 'b"\n'), {'b"\n': gap})
    assert 'linnet_cells_missing_total{column="b\\"\\n"} 2' in metrics.text("", ("a", 'b"\n'))
    many = tuple(f"c{k}" for k in range(COLUMNS + 50))
    metrics.add_seen(many, {"c1": gap, many[-1]: gap, many[-2]: gap})
    page = metrics.text("", many)
    assert 'missing_total{column="c1"} 2' in page
    assert 'missing_total{column="(others)"} 4' in page
    assert page.count("linnet_cells_missing_total{") == COLUMNS + 1
    assert "linnet_cells" not in metrics.text("")

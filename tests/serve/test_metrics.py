"""The counters, read by Prometheus' own parser."""

from __future__ import annotations

from multiprocessing import get_context

import numpy as np
from prometheus_client.parser import text_string_to_metric_families

from linnet.serve.metrics import ACTIVE, BOUNDS, CELLS, REFUSED, RELOADS, ROWS, Metrics, table_of


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

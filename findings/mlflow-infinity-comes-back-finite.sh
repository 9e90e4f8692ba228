#!/usr/bin/env bash
# Tool: MLflow 3.17.2 with an SQLite store, log_metric of an infinite loss
# Expected: Infinity comes back as infinity, as nan does as nan, or is refused.
# Instead: It comes back as 1.7976931348623157e+308: isinf and isfinite checks pass over a
#   diverged run, and a mean of losses over runs is an overflow or a huge number.
# Right value: float("inf") was logged.
# Seen:
#   loss inf -> 1.7976931348623157e+308  finite: True  gap nan -> nan
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile \
    mlflow-skinny==3.17.2 sqlalchemy==2.1.9 alembic==1.20.1
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import logging
import math
import mlflow

logging.disable(logging.CRITICAL)
mlflow.set_tracking_uri("sqlite:///runs.db")
with mlflow.start_run() as run:
    mlflow.log_metric("loss", float("inf"))
    mlflow.log_metric("gap", float("nan"))
metrics = mlflow.MlflowClient().get_run(run.info.run_id).data.metrics
print("loss inf ->", metrics["loss"], " finite:", math.isfinite(metrics["loss"]), " gap nan ->", metrics["gap"])
assert math.isfinite(metrics["loss"]) and math.isnan(metrics["gap"])
PY

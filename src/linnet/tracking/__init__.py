"""Trackers: a run's recipe and figures, kept where several runs are compared.

    from linnet.tracking import TensorBoard

    linnet.fit(train, test=test, callbacks=[TensorBoard("logs/first")])

Each is a callback, and needs its package when it is made: pip install 'linnet[track]'.
"""

from __future__ import annotations

from linnet.tracking.mlflow import MLflow as MLflow
from linnet.tracking.tensorboard import TensorBoard as TensorBoard
from linnet.tracking.wandb import WandB as WandB

__all__ = ["MLflow", "TensorBoard", "WandB"]

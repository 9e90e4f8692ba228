"""Trackers: a run's recipe and figures, kept where several runs are compared.

    from linnet.tracking import TensorBoard

    linnet.fit(train, test=test, callbacks=[TensorBoard("logs/first")])

Each is a callback, and needs its package when it is made: pip install 'linnet[track]'.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from linnet.errors import UsageError
from linnet.tracking.trackers import MLflow, TensorBoard, Tracker, WandB, package

__all__ = ["MLflow", "TensorBoard", "WandB", "by_names"]

MAKERS: dict[str, tuple[str, Callable[[Path], Tracker]]] = {
    "tensorboard": ("torch.utils.tensorboard", lambda folder: TensorBoard(folder / "tensorboard")),
    "mlflow": ("mlflow", lambda folder: MLflow(name=folder.name, keep=folder / "mlflow.run")),
    "wandb": ("wandb", lambda folder: WandB(name=folder.name, keep=folder / "wandb.run")),
}
"""A tracker's package, and what makes it for a run's folder."""


def by_names(names: str) -> Callable[[Path], list[Tracker]]:
    """What makes some trackers when the run's folder is known.

    Args:
        names: tensorboard, mlflow or wandb; several with commas between them.

    Raises:
        UsageError: an unknown name.
        MissingExtraError: a tracker's package is not installed.
    """
    asked = list(dict.fromkeys(name.strip() for name in names.split(",")))
    if unknown := [name for name in asked if name not in MAKERS]:
        raise UsageError(f"--track takes {', '.join(MAKERS)} with commas between them, not {unknown[0]!r}")
    for name in asked:
        package(MAKERS[name][0], f"--track {name}")
    return lambda folder: [MAKERS[name][1](folder) for name in asked]

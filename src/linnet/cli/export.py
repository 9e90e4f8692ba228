"""`linnet export`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import linnet
from linnet.cli.console import open_run, print_result
from linnet.cli.options import DataDir, Json, OtherData
from linnet.errors import DataError, UsageError

if TYPE_CHECKING:
    from torch import Tensor


def export(
    run: Path,
    /,
    *,
    to: Literal["safetensors", "onnx", "numpy", "js", "c", "sql"],
    out: Path | None = None,
    data: OtherData = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Write a run's model as a file that other programs read, and check that it gives the run's answers.

    The file is run on rows of the run's data set before it takes its place: ONNX by onnxruntime, numpy by
    Python, js by node, c by the C compiler, sql by SQLite. One whose answers differ by more than 1e-5 is
    an error and is not kept.

    Examples
        linnet export runs/first --to onnx

        linnet export runs/first --to c --out firmware/shirts.c

    Parameters
    ----------
    run
        The run's folder.
    to
        safetensors (plain W and b), onnx, numpy (one Python file), js (one ES module), c (one C99 file) or
        sql (one query).
    out
        The file; in the run's folder when not given.
    """
    opened = open_run(run)
    rows, source = _rows(opened, data, data_dir)
    done = linnet.export_model(opened, to, out, rows)
    check = done.checked_by
    if done.difference is not None:
        check = f"checked by {check} on {done.rows:,} {source}: largest difference {done.difference:.1g}"
    size = f"{done.path}, {done.path.stat().st_size:,} bytes"
    print_result(
        lambda: {**vars(done), "path": str(done.path), "source": source}, lambda: [size, check], json
    )


def _rows(run: linnet.Run, dataset: str | None, data_dir: Path | None) -> tuple[Tensor | None, str]:
    """Rows to check on, and what they are; drawn at random where the run's own cannot be had."""
    from linnet.evaluate.rows import named_rows

    try:
        rows = named_rows(run, dataset, data_dir=data_dir).rows
    except (DataError, UsageError):  # a data set of one's own is in no catalog
        if dataset is not None or data_dir is not None:
            raise
        return None, f"random rows (the rows of {run.card.dataset} are not here)"
    return rows.X, f"rows of {rows.name}"

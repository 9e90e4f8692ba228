"""Names of the book's editions that linnet does not have, and what it has in their place."""

from __future__ import annotations

OFFERED = (
    "linnet offers the names of the book's chapters 2 to 4: of the second edition, of edition 1.0, and of "
    "the first edition's port to PyTorch (d2lzh_pytorch)"
)

FRAMEWORKS = {"mxnet": "MXNet", "tensorflow": "TensorFlow", "jax": "JAX", "paddle": "PaddlePaddle"}
"""Modules of d2l for other frameworks."""

MXNET = (
    "d2lzh is the first edition's package for MXNet, which does not run on a current Python: linnet offers "
    "the names of its port to PyTorch, import d2lzh_pytorch as d2l"
)


def lacking(name: str) -> str:
    """What to say of a name of d2l that is not there."""
    if name in FRAMEWORKS:
        return f"d2l.{name} is the book for {FRAMEWORKS[name]}: linnet has that for PyTorch, d2l.torch"
    number = name.removeprefix("train_ch").removeprefix("predict_ch")
    if number != name and number.isdigit():
        return f"d2l has no {name!r}, which is of a later chapter: {OFFERED}"
    return f"d2l has no {name!r}: {OFFERED}"

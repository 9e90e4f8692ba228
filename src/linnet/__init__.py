"""linnet: linear neural networks, complete.

    import linnet

    train, test = linnet.load("fashion_mnist")
    run = linnet.fit(train, test=test, out="runs/first")
    print(run.history.last)

Names are imported when they are first used, so `import linnet` stays light.
"""

from __future__ import annotations

import lazy_loader

from linnet._version import __version__ as __version__

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def load_ipython_extension(ipython: object) -> None:
    """`%load_ext linnet`: the book's `from d2l import torch as d2l` resolves to linnet."""
    from linnet.d2l import activate

    activate()


def unload_ipython_extension(ipython: object) -> None:
    """`%unload_ext linnet`: undo it."""
    from linnet.d2l import deactivate

    deactivate()

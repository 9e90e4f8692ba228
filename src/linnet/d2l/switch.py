"""Switches the imports of `d2l`, and of a missing torchvision, to linnet: `activate` and `deactivate`.

A finder stands first on `sys.meta_path`. It asks the others who would answer, and steps back for a real d2l,
d2lzh_pytorch (the first edition's port) or a torchvision that can be imported. It imports nothing by itself,
so it costs nothing until one of the names is asked for.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module, util
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from linnet.errors import needs_extra

BOOK, VISION = "linnet.d2l.torch", "linnet.d2l.torchvision"
HOMES = {
    "d2l": "linnet.d2l",
    "d2l.torch": BOOK,
    "d2lzh_pytorch": BOOK,
    "d2lzh_pytorch.utils": BOOK,
    "torchvision": VISION,
    "torchvision.datasets": VISION,
    "torchvision.transforms": VISION,
}
"""The module of linnet's that answers for each name."""

DISPLAY = "IPython.display"

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


def activate() -> None:
    """Have `from d2l import torch as d2l` resolve to linnet where the real package isn't installed.

    So does `import d2lzh_pytorch as d2l`, of the first edition's port to PyTorch, and `IPython.display` has
    `set_matplotlib_formats` again.

    Where torchvision can't be imported, `import torchvision` gives the few names the book's chapter 3 uses,
    and says so once. A real package always goes first. Calling it again changes nothing.
    """
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
    if DISPLAY in sys.modules:
        _complete(sys.modules[DISPLAY])


def deactivate() -> None:
    """Undo `activate`; modules that were imported meanwhile stay."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _Finder)]


def explain_absence(name: str) -> str:
    """The message for a name of d2l that linnet does not have, with what it has in its place."""
    if name in FRAMEWORKS:
        return f"d2l.{name} is the book for {FRAMEWORKS[name]}: linnet has that for PyTorch, d2l.torch"
    number = name.removeprefix("train_ch").removeprefix("predict_ch")
    if number != name and number.isdigit():
        return f"d2l has no {name!r}, which is of a later chapter: {OFFERED}"
    return f"d2l has no {name!r}: {OFFERED}"


def set_matplotlib_formats(*formats: str, **options: Any) -> None:
    """Have a notebook show figures in some formats, as `IPython.display` had it until IPython 9.

    Args:
        formats: such as "svg" or "retina".
        options: of matplotlib's `print_figure`.
    """
    from linnet.plot.save import surface

    if surface() != "notebook":
        return
    with needs_extra("drawing in a notebook", "notes"):
        from matplotlib_inline import backend_inline
    backend_inline.set_matplotlib_formats(*formats, **options)


class _Finder(MetaPathFinder):
    """Answers for the names above when nobody else can."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module's spec, if it is one of linnet's."""
        top, _, below = name.partition(".")
        is_answered = top in {home.partition(".")[0] for home in HOMES}
        if is_answered and below:
            return _find_below(name, top, below)
        if not is_answered and name not in (DISPLAY, "d2lzh"):
            return None
        real = _find_elsewhere(name, path, target)
        if name == "d2lzh" and real is None:
            raise ImportError(MXNET, name=name)
        if is_answered and (real is None or real.loader is None or real.origin is None):
            return util.spec_from_loader(name, _StandIn(HOMES[name]), is_package=True)  # a folder is no d2l
        if real is not None and real.loader is not None and name in _WRAPPERS:
            real.loader = _WRAPPERS[name](real.loader)
            return real
        return None


def _find_below(name: str, top: str, below: str) -> ModuleSpec | None:
    """A submodule of a module of ours."""
    if not getattr(sys.modules.get(top), "__linnet__", False):
        return None
    if name in HOMES:
        return util.spec_from_loader(name, _StandIn(HOMES[name]))
    if below in FRAMEWORKS:
        raise ImportError(explain_absence(below), name=name)
    offers = sorted(known for known in HOMES if known.startswith(f"{top}."))
    raise ModuleNotFoundError(
        f"No module named {name!r}: linnet stands in for {top}, and offers {', '.join(offers)}", name=name
    )


def _find_elsewhere(name: str, path: Sequence[str] | None, target: ModuleType | None) -> ModuleSpec | None:
    """The spec that another finder gives for a name."""
    for finder in sys.meta_path:
        if isinstance(finder, _Finder) or not hasattr(finder, "find_spec"):
            continue
        if (spec := finder.find_spec(name, path, target)) is not None:
            return spec
    return None


class _StandIn(Loader):
    """Fills a module that passes every name on to one of linnet's."""

    def __init__(self, home: str) -> None:
        self.home = home

    def exec_module(self, module: ModuleType) -> None:
        """Make it answer for linnet's module."""
        _stand_in(module, self.home)
        if module.__name__ == "torchvision":
            _announce("torchvision is not installed")


class _Wrapper(Loader):
    """A loader around the real one, which answers for all that is not defined here."""

    def __init__(self, real: Any) -> None:
        self.real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """As the real loader does."""
        return self.real.create_module(spec)


class _Completing(_Wrapper):
    """Imports a module, and gives it what newer versions of it lack."""

    def exec_module(self, module: ModuleType) -> None:
        """The real import, and what it lacks."""
        self.real.exec_module(module)
        _complete(module)


class _FallingBack(_Wrapper):
    """Imports the real torchvision; where that fails, ours takes its place."""

    def exec_module(self, module: ModuleType) -> None:
        """The real import, or ours."""
        try:
            self.real.exec_module(module)
        except Exception as error:  # built for another torch, it may raise anything
            for name in [name for name in sys.modules if name.startswith("torchvision.")]:
                del sys.modules[name]
            for name in [name for name in vars(module) if not name.startswith("__")]:
                delattr(module, name)
            _stand_in(module, VISION)
            _announce(f"torchvision cannot be imported ({type(error).__name__}: {error})")


_WRAPPERS: dict[str, type[_Wrapper]] = {DISPLAY: _Completing, "torchvision": _FallingBack}


def _complete(display: ModuleType) -> None:
    """Give `IPython.display` the function that the book calls and that IPython 9 has no more."""
    display.__dict__.setdefault("set_matplotlib_formats", set_matplotlib_formats)


def _stand_in(module: ModuleType, home: str) -> None:
    """Make a module pass every name on to one of linnet's, and hold its submodules."""
    ours, name = import_module(home), module.__name__

    def pass_on(key: str) -> Any:
        if key.startswith("__"):
            raise AttributeError(f"module {name!r} has no attribute {key!r}")
        return getattr(ours, key)

    module.__doc__ = ours.__doc__
    module.__dict__.update(__linnet__=True, __getattr__=pass_on, __dir__=lambda: dir(ours))
    if hasattr(ours, "__all__"):
        module.__dict__["__all__"] = ours.__all__
    if "." not in name:
        module.__path__ = []
        for below in (known for known in HOMES if known.startswith(f"{name}.")):
            setattr(module, below.partition(".")[2], import_module(below))


def _announce(reason: str) -> None:
    print(
        f"linnet: {reason}; linnet stands in with the names that the book's chapter 3 uses: "
        "datasets.FashionMNIST and MNIST, transforms.ToTensor, Resize, Compose and Normalize",
        file=sys.stderr,
    )

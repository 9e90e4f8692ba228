"""`activate`: imports of `d2l`, and of a missing torchvision, resolve to linnet.

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

from linnet.d2l import editions

BOOK = {
    "d2l": "linnet.d2l",
    "d2l.torch": "linnet.d2l.torch",
    "d2lzh_pytorch": "linnet.d2l.torch",
    "d2lzh_pytorch.utils": "linnet.d2l.torch",
}
VISION = {
    "torchvision": "linnet.d2l.torchvision",
    "torchvision.datasets": "linnet.d2l.torchvision",
    "torchvision.transforms": "linnet.d2l.torchvision",
}


DISPLAY = "IPython.display"
TOPS = {name.partition(".")[0] for name in (*BOOK, *VISION)}


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


class _Finder(MetaPathFinder):
    """Answers for the names above when nobody else can."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module's spec, if it is one of linnet's."""
        if name == DISPLAY:
            return self._display(path, target)
        top = name.partition(".")[0]
        if name == "d2lzh" and self._others(name, path, target) is None:
            raise ImportError(editions.MXNET, name=name)
        if top not in TOPS:
            return None
        if "." in name:
            return self._below(name, top)
        real = self._others(name, path, target)
        if real is None or real.loader is None or real.origin is None:  # a folder called d2l is no package
            return util.spec_from_loader(name, _Standing({**BOOK, **VISION}[name]), is_package=True)
        if name == "torchvision":
            real.loader = _Trying(real.loader)
            return real
        return None

    def _display(self, path: Sequence[str] | None, target: ModuleType | None) -> ModuleSpec | None:
        real = self._others(DISPLAY, path, target)
        if real is not None and real.loader is not None:
            real.loader = _Completing(real.loader)
        return real

    def _below(self, name: str, top: str) -> ModuleSpec | None:
        """A submodule of a module of ours."""
        if not getattr(sys.modules.get(top), "__linnet__", False):
            return None
        if name in BOOK or name in VISION:
            return util.spec_from_loader(name, _Standing({**BOOK, **VISION}[name]))
        if name.partition(".")[2] in editions.FRAMEWORKS:
            raise ImportError(editions.lacking(name.partition(".")[2]), name=name)
        offers = sorted(known for known in (*BOOK, *VISION) if known.startswith(f"{top}."))
        raise ModuleNotFoundError(
            f"No module named {name!r}: linnet stands in for {top}, and offers {', '.join(offers)}", name=name
        )

    def _others(self, name: str, path: Sequence[str] | None, target: ModuleType | None) -> ModuleSpec | None:
        for finder in sys.meta_path:
            if isinstance(finder, _Finder) or not hasattr(finder, "find_spec"):
                continue
            if (spec := finder.find_spec(name, path, target)) is not None:
                return spec
        return None


class _Standing(Loader):
    """Fills a module that passes every name on to one of linnet's."""

    def __init__(self, home: str) -> None:
        self.home = home

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Python's own kind of module."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Make it answer for linnet's module."""
        _stand(module, self.home)
        if module.__name__ == "torchvision":
            _say("torchvision is not installed")


class _Wrapping(Loader):
    """A loader around the real one, which answers for all that is not said here."""

    def __init__(self, real: Any) -> None:
        self.real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """As the real loader does."""
        return self.real.create_module(spec)


class _Completing(_Wrapping):
    """Imports a module, and gives it what newer versions of it lack."""

    def exec_module(self, module: ModuleType) -> None:
        """The real import, and what it lacks."""
        self.real.exec_module(module)
        _complete(module)


class _Trying(_Wrapping):
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
            _stand(module, VISION["torchvision"])
            _say(f"torchvision cannot be imported ({type(error).__name__}: {error})")


def _complete(display: ModuleType) -> None:
    """Give `IPython.display` the function that the book calls and that IPython 9 has no more."""
    if not hasattr(display, "set_matplotlib_formats"):
        display.__dict__["set_matplotlib_formats"] = _set_matplotlib_formats


def _set_matplotlib_formats(*formats: str, **options: Any) -> None:
    """Have a notebook show figures in some formats."""
    from linnet.d2l.figures import set_matplotlib_formats

    set_matplotlib_formats(*formats, **options)


def _stand(module: ModuleType, home: str) -> None:
    """Make a module pass every name on to one of linnet's, and hold its submodules."""
    ours = import_module(home)
    name = module.__name__
    module.__doc__ = ours.__doc__
    module.__dict__["__linnet__"] = True
    module.__dict__["__getattr__"] = lambda key: _passed(ours, name, key)
    module.__dict__["__dir__"] = lambda: dir(ours)
    if hasattr(ours, "__all__"):
        module.__dict__["__all__"] = ours.__all__
    if "." not in name:
        module.__path__ = []
        for below in (known for known in (*BOOK, *VISION) if known.startswith(f"{name}.")):
            setattr(module, below.partition(".")[2], import_module(below))


def _passed(ours: ModuleType, name: str, key: str) -> Any:
    if key.startswith("__"):
        raise AttributeError(f"module {name!r} has no attribute {key!r}")
    return getattr(ours, key)


def _say(reason: str) -> None:
    print(
        f"linnet: {reason}; linnet stands in with the names that the book's chapter 3 uses: "
        "datasets.FashionMNIST and MNIST, transforms.ToTensor, Resize, Compose and Normalize",
        file=sys.stderr,
    )

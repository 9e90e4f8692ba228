"""`Source`: a data set that has a name: its title, and how it is loaded.

A module of this folder has one as `SOURCE`, and `linnet.data.registry` lists the modules.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from linnet.data.dataset import Splits

Progress = Callable[[int, int | None], None]
"""Called with bytes done and bytes in all, None when unknown."""


@dataclass(frozen=True)
class Source(ABC):
    """A data set that has a name.

    Args:
        name: of the data set, and of its folder in the cache.
        title: its name for people.
        about: rows, features and classes in a line.
        has_classes: whether it is a classification.
    """

    name: str
    title: str
    about: str
    has_classes: bool = field(default=True, kw_only=True)

    def is_there(self, folder: Path | str | None = None) -> bool:
        """Whether it can be loaded without a download."""
        return True

    @abstractmethod
    def load(
        self,
        folder: Path | str | None = None,
        *,
        seed: int = 0,
        hold_out: bool = True,
        download: bool = True,
        progress: Progress | None = None,
    ) -> Splits:
        """The rows to train on and those to test on.

        Args:
            folder: look here only; the usual places when None.
            seed: of rows that are made.
            hold_out: without it no rows are kept to test on, but those that the data themselves name.
            download: whether what is missing may be downloaded.
            progress: of a download.
        """


@dataclass(frozen=True)
class BuiltIn(Source):
    """A data set that is made on the spot, of a seed, or comes with a library; it has no files.

    Args:
        make: called with a seed, and with whether rows to test on are kept where there could be.
    """

    make: Callable[[int, bool], Splits]

    def load(
        self, folder: Path | str | None = None, *, seed: int = 0, hold_out: bool = True, **_: object
    ) -> Splits:
        """Make it: see `Source.load`."""
        return self.make(seed, hold_out)

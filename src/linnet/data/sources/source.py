"""`Source`: a data set that has a name: its title, where it lies, how it is fetched, checked and loaded.

A module of this folder has one as `SOURCE`, and `linnet.data.registry` lists the modules.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from linnet.data.dataset import Splits
from linnet.errors import UsageError

Progress = Callable[[int, int | None], None]
"""Called with bytes done and bytes in all, None when unknown."""


@dataclass(frozen=True)
class Source(ABC):
    """A data set that has a name.

    Args:
        name: of the data set, and of its folder in the cache.
        title: its name for people.
        about: rows, features and classes in a line.
    """

    name: str
    title: str
    about: str

    @property
    def has_classes(self) -> bool:
        """Whether it is a classification."""
        return True

    @property
    def is_seeded(self) -> bool:
        """Whether its rows follow from a seed."""
        return False

    @property
    def is_downloaded(self) -> bool:
        """Whether it has files, which have to be found or fetched."""
        return True

    def is_there(self, folder: Path | str | None = None) -> bool:
        """Whether it can be loaded without a download."""
        return not self.is_downloaded or self.find(folder) is not None

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

    @abstractmethod
    def find(self, folder: Path | str | None = None) -> Path | None:
        """The first folder that has its files; None without one."""

    def locate(self, folder: Path | str | None = None) -> Path | None:
        """As `find`, but other files that lie under its names in a folder that was named are an error."""
        return self.find(folder)

    @abstractmethod
    def fetch(self, folder: Path | str | None = None, progress: Progress | None = None) -> Path:
        """The folder that has its files, downloaded where they are missing."""

    @abstractmethod
    def verify(self, folder: Path | str) -> dict[str, str]:
        """The state of each file of a folder: "ok…", "missing" or "changed: …"."""


@dataclass(frozen=True)
class BuiltIn(Source):
    """A data set that is made on the spot, of a seed, or comes with a library; it has no files.

    Args:
        make: called with a seed, and with whether rows to test on are kept where there could be.
        seeded: whether the rows follow from the seed.
        classification: whether the targets are classes.
    """

    make: Callable[[int, bool], Splits]
    seeded: bool = False
    classification: bool = True

    @property
    def has_classes(self) -> bool:
        """See `Source.has_classes`."""
        return self.classification

    @property
    def is_seeded(self) -> bool:
        """See `Source.is_seeded`."""
        return self.seeded

    @property
    def is_downloaded(self) -> bool:
        """See `Source.is_downloaded`."""
        return False

    def load(
        self,
        folder: Path | str | None = None,
        *,
        seed: int = 0,
        hold_out: bool = True,
        download: bool = True,
        progress: Progress | None = None,
    ) -> Splits:
        """See `Source.load`."""
        return self.make(seed, hold_out)

    def find(self, folder: Path | str | None = None) -> Path | None:
        """See `Source.find`."""
        return None

    def fetch(self, folder: Path | str | None = None, progress: Progress | None = None) -> Path:
        """See `Source.fetch`.

        Raises:
            UsageError: always.
        """
        raise UsageError(f"{self.title} has no files: it is always there")

    def verify(self, folder: Path | str) -> dict[str, str]:
        """See `Source.verify`."""
        return {}

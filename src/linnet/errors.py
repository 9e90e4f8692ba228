"""Every error linnet raises on purpose, and how Ctrl-C is handled.

    LinnetError
    ├── UsageError (ValueError)            an argument, flag or config key that cannot be
    │   └── ShapeError                     a tensor of the wrong shape or type
    ├── DataError                          something is wrong with a file or data set
    │   ├── DataNotFoundError (FileNotFoundError)
    │   ├── FormatError                    a file is not what it says it is
    │   │   └── ChecksumError              … its bytes have changed
    │   └── DownloadError                  no mirror gave the file
    ├── DivergedError (ArithmeticError)    scores, loss or weights became infinite or NaN
    ├── ExportError                        an exported file does not do what the run does
    ├── KernelError                        the kernel that runs notes did not start
    ├── ProcessError                       another process of the job has ended, or is silent
    └── MissingExtraError (ImportError)    an optional dependency is not installed

and of every warning that speaks of the result's worth:

    UserWarning
    ├── BlankPictureWarning                a picture has nothing on it after preparation
    ├── CollinearWarning                   columns say the same, so weights are not unique
    ├── PrecisionWarning                   rounding leaves few digits
    ├── ShortfallWarning                   a solver ended short of the optimum, or there is none
    ├── GridEdgeWarning                    the best of a grid lies at its edge
    ├── SeparationWarning                  classes are told apart without error, so some weights have no end
    ├── ApartWarning                       processes started together do not compute together
    ├── RowsWarning                        rows are left out, sampled, or come in an order that harms training
    ├── WeightWarning                      row weights can hardly be what they are taken for
    └── MissingFontWarning                 a figure's characters have no font here

A message says what was got, what was expected, and how to mend it. The command line prints it
without a traceback and exits with `LinnetError.exit_code`.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from types import FrameType

INTERRUPTED = "interrupted"
"""The reason of a run that Ctrl-C ended."""

INTERRUPTED_CODE = 130
"""The exit code of a command that Ctrl-C stopped."""


class LinnetError(Exception):
    """The root of the tree: catch this to catch everything linnet raises on purpose."""

    exit_code = 1


class UsageError(LinnetError, ValueError):
    """An argument, a flag or a config key has a value it cannot have."""

    exit_code = 2


class ShapeError(UsageError):
    """A tensor or array has the wrong shape or type."""


class DataError(LinnetError):
    """A file or a data set cannot be used."""


class DataNotFoundError(DataError, FileNotFoundError):
    """The data set or the run is in none of the places that were searched."""


class FormatError(DataError):
    """A file is not what its name or header says."""


class ChecksumError(FormatError):
    """A file's bytes differ from the checksum recorded for them."""


class DownloadError(DataError):
    """No mirror gave the file, or what they gave was not the file."""


class DivergedError(LinnetError, ArithmeticError):
    """Training left the finite numbers."""


class ExportError(LinnetError):
    """An exported file cannot be used, or does not give the run's answers."""


class KernelError(LinnetError):
    """The kernel that was to run people's notes could not be started or set up."""


class ProcessError(LinnetError):
    """Another process of the same job has ended, or does not answer."""


class MissingExtraError(LinnetError, ImportError):
    """A feature needs an optional dependency.

    Args:
        feature: what was asked for, as the subject of a sentence.
        extra: the extra that brings it.
    """

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs an optional part: pip install 'linnet[{extra}]'")


class BlankPictureWarning(UserWarning):
    """A picture's pixels are all the same after preparation; the message says what was done to it."""


class CollinearWarning(UserWarning):
    """Columns are linear combinations of others, so that many weights fit alike; the message names them."""


class PrecisionWarning(UserWarning):
    """A result has few digits that can be trusted."""


class ShortfallWarning(UserWarning):
    """A solver ended short of the optimum, or there is none; the message says why and what to try."""


class GridEdgeWarning(UserWarning):
    """The best of the values that were tried lies at their edge; the message says which way to widen them."""


class SeparationWarning(UserWarning):
    """Classes are told apart without error, so some weights grow without end; the message names them."""


class ApartWarning(UserWarning):
    """Processes that were started together do not compute together; the message says how they would."""


class RowsWarning(UserWarning):
    """Rows are left out, sampled, or come in an order that harms training; the message says which or why."""


class WeightWarning(UserWarning):
    """Row weights can hardly be what they are taken for; the message says why, and what else they may be."""


class MissingFontWarning(UserWarning):
    """No font here has a figure's characters; the message names one that does."""


def warn(message: str, category: type[Warning] = RowsWarning) -> None:
    """Warn at the line that called into linnet, however deep below it the reason was found."""
    frame, level = sys._getframe(1), 2
    while frame and frame.f_globals.get("__name__", "").split(".")[0] in ("linnet", "sklearn", "torch"):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


@contextlib.contextmanager
def needs_extra(feature: str, extra: str) -> Iterator[None]:
    """Around imports that an optional part of the installation brings.

    Raises:
        MissingExtraError: it is not installed; an error of linnet's own modules passes as it is.
    """
    try:
        yield
    except ImportError as error:
        if (error.name or "").partition(".")[0] == "linnet":
            raise
        raise MissingExtraError(feature, extra) from error


@contextlib.contextmanager
def on_ctrl_c(handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Call a handler at Ctrl-C meanwhile; in other threads than the main one, which get none, do nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before if before is not None else signal.default_int_handler)

"""`main`: the command line, and the exit codes of its errors."""

from __future__ import annotations

import atexit
import contextlib
import gc
import io
import os
import re
import sys
import warnings
from collections.abc import Sequence

from cyclopts import App, Parameter
from cyclopts.config import Dict

from linnet._version import __version__
from linnet.dist.environment import find_launch
from linnet.dist.launch import joined
from linnet.errors import INTERRUPTED_CODE, LinnetError, UsageError

COMMANDS = (
    "train", "solve", "sweep", "tune", "find-lr", "run", "evaluate", "plot", "report", "replay",
    "predict", "export", "serve", "lab", "data", "doctor",
)  # fmt: skip

TOGETHER = ("train", "solve", "sweep", "evaluate", "predict")
"""Those that several processes, which torchrun or another launcher has started, do together."""

SPELLINGS = (
    (r"--dataset(?=[=\0]|\Z)", "--data"),
    (r"--no-(standardize|raw-columns)(?=\0|\Z)", r"--\1=no"),
    (r"--(standardize|raw-columns)\0(?!-)", r"--\1="),
    (r"--(standardize|raw-columns)(?=\0|\Z)", r"--\1=yes"),
)
"""Other spellings of options. These two are flags and, where values may be tried, take yes or no."""


SELDOM = (50_000, 20, 100)
"""After how many new objects Python looks for garbage. What importing torch makes stays: to look through it
at each 700 takes a tenth of the import."""


def make_app() -> App:
    """The application; its commands are imported when they are called."""
    app = App(
        name="linnet",
        version=__version__,
        help="Linear neural networks, complete: softmax and linear regression.\n\nStart with: linnet train",
        default_parameter=Parameter(json_list=False),  # a name that begins with a bracket is a name
    )
    for name in COMMANDS:
        module = name.replace("-", "_")
        app.command(f"linnet.cli.{module}:{'app' if name == 'data' else module}", name=name)
    return app


def main(argv: Sequence[str] | None = None) -> None:
    """Run a command line and exit as it deserves.

    Exit codes: 0 done; 1 it failed; 2 the command line cannot be; 130 stopped by Ctrl-C.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console without Chinese shows ? and goes on
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] != ["run"]:  # whose notes wait as they would anywhere (`linnet.d2l.waiting`)
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # two spinning programs halve each other's speed
    plain, warnings.formatwarning = warnings.formatwarning, _format_warning
    collected = gc.get_threshold()
    gc.set_threshold(*SELDOM)
    atexit.register(gc.freeze)  # the last thing at exit, where garbage of torch is looked for to no avail
    try:
        with contextlib.ExitStack() as stack:
            _call(arguments, stack)
    except LinnetError as error:
        fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        fail("interrupted", INTERRUPTED_CODE)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has gone; so do we
        sys.exit(1)
    except OSError as error:
        fail(f"{error.filename or 'a file'}: {error.strerror or error}", 1)
    finally:
        gc.set_threshold(*collected)
        warnings.formatwarning = plain


def _format_warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None
) -> str:
    """A warning of linnet's as its errors look; another's with the place that it comes from."""
    is_own = category.__module__.startswith("linnet.")
    return f"linnet: {message}\n" if is_own else f"{filename}:{lineno}: {category.__name__}: {message}\n"


def fail(message: str, code: int) -> None:
    """Print an error and exit."""
    print(f"linnet: {message}", file=sys.stderr)
    sys.exit(code)


def _call(argv: list[str], stack: contextlib.ExitStack) -> None:
    from cyclopts import CycloptsError, UnusedCliTokensError

    app = make_app()
    argv = respell(argv)
    if argv and (launch := find_launch()) is not None:
        if argv[0] not in TOGETHER:
            if not launch.is_first:
                sys.exit(0)  # the first says why and fails: another's failure would end it before it has
            raise UsageError(
                f"linnet {argv[0]} runs in one process: start it without torchrun, srun or mpirun "
                f"(what several share: {', '.join(TOGETHER)})"
            )
        stack.enter_context(joined(launch))
    if not argv or argv[0] in ("--help", "-h"):
        for name in COMMANDS:
            app[name]  # imported, so that the list says what each is for
    if (path := _config_path(argv)) is not None:
        app.config = (_config_values(path),)
    try:
        app(argv, exit_on_error=False, print_error=False)
    except UnusedCliTokensError as error:
        fail(
            f"nothing takes {', '.join(map(repr, error.unused_tokens or ()))}: --help shows what there is", 2
        )
    except CycloptsError as error:
        fail(_first_lowered(str(error)), 2)


def _first_lowered(text: str) -> str:
    """The parser's sentence as linnet's own begin, after a colon."""
    return text[:1].lower() + text[1:]


def respell(argv: Sequence[str]) -> list[str]:
    """The words of a command line with each option in its one spelling."""
    text = "\0".join(argv)  # which stands in no word
    for pattern, spelling in SPELLINGS:
        text = re.sub(rf"(?<![^\0]){pattern}", spelling, text)
    # "-" alone is a place, the standard input, and no option: a path says so.
    return ["./-" if word == "-" else word for word in text.split("\0")] if argv else []


def _config_path(argv: list[str]) -> str | None:
    """The file of options, which must be read before the flags are: --config, else of a run to go on with."""
    if not any(word.startswith(("--config", "--resume")) for word in argv):
        return None
    from argparse import ArgumentParser

    parser = ArgumentParser(add_help=False, allow_abbrev=False)
    for flag in ("--config", "--resume"):
        parser.add_argument(flag, nargs="?")
    given, _ = parser.parse_known_args(argv)
    if given.config is not None or argv[:1] != ["train"]:
        return given.config
    request = os.path.join(given.resume, "run.json") if given.resume else ""
    return request if os.path.isfile(request) else None


def _config_values(path: str) -> Dict:
    """The file's keys as a source of flags, those on the command line going first."""
    from pathlib import Path

    from linnet import config

    values = config.as_dict(config.job_from(config.read(Path(path)), path))
    return Dict({"train": values}, source=path)  # its own table, for `data` is a command as well as a key

"""`linnet doctor`."""

from __future__ import annotations

import importlib
import importlib.util
import os
import platform
import re
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from linnet.cli.console import print_json
from linnet.cli.messages import is_chinese, say
from linnet.cli.options import Json

Status = Literal["ok", "warn", "fail"]
MARKS = {"ok": "✓", "warn": "!", "fail": "✗"}
OPENMP = re.compile(r"/(lib(gomp|iomp5|omp)[^/]*\.so[^/]*)$")


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Args:
        name: what.
        status: "ok", "warn" or "fail".
        found: what was found.
        advice: what to do; empty when all is well.
    """

    name: str
    status: Status
    found: str
    advice: str = ""


def doctor(
    *,
    lang: Literal["auto", "en", "zh"] = "auto",
    data_dir: Path | None = None,
    json: Json = False,
) -> None:
    """Check this machine, and say what to mend; exit 1 if linnet cannot work here.

    Examples
        linnet doctor

        linnet doctor --lang zh

    Parameters
    ----------
    lang
        en, zh, or by the locale.
    data_dir
        A folder to look for Fashion-MNIST in.
    """
    chinese = is_chinese(lang)
    checks = [
        python(chinese), *torch_build(chinese), openmp(chinese), data(chinese, data_dir), write(chinese),
    ]  # fmt: skip
    if json:
        print_json([asdict(check) for check in checks], indent=2)
    else:
        print("\n".join(lines(checks, chinese)))
    if any(check.status == "fail" for check in checks):
        sys.exit(1)


def lines(checks: list[Check], chinese: bool) -> list[str]:
    """The checks as lines, with a verdict."""
    shown = []
    for check in checks:
        shown.append(f"{MARKS[check.status]} {check.name}: {check.found}")
        if check.advice:
            shown.append(f"    {check.advice}")
    well = all(check.status == "ok" for check in checks)
    return [*shown, say("all_well" if well else "mend", chinese)]


def check(
    chinese: bool, name: str, found: str, problem: str = "", status: Status = "warn", **values: Any
) -> Check:
    """What was found of one thing, by the messages' keys.

    Args:
        chinese: whether to speak Chinese.
        name: the key of what was looked at.
        found: what was found.
        problem: the key of what to do; empty where all is well.
        status: with a problem.
        **values: for the blanks of that message.
    """
    advice = say(problem, chinese, **values) if problem else ""
    return Check(say(name, chinese), status if problem else "ok", found, advice)


def python(chinese: bool) -> Check:
    """The interpreter's version."""
    found = f"{platform.python_version()}, {platform.platform()}"
    return check(chinese, "python", found, "python_old" if sys.version_info < (3, 10) else "", "fail")


def torch_build(chinese: bool) -> list[Check]:
    """Torch, the device it would choose, and its threads."""
    if importlib.util.find_spec("torch") is None:
        return [check(chinese, "torch", "-", "torch_missing", "fail")]
    import torch

    from linnet.device import available_cores, pick_device

    version = torch.__version__
    is_old = tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < (2, 4)
    cores, threads = available_cores(), torch.get_num_threads()
    found = say("threads_found", chinese, cores=cores, threads=threads)
    return [
        check(chinese, "torch", version, "torch_old" if is_old else "", "fail"),
        check(chinese, "device", str(pick_device())),
        check(chinese, "threads", found, "threads_many" if threads > cores else "", cores=cores),
    ]


def openmp(chinese: bool) -> Check:
    """The OpenMP runtimes in a process that has loaded what linnet loads."""
    maps = Path("/proc/self/maps")
    if not maps.is_file():
        return check(chinese, "openmp", say("openmp_unknown", chinese))
    importlib.import_module("sklearn.linear_model")

    loaded = [found for line in maps.read_text().splitlines() if (found := OPENMP.search(line))]
    files, kinds = {found[1] for found in loaded}, {found[2] for found in loaded}
    shown = ", ".join(sorted(files)) or "-"
    return check(chinese, "openmp", shown, "openmp_twice" if len(kinds) > 1 else "")


def data(chinese: bool, folder: Path | None) -> Check:
    """Where Fashion-MNIST is, and whether it is whole."""
    from linnet.data.sources.fashion_mnist import SOURCE
    from linnet.errors import FormatError

    try:
        found = SOURCE.locate(folder)
    except FormatError as error:
        return check(chinese, "data", str(error), "data_changed", "fail")
    if found is None:
        return check(chinese, "data", "-", "data_missing")
    is_whole = all(state.startswith("ok") for state in SOURCE.verify(found).values())
    return check(chinese, "data", str(found), "" if is_whole else "data_changed", "fail")


def write(chinese: bool, folder: Path | None = None) -> Check:
    """Whether runs can be written here."""
    folder = folder or Path.cwd()
    try:
        with tempfile.TemporaryFile(dir=folder):
            return check(chinese, "write", os.fspath(folder))
    except OSError as error:
        return check(chinese, "write", f"{folder}: {error.strerror}", "write_no", "fail")

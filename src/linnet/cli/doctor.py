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
from typing import Literal

from linnet.cli.console import print_json
from linnet.cli.messages import is_chinese, say
from linnet.cli.options import Json

Status = Literal["ok", "warn", "fail"]
MARKS = {"ok": "✓", "warn": "!", "fail": "✗"}
OPENMP = re.compile(r"/(lib(?:gomp|iomp5|omp)[^/]*\.so[^/]*)$")


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


def python(chinese: bool) -> Check:
    """The interpreter's version."""
    old = sys.version_info < (3, 10)
    found = f"{platform.python_version()}, {platform.platform()}"
    return Check(
        say("python", chinese), "fail" if old else "ok", found, say("python_old", chinese) if old else ""
    )


def torch_build(chinese: bool) -> list[Check]:
    """Torch, the device it would choose, and its threads."""
    name = say("torch", chinese)
    if importlib.util.find_spec("torch") is None:
        return [Check(name, "fail", "-", say("torch_missing", chinese))]
    import torch

    from linnet.device import available_cores, pick_device

    version = torch.__version__
    old = tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < (2, 4)
    cores, threads = available_cores(), torch.get_num_threads()
    many = threads > cores
    return [
        Check(name, "fail" if old else "ok", version, say("torch_old", chinese) if old else ""),
        Check(say("device", chinese), "ok", str(pick_device())),
        Check(
            say("threads", chinese),
            "warn" if many else "ok",
            say("threads_found", chinese, cores=cores, threads=threads),
            say("threads_many", chinese, cores=cores) if many else "",
        ),
    ]


def openmp(chinese: bool) -> Check:
    """The OpenMP runtimes in a process that has loaded what linnet loads."""
    name = say("openmp", chinese)
    maps = Path("/proc/self/maps")
    if not maps.is_file():
        return Check(name, "ok", say("openmp_unknown", chinese))
    importlib.import_module("sklearn.linear_model")

    paths = {line.split()[-1] for line in maps.read_text().splitlines() if OPENMP.search(line)}
    found = ", ".join(sorted(Path(path).name for path in paths)) or "-"
    kinds = {re.match(r"lib(gomp|iomp5|omp)", Path(path).name)[1] for path in paths}  # type: ignore[index]
    twice = len(kinds) > 1
    return Check(name, "warn" if twice else "ok", found, say("openmp_twice", chinese) if twice else "")


def data(chinese: bool, folder: Path | None) -> Check:
    """Where Fashion-MNIST is, and whether it is whole."""
    from linnet.data.sources import fashion_mnist
    from linnet.errors import FormatError

    name = say("data", chinese)
    try:
        found = fashion_mnist.SOURCE.locate(folder)
    except FormatError as error:
        return Check(name, "fail", str(error), say("data_changed", chinese))
    if found is None:
        return Check(name, "warn", "-", say("data_missing", chinese))
    whole = all(state.startswith("ok") for state in fashion_mnist.SOURCE.verify(found).values())
    return Check(name, "ok" if whole else "fail", str(found), "" if whole else say("data_changed", chinese))


def write(chinese: bool, folder: Path | None = None) -> Check:
    """Whether runs can be written here."""
    name, folder = say("write", chinese), folder or Path.cwd()
    try:
        with tempfile.TemporaryFile(dir=folder):
            return Check(name, "ok", os.fspath(folder))
    except OSError as error:
        return Check(name, "fail", f"{folder}: {error.strerror}", say("write_no", chinese))

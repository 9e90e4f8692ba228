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
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from linnet.cli.console import print_json
from linnet.cli.options import Json
from linnet.i18n import Language, find_language, say

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
    lang: Annotated[Literal["auto", "en", "zh"], Parameter(name=["--lang", "--language"])] = "auto",
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
    language = find_language() if lang == "auto" else lang
    checks = [
        check_python(language), *check_torch(language), check_openmp(language),
        check_data(language, data_dir), check_write(language),
    ]  # fmt: skip
    if json:
        print_json([asdict(check) for check in checks], indent=2)
    else:
        print("\n".join(lines(checks, language)))
    if any(check.status == "fail" for check in checks):
        sys.exit(1)


def lines(checks: list[Check], language: Language) -> list[str]:
    """The checks as lines, with a verdict."""
    shown = []
    for check in checks:
        shown.append(f"{MARKS[check.status]} {check.name}: {check.found}")
        if check.advice:
            shown.append(f"    {check.advice}")
    well = all(check.status == "ok" for check in checks)
    return [*shown, say("doctor.all_well" if well else "doctor.mend", language)]


def check(
    language: Language, name: str, found: str, problem: str = "", status: Status = "warn", **values: Any
) -> Check:
    """What was found of one thing, by the messages' keys.

    Args:
        language: "en" or "zh".
        name: the key of what was looked at.
        found: what was found.
        problem: the key of what to do; empty where all is well.
        status: with a problem.
        **values: for the blanks of that message.
    """
    advice = say(problem, language, **values) if problem else ""
    return Check(say(name, language), status if problem else "ok", found, advice)


def check_python(language: Language) -> Check:
    """The interpreter's version."""
    found = f"{platform.python_version()}, {platform.platform()}"
    return check(
        language, "doctor.python", found, "doctor.python_old" if sys.version_info < (3, 10) else "", "fail"
    )


def check_torch(language: Language) -> list[Check]:
    """Torch, the device it would choose, and its threads."""
    if importlib.util.find_spec("torch") is None:
        return [check(language, "doctor.torch", "-", "doctor.torch_missing", "fail")]
    import torch

    from linnet.device import available_cores, pick_device

    version = torch.__version__
    is_old = tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < (2, 4)
    cores, threads = available_cores(), torch.get_num_threads()
    found = say("doctor.threads_found", language, cores=cores, threads=threads)
    return [
        check(language, "doctor.torch", version, "doctor.torch_old" if is_old else "", "fail"),
        check(language, "doctor.device", str(pick_device())),
        check(
            language, "doctor.threads", found, "doctor.threads_many" if threads > cores else "", cores=cores
        ),
    ]


def check_openmp(language: Language) -> Check:
    """The OpenMP runtimes in a process that has loaded what linnet loads."""
    maps = Path("/proc/self/maps")
    if not maps.is_file():
        return check(language, "doctor.openmp", say("doctor.openmp_unknown", language))
    importlib.import_module("sklearn.linear_model")

    loaded = [found for line in maps.read_text().splitlines() if (found := OPENMP.search(line))]
    files, kinds = {found[1] for found in loaded}, {found[2] for found in loaded}
    shown = ", ".join(sorted(files)) or "-"
    return check(language, "doctor.openmp", shown, "doctor.openmp_twice" if len(kinds) > 1 else "")


def check_data(language: Language, folder: Path | None) -> Check:
    """Where Fashion-MNIST is, and whether it is whole."""
    from linnet.data.sources.fashion_mnist import SOURCE
    from linnet.errors import FormatError

    try:
        found = SOURCE.locate(folder)
    except FormatError as error:
        return check(language, "doctor.data", str(error), "doctor.data_changed", "fail")
    if found is None:
        return check(language, "doctor.data", "-", "doctor.data_missing")
    is_whole = all(state.startswith("ok") for state in SOURCE.verify(found).values())
    return check(language, "doctor.data", str(found), "" if is_whole else "doctor.data_changed", "fail")


def check_write(language: Language, folder: Path | None = None) -> Check:
    """Whether runs can be written here."""
    folder = folder or Path.cwd()
    try:
        with tempfile.TemporaryFile(dir=folder):
            return check(language, "doctor.write", os.fspath(folder))
    except OSError as error:
        return check(language, "doctor.write", f"{folder}: {error.strerror}", "doctor.write_no", "fail")

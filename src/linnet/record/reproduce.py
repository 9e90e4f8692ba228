"""Renders the shell command and the Python program that repeat a run to the same bytes."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from linnet.config import Hyperparameters, Recipe, as_dict
from linnet.data.user_data import is_own
from linnet.model.run import Run
from linnet.record.lines import call, flags, typed
from linnet.record.paths import loadable, shared

FIRST = ("epochs", "batch_size", "lr", "seed")
"""Options that are said even where they are the usual ones, so that the lines tell the whole."""

AGAIN = "again"
"""The folder that the lines leave the run in."""

SWEPT = (
    "random", "folds", "bags", "validation", "metric", "epochs", "batch_size", "loss", "huber", "patience",
    "halving", "seed", "dtype", "device", "threads",
)  # fmt: skip
USUAL = {
    "validation": 0.1,
    "huber": 1.0,
    "dtype": "float32",
    "device": "auto",
    "threads": "auto",
    "halving": [],
}
"""Options of a sweep that need not be said."""


@dataclass(frozen=True)
class Reproduction:
    """How to do a run again.

    Args:
        command: for a shell; empty where the command line cannot say it.
        python: a program.
        files: that the lines name without the folders they were in.
        is_elsewhere: whether the data set was in a folder that the lines do not name.
    """

    command: str
    python: str
    files: tuple[str, ...] = ()
    is_elsewhere: bool = False


@dataclass(frozen=True)
class _Told:
    """A data set and its paths as the lines say them: without folders that are the writer's alone."""

    dataset: str
    paths: dict[str, str]
    files: tuple[str, ...]
    is_elsewhere: bool

    def lines(self, command: str, python: str) -> Reproduction:
        return Reproduction(command, python, self.files, self.is_elsewhere)


def _told(dataset: str, asked: Mapping[str, Any]) -> _Told:
    paths = {name: str(asked[name]) for name in ("data_dir", "sample_weight") if asked.get(name)}
    name, files = loadable(dataset), []
    is_hidden = shared(paths.get("data_dir", "")) != paths.get("data_dir", "")
    if is_hidden:
        del paths["data_dir"]
    if name != dataset or (is_hidden and is_own(dataset)):
        files.append(name)
    if (weights := paths.get("sample_weight", "")) != shared(weights):
        paths["sample_weight"] = shared(weights)
        files.append(shared(weights))
    return _Told(name, paths, tuple(files), is_hidden and not is_own(dataset))


def of_training(run: Run, seed: int) -> Reproduction:
    """Of what `linnet train` or `linnet.fit` did.

    Args:
        run: of a linear model on a data set of linnet's.
        seed: that the data set is loaded with.
    """
    asked = run.asked
    usual = as_dict(Recipe().resolved(bool(run.card.classes)))
    fields = [name for name in Recipe.__dataclass_fields__ if name in asked]
    named = [*FIRST, *(n for n in fields if n not in FIRST and asked[n] != usual.get(n))]
    chosen = {name: asked[name] for name in named}
    told = _told(run.card.dataset, asked)
    words = flags({**chosen, **told.paths, "out": AGAIN})
    command = _command("train", told.dataset, words) if seed == asked["seed"] or not _is_made(run) else ""
    head, weights = _head(told, seed)
    fit = call("linnet.fit", ["train", "test=test", *weights], {**chosen, "out": AGAIN})
    return told.lines(command, f"{head}run = {fit}\n")


def of_sweep(dataset: str, asked: Mapping[str, Any], seed: int) -> Reproduction:
    """Of what `linnet sweep` or `linnet.sweep` did.

    Args:
        dataset: its name.
        asked: as `sweep.json` keeps it.
        seed: that the data set is loaded with.
    """
    chosen = {n: asked[n] for n in SWEPT if n in asked and (n in FIRST or asked[n] != USUAL.get(n))}
    told = _told(dataset, asked)
    head, weights = _head(told, seed)
    if "settings" in asked:
        usual = Hyperparameters()
        hyperparameters = [
            "linnet.Hyperparameters("
            + ", ".join(f"{n}={v!r}" for n, v in one.items() if v != getattr(usual, n))
            + ")"
            for one in asked["settings"]
        ]
        first = "settings=[\n        " + ",\n        ".join(hyperparameters) + ",\n    ]"
    else:
        values = ", ".join(f"{name!r}: {_python(value)}" for name, value in asked["grid"].items())
        first = f"{{{values}}}"
    sweep = call("linnet.sweep", ["(train, test)", first, *weights], {**chosen, "out": AGAIN})
    python = f"{head}result = {sweep}\n"
    is_said = dataset != "synthetic" or seed == int(asked.get("seed", 1))
    return told.lines(_sweep_command(told, asked, chosen) if is_said else "", python)


def of_solve(run: Run, seed: int) -> Reproduction | None:
    """Of what `linnet solve` or `linnet.solve` did; None where the solver was given as an object."""
    asked, card = run.asked, run.card
    given = asked.get("call", {})
    if not given.get("solver"):
        return None
    chosen: dict[str, Any] = {n: asked[n] for n in ("l2", "l1") if asked.get(n)}
    chosen |= {n: v for n, v in given.items() if v not in (None, "auto")}
    chosen |= {n: v for n, v in (("dtype", asked.get("dtype")), ("intercept", asked.get("intercept")))
               if v not in ("float64", True, None)}  # fmt: skip
    extra = {n: asked[n] for n in ("path", "summary", "covariance", "level", "weight_kind") if asked.get(n)}
    if asked.get("hold_out", True) == bool(asked.get("summary")):  # with a summary none is held out
        extra["hold_out"] = asked.get("hold_out", True)
    options = {n: v for n, v in chosen.items() if not (n == "l1" and "path" in asked)}
    huber = {"huber": card.huber} if card.loss == "huber" else {}
    options = {"loss": card.loss, **huber, **options, **extra, "seed": asked.get("seed", 1)}
    told = _told(card.dataset, asked)
    command = _command("solve", told.dataset, flags({**options, **told.paths, "out": AGAIN}))
    if "seed" not in asked and _is_made(run):
        command = ""  # a command makes the rows by its own seed
    head, weights = _head(told, seed, hold_out=asked.get("hold_out") is not False)
    if weights:
        head = head.replace("import read_weights", "import read_weights, weigh")
        head += "train = weigh(train, weights)\n"
    loss = repr(card.loss)
    if card.loss == "huber":
        head = "from linnet.core.losses import Huber\n" + head
        loss = f"Huber.torch({card.huber!r})"
    solved = call("linnet.solve", ["(train, test)", loss], {**chosen, "out": AGAIN})
    inferred = ""
    if asked.get("summary"):
        how = {
            name: asked[name] for name in ("covariance", "level", "weight_kind", "seed") if asked.get(name)
        }
        inferred = f"print({call('linnet.infer', ['solution', 'train'], how)})\n"
    return told.lines(command, f"{head}solution = {solved}\n{inferred}")


def _is_made(run: Run) -> bool:
    """Whether the rows are made on the spot, by a seed."""
    return run.card.dataset == "synthetic"


def _command(name: str, dataset: str, flags: Iterable[str]) -> str:
    return shlex.join(["linnet", name, "--data", dataset, *flags])


def _python(value: Any) -> str:
    """A hyperparameter's values as Python."""
    if not isinstance(value, dict):
        return repr(value)
    ((kind, (low, high)),) = value.items()
    return f"linnet.{'LogUniform' if kind == 'log_uniform' else 'Uniform'}({low!r}, {high!r})"


def _sweep_command(told: _Told, asked: Mapping[str, Any], chosen: Mapping[str, Any]) -> str:
    """The command; empty where settings were given, or starts that do not follow each other."""
    if "settings" in asked:
        return ""
    hyperparameters = {name: value for name, value in asked["grid"].items() if name != "seed"}
    options = dict(chosen)
    if starts := asked["grid"].get("seed"):
        first = int(asked.get("seed", 1))
        if starts != list(range(first, first + len(starts))):
            return ""
        options["seeds"] = len(starts)
    said = {name: typed(value) for name, value in {**hyperparameters, **options}.items()}
    return _command("sweep", told.dataset, flags({**said, **told.paths, "out": AGAIN}))


def _head(told: _Told, seed: int, *, hold_out: bool = True) -> tuple[str, list[str]]:
    """The lines that load the data, and the argument that gives the weights."""
    folder = told.paths.get("data_dir")
    where = [repr(told.dataset), *([repr(folder)] if folder else [])]
    if told.dataset == "synthetic":
        where.append(f"seed={seed}")
    if not hold_out:
        where.append("hold_out=False")
    lines = ["import linnet", "", f"train, test = linnet.load({', '.join(where)})"]
    if not (path := told.paths.get("sample_weight")):
        return "\n".join(lines) + "\n", []
    lines[:1] = [
        "from pathlib import Path",
        "",
        "import linnet",
        "from linnet.data.arguments import read_weights",
    ]
    lines.append(f"weights = read_weights(Path({path!r}), len(train))")
    return "\n".join(lines) + "\n", ["sample_weight=weights"]

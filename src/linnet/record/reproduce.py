"""Renders the shell command and the Python program that repeat a request on its data to the same bytes."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from linnet.config import (
    FitRequest,
    Hyperparameters,
    Recipe,
    SolveRequest,
    SweepRequest,
    TuneRequest,
    as_dict,
)
from linnet.config.ranges import Range
from linnet.data.locate import is_own
from linnet.data.origin import Origin
from linnet.model.run import Run
from linnet.record.lines import call, flags, table_flags, typed
from linnet.record.paths import loadable, shared

FIRST = ("epochs", "batch_size", "lr", "seed")
"""Options that are said even where they are the usual ones, so that the lines tell the whole."""

FILES = ("schema", "test")
"""What was said of a table that is a file."""

AGAIN = "again"
"""The folder that the lines leave the run in."""


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


def reproduce(run: Run) -> Reproduction | None:
    """The lines of what `fit` or `solve` did; None where no lines can say it.

    Args:
        run: of a linear model, on rows that can be loaded again.
    """
    data = None if run.origin is None else Data.of(run.origin)
    if data is None or run.request is None:
        return None
    if isinstance(run.request, FitRequest):
        return _fit(run.request, data, Recipe().resolved(bool(run.card.classes)))
    return None if run.request.solver is None else _solve(run.request, data)


def reproduce_sweep(request: SweepRequest, origin: Origin) -> Reproduction:
    """The lines of what `sweep` did."""
    data, chosen = Data.of(origin), _choose(request, SweepRequest(), ("grid", "settings"))
    if request.settings is not None:
        settings = [_hyperparameters(one) for one in request.settings]
        first = "settings=[\n        " + ",\n        ".join(settings) + ",\n    ]"
    else:
        first = _grid(request.grid)
    sweep = call("linnet.sweep", ["(train, test)", first, *data.weights], {**chosen, "out": AGAIN})
    command = ""
    if request.settings is None:
        command = _search_command("sweep", as_dict(request)["grid"], chosen, request.seed, data)
    return data.lines(command, f"{data.head()}result = {sweep}\n")


def reproduce_tune(request: TuneRequest, origin: Origin) -> Reproduction:
    """The lines of what `tune` did, of a study that it began."""
    data, own = Data.of(origin), _choose(request, TuneRequest(space={}), ("space", "sweep"))
    how = _choose(request.sweep, SweepRequest(), ("grid",))
    tune = call(
        "linnet.tune", ["(train, test)", _grid(request.space), *data.weights], {**own, **how, "out": AGAIN}
    )
    command = _search_command("tune", as_dict(request)["space"], {**own, **how}, request.sweep.seed, data)
    return data.lines(command, f"{data.head()}result = {tune}\n")


def _choose(request: Any, plain: Any, without: tuple[str, ...]) -> dict[str, Any]:
    """The options that the lines say: those that are not the usual ones, and `FIRST`."""
    usual = as_dict(plain)
    return {
        name: value
        for name, value in as_dict(request).items()
        if name not in without and (name in FIRST or value != usual.get(name))
    }


@dataclass(frozen=True)
class Data:
    """A data set as the lines say it: without folders that are the writer's alone.

    Args:
        name: of the data set.
        origin: of its rows.
        paths: that are said, by option.
        table: what was said of a table.
        files: as in `Reproduction`.
        is_elsewhere: likewise.
    """

    name: str
    origin: Origin
    paths: Mapping[str, str]
    table: Mapping[str, Any]
    files: tuple[str, ...]
    is_elsewhere: bool

    @classmethod
    def of(cls, origin: Origin) -> Data:
        """The data set of an origin."""
        name, paths, files = loadable(origin.source), dict[str, str](), list[str]()
        folder, weights = origin.data_dir or "", origin.sample_weight or ""
        is_hidden = shared(folder) != folder
        if folder and not is_hidden:
            paths["data_dir"] = folder
        if name != origin.source or (is_hidden and is_own(origin.source)):
            files.append(name)
        if weights:
            paths["sample_weight"] = shared(weights)
            files += [] if shared(weights) == weights else [shared(weights)]
        table = {n: loadable(v) if n in FILES else v for n, v in origin.table.items()}
        files += [table[n] for n in FILES if n in table and table[n] != origin.table[n]]
        return cls(name, origin, paths, table, tuple(files), is_hidden and not is_own(origin.source))

    def lines(self, command: str, python: str) -> Reproduction:
        """The lines, with what they leave out."""
        return Reproduction(command, python, self.files, self.is_elsewhere)

    def command(self, verb: str, options: Mapping[str, Any], seed: int) -> str:
        """A command; empty where it makes rows by its own seed, and these were made by another."""
        if self.origin.source == "synthetic" and self.origin.seed != seed:
            return ""
        words = [*table_flags(self.table), *flags({**options, **self.paths, "out": AGAIN})]
        return shlex.join(["linnet", verb, "--data", self.name, *words])

    def head(self) -> str:
        """The lines of Python that load the rows and their weights."""
        folder = self.paths.get("data_dir")
        where = [repr(self.name), *([repr(folder)] if folder else [])]
        where += [f"seed={self.origin.seed}"] if self.name == "synthetic" else []
        where += [] if self.origin.hold_out else ["hold_out=False"]
        where += [f"{name}={value!r}" for name, value in self.table.items()]
        lines = ["import linnet", "", f"train, test = linnet.load({', '.join(where)})"]
        if path := self.paths.get("sample_weight"):
            lines[:1] = ["from pathlib import Path", "", "import linnet"]
            lines.insert(3, "from linnet.data.arguments import read_weights")
            lines.append(f"weights = read_weights(Path({path!r}), len(train))")
        return "\n".join(lines) + "\n"

    @property
    def weights(self) -> list[str]:
        """The argument that gives the weights."""
        return ["sample_weight=weights"] if "sample_weight" in self.paths else []


def _fit(request: FitRequest, data: Data, plain: FitRequest) -> Reproduction:
    """The lines of a training; `plain` has the usual values of its task."""
    given, usual = as_dict(request), as_dict(plain)
    named = [*FIRST, *(n for n in given if n not in FIRST and given[n] != usual.get(n))]
    chosen = {name: given[name] for name in named}
    fit = call("linnet.fit", ["train", "test=test", *data.weights], {**chosen, "out": AGAIN})
    return data.lines(data.command("train", chosen, request.seed), f"{data.head()}run = {fit}\n")


def _solve(request: SolveRequest, data: Data) -> Reproduction:
    """The lines of a solve."""
    plain = as_dict(SolveRequest(loss=""))
    given = {name: value for name, value in as_dict(request).items() if value != plain.get(name)}
    words = {name: v for name, v in given.items() if not (name == request.path_penalty and request.path)}
    if data.origin.hold_out == request.summary:  # with a summary none is held out
        words["hold_out"] = data.origin.hold_out
    words["seed"] = request.seed
    head, loss = data.head(), repr(request.loss)
    if data.weights:
        head = head.replace("import read_weights", "import read_weights, weigh")
        head += "train = weigh(train, weights)\n"
    if request.loss == "huber":
        head = "from linnet.core.losses import Huber\n" + head
        loss = f"Huber.torch({request.huber!r})"
    own = ("loss", "huber", "path", "path_penalty", "folds", "summary", *request.inference)
    options = {name: value for name, value in given.items() if name not in own}
    python = f"{head}solution = {call('linnet.solve', ['(train, test)', loss], {**options, 'out': AGAIN})}\n"
    if request.summary:
        how = {name: value for name, value in request.inference.items() if value is not None}
        python += f"print({call('linnet.infer', ['solution', 'train'], how)})\n"
    return data.lines(data.command("solve", words, request.seed), python)


def _search_command(
    verb: str, grid: Mapping[str, Any], chosen: Mapping[str, Any], seed: int, data: Data
) -> str:
    """The command of a search; empty where its starts do not follow each other."""
    options = {**{name: value for name, value in grid.items() if name != "seed"}, **chosen}
    if starts := grid.get("seed"):
        if starts != list(range(seed, seed + len(starts))):
            return ""
        options["seeds"] = len(starts)
    return data.command(verb, {name: typed(value) for name, value in options.items()}, seed)


def _hyperparameters(one: Hyperparameters) -> str:
    usual, values = Hyperparameters(), as_dict(one)
    given = ", ".join(f"{n}={v!r}" for n, v in values.items() if v != getattr(usual, n))
    return f"linnet.Hyperparameters({given})"


def _grid(values: Mapping[str, Any]) -> str:
    """Values and ranges of hyperparameters as Python."""
    return "{" + ", ".join(f"{name!r}: {_values(value)}" for name, value in values.items()) + "}"


def _values(value: Any) -> str:
    """A hyperparameter's values as Python."""
    if isinstance(value, Range):
        return f"linnet.{type(value).__name__}({value.low!r}, {value.high!r})"
    return repr(value)

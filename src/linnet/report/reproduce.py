"""The command and the Python that do a run again, to the same bytes on the same machine."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from linnet.config import Knobs, Recipe, as_dict
from linnet.config.lines import call, flags, typed
from linnet.train.run import Run

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
    """

    command: str
    python: str


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
    words = flags({**chosen, **_paths(asked), "out": AGAIN})
    command = _command("train", run.card.dataset, words) if seed == asked["seed"] or not _is_made(run) else ""
    head, weights = _head(run.card.dataset, asked, seed)
    fit = call("linnet.fit", ["train", "test=test", *weights], {**chosen, "out": AGAIN})
    return Reproduction(command, f"{head}run = {fit}\n")


def of_sweep(dataset: str, asked: Mapping[str, Any], seed: int) -> Reproduction:
    """Of what `linnet sweep` or `linnet.sweep` did.

    Args:
        dataset: its name.
        asked: as `sweep.json` keeps it.
        seed: that the data set is loaded with.
    """
    chosen = {n: asked[n] for n in SWEPT if n in asked and (n in FIRST or asked[n] != USUAL.get(n))}
    head, weights = _head(dataset, asked, seed)
    if "settings" in asked:
        usual = Knobs()
        knobs = [
            "linnet.Knobs(" + ", ".join(f"{n}={v!r}" for n, v in one.items() if v != getattr(usual, n)) + ")"
            for one in asked["settings"]
        ]
        first = "settings=[\n        " + ",\n        ".join(knobs) + ",\n    ]"
    else:
        values = ", ".join(f"{name!r}: {_python(value)}" for name, value in asked["grid"].items())
        first = f"{{{values}}}"
    sweep = call("linnet.sweep", ["train", first, *weights], {**chosen, "out": AGAIN})
    python = f'{head}result = {sweep}\nbest = result.refit(test)\nbest.save("{AGAIN}/best")\n'
    is_said = dataset != "synthetic" or seed == int(asked.get("seed", 1))
    return Reproduction(_sweep_command(dataset, asked, chosen) if is_said else "", python)


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
    extra = {n: asked[n] for n in ("path", "summary", "covariance", "level") if n in asked}
    options = {n: v for n, v in chosen.items() if not (n == "l1" and "path" in asked)}
    huber = {"huber": card.huber} if card.loss == "huber" else {}
    options = {"loss": card.loss, **huber, **options, **extra, "seed": asked.get("seed", 1)}
    command = _command("solve", card.dataset, flags({**options, **_paths(asked), "out": AGAIN}))
    if "seed" not in asked and _is_made(run):
        command = ""  # a command makes the rows by its own seed
    head, _ = _head(card.dataset, asked, seed)
    loss = repr(card.loss)
    if card.loss == "huber":
        head = "from linnet.core.losses import Huber\n" + head
        loss = f"Huber.torch({card.huber!r})"
    solved = call("linnet.solve", ["train", loss], chosen)
    return Reproduction(command, f'{head}solution = {solved}\nsolution.value.save("{AGAIN}")\n')


def _is_made(run: Run) -> bool:
    """Whether the rows are made on the spot, by a seed."""
    return run.card.dataset == "synthetic"


def _paths(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {name: asked[name] for name in ("data_dir", "sample_weight") if asked.get(name)}


def _command(name: str, dataset: str, flags: Iterable[str]) -> str:
    return shlex.join(["linnet", name, "--dataset", dataset, *flags])


def _python(value: Any) -> str:
    """A knob's values as Python."""
    if not isinstance(value, dict):
        return repr(value)
    ((kind, (low, high)),) = value.items()
    return f"linnet.{'LogUniform' if kind == 'log_uniform' else 'Uniform'}({low!r}, {high!r})"


def _sweep_command(dataset: str, asked: Mapping[str, Any], chosen: Mapping[str, Any]) -> str:
    """The command; empty where settings were given, or starts that do not follow each other."""
    if "settings" in asked:
        return ""
    knobs = {name: value for name, value in asked["grid"].items() if name != "seed"}
    options = dict(chosen)
    if starts := asked["grid"].get("seed"):
        first = int(asked.get("seed", 1))
        if starts != list(range(first, first + len(starts))):
            return ""
        options["seeds"] = len(starts)
    said = {name: typed(value) for name, value in {**knobs, **options}.items()}
    return _command("sweep", dataset, flags({**said, **_paths(asked), "out": AGAIN}))


def _head(dataset: str, asked: Mapping[str, Any], seed: int) -> tuple[str, list[str]]:
    """The lines that load the data, and the argument that gives the weights."""
    where = [repr(dataset), *([repr(asked["data_dir"])] if asked.get("data_dir") else []), f"seed={seed}"]
    if dataset != "synthetic":
        where.pop()
    lines = ["import linnet", "", f"train, test = linnet.load({', '.join(where)})"]
    if not (path := asked.get("sample_weight")):
        return "\n".join(lines) + "\n", []
    lines[:1] = [
        "from pathlib import Path",
        "",
        "import linnet",
        "from linnet.data.weights import read_weights",
    ]
    lines.append(f"weights = read_weights(Path({path!r}), len(train))")
    return "\n".join(lines) + "\n", ["sample_weight=weights"]

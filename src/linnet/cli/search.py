"""What `linnet sweep` and `linnet tune` have in common: values as typed, and the closing lines."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from linnet import config
from linnet.errors import INTERRUPTED_CODE, UsageError

Found = TypeVar("Found")


SHOWN = 12
"""Rows of the table that are printed; table.csv has all."""

KINDS = {"batch_size": "int", **{field.name: str(field.type) for field in dataclasses.fields(config.Knobs)}}

if TYPE_CHECKING:
    from linnet.data.dataset import Dataset
    from linnet.model.run import Run
    from linnet.search.result import SweepResult

    Knobs = Any
else:
    # Each knob as text, so that it can be several values or a range; the seed has options of its own.
    Knobs = dataclasses.make_dataclass(
        "Knobs",
        [(name, str | None, None) for name in ("lr", *config.KNOBS) if name != "seed"],
        namespace={"__doc__": config.KNOBS_HELP, "__module__": __name__},
        kw_only=True,
    )

TRUTHS = {"yes": True, "no": False, "true": True, "false": False}


def space(knobs: Knobs | None) -> dict[str, Any]:
    """The knobs that were given, and their values."""
    given = {} if knobs is None else dataclasses.asdict(knobs)
    return {name: values(name, text) for name, text in given.items() if text is not None}


def values(name: str, text: str) -> list[Any] | Any:
    """A knob's values, as typed: several with commas, LOW..HIGH by its logarithm, or an even LOW:HIGH.

    Raises:
        UsageError: a value is not of the knob's kind.
    """
    from linnet.train.trials import LogUniform, Uniform

    low, dots, high = text.partition("..")
    if dots:
        return LogUniform(_number(name, low), _number(name, high))
    if "str" not in KINDS[name] and ":" in text:
        low, _, high = text.partition(":")
        if "int" in KINDS[name]:
            return range(whole(name, low), whole(name, high) + 1)
        return Uniform(_number(name, low), _number(name, high))
    return [_value(name, part.strip()) for part in text.split(",")]


def _value(name: str, text: str) -> Any:
    kind = KINDS[name]
    if text == "none" and "None" in kind:
        return None
    if "bool" in kind:
        return _truth(name, text)
    if "str" in kind:
        return text
    return whole(name, text) if "int" in kind else _number(name, text)


def _truth(name: str, text: str) -> bool:
    if text not in TRUTHS:
        raise UsageError(f"{_flag(name)} takes yes, no, or both with a comma between them, not {text!r}")
    return TRUTHS[text]


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"{_flag(name)} takes numbers with commas between them, not {text!r}") from None


def whole(name: str, text: str) -> int:
    """A whole number, as typed.

    Raises:
        UsageError: it is none.
    """
    if not (text.strip().isascii() and text.strip().isdigit()):
        raise UsageError(f"{_flag(name)} takes whole numbers with commas between them, not {text!r}")
    return int(text)


def rungs(text: str | None) -> list[int]:
    """The epochs of --halving.

    Raises:
        UsageError: they are no whole numbers.
    """
    if text is None:
        return []
    parts = text.split(",")
    if wrong := [part for part in parts if not (part.strip().isascii() and part.strip().isdigit())]:
        raise UsageError(f"--halving takes epochs with commas between them, not {wrong[0]!r}")
    return [int(part) for part in parts]


def sayer(quiet: bool) -> Callable[[str], None]:
    """Prints sentences on the error stream, so that they never mix with results."""

    def say(text: str) -> None:
        if not quiet:
            print(text, file=sys.stderr, flush=True)

    return say


def or_say(advice: str, work: Callable[[], Found]) -> Found:
    """What work comes to; when Ctrl-C ends it with nothing to show, say how to go on and end."""
    try:
        return work()
    except KeyboardInterrupt:
        print(f"interrupted: {advice}", file=sys.stderr)
        sys.exit(INTERRUPTED_CODE)


def best_in(folder: Path, advice: str) -> Run:
    """A search's best model; the end here if Ctrl-C cut short its training: half a model is not kept."""
    from linnet.model.run import Run
    from linnet.runs.folder import BEST

    if not (folder / BEST).is_dir():
        print(f"interrupted while the best setting was trained again: {advice}", file=sys.stderr)
        sys.exit(INTERRUPTED_CODE)
    return Run.load(folder / BEST)


def summary(result: SweepResult, best: Run, folder: Path) -> dict[str, Any]:
    """What --json prints."""
    table = result.table.astype(object).where(result.table.notna(), None)
    return {
        "folder": str(folder),
        "models": len(result.trials),
        "seconds": round(result.seconds, 3),
        "best": dataclasses.asdict(result.best),
        "lead": result.lead.as_dict(),
        "edges": [edge.as_dict() for edge in result.edges],
        "unjudged": list(result.unjudged),
        "final": best.history.last,
        "table": table.to_dict("records"),
    }


def closing(result: SweepResult, best: Run, folder: Path, test: Dataset | None) -> list[str]:
    """The lines that end a search; the test rows score the best setting's models together."""
    figures = [name for name in result.outcome.curves if name != "train_loss"]
    table = result.table[[*result.varied, "train_loss", *figures, f"{result.metric}_se", "models", "status"]]
    lines = [table.head(SHOWN).to_string(index=False, float_format="%.4g", na_rep="")]
    if len(table) > SHOWN:
        lines.append(f"… and {len(table) - SHOWN} more in table.csv")
    chosen = ", ".join(f"{name} {_short(result.shown(result.best, name))}" for name in result.varied)
    by = result.metric.replace("_", " ")
    lines.append(f"best by {by}: {chosen or 'the only setting'}; {result.lead}")
    lines += [str(edge) for edge in result.edges]
    if result.unjudged:
        some = ", ".join(result.unjudged[:5]) + ", …" * (len(result.unjudged) > 5)
        lines.append(f"the scores are not of {some}: too few rows to keep any from training")
    if "test_accuracy" in best.history.last:
        lines.append(
            f"trained again on all training rows: test accuracy {best.history.last['test_accuracy']:.4f}"
        )
        members = len(result.configurations[0].members)
        if test is not None and members > 1:
            accuracy = result.ensemble().accuracy(test)
            lines.append(f"its {members} models together, their probabilities averaged: {accuracy:.4f}")
    elif "test_loss" in best.history.last:
        lines.append(f"trained again on all training rows: test loss {best.history.last['test_loss']:.4g}")
    lines.append(
        f"{len(result.trials)} models in {result.seconds:.1f} s; all is in {folder}, the best model in best"
    )
    return lines


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)

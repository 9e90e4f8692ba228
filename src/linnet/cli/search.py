"""Options, values as typed and closing lines of `linnet sweep` and `linnet tune`."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

from cyclopts import Parameter

import linnet
from linnet import config
from linnet.cli.console import load_rows, make_printer, print_result
from linnet.cli.options import Data, DataDir, Json, Lang, Quiet, SampleWeight
from linnet.config import SearchRecipe, SweepRequest, TableChoices
from linnet.errors import INTERRUPTED_CODE, UsageError

if TYPE_CHECKING:
    Hyperparameters = Any
else:
    # Each as text, so that it can be several values or a range; the seed has options of its own.
    Hyperparameters = dataclasses.make_dataclass(
        "Hyperparameters",
        [(name, str | None, None) for name in ("lr", *config.HYPERPARAMETERS) if name != "seed"],
        namespace={"__doc__": config.HYPERPARAMETERS_HELP, "__module__": __name__},
        kw_only=True,
    )

Found = TypeVar("Found")

SHOWN = 12
"""Rows of the table that are printed; table.csv has all."""

KINDS = {
    "batch_size": "int",
    **{field.name: str(field.type) for field in dataclasses.fields(config.Hyperparameters)},
}

TRUTHS = {"yes": True, "no": False, "true": True, "false": False}


def _whole(text: str) -> int:
    if not (text.strip().isascii() and text.strip().isdigit()):  # int() takes other scripts' digits, too
        raise ValueError(text)
    return int(text)


CONVERTERS: dict[str, tuple[Callable[[str], Any], str]] = {
    "bool": (TRUTHS.__getitem__, "yes, no, or both with a comma between them"),
    "str": (str, "text"),
    "int": (_whole, "whole numbers with commas between them"),
    "float": (float, "numbers with commas between them"),
}
"""What makes a value of a kind, and what to say where it cannot."""


def _parse(name: str, text: str, kind: str) -> Any:
    if text == "none" and "None" in kind:
        return None
    convert, expected = next(of for one, of in CONVERTERS.items() if one in kind)
    try:
        return convert(text)
    except (KeyError, ValueError):
        flag = "--" + name.replace("_", "-")
        raise UsageError(f"{flag} takes {expected}, not {text!r}") from None


@dataclass(frozen=True, kw_only=True)
class SearchOptions(SearchRecipe, TableChoices):
    """How the models of a search are trained and judged, and where it goes; see `SearchRecipe`, too.

    Args:
        seeds: train each setting from this many starts.
        out: the folder for the table, the figure and the best model (best/); runs/COMMAND-TIME when not
            given.
        report: leave report.html in the folder: the choice and how sure it is, figures, and how to do it
            again.
    """

    halving: Annotated[str | None, Parameter(metavar="EPOCH,…")] = None  # type: ignore[assignment]  # as typed
    seeds: int = 1
    sample_weight: SampleWeight = None
    data: Data = "auto"
    data_dir: DataDir = None
    out: Path | None = None
    lang: Lang = "en"
    report: bool = True
    quiet: Quiet = False
    json: Json = False

    def request(self, **own: Any) -> SweepRequest:
        """What to train, with options of the command's own."""
        shared = {field.name: getattr(self, field.name) for field in dataclasses.fields(SearchRecipe)}
        epochs = self.halving.split(",") if self.halving is not None else []
        shared["halving"] = tuple(_parse("halving", epoch, "int") for epoch in epochs)
        return SweepRequest(**shared, **own)

    def space(self, hyperparameters: Hyperparameters | None) -> dict[str, Any]:
        """The hyperparameters that were given and the seeds, with their values.

        Raises:
            UsageError: a value cannot be.
        """
        if self.seeds < 1:
            raise UsageError(f"seeds must be at least 1, not {self.seeds}")
        given = {} if hyperparameters is None else dataclasses.asdict(hyperparameters)
        found = {name: parse_values(name, text) for name, text in given.items() if text is not None}
        return found | ({"seed": range(self.seed, self.seed + self.seeds)} if self.seeds > 1 else {})

    def load(self, values: Mapping[str, Any]) -> linnet.Splits:
        """The rows to search over, and those that the best is scored on.

        Args:
            values: of the hyperparameters, as `space` gives them; which penalties are on what is said.
        """
        say = make_printer(self.quiet, sys.stderr if self.json else sys.stdout)
        splits = load_rows(
            self.data, self.data_dir, self.seed, say, table=self, sample_weight=self.sample_weight,
            quiet=self.quiet,
        )  # fmt: skip
        from linnet.train.columns import describe_penalties

        if said := describe_penalties(splits.train, values):
            say(said)
        return splits

    @property
    def watch(self) -> dict[str, Any]:
        """How the search shows itself and what it leaves, as the functions of `linnet.runs` take it."""
        return {"show": not (self.quiet or self.json), "report": self.report, "language": self.lang}

    def close(
        self, result: linnet.SweepResult, folder: Path, test: linnet.Dataset | None, advice: str, **more: Any
    ) -> None:
        """Print what came of it; half a model, as Ctrl-C leaves it, is not kept."""
        from linnet.runs.folder import BEST

        if not (folder / BEST).is_dir():
            exit_interrupted(f" while the best setting was trained again: {advice}")
        best = linnet.Run.load(folder / BEST)
        if self.json or not self.quiet:
            print_result(
                lambda: {**summary(result, best, folder), **more},
                lambda: closing_lines(result, best, folder, test),
                self.json,
            )


def exit_interrupted(what: str) -> NoReturn:
    """Say what Ctrl-C cut short and how to go on, and end."""
    print(f"interrupted{what}", file=sys.stderr)
    sys.exit(INTERRUPTED_CODE)


def run_or_exit(advice: str, work: Callable[[], Found]) -> Found:
    """What work comes to; when Ctrl-C ends it with nothing to show, say how to go on and end."""
    try:
        return work()
    except KeyboardInterrupt:
        exit_interrupted(f": {advice}")


def parse_values(name: str, text: str) -> list[Any] | Any:
    """The values of a hyperparameter, as typed: several with commas, LOW..HIGH by its logarithm, or LOW:HIGH.

    Raises:
        UsageError: a value is not of the hyperparameter's kind.
    """
    low, dots, high = text.partition("..")
    if dots:
        return linnet.LogUniform(_parse(name, low, "float"), _parse(name, high, "float"))
    kind = KINDS[name]
    if "str" not in kind and ":" in text:
        low, high = (_parse(name, end, kind) for end in text.split(":", 1))
        return range(low, high + 1) if "int" in kind else linnet.Uniform(low, high)
    return [_parse(name, part.strip(), kind) for part in text.split(",")]


def summary(result: linnet.SweepResult, best: linnet.Run, folder: Path) -> dict[str, Any]:
    """What --json prints."""
    table = result.table.astype(object).where(result.table.notna(), None)
    return {
        "folder": str(folder),
        "models": len(result.trials),
        "seconds": round(result.seconds, 3),
        "best": dataclasses.asdict(result.best),
        "margin": result.margin.as_dict(),
        "edges": [dataclasses.asdict(edge) for edge in result.edges],
        "unjudged": list(result.unjudged),
        "final": best.history.last,
        "baseline": best.baseline,
        "table": table.to_dict("records"),
    }


def closing_lines(
    result: linnet.SweepResult, best: linnet.Run, folder: Path, test: linnet.Dataset | None
) -> list[str]:
    """The lines that end a search; the test rows score the best setting's models together."""
    from linnet.model.baseline import baseline_lines

    figures = [name for name in result.outcome.curves if name != "train_loss"]
    table = result.table[[*result.varied, "train_loss", *figures, f"{result.metric}_se", "models", "status"]]
    table = table.dropna(axis="columns", how="all")  # such as standard errors where there is one fold
    lines = [table.head(SHOWN).to_string(index=False, float_format="%.4g", na_rep="")]
    if len(table) > SHOWN:
        kept, left = f"the best {SHOWN} of {len(table):,} settings", len(table) - SHOWN
        lines.append(f"these are {kept}, {left:,} are left out: all are in {folder}/table.csv")
    chosen = ", ".join(f"{name} {_short(result.value_of(result.best, name))}" for name in result.varied)
    by = result.metric.replace("_", " ")
    lines.append(f"best by {by}: {chosen or 'the only setting'}; {result.margin}")
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
    lines += baseline_lines(best.baseline, best.history.last)
    lines.append(
        f"{len(result.trials)} models in {result.seconds:.1f} s; all is in {folder}, the best model in best"
    )
    return lines


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)

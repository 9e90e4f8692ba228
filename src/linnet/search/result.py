"""`SweepResult`: the table, curves and models of a sweep, the selected setting and its margin."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from matplotlib.figure import Figure

from linnet import files
from linnet.config import Hyperparameters, Recipe, SweepRequest
from linnet.config.ranges import Range
from linnet.config.requests import to_json
from linnet.core.grids import NAMES, Edge, edges
from linnet.data.dataset import Dataset
from linnet.data.origin import record_of
from linnet.data.split import Fold, unjudged_classes
from linnet.device import versions
from linnet.errors import UsageError
from linnet.evaluate import selection
from linnet.evaluate.ensemble import Ensemble
from linnet.evaluate.score import score
from linnet.evaluate.selection import Configuration, Margin
from linnet.folders import CHECKPOINT, SWEEP, write
from linnet.i18n import Language
from linnet.model.baseline import find_baseline
from linnet.model.run import Card, Run
from linnet.plot.save import render
from linnet.plot.sweeps import epochs_figure, generalisation_figure, name_settings, sweep_figure
from linnet.train.callbacks import INTERRUPTED
from linnet.train.fit import fit
from linnet.train.plan import Outcome, Plan, Trial

if TYPE_CHECKING:
    import pandas as pd


@dataclass(eq=False)
class SweepResult:
    """What a sweep came to. Its models were chosen by rows that were kept from training.

    Args:
        train: what was swept over.
        trials: the models.
        folds: which rows each trained on and was judged by.
        outcome: what they came to.
        plan: what they shared.
        card: what the models predict.
        recipe: the shared recipe.
        seconds: the sweep took.
        request: what was swept; of a tune, its last batch.
        searched: the ranges of a search that proposed the settings, by hyperparameter.
    """

    SUMMARY: ClassVar[str] = SWEEP
    LEFT: ClassVar[tuple[str, ...]] = (
        "table.csv",
        "curves.csv",
        "sweep.svg",
        "generalisation.svg",
        "epochs.svg",
    )

    train: Dataset
    trials: list[Trial]
    folds: list[Fold]
    outcome: Outcome
    plan: Plan
    card: Card
    recipe: Recipe
    seconds: float
    request: SweepRequest
    searched: dict[str, Range] = field(default_factory=dict)

    @cached_property
    def configurations(self) -> list[Configuration]:
        """Models that differ in fold and seed only, together; the best first."""
        return selection.configurations(self.outcome, self.trials, self.metric)

    @property
    def metric(self) -> str:
        """That the best is chosen by: "validation_accuracy" or "validation_loss"."""
        return self.plan.metric

    @property
    def best(self) -> Hyperparameters:
        """The settings with the best mean score over folds and seeds.

        Raises:
            DivergedError: every model diverged.
        """
        return selection.best(self.configurations).hyperparameters

    @property
    def margin(self) -> Margin:
        """How far the best leads the next, and whether that is noise."""
        return selection.margin(self.configurations)

    @property
    def edges(self) -> list[Edge]:
        """The hyperparameters whose best value lies at the edge of what was tried: better may lie beyond."""
        found = self.configurations
        values = {name: [self.value_of(one.hyperparameters, name) for one in found] for name in self.varied}
        costs = self.plan.cost(torch.tensor([one.mean for one in found], dtype=torch.float64))
        return edges(values, costs.nan_to_num(torch.inf).tolist(), self.ranges)

    @property
    def unjudged(self) -> tuple[str, ...]:
        """Classes of which no row was kept from training, so that the scores say nothing of them."""
        return unjudged_classes(self.train, self.folds)

    @property
    def ranges(self) -> dict[str, Range]:
        """The ranges that settings were drawn from, by hyperparameter."""
        drawn = {name: one for name, one in self.request.grid.items() if isinstance(one, Range)}
        return {**drawn, **self.searched}

    @property
    def varied(self) -> list[str]:
        """The hyperparameters with more than one value, apart from the seed."""
        names = [
            name
            for name in NAMES
            if name != "seed" and len({getattr(t.hyperparameters, name) for t in self.trials}) > 1
        ]
        return ["batch_size" if name == "accumulate" else name for name in names]

    @property
    def is_interrupted(self) -> bool:
        """Whether the sweep was stopped on the way; its figures are of the epochs that had ended."""
        return INTERRUPTED in self.outcome.status

    @property
    def epochs_done(self) -> int:
        """Epochs that some model has been through."""
        return int(self.outcome.curves["train_loss"].isfinite().any(1).sum())

    def value_of(self, hyperparameters: Hyperparameters, name: str) -> Any:
        """A hyperparameter's value as people think of it."""
        return (
            self.plan.batch_size * hyperparameters.accumulate
            if name == "batch_size"
            else getattr(hyperparameters, name)
        )

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row a configuration, the best first, with means and standard errors over folds and seeds."""
        return selection.table(self.outcome, self.configurations, self.varied, self.value_of)

    @property
    def curves(self) -> pd.DataFrame:
        """The mean score of each configuration over the epochs: a column each, in the table's order."""
        import pandas as pd

        scores = self.outcome.curves[self.metric]
        means = [scores[:, list(c.members)].mean(1).numpy() for c in self.configurations]
        return pd.DataFrame({str(number): mean for number, mean in enumerate(means, 1)})

    def plot(self, kind: str = "hyperparameters", language: Language = "en") -> Figure:
        """A figure of the sweep.

        Args:
            kind: "hyperparameters", the score by the one that was varied, or a heat map of the first two;
                "epochs", each setting's validation score over the epochs; "generalisation", its validation
                loss against its training loss.
            language: "en" or "zh".

        Raises:
            UsageError: there is no such figure, or nothing was varied.
        """
        if kind == "hyperparameters":
            return sweep_figure(self.table, self.varied, self.metric, self.train.name, language)
        if kind == "epochs":
            curves = self.curves
            means = [curves[number].to_numpy() for number in curves]
            names = name_settings(self.table, self.varied)
            return epochs_figure(means, names, self.metric, self.train.name, language)
        if kind == "generalisation":
            return generalisation_figure(self.table, self.train.name, language)
        raise UsageError(f"kind must be hyperparameters, epochs or generalisation, not {kind!r}")

    def refit(self, test: Dataset | None = None) -> Run:
        """The best settings trained on all rows, as many epochs as were found best.

        Args:
            test: rows that are only scored, once, at the end.
        """
        chosen = selection.best(self.configurations)
        hyperparameters = {
            **dataclasses.asdict(chosen.hyperparameters),
            "epochs": _epochs(self, chosen),
            "patience": None,
        }
        run, _ = fit(self.train, dataclasses.replace(self.recipe, **hyperparameters))
        run.dataset_checksum = self.train.checksum
        if test is not None:
            run.history.last.update(score(run, test).record("test"))
            run.baseline = find_baseline(self.train, test, run.loss, is_test=True)
        return run

    def ensemble(self) -> Ensemble:
        """The models of the best configuration together, one a fold and seed."""
        members = torch.tensor(selection.best(self.configurations).members)
        return Ensemble(self.outcome.bank.take(members).contiguous(), self.card)

    def save(self, folder: Path | str, language: Language = "en") -> None:
        """Leave the tables, the summary and the figures in a folder.

        Args:
            folder: is made if it is not there.
            language: of the figures, "en" or "zh".

        Raises:
            UsageError: it has files of these names that linnet did not make.
            OSError: it cannot be written.
        """
        files.check_folder(folder, self.LEFT, (self.SUMMARY, CHECKPOINT))
        write(folder, self.summary() | {"versions": versions()}, self.contents(language), self.SUMMARY)

    def contents(self, language: Language) -> dict[str, bytes]:
        """The files that are left beside the summary, by name."""
        figures = {"epochs.svg": self.plot("epochs", language)}
        if self.varied:
            figures["sweep.svg"] = self.plot(language=language)
            figures["generalisation.svg"] = self.plot("generalisation", language)
        tables = {"table.csv": self.table, "curves.csv": self.curves}
        contents = {name: render(figure, ".svg") for name, figure in figures.items()}
        return contents | {name: table.to_csv(index=False).encode() for name, table in tables.items()}

    def summary(self) -> dict[str, Any]:
        """What it came to, as plain values."""
        return {
            "dataset": self.train.name,
            "dataset_checksum": self.train.checksum,
            "origin": record_of(self.train.origin, self.train.checksum),
            "models": len(self.trials),
            "status": INTERRUPTED if self.is_interrupted else "completed",
            "metric": self.metric,
            "best": dataclasses.asdict(self.best),
            "margin": self.margin.as_dict(),
            "edges": [dataclasses.asdict(edge) for edge in self.edges],
            "unjudged": list(self.unjudged),
            "shared": dataclasses.asdict(self.plan),
            "seconds": round(self.seconds, 3),
            "request": to_json(self.request),
        }


def _epochs(result: SweepResult, chosen: Configuration) -> int:
    """The epochs to refit for: the plan's, or with patience the mean of where the members were best."""
    if result.plan.patience is None:
        return result.plan.epochs
    curves = result.outcome.curves["validation_loss"][:, list(chosen.members)].nan_to_num(torch.inf)
    return max(1, round(float((curves.argmin(0) + 1).double().mean())))

"""`tune`: Optuna proposes settings a batch at a time, and each batch is one sweep.

A sampler that learns from what it has seen needs rounds; a sweep trains many models in the time of a few. So
each round asks for a batch of settings, trains all of them in one pass over the data, and tells their scores.
"""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from matplotlib.figure import Figure

from linnet.config import Hyperparameters, Recipe, TuneRequest
from linnet.config.ranges import Range
from linnet.config.requests import to_json
from linnet.core.bank import stack
from linnet.data.dataset import Dataset
from linnet.errors import UsageError
from linnet.evaluate import selection
from linnet.evaluate.selection import Configuration
from linnet.folders import TUNE
from linnet.i18n import Language, show_figure
from linnet.plot.save import render
from linnet.plot.search import tune_figure
from linnet.search.result import SweepResult
from linnet.search.study import Space, ask, make_sampler, open_study, quiet
from linnet.search.sweep import metric_name, run_sweep
from linnet.train.callbacks import Callback, State

if TYPE_CHECKING:
    import optuna

JUDGED = (
    "folds", "bags", "validation", "epochs", "batch_size", "loss", "huber", "patience", "seed", "dtype",
)  # fmt: skip
"""Options that two scores must share to be compared."""

Sweeper = Callable[[Sequence[Hyperparameters]], SweepResult]
"""Trains some settings."""


@dataclass(eq=False, kw_only=True)
class TuneResult(SweepResult):
    """What a search came to: the models of its call as one sweep, and the study.

    Args:
        asked: what was searched, and how.
        study: Optuna's, with the trials of earlier calls too.
        is_whole: whether all trials were done; the batches before a Ctrl-C count.
    """

    SUMMARY: ClassVar[str] = TUNE
    LEFT: ClassVar[tuple[str, ...]] = ("table.csv", "tune.svg")

    asked: TuneRequest
    study: optuna.Study
    is_whole: bool = True

    @property
    def is_interrupted(self) -> bool:
        """Whether Ctrl-C ended the search."""
        return not self.is_whole

    def plot(self, kind: str = "settings", language: Language = "en") -> Figure:
        """A figure of the search.

        Args:
            kind: "settings", the score of every setting by each hyperparameter that was searched; or one of
                a sweep's.
            language: "en" or "zh".

        Raises:
            UsageError: as that of a sweep.
        """
        if kind == "settings":
            return tune_figure(self.table, self.varied, self.metric, self.train.name, language)
        return super().plot(kind, language)

    def contents(self, language: Language) -> dict[str, bytes]:
        """The table and, where something was varied, the figure."""
        table = {"table.csv": self.table.to_csv(index=False).encode()}
        return table | ({"tune.svg": render(self.plot(language=language), ".svg")} if self.varied else {})

    def summary(self) -> dict[str, Any]:
        """What it came to, as plain values."""
        summary, count = super().summary(), len(self.study.get_trials(deepcopy=False))
        request = to_json(self.asked)  # that of the sweep is of the last batch alone
        return summary | {"request": request, "study": self.study.study_name, "trials": count}


def run_tune(
    train: Dataset,
    request: TuneRequest,
    *,
    storage: Path | str | None = None,
    sampler: optuna.samplers.BaseSampler | None = None,
    show: bool = False,
    callbacks: Sequence[Callback | Callable[[State], object]] = (),
) -> TuneResult:
    """Search as a request says.

    Args:
        train: the rows.
        request: what to search, and how each setting is trained and judged.
        storage: a file that keeps the study, or a URL of Optuna's; memory when None.
        sampler: of Optuna; the multivariate TPE when None.
        show: print a line a batch.
        callbacks: called as the sweep of each batch goes on.

    Raises:
        UsageError: the request cannot be, or the stored study was judged otherwise.
        DivergedError: every model diverged.
        MissingExtraError: optuna is not installed.
    """
    shared, space = request.sweep, request.space
    if request.trials < 1 or request.batch < 1:
        raise UsageError(f"trials and batch must be at least 1, not {request.trials} and {request.batch}")
    judged = {name: getattr(shared, name) for name in JUDGED} | {
        "metric": metric_name(shared.metric, train), "halving": list(shared.halving),
        "dataset": train.checksum,
    }  # fmt: skip
    book = Recipe(loss=shared.loss, seed=shared.seed).resolved(
        train.is_classification, train.is_counts, train.table_rows
    )

    def sweep(settings: Sequence[Hyperparameters]) -> SweepResult:
        batch = dataclasses.replace(shared, settings=tuple(settings))
        return run_sweep(train, batch, callbacks=callbacks, strict=False)

    with quiet():
        searched = Space.of(space, Hyperparameters(lr=book.lr, seed=shared.seed))
        known = open_study(storage, request.study or train.name, judged)
        known.sampler = sampler or make_sampler(shared.seed, len(known.get_trials(deepcopy=False)))
        swept, is_whole = _search(searched, known, request, sweep, show)
    found = {field.name: getattr(swept, field.name) for field in dataclasses.fields(swept)}
    found["searched"] = {name: one for name, one in space.items() if isinstance(one, Range)}
    result = TuneResult(**found, asked=request, study=known, is_whole=is_whole)
    selection.best(result.configurations)
    return result


def _search(
    space: Space, study: optuna.Study, request: TuneRequest, sweep: Sweeper, show: bool
) -> tuple[SweepResult, bool]:
    """Ask, train and tell until all trials are done, or until Ctrl-C with some batches done.

    Settings that were trained already are not trained again.
    """
    found: dict[Hyperparameters, tuple[SweepResult, Configuration]] = {}
    results: list[SweepResult] = []
    trials, batch = request.trials, request.batch
    for low in range(0, trials, batch):
        try:
            with ask(study, space, min(batch, trials - low)) as asked:
                _train_batch(space, study, asked, found, results, sweep)
        except KeyboardInterrupt:
            if not results:
                raise
            return merge(results), False
        if show:
            _say(study, low + len(asked), trials, results[-1].metric)
    return merge(results), True


def _train_batch(
    space: Space,
    study: optuna.Study,
    asked: Sequence[optuna.Trial],
    found: dict[Hyperparameters, tuple[SweepResult, Configuration]],
    results: list[SweepResult],
    sweep: Sweeper,
) -> None:
    """Train the settings of some trials that are new, and tell the study of all."""
    wanted = [hyperparameters for trial in asked for hyperparameters in space.settings(trial)]
    new = [hyperparameters for hyperparameters in dict.fromkeys(wanted) if _key(hyperparameters) not in found]
    if new:
        result = sweep(new)
        if result.is_interrupted:
            raise KeyboardInterrupt  # the batch counts as failed
        results.append(result)
        found.update({_key(c.hyperparameters): (result, c) for c in result.configurations})
    for trial in asked:
        _tell(study, trial, *found[_key(space.settings(trial)[0])])


def merge(results: Sequence[SweepResult]) -> SweepResult:
    """Sweeps of other settings on the same rows as one.

    Args:
        results: with the same folds, plan and metric.
    """
    first, trials, settings = results[0], [], 0
    for result in results:
        trials += [dataclasses.replace(t, setting=t.setting + settings) for t in result.trials]
        settings = 1 + max(trial.setting for trial in trials)
    outcomes = [result.outcome for result in results]
    outcome = dataclasses.replace(
        first.outcome,
        bank=stack([outcome.bank for outcome in outcomes]),
        status=[said for outcome in outcomes for said in outcome.status],
        curves={name: torch.cat([o.curves[name] for o in outcomes], 1) for name in first.outcome.curves},
    )
    seconds = sum(result.seconds for result in results)
    return dataclasses.replace(first, trials=trials, outcome=outcome, seconds=seconds)


def _key(hyperparameters: Hyperparameters) -> Hyperparameters:
    """What the settings of all seeds have in common."""
    return dataclasses.replace(hyperparameters, seed=0)


def _tell(
    study: optuna.Study, trial: optuna.Trial, result: SweepResult, configuration: Configuration
) -> None:
    """A setting's score: failed where it diverged, pruned where halving dropped it."""
    from optuna.trial import TrialState

    is_dropped = any(result.outcome.status[m].startswith("dropped") for m in configuration.members)
    if math.isnan(configuration.mean):
        study.tell(trial, state=TrialState.FAIL)
    elif is_dropped:
        curve = result.outcome.curves[result.metric][:, configuration.members[0]]
        trial.report(configuration.mean, int(curve.isfinite().sum()))
        study.tell(trial, state=TrialState.PRUNED)
    else:
        study.tell(trial, configuration.mean)


def _say(study: optuna.Study, done: int, trials: int, metric: str) -> None:
    """A line a batch."""
    from optuna.trial import TrialState

    if not study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
        return
    best = study.best_trial
    assert best.value is not None, "one is complete"
    shown = ", ".join(
        f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in best.params.items()
    )
    words, figure = metric.replace("_", " "), show_figure(metric, best.value)
    print(f"trial {done:>4} of {trials}  best {words} {figure}  {shown}", file=sys.stderr)

"""`tune`: Optuna proposes settings a batch at a time, and each batch is one sweep.

A sampler that learns from what it has seen needs rounds; a sweep trains many models in the time of a few. So
each round asks for a batch of settings, trains all of them in one pass over the data, and tells their scores.
"""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from matplotlib.figure import Figure

from linnet import files
from linnet.config import Knobs, Recipe
from linnet.core.bank import stack
from linnet.data.arguments import parts_of
from linnet.data.dataset import Dataset, Splits
from linnet.errors import UsageError
from linnet.evaluate import selection
from linnet.evaluate.ensemble import Ensemble
from linnet.evaluate.selection import Configuration, Lead
from linnet.folders import TUNE, new_folder, write
from linnet.model.run import Run, versions
from linnet.plot.save import render
from linnet.plot.tunes import tune_figure
from linnet.plot.words import Language
from linnet.report.rows import Rows
from linnet.report.write import written
from linnet.search.edges import Edge
from linnet.search.result import SweepResult
from linnet.search.study import Space, asked_of, opened, quiet, sampler_of
from linnet.search.sweep import metric_name, sweep
from linnet.train.trials import LogUniform, Uniform

if TYPE_CHECKING:
    import optuna
    import pandas as pd


@dataclass(eq=False)
class TuneResult:
    """What a search came to: the models of its call as one sweep, and the study.

    Args:
        swept: all batches of this call together.
        study: Optuna's, with the trials of earlier calls too.
        is_interrupted: whether Ctrl-C ended it; the batches that were done count.
    """

    swept: SweepResult
    study: optuna.Study
    is_interrupted: bool = False

    @property
    def configurations(self) -> list[Configuration]:
        """The settings, the best first."""
        return self.swept.configurations

    @property
    def best(self) -> Knobs:
        """The settings with the best mean score over folds and seeds."""
        return self.swept.best

    @property
    def lead(self) -> Lead:
        """How far the best leads the next, and whether that is noise."""
        return self.swept.lead

    @property
    def edges(self) -> list[Edge]:
        """The knobs whose best value lies at the edge of what was searched."""
        return self.swept.edges

    @property
    def varied(self) -> list[str]:
        """The knobs that were searched."""
        return self.swept.varied

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row a setting, the best first."""
        return self.swept.table

    @property
    def seconds(self) -> float:
        """The training took."""
        return self.swept.seconds

    def refit(self, test: Dataset | None = None) -> Run:
        """The best settings trained on all rows; `test` is only scored, once, at the end."""
        return self.swept.refit(test)

    def ensemble(self) -> Ensemble:
        """The models of the best settings together, one a fold and seed."""
        return self.swept.ensemble()

    def plot(self, language: Language = "en") -> Figure:
        """The score of every setting, by each knob.

        Args:
            language: "en" or "zh".
        """
        return tune_figure(self.table, self.varied, self.swept.metric, self.swept.train.name, language)

    def save(self, folder: Path | str, language: Language = "en") -> None:
        """Leave `table.csv`, `tune.json` and, where a knob was varied, `tune.svg` in a folder.

        Args:
            folder: where.
            language: of the figure, "en" or "zh".

        Raises:
            UsageError: it has files of these names that linnet did not make.
            OSError: it cannot be written.
        """
        files.check_folder(folder, ("table.csv", "tune.svg"), (TUNE,))
        contents = {"table.csv": self.table.to_csv(index=False).encode()}
        if self.varied:
            contents["tune.svg"] = render(self.plot(language), ".svg")
        counted = {"study": self.study.study_name, "trials": len(self.study.get_trials(deepcopy=False))}
        summary = {**self.swept.summary(), **counted, "versions": versions()}
        write(folder, summary, contents, TUNE)


def tune(
    dataset: Dataset | Splits,
    space: Mapping[str, Any],
    *,
    trials: int = 100,
    batch: int = 20,
    storage: Path | str | None = None,
    study: str | None = None,
    sampler: optuna.samplers.BaseSampler | None = None,
    folds: int | None = None,
    validation: float = 0.1,
    metric: str | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    loss: str | None = None,
    huber: float = 1.0,
    patience: int | None = None,
    halving: Sequence[int] = (),
    seed: int = 1,
    dtype: str = "float32",
    device: str = "auto",
    threads: int | str = "auto",
    show: bool = True,
    out: Path | str | None = None,
    report: bool = True,
) -> TuneResult:
    """Search for good settings with Optuna, a batch of them in each pass over the data.

    Scores are of rows kept from training, as in `sweep`, whose options these are from `folds` on. A setting
    that diverges counts as failed, one that halving drops as pruned.

    Args:
        dataset: the rows, or a pair of train and test parts, of which train is taken.
        space: knob (see `linnet.config.Knobs`) to a `LogUniform` or `Uniform` range of
            `linnet.train.trials`, a `range` of whole numbers, several values, or one. With several values of
            `seed` every setting is trained from each, and judged by the mean.
        trials: settings to try in this call.
        batch: of which so many are trained at once.
        storage: a file that keeps the study, or a URL of Optuna's; memory when None. With the same storage
            and study a second call goes on: earlier trials count in the sampler, but their models are not
            kept.
        study: its name; the data set's when None.
        sampler: of Optuna; the multivariate TPE (Bergstra et al., NeurIPS 2011; Falkner et al., ICML 2018)
            with constant liar when None.
        folds: see `linnet.sweep`, for this and all that follows.
        validation: the share of rows held out when there are no folds.
        metric: "accuracy" or "loss".
        epochs: passes over the rows.
        batch_size: rows a minibatch.
        loss: of the models.
        huber: Huber's threshold.
        patience: epochs without a better validation loss before a model is stopped.
        halving: epochs after which the worse half of a batch is dropped.
        seed: of rows, folds and the sampler.
        dtype: float32 or float64.
        device: auto, cpu, cuda or mps.
        threads: auto or a number.
        show: print a line a batch.
        out: a folder to leave table, figure and summary in, new or empty.
        report: leave report.html in it, too.

    Returns:
        The table, the best settings, the models of this call, and the study.

    Raises:
        UsageError: the space or options cannot be, or the stored study was judged otherwise.
        DivergedError: every model diverged.
        MissingExtraError: optuna is not installed.

    Example:
        >>> result = linnet.tune(linnet.load("digits"), {"lr": LogUniform(0.001, 10)}, trials=40)
        >>> result.best, result.study.best_value
    """
    train = parts_of(dataset, "tune").train
    if trials < 1 or batch < 1:
        raise UsageError(f"trials and batch must be at least 1, not {trials} and {batch}")
    judged = {
        "folds": folds, "validation": validation, "metric": metric_name(metric, train), "epochs": epochs,
        "batch_size": batch_size, "loss": loss, "huber": huber, "patience": patience,
        "halving": list(halving), "seed": seed, "dtype": dtype,
    }  # fmt: skip
    options = {**judged, "metric": metric, "device": device, "threads": threads}
    asked = Recipe(loss=loss, seed=seed).resolved(train.is_classification)
    folder = None if out is None else new_folder(Path(out))
    with quiet():
        searched = Space.of(space, Knobs(lr=asked.lr, seed=seed))
        known = opened(storage, study or train.name, {**judged, "dataset": train.checksum})
        known.sampler = sampler or sampler_of(seed, len(known.get_trials(deepcopy=False)))
        swept, is_whole = _searched(train, searched, known, trials, batch, options, show)
    swept.searched = {name: one for name, one in space.items() if isinstance(one, LogUniform | Uniform)}
    result = TuneResult(swept, known, not is_whole)
    selection.best(result.configurations)
    if folder is not None:
        result.save(folder)
        if report:
            written(folder, Rows(train, None))
    return result


def _searched(
    train: Dataset,
    space: Space,
    study: optuna.Study,
    trials: int,
    batch: int,
    options: dict[str, Any],
    show: bool,
) -> tuple[SweepResult, bool]:
    """Ask, train and tell until all trials are done, or until Ctrl-C with some batches done.

    Settings that were trained already are not trained again.
    """
    found: dict[Knobs, tuple[SweepResult, Configuration]] = {}
    results: list[SweepResult] = []
    for low in range(0, trials, batch):
        try:
            with asked_of(study, space, min(batch, trials - low)) as asked:
                _a_batch(train, space, study, asked, found, results, options)
        except KeyboardInterrupt:
            if not results:
                raise
            return merged(results), False
        if show:
            _say(study, low + len(asked), trials, results[-1].metric)
    return merged(results), True


def _a_batch(
    train: Dataset,
    space: Space,
    study: optuna.Study,
    asked: Sequence[optuna.Trial],
    found: dict[Knobs, tuple[SweepResult, Configuration]],
    results: list[SweepResult],
    options: dict[str, Any],
) -> None:
    """Train the settings of some trials that are new, and tell the study of all."""
    wanted = [knobs for trial in asked for knobs in space.settings(trial)]
    new = [knobs for knobs in dict.fromkeys(wanted) if _key(knobs) not in found]
    if new:
        result = sweep(train, settings=new, show=False, strict=False, **options)
        if result.is_interrupted:
            raise KeyboardInterrupt  # the batch counts as failed
        results.append(result)
        found.update({_key(c.knobs): (result, c) for c in result.configurations})
    for trial in asked:
        _tell(study, trial, *found[_key(space.settings(trial)[0])])


def merged(results: Sequence[SweepResult]) -> SweepResult:
    """Sweeps of other settings on the same rows as one.

    Args:
        results: with the same views, plan and metric.
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


def _key(knobs: Knobs) -> Knobs:
    """What the settings of all seeds have in common."""
    return dataclasses.replace(knobs, seed=0)


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
    knobs = ", ".join(
        f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in best.params.items()
    )
    words = metric.replace("_", " ")
    print(f"trial {done:>4} of {trials}  best {words} {best.value:.4f}  {knobs}", file=sys.stderr)

"""Optuna's studies: spaces of hyperparameters, storage on disk, and a sampler for batches."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from linnet.config import Hyperparameters
from linnet.config.ranges import LogUniform, Range, list_values
from linnet.core.grids import check_names
from linnet.device import generator
from linnet.errors import UsageError, needs_extra

if TYPE_CHECKING:
    import optuna

JUDGED = "linnet"
"""The study's attribute that says how its scores were taken."""


@dataclass(frozen=True)
class Space:
    """What is searched.

    Args:
        distributions: of the hyperparameters that Optuna chooses.
        base: the others.
        seeds: that each setting starts from.
    """

    distributions: dict[str, Any]
    base: Hyperparameters
    seeds: tuple[int, ...]

    @classmethod
    def of(cls, space: Mapping[str, Any], base: Hyperparameters) -> Space:
        """The space that a user describes; its ends and values are tried, so that none fails later."""
        check_names(space)
        seeds, distributions, fixed = (base.seed,), {}, {}
        for name, value in space.items():
            ends, distribution = _distribution(name, value)
            for end in ends:
                dataclasses.replace(base, **{name: end})
            if name == "seed":
                seeds = tuple(ends) if not isinstance(value, range) else tuple(value)
            elif distribution is None:
                fixed[name] = ends[0]
            else:
                distributions[name] = distribution
        return cls(distributions, dataclasses.replace(base, **fixed), seeds)

    def settings(self, trial: optuna.Trial) -> list[Hyperparameters]:
        """A trial's settings, one a seed."""
        return [dataclasses.replace(self.base, **trial.params, seed=seed) for seed in self.seeds]


def _distribution(name: str, value: Any) -> tuple[list[Any], Any]:
    """The ends or values of a hyperparameter, and Optuna's distribution; None for one value."""
    from optuna import distributions

    if isinstance(value, Range):
        is_log = isinstance(value, LogUniform)
        return [value.low, value.high], distributions.FloatDistribution(value.low, value.high, log=is_log)
    several = list_values(name, value)
    if len(several) == 1:
        return several, None
    if isinstance(value, range):
        low, high = min(value), max(value)
        return [low, high], distributions.IntDistribution(low, high, step=abs(value.step))
    return several, distributions.CategoricalDistribution(several)


@contextlib.contextmanager
def ask(study: optuna.Study, space: Space, count: int) -> Iterator[list[optuna.Trial]]:
    """Some trials of a study, which end as failed if an exception ends the batch."""
    from optuna.trial import TrialState

    asked: list[optuna.Trial] = []
    try:
        try:
            asked.extend(study.ask(space.distributions) for _ in range(count))
        except ValueError as error:  # Optuna's choices are for the life of a study
            raise UsageError(f"study {study.study_name}: {error} Give another study name.") from error
        yield asked
    except BaseException:
        for trial in asked:
            study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
        raise


def open_study(storage: Path | str | None, name: str, judged: dict[str, Any]) -> optuna.Study:
    """The study of a name, made or taken up.

    Raises:
        UsageError: its scores were taken in another way, so new ones would not compare.
    """
    import optuna

    direction = "maximize" if judged["metric"].endswith("accuracy") else "minimize"
    study = optuna.create_study(
        storage=_storage(storage), study_name=name, direction=direction, load_if_exists=True
    )
    before = study.user_attrs.get(JUDGED, judged)
    if changed := [key for key, value in judged.items() if before.get(key) != value]:
        raise UsageError(
            f"study {name} in {storage} was made with another {', '.join(changed)}: use the same, or give "
            "another study name"
        )
    study.set_user_attr(JUDGED, judged)
    return study


def _storage(storage: Path | str | None) -> Any:
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

    if storage is None or "://" in str(storage):
        return storage
    Path(storage).parent.mkdir(parents=True, exist_ok=True)
    # Symbolic links, by which Optuna locks otherwise, need rights on Windows.
    lock = JournalFileOpenLock(str(storage)) if os.name == "nt" else None
    return JournalStorage(JournalFileBackend(str(storage), lock_obj=lock))


def make_sampler(seed: int, done: int) -> optuna.samplers.BaseSampler:
    """The default sampler; a study that goes on does not draw the same again."""
    from optuna.samplers import TPESampler

    number = int(torch.randint(2**31, (), generator=generator(seed, "tune", done)))
    return TPESampler(seed=number, multivariate=True, constant_liar=True)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep Optuna from telling of each trial, unless its log was set to another level than the usual.

    Raises:
        MissingExtraError: optuna is not installed.
    """
    with needs_extra("tuning", "tune"):
        from optuna import logging
    before = logging.get_verbosity()
    if before == logging.INFO:
        logging.set_verbosity(logging.WARNING)
    try:
        yield
    finally:
        logging.set_verbosity(before)

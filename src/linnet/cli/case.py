"""`Case`: a run, the rows it is judged by and those it may learn on, each read and scored once."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from linnet.data.dataset import Dataset, Splits
    from linnet.evaluate.forecast import Forecast
    from linnet.evaluate.held_out import HeldOut
    from linnet.train.run import Run


@dataclass(frozen=True, eq=False)
class Case:
    """What `linnet evaluate` looks at.

    Args:
        run: whose model is judged.
        rows: to judge it by.
        part: which rows of the data set those are, for people.
        own: gives the run's own data, which is read when it is needed.
    """

    run: Run
    rows: Dataset
    part: str
    own: Callable[[], Splits]

    @classmethod
    def of(cls, run: Run, part: str, dataset: str | None, data_dir: Path | None) -> Case:
        """The case of a part of the run's own data set, or of another.

        Raises:
            DataNotFoundError: the data set cannot be had.
            ShapeError: it does not fit the model.
        """
        from linnet.cli.choose import splits_of

        own = cache(lambda: splits_of(run, None, data_dir))
        splits = own() if dataset is None else splits_of(run, dataset, data_dir)
        is_train = part == "train" or splits.test is None
        rows = splits.train if is_train or splits.test is None else splits.test
        run.check_fits(rows)
        return cls(run, rows, "training rows" if is_train else "test rows", own)

    @cached_property
    def judged(self) -> Forecast:
        """What the model says of the rows."""
        from linnet.evaluate.forecast import forecast

        return forecast(self.run, self.rows)

    @cached_property
    def kept(self) -> HeldOut:
        """The run's rows to learn a calibration, sets or a threshold on."""
        from linnet.evaluate.held_out import held_out

        return held_out(self.run, self.own().train)

    @cached_property
    def seen(self) -> Forecast:
        """What the model says of those."""
        from linnet.evaluate.forecast import forecast

        return forecast(self.run, self.kept.rows)

    @property
    def doubts(self) -> list[str]:
        """Lines that say why what is learnt on the kept rows may promise too much."""
        found = []
        if not self.kept.is_unseen:
            found.append("  the model has seen those rows, so expect less: train with --validation")
        if self.part == "training rows" and self.rows.name == self.kept.rows.name:
            found.append("  those are among the training rows it is measured on here: take the test part")
        return found


def warn_if_changed(case: Case) -> None:
    """Say on stderr if the run's data set is no longer what it was trained on."""
    run, rows = case.run, case.rows
    is_weighted = run.asked.get("sample_weight") is not None  # the checksum then counts the weights in
    if is_weighted or not run.dataset_checksum or rows.name != run.card.dataset:
        return
    if case.own().train.checksum != run.dataset_checksum:
        print(
            f"linnet: {rows.name} has changed since the run was trained on it, so rows that it is judged by "
            "may be rows that it has learnt",
            file=sys.stderr,
        )

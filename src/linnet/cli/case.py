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
    from linnet.evaluate.named import Named, Part
    from linnet.model.run import Run

LEARNT = "  those are the rows that it is measured on here, so figures flatter it: take the test part"


@dataclass(frozen=True, eq=False)
class Case:
    """What `linnet evaluate` looks at.

    Args:
        run: whose model is judged.
        named: the rows to judge it by.
        own: gives the run's own data, which is read when it is needed.
    """

    run: Run
    named: Named
    own: Callable[[], Splits]

    @classmethod
    def of(cls, run: Run, part: Part | None, dataset: str | None, data_dir: Path | None) -> Case:
        """The case of a part of the run's own data set, or of another, or of all rows of a file.

        Raises:
            DataNotFoundError: the data set cannot be had.
            ShapeError: it does not fit the model.
        """
        from linnet.evaluate.named import named_rows, splits_of

        own = cache(lambda: splits_of(run, None, data_dir))
        return cls(run, named_rows(run, dataset, part=part, data_dir=data_dir, read=own), own)

    @property
    def rows(self) -> Dataset:
        """The rows to judge it by."""
        return self.named.rows

    @property
    def part(self) -> str:
        """Which rows of the data those are, for people."""
        return {"all": "rows, all that are there", "train": "training rows", "test": "test rows",
                "validation": "validation rows"}[self.named.part]  # fmt: skip

    @property
    def is_flattered(self) -> bool:
        """Whether the run's own rows were asked for and none was held out of them."""
        return self.run.asked.get("hold_out") is False and self.named.holds_training is True

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
        if self.named.holds_training:
            found.append("  those are among the training rows it is measured on here: take the test part")
        if self.named.part == "validation":
            found.append(LEARNT)
        return found


def warn(case: Case) -> None:
    """Say on stderr if the rows to judge the run by may be rows that it has learnt."""
    run, rows, named = case.run, case.rows, case.named
    if named.part != "train" and named.holds_training:
        print(
            f"linnet: {rows.name} holds rows that the run was trained on, so its figures are better "
            "than on new rows: --part test leaves them out",
            file=sys.stderr,
        )
        return
    is_weighted = run.asked.get("sample_weight") is not None  # the checksum then counts the weights in
    if is_weighted or not run.dataset_checksum or rows.name != run.card.dataset:
        return
    if case.own().train.checksum != run.dataset_checksum:
        print(
            f"linnet: {rows.name} has changed since the run was trained on it, so rows that it is judged by "
            "may be rows that it has learnt",
            file=sys.stderr,
        )

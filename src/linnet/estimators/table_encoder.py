"""`TableEncoder`: the columns of a table as numbers, by a schema that training rows fit, as a transformer."""

from __future__ import annotations

from dataclasses import dataclass, field
from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils import Tags, check_array
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from linnet.config.table import KINDS, TableOptions
from linnet.data.formats.frames import to_frame
from linnet.errors import FormatError, UsageError
from linnet.schema.category import Category, as_text
from linnet.schema.cells import Frame, is_missing
from linnet.schema.outline import fit_columns
from linnet.schema.schema import Encoded, Schema

if TYPE_CHECKING:
    from typing_extensions import Self

NAMELESS = "y"
"""The name of targets that have none."""


@dataclass(kw_only=True, eq=False, repr=False)
class TableEncoder(TransformerMixin, BaseEstimator):
    """The columns of a table as numbers: each kind is told from the whole column, as `linnet.load` does.

    Numbers stay as they are, gaps become the median beside a column that says where they were; categories
    have a column a level; dates become days, month and weekday; texts become TF-IDF, sparse. What is fitted
    is `schema_`, which is data: `linnet.run_of` puts it into the model's card.

    Args:
        category: columns to take as categories, also where they hold numbers; this and the next five as in
            `linnet.load`.
        number: columns to take as numbers.
        truth: columns to take as yes and no.
        date: columns to take as dates.
        text: columns to take as texts.
        hash: columns to take by a hash of each level, or of each word of texts, as "shop" or "shop=1024".
        ignore: columns to leave out.
        decimal: the sign before decimals, "." or ","; by whole columns if None.
        date_order: "dmy" or "mdy"; by whole columns if None.
        references: whether the first level of each category has no column.
        rare: rows below which levels are taken together as `(other)`; if None 10, of categories of more than
            100 levels alone.
        handle_unknown: what to do with levels that `fit` did not see: "ignore" makes them none of the levels,
            or `(other)` where rare levels were taken together, and counts them; "error" refuses them.

    Attributes:
        schema_: what the columns mean: kinds, levels, medians, words, and what was left out and why.
        unseen_: levels that `fit` did not see, or too rarely, by column: how many cells had one in the last
            `transform`.
        n_features_in_: columns.
        feature_names_in_: their names, where X has them.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **{kind: ["array-like", str] for kind in KINDS},
        "ignore": ["array-like", str],
        "decimal": [StrOptions({".", ","}), None],
        "date_order": [StrOptions({"dmy", "mdy"}), None],
        "references": ["boolean"],
        "rare": [Interval(Integral, 1, None, closed="left"), None],
        "handle_unknown": [StrOptions({"ignore", "error"})],
    }

    category: Any = ()
    number: Any = ()
    truth: Any = ()
    date: Any = ()
    text: Any = ()
    hash: Any = ()
    ignore: Any = ()
    decimal: str | None = None
    date_order: str | None = None
    references: bool = False
    rare: int | None = None
    handle_unknown: str = "ignore"
    if TYPE_CHECKING:  # learnt, no settings
        schema_: Schema = field(init=False)
        unseen_: dict[str, int] = field(init=False)
        n_features_in_: int = field(init=False)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = tags.input_tags.categorical = tags.input_tags.string = True
        return tags

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Tell the kinds of the columns, and learn levels, medians and words.

        Args:
            X: a frame of pandas, polars or pyarrow, (N, columns), or an array, whose columns are x0, x1, ….
            y: the targets, of which only the name is kept.

        Raises:
            UsageError: it is not clear how a column is to be read, or no column is left.
        """
        frame = self._frame(X, reset=True)
        try:
            self.schema_ = self._fit(frame, getattr(y, "name", None))
        except FormatError as error:
            raise UsageError(str(error)) from error
        self.unseen_ = {}
        return self

    def _fit(self, frame: Frame, target: Any) -> Schema:
        kinds: dict[str, Any] = {kind: _names(getattr(self, kind)) for kind in KINDS}
        options = TableOptions(
            ignore=_names(self.ignore), decimal=self.decimal, date_order=self.date_order,
            references=self.references, rare=self.rare, **kinds,
        )  # fmt: skip
        return fit_columns(frame, options, NAMELESS if target is None else str(target))

    def transform(self, X: Any) -> Any:
        """The rows as numbers, (N, D), float64; a sparse array where a column is of texts or levels are many.

        Args:
            X: rows of the columns that were fitted.

        Raises:
            UsageError: a cell cannot be read, or has an unseen level where these are an error.
        """
        check_is_fitted(self)
        frame = self._frame(X, reset=False)
        try:
            found: Encoded = self.schema_.encode(frame)
        except FormatError as error:
            raise UsageError(str(error)) from error
        if self.handle_unknown == "error":
            self._refuse_unseen(frame)
        self.unseen_ = {name: seen.unseen for name, seen in found.seen.items() if seen.unseen}
        return found.X

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """The names of the D encoded columns.

        Args:
            input_features: None, or the names that were fitted, as scikit-learn has it.
        """
        check_is_fitted(self)
        known = vars(self).get("feature_names_in_")
        if input_features is not None and known is not None and list(input_features) != list(known):
            raise ValueError("input_features is not equal to feature_names_in_")
        if input_features is not None and len(input_features) != self.n_features_in_:
            raise ValueError(f"input_features should have length {self.n_features_in_}")
        return np.array(self.schema_.features, object)

    def _frame(self, X: Any, reset: bool) -> Frame:
        """The rows as a frame of pandas, whose names are checked as scikit-learn has it."""
        import pandas as pd

        is_frame = hasattr(X, "columns") or hasattr(X, "column_names")
        if not is_frame:
            kept: Any = None  # as it is; the stubs know of text alone
            X = check_array(X, dtype=kept, ensure_all_finite=False, estimator=self)
        validate_data(self, X, reset=reset, skip_check_array=True)
        if is_frame:
            return to_frame(X)
        array = pd.DataFrame(X, columns=pd.Index([f"x{place}" for place in range(X.shape[1])]))
        return to_frame(array.infer_objects())

    def _refuse_unseen(self, frame: Frame) -> None:
        """Refuse levels that `fit` did not see, also those that would be `(other)`."""
        for column in self.schema_.columns:
            if not isinstance(column, Category):
                continue
            cells = frame[column.name].reset_index(drop=True)
            unseen = ~np.isin(as_text(cells), column.levels) & ~is_missing(cells)
            if unseen.any():
                row = int(unseen.argmax())
                raise UsageError(
                    f"the column {column.name} has {str(cells.iloc[row])!r} in row {row + 1:,}, a level that "
                    "fit did not see: handle_unknown='ignore' lets it be"
                )


def _names(given: Any) -> tuple[str, ...]:
    """Names of columns, of one or of several."""
    return (given,) if isinstance(given, str) else tuple(map(str, given))

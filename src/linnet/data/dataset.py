"""`Dataset`: features as they are stored, targets, and what a person needs to know of them."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from linnet.data import coerce, tensors
from linnet.data.checks import check_dataset
from linnet.data.features import ReadFeatures
from linnet.data.origin import Origin
from linnet.data.pictures.shape import ImageShape
from linnet.data.ranks import ranks_of
from linnet.data.row_fields import Arrays, take, to_array
from linnet.data.sparse import SparseFeatures
from linnet.data.streamed import StreamedFeatures
from linnet.errors import UsageError
from linnet.lazy import held, is_tensor, lazy_fields, torch
from linnet.schema.schema import Schema

if TYPE_CHECKING:
    from torch import Tensor

OF_ROWS = ("weights", "groups", "times")
"""The fields of a data set beside X and y that have a value a row, (N,), where they are not None."""

IN_ROWS = ("X", "y", *OF_ROWS)


@dataclass(frozen=True)
class LinearTruth:
    """The parameters that synthetic data was made with: `y = X w + b + ε`."""

    w: torch.Tensor  # (D,)
    b: float


@lazy_fields(np.ndarray, lambda array: torch.from_numpy(array), *IN_ROWS)
@dataclass(frozen=True, eq=False)
class Dataset:
    """N rows of D features and their targets.

    Features keep their storage dtype: uint8 pixels stay uint8, and `scale` says what to multiply them
    by. Nothing copies them as float; a batch at a time is converted. A sparse matrix stays sparse unless it
    is small: X is then `SparseFeatures`, of which the rows that are read are dense. Files larger than memory
    are `StreamedFeatures`, of which they are read.

    Args:
        X: features, shape (N, D), any real dtype: a tensor, an array, a data frame of numbers, or a sparse
            matrix of scipy or torch.
        y: class indices, shape (N,), int64; soft labels, the share of each class, shape (N, K), floating,
            each row summing to 1; or, without classes, targets of a regression, shape (N, K), floating. Names
            of classes, as text, and true or false are turned into indices; a regression's (N,) into (N, 1).
        name: what to call the data set, such as "fashion_mnist".
        classes: the K class names; empty for a regression, and where y has the names.
        image_shape: (height, width) when a row is an image, (height, width, 3) when it is one in colour: red,
            green and blue of a pixel stand beside each other.
        scale: the features the model sees are `X * scale`; 1/255 for uint8 pixels.
        source: where the rows came from, for people.
        truth: the parameters behind synthetic data.
        weights: how much each row counts, shape (N,), floating; None where all count alike.
        groups: the group of each row, (N,), by numbers or names; each is on one side of every split.
        times: when each row was, (N,), as numbers or dates; later rows judge what was learnt of earlier ones.
        columns: the names of the D features, where they have any.
        target: the name of what is predicted, where it has one.
        validation: rows beside these that their owner set aside to validate on; never trained on.
        origin: where `linnet.load` read the rows, by which they can be loaded again; None of rows in memory.
        schema: what the columns of their table mean; None of rows that were no table.

    Raises:
        ShapeError: X, y and the rest do not fit each other.
        UsageError: a class index is outside the classes, soft labels are no shares, or weights are negative
            or not finite.
    """

    X: torch.Tensor
    y: torch.Tensor = None  # type: ignore[assignment]  # so that its lack is an error in words
    name: str = "data"
    classes: tuple[str, ...] = ()
    image_shape: ImageShape | None = None
    scale: float = 1.0
    source: str = ""
    truth: LinearTruth | None = None
    weights: torch.Tensor | None = None
    groups: torch.Tensor | None = None
    times: torch.Tensor | None = None
    columns: tuple[str, ...] = ()
    target: str = ""
    validation: Dataset | None = None
    origin: Origin | None = None
    schema: Schema | None = None

    def __post_init__(self) -> None:
        self._take()
        check_dataset(self)

    def _take(self) -> None:
        """Turn what people hold in memory into arrays or tensors, and tuples."""
        classes = coerce.classes_of(self.classes)
        X, y = held(self, "X"), held(self, "y")
        features, targets = coerce.features_of(X), coerce.targets_of(y, classes)
        tensors.check_same_rows(X, y)
        taken: dict[str, object] = {
            "X": features.X, "y": targets.y, "classes": targets.classes or classes,
            "columns": tuple(map(str, self.columns)) or features.columns,
            "target": self.target or targets.name, "scale": coerce.number_of(self.scale, "scale"),
        }  # fmt: skip
        if (weights := held(self, "weights")) is not None:
            taken["weights"] = coerce.weights_of(weights)
        for name in ("groups", "times"):
            if (given := held(self, name)) is not None:
                taken[name] = ranks_of(given, name, len(features.X))
        if self.image_shape is not None:
            taken["image_shape"] = coerce.shape_of(self.image_shape)
        for name, value in taken.items():
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(held(self, "X"))

    def __repr__(self) -> str:
        what = f"{len(self.classes)} classes" if self.classes else f"{self.outputs} numbers to predict"
        return f"<Dataset {self.name}: {len(self):,} rows of {self.features:,} features, {what}>"

    @property
    def features(self) -> int:
        """D, the columns of X."""
        return held(self, "X").shape[1]

    @property
    def arrays(self) -> Arrays:
        """The rows as arrays, for what does without torch."""
        return Arrays(self)

    @property
    def is_sparse(self) -> bool:
        """Whether X is `SparseFeatures`."""
        return isinstance(held(self, "X"), SparseFeatures)

    @property
    def is_streamed(self) -> bool:
        """Whether X is `StreamedFeatures`, read from its files whenever rows are wanted."""
        return isinstance(held(self, "X"), StreamedFeatures)

    @property
    def stored(self) -> Tensor:
        """The numbers of X that are in memory: X itself where it is dense, none of a stream."""
        if isinstance(self.X, StreamedFeatures):
            return torch.empty(0, dtype=self.X.dtype)
        return self.X.entries if isinstance(self.X, SparseFeatures) else self.X

    @property
    def is_table(self) -> bool:
        """Whether its columns may be of any size: no pixels, nor the book's synthetic data."""
        return self.image_shape is None and self.dtype != "uint8" and self.truth is None

    @property
    def dtype(self) -> str:
        """The name of the type that features are stored in, such as "uint8"."""
        X = held(self, "X")
        return str(X.numpy_dtype if isinstance(X, ReadFeatures) else X.dtype).removeprefix("torch.")

    @property
    def table_rows(self) -> int | None:
        """N, where a schema says what its columns mean; by it training chooses its epochs."""
        return None if self.schema is None else len(self)

    @property
    def outputs(self) -> int:
        """K: classes, or target columns of a regression."""
        return len(self.classes) if self.classes else held(self, "y").shape[1]

    @property
    def is_counts(self) -> bool:
        """Whether the targets were asked for as counts."""
        return self.schema is not None and self.schema.target.task == "counts"

    @property
    def has_exposure(self) -> bool:
        """Whether the targets are rates, counts for each unit of the exposure that the rows weigh by."""
        return self.schema is not None and bool(self.schema.target.exposure)

    @property
    def has_intercept(self) -> bool:
        """Whether a model of these rows has a bias: unless their formula leaves it out."""
        return self.schema is None or self.schema.has_intercept

    @property
    def is_classification(self) -> bool:
        """Whether the targets are classes, as indices or soft labels."""
        return bool(self.classes)

    @property
    def labels(self) -> Tensor:
        """The class of each row, (N,), int64; of soft labels the likeliest.

        Raises:
            UsageError: a regression has none.
        """
        if not self.classes:
            raise UsageError(f"{self.name} is a regression, whose rows have no classes")
        return self.y.argmax(1) if self.y.is_floating_point() else self.y

    @property
    def of_rows(self) -> dict[str, Tensor]:
        """What there is of `OF_ROWS`."""
        return {name: getattr(self, name) for name in OF_ROWS if held(self, name) is not None}

    @cached_property
    def checksum(self) -> str:
        """SHA-256 over dtypes, shapes and bytes of X, y, `OF_ROWS` and the rows to validate on.

        Of a stream the files' sizes and times of change stand for the bytes of X.
        """
        digest = hashlib.sha256()
        X, *others = (held(self, name) for name in IN_ROWS)
        parts = X.digest if isinstance(X, ReadFeatures) else (X,)
        for values in (*parts, *(other for other in others if other is not None)):
            if is_tensor(values) and values.dtype == torch.bfloat16:  # which numpy does not have
                digest.update(b"bfloat16")
                values = values.contiguous().view(torch.int16)
            array = np.ascontiguousarray(to_array(values))
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            digest.update(array.reshape(-1).view(np.uint8).data)
        if self.validation is not None:
            digest.update(self.validation.checksum.encode())
        return digest.hexdigest()

    def rows(self, index: Tensor | np.ndarray | slice) -> Dataset:
        """The data set of the rows that `index` picks."""
        kept = {name: held(self, name) for name in IN_ROWS}
        return self.replace(**{name: take(one, index) for name, one in kept.items() if one is not None})

    def replace(self, **changes: Any) -> Dataset:
        """The data set with other fields, which are as one has them; arrays and tensors stay what they are.

        `dataclasses.replace` would make tensors of its arrays.
        """
        rows = {name: held(self, name) for name in IN_ROWS}
        others = {
            one.name: getattr(self, one.name) for one in dataclasses.fields(self) if one.name not in rows
        }
        made = object.__new__(type(self))
        for name, value in {**others, **rows, **changes}.items():
            object.__setattr__(made, name, value)
        check_dataset(made)
        return made

    def dense_parts(self, rows: int) -> Iterator[Dataset]:
        """The rows as dense data sets of at most so many each, in order; without those to validate on."""
        bare = self.replace(validation=None)
        for low in range(0, len(self), rows):
            some = bare.rows(slice(low, low + rows))
            yield dataclasses.replace(some, X=some.X[:])

    def to(self, device: torch.device) -> Dataset:
        """The same data on another device."""
        own = {name: values.to(device) for name, values in self.of_rows.items()}
        return dataclasses.replace(self, X=self.X.to(device), y=self.y.to(device), **own)

    def images(self, index: Tensor | np.ndarray | slice) -> Tensor:
        """Some rows as stored pixels, shape (B, height, width), in colour (B, height, width, 3).

        Raises:
            UsageError: the rows are not images.
        """
        if self.image_shape is None:
            raise UsageError(f"the rows of {self.name} are not images")
        return self.X[index].reshape(-1, *self.image_shape)


class Splits(NamedTuple):
    """A data set's two parts; `test` is for the final score only, and may be missing.

    Rows set aside to validate on are `train.validation`.
    """

    train: Dataset
    test: Dataset | None = None

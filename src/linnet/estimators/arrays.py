"""Arrays of any library in, tensors that share memory inside, arrays of that library out; row weights.

scikit-learn says which library an input is of: numpy, unless its `array_api_dispatch` is on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse
from sklearn import get_config
from sklearn.utils import compute_class_weight
from sklearn.utils._array_api import get_namespace_and_device
from sklearn.utils.validation import _check_sample_weight, check_non_negative

from linnet.config import Hyperparameters
from linnet.data.checks import check_sum
from linnet.lazy import is_tensor, torch

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Space:
    """A library of arrays and a device.

    Args:
        xp: the library's namespace, as scikit-learn wraps it.
        device: in the library's own words; None where it has no word for it.
    """

    xp: Any
    device: Any = None

    @classmethod
    def of(cls, array: Any) -> Space:
        """Where an input is; lists, data frames and sparse matrices are numpy's."""
        if type(array) is np.ndarray:
            return _numpy()
        xp, _, device = get_namespace_and_device(array)
        return cls(xp, device)

    @property
    def library(self) -> str:
        """The library's name, such as "numpy" or "torch"."""
        return self.xp.__name__.removeprefix("sklearn.externals.array_api_compat.").split(".")[-1]

    @property
    def is_numpy(self) -> bool:
        """Whether arrays here are numpy's."""
        return self.library == "numpy"

    def array(self, values: Tensor | np.ndarray) -> Any:
        """A tensor, or an array of numpy's, as a contiguous array of this library and device."""
        if self.is_numpy and isinstance(values, np.ndarray):
            return np.ascontiguousarray(values)
        found = tensor(values).contiguous()
        if self.library == "torch":
            return found.to(self.device)
        array = found.cpu().numpy()
        return array if self.is_numpy else self.xp.asarray(array, device=self.device)


@cache
def _numpy() -> Space:
    """Where numpy's arrays are."""
    xp, _, device = get_namespace_and_device(np.empty(0))
    return Space(xp, device)


def tensor(array: Any) -> Tensor:
    """A dense array as a tensor that shares its memory."""
    if is_tensor(array):
        return array.detach()
    if isinstance(array, np.ndarray):
        return torch.from_numpy(_quiet(array))
    return torch.from_dlpack(array)


class _Unlocked:
    """Read-only memory that says it is writable, for torch warns of any other, and we only read it."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array
        address = array.__array_interface__["data"][0]
        self.__array_interface__ = {**array.__array_interface__, "data": (address, False)}


def _quiet(array: np.ndarray) -> np.ndarray:
    if any(stride < 0 for stride in array.strides):
        array = np.ascontiguousarray(array)
    return array if array.flags.writeable else np.asarray(_Unlocked(array))


def as_numpy(array: Any) -> np.ndarray:
    """An array of any library and device as numpy's."""
    if is_tensor(array):
        return array.detach().cpu().numpy()
    return array if isinstance(array, np.ndarray) else np.asarray(tensor(array).cpu())


def pick_rows(array: Any, index: np.ndarray) -> Any:
    """Some rows of a checked array or sparse matrix."""
    if isinstance(array, np.ndarray) or sparse.issparse(array):
        return array[index]
    return Space.of(array).array(tensor(array)[torch.from_numpy(index)])


def check_same(X: Any, fitted: Any, owner: str, method: str) -> None:
    """Refuse an input of another library or device than the model.

    Args:
        X: the input.
        fitted: one of the model's arrays.
        owner: the estimator's class.
        method: that was called.

    Raises:
        ValueError: in scikit-learn's words.
    """
    if not get_config()["array_api_dispatch"]:
        return
    model, here = Space.of(fitted), Space.of(X)
    if model.is_numpy and here.is_numpy:
        return
    if model != here or sparse.issparse(X):
        raise ValueError(
            f"Inputs passed to {owner}.{method}() must use the same namespace and the same device as those "
            f"passed to fit(): the model is in {model.library} on {model.device}, the input in "
            f"{here.library} on {here.device}."
        )


def are_numbers(X: Any, kinds: str) -> bool:
    """Whether it is an array of numpy's own, (N, D), of finite numbers of these types, with no side empty."""
    return (
        type(X) is np.ndarray
        and X.ndim == 2
        and X.dtype.char in kinds
        and X.dtype.isnative
        and X.size > 0
        and is_finite(X)
    )


def is_finite(X: np.ndarray) -> bool:
    """Whether numbers are finite, as far as a sum tells: one that is too large is left to scikit-learn."""
    with np.errstate(over="ignore", invalid="ignore"):
        return math.isfinite(X.sum())


def is_ready(X: Any, y: Any) -> bool:
    """Whether rows and targets, (N,), are arrays that scikit-learn's checks would leave as they are."""
    return (
        are_numbers(X, "dfB")
        and X.flags.c_contiguous
        and type(y) is np.ndarray
        and y.shape == X.shape[:1]
        and (y.dtype.kind in "iu" or (y.dtype.kind == "f" and y.dtype.isnative and is_finite(y)))
    )


def row_weights(sample_weight: Any, X: Any) -> np.ndarray | None:
    """The weights of rows, (N,), float64; None where all count alike.

    Raises:
        ValueError: they are not one a row, negative, not finite, all 0, or of a sum too large or too small.
    """
    if sample_weight is None:
        return None
    checked = _check_sample_weight(sample_weight, X)
    check_non_negative(checked, "`sample_weight`")
    weights = as_numpy(checked).astype(np.float64, copy=False)
    if not (weights > 0).any():
        raise ValueError("Sample weights must contain at least one non-zero number: all are zero.")
    check_sum(weights)
    return weights


def class_factors(class_weight: Any, classes: Any, counts: np.ndarray) -> np.ndarray:
    """How much each class counts, (K,), float64.

    Args:
        class_weight: "balanced", or class to weight; classes that are not named weigh 1.
        classes: the labels, (K,), an array.
        counts: how many rows each class has, (K,); a class without any weighs 0 in a balance.

    Raises:
        ValueError: a weight for a class that is not there.
    """
    if class_weight == "balanced":
        given = Hyperparameters(class_weight="balanced").weights_of_classes(counts.tolist())
        return np.array(given, np.float64)
    labels = as_numpy(classes)
    return np.asarray(compute_class_weight(class_weight, classes=labels, y=labels), np.float64)

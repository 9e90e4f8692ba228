from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import random_array

from linnet.data.dataset import Dataset
from linnet.data.row_fields import take, to_array
from linnet.data.sparse import SMALL, SparseFeatures
from linnet.lazy import held

X = np.arange(12.0).reshape(6, 2)
Y = np.array([0, 1, 0, 1, 1, 0])


def own(**beside: object) -> Dataset:
    return Dataset(X.copy(), Y.copy(), classes=("a", "b"), **beside)  # type: ignore[arg-type]


def test_arrays_and_tensors_share_memory_in_whatever_order_they_are_asked_for() -> None:
    data = own()
    first = data.arrays.X
    assert isinstance(first, np.ndarray)
    data.X[0, 0] = 99
    assert first[0, 0] == 99
    assert np.shares_memory(np.asarray(data.arrays.X), first)
    tensor = torch.ones(2, 1)
    given = Dataset(tensor, torch.zeros(2, 1))
    assert given.X.data_ptr() == tensor.data_ptr()
    assert np.shares_memory(np.asarray(given.arrays.X), tensor.numpy())


INDEX = st.one_of(
    st.lists(st.integers(-6, 5), min_size=1).map(np.array), st.slices(6),
    st.lists(st.booleans(), min_size=6, max_size=6).map(np.array),
)  # fmt: skip


@given(index=INDEX.filter(lambda index: not isinstance(index, slice) or (index.step or 1) > 0))
def test_rows_of_arrays_are_those_of_tensors(index: np.ndarray | slice) -> None:
    by_tensor = index if isinstance(index, slice) else torch.from_numpy(index)
    for way in (index, by_tensor):
        assert take(X, way).tolist() == take(torch.from_numpy(X), way).tolist() == X[index].tolist()


def test_parts_keep_weights_groups_and_times_and_need_no_torch() -> None:
    code = (
        "import sys; import numpy as np\n"
        "from linnet.data.dataset import Dataset; from linnet.data.split import split\n"
        "data = Dataset(np.ones((9, 2)), np.array(list('ababababa')), weights=np.arange(1.0, 10), "
        "groups=np.array(list('uuvvwwxxy')))\n"
        "for part in split(data, 0.4): print(part.arrays.groups.tolist(), part.arrays.weights.sum())\n"
        "print(data.checksum == data.replace(name='other').checksum, 'torch' in sys.modules)"
    )
    *parts, last = subprocess.check_output([sys.executable, "-c", code], text=True).splitlines()
    assert last == "True False"
    groups = [set(part.split("[")[1].split("]")[0].split(", ")) for part in parts]
    assert not groups[0] & groups[1]
    assert groups[0] | groups[1] == set("01234")


def test_replacing_a_field_changes_no_other_and_checks_what_comes() -> None:
    data = own(groups=np.array([7, 7, 9, 9, 9, 7]))
    changed = data.replace(name="renamed")
    assert (changed.name, changed.checksum) == ("renamed", data.checksum)
    assert isinstance(held(changed, "X"), np.ndarray)
    assert data.rows(np.array([2, 5])).arrays.groups.tolist() == [1, 0]  # type: ignore[union-attr]
    with pytest.raises(ValueError, match="X has 6 rows but y has 2"):
        data.replace(y=np.array([0, 1]))


def test_bfloat16_is_given_as_float32_and_its_checksum_is_its_own() -> None:
    data = Dataset(torch.from_numpy(X).bfloat16(), torch.from_numpy(Y), classes=("a", "b"))
    assert data.dtype == "bfloat16"
    assert to_array(data.X).dtype == data.arrays.X.dtype == np.float32
    assert data.checksum != data.replace(X=data.X.float()).checksum


def test_sparse_rows_stay_sparse() -> None:
    matrix = random_array((3000, SMALL // 2000), density=0.001, rng=np.random.default_rng(0))
    data = Dataset(matrix, np.zeros(3000))  # type: ignore[arg-type]
    assert isinstance(data.arrays.X, SparseFeatures)
    assert isinstance(data.rows(np.arange(5)).arrays.X, SparseFeatures)
    assert data.dtype == "float64"

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_info

from linnet import device
from linnet.errors import UsageError


def test_unknown_devices_and_dtypes_are_refused() -> None:
    with pytest.raises(UsageError, match="unknown device 'gpu0'"):
        device.pick_device("gpu0")
    with pytest.raises(UsageError, match="not available"):
        device.pick_device("cuda:99")
    with pytest.raises(UsageError, match="float16"):
        device.pick_dtype("float16")


def test_threads() -> None:
    assert device.pick_threads("auto", 10, 10**6) == 1
    assert device.pick_threads("auto", 1000, 10**5) == device.available_cores()
    assert device.pick_threads("auto", 1000, 10**3) == 1
    assert device.pick_threads("3", 10, 10) == 3
    for wrong in ("many", 0, -1):
        with pytest.raises(UsageError, match="threads"):
            device.pick_threads(wrong, 10, 10)


def test_threads_are_restored_after_an_error() -> None:
    before = torch.get_num_threads()
    with pytest.raises(RuntimeError, match="inside"), device.limit_threads(before + 1):
        assert torch.get_num_threads() == before + 1
        raise RuntimeError("inside")
    assert torch.get_num_threads() == before


@given(st.integers(0, 2**40), st.integers(0, 2**20))
def test_generators_repeat_and_differ(seed: int, index: int) -> None:
    def draw(*where: int | str) -> list[int]:
        return torch.randint(0, 2**31, (4,), generator=device.generator(*where)).tolist()  # type: ignore[arg-type]

    assert draw(seed, "a", index) == draw(seed, "a", index)
    assert draw(seed, "a", index) != draw(seed, "b", index)
    assert draw(seed, "a", index) != draw(seed, "a", index + 1)
    assert draw(seed, "a", index) != draw(seed + 1, "a", index)


def test_negative_seed() -> None:
    with pytest.raises(UsageError, match="seed"):
        device.generator(-1, "a")


def blas_threads() -> set[int]:
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}


def test_products_of_numpy_and_scipy_are_of_as_many_threads_as_a_block_says() -> None:
    with device.limit_blas(2):  # which loads what it limits
        with device.limit_blas(1):
            assert blas_threads() == {1}
        assert blas_threads() == {2}

from __future__ import annotations

import dataclasses

import pytest
import torch

from linnet.data.dataset import Dataset
from linnet.solvers.least_squares import moments
from tests.support.blobs import make_blobs


def of(dataset: Dataset, index: torch.Tensor | None = None) -> moments.Moments:
    return moments.gather(dataset, *moments.find_origin(dataset), index)


def same(a: moments.Moments, b: moments.Moments) -> None:
    for mine, theirs in zip(vars(a).values(), vars(b).values(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=0)


@pytest.mark.parametrize("by_bytes", [True, False], ids=["bytes", "float32"])
@pytest.mark.parametrize("rows", [1, 300, 1024, 5000])
def test_pixels_are_the_reference_exactly(monkeypatch: pytest.MonkeyPatch, rows: int, by_bytes: bool) -> None:
    if by_bytes and not moments.multiplies_bytes():
        pytest.skip("needs a processor and a torch with a product of bytes")
    monkeypatch.setattr(moments, "multiplies_bytes", lambda: by_bytes)
    monkeypatch.setattr(moments, "bytes_are_quicker", lambda: True)
    pixels = make_blobs(rows)
    pixels.X[: rows // 2] = torch.tensor([0, 255], dtype=torch.uint8).repeat(8)  # the largest products
    assert moments.are_pixels(pixels)
    soft = dataclasses.replace(pixels, y=torch.eye(3, dtype=torch.float64)[pixels.y])
    assert not moments.are_pixels(soft)
    middle = torch.zeros(3, dtype=torch.float64)
    same(of(pixels), moments.gather(soft, moments.find_origin(pixels)[0], middle))


@pytest.mark.parametrize("held", [1, 2, 3])
def test_sums_in_32_bits_are_emptied_before_they_overflow(monkeypatch: pytest.MonkeyPatch, held: int) -> None:
    assert moments.HELD * moments.ROWS * moments.MIDDLE**2 < 2**31
    monkeypatch.setattr(moments, "bytes_are_quicker", lambda: True)
    pixels = make_blobs(5000)
    expected = of(pixels)
    monkeypatch.setattr(moments, "HELD", held)
    same(of(pixels), expected)


def test_a_product_of_bytes_that_saturates_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def saturating(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return (a.double() @ b.double()).clamp(max=2**15 * 256).int()

    monkeypatch.setattr(torch, "_int_mm", saturating)
    assert not moments.multiplies_bytes.__wrapped__()
    monkeypatch.delattr(torch, "_int_mm")
    assert not moments.multiplies_bytes.__wrapped__()


def test_a_product_of_bytes_that_is_slow_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def looping(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return [a.int() @ b.int() for _ in range(200)][-1]

    monkeypatch.setattr(torch, "_int_mm", looping)
    assert moments.multiplies_bytes.__wrapped__()
    assert not moments.bytes_are_quicker.__wrapped__()


def test_pixels_are_exact_integers() -> None:
    pixels = make_blobs(3000)
    U = pixels.X.long() - 128
    V = torch.nn.functional.one_hot(pixels.y, 3)
    found = of(pixels)
    assert torch.equal(found.xx.long(), U.T @ U)
    assert torch.equal(found.xy.long(), U.T @ V)
    assert torch.equal(found.x.long(), U.sum(0))
    assert torch.equal(found.yy.long(), V.sum(0))
    assert (found.rows, found.weight) == (3000, 3000.0)


def test_any_number_of_threads_gives_the_same_sums_of_pixels() -> None:
    pixels = make_blobs(5000)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = of(pixels)
        torch.set_num_threads(3)
        same(one, of(pixels))
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_an_index_picks_rows() -> None:
    pixels = make_blobs(3000)
    index = torch.arange(0, 3000, 2)
    same(of(pixels, index), of(pixels.rows(index)))


def test_the_origin_is_amid_the_rows_and_keeps_whole_numbers_whole() -> None:
    X = torch.randint(1900, 2000, (50, 4)).double()
    X[:, 3] = 0.1
    centre, middle = moments.find_origin(Dataset(X, X[:, :1] / 3))
    assert bool(((centre >= X.amin(0)) & (centre <= X.amax(0))).all())
    assert torch.equal(centre[:3], centre[:3].round())
    assert float(centre[3]) == 0.1
    assert middle.shape == (1,)

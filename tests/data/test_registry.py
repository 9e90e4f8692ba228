from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from linnet.data import registry
from linnet.data.dataset import Dataset
from linnet.data.sources import digits, fashion_mnist, synthetic
from linnet.data.split import split
from linnet.errors import DataNotFoundError, UsageError


def test_synthetic_is_what_it_says() -> None:
    data = synthetic.linear(rows=20_000, seed=1, dtype=torch.float64)
    X = torch.cat([data.X, torch.ones(len(data), 1, dtype=torch.float64)], 1)
    solution = torch.linalg.lstsq(X, data.y).solution[:, 0]
    torch.testing.assert_close(solution, torch.tensor([2, -3.4, 4.2], dtype=torch.float64), atol=1e-3, rtol=0)
    noise = data.y[:, 0] - X @ torch.tensor([2, -3.4, 4.2], dtype=torch.float64)
    assert 0.0095 < float(noise.std()) < 0.0105
    assert not torch.equal(data.X, synthetic.linear(rows=20_000, seed=2, dtype=torch.float64).X)
    with pytest.raises(UsageError, match="rows"):
        synthetic.linear(rows=0)


def test_digits() -> None:
    train, test = digits.load()
    assert test is not None
    assert len(train) + len(test) == 1797
    assert train.X.dtype == torch.uint8
    assert 0 < int(train.X.max()) <= 16
    assert torch.equal(digits.load().train.X, train.X)


@given(st.lists(st.integers(0, 3), min_size=10, max_size=80), st.floats(0.1, 0.9), st.integers(0, 9))
def test_splits_are_stratified(labels: list[int], fraction: float, seed: int) -> None:
    y = torch.tensor(labels)
    X = torch.arange(len(y))[:, None]
    first, second = split(Dataset(X, y, classes=tuple("abcd")), fraction, seed)
    assert sorted(torch.cat([first.X, second.X])[:, 0].tolist()) == X[:, 0].tolist()
    members = [int((y == k).sum()) for k in range(4)]
    taken = [int((second.y == k).sum()) for k in range(4)]
    wanted, room = round(fraction * len(y)), [max(count - 1, 0) for count in members]
    if all(fraction * count <= most for count, most in zip(members, room, strict=True) if count):
        assert len(second) == wanted
    assert len(second) <= wanted
    for count, of, most in zip(taken, members, room, strict=True):
        assert count <= most  # nothing can be learnt of a class without rows
        assert abs(count - min(fraction * of, most)) <= 1


def test_plain_split_and_its_errors() -> None:
    data = synthetic.linear(rows=10)
    first, second = split(data, 0.3)
    assert (len(first), len(second)) == (7, 3)
    for wrong in (0.0, 1.0, -1.0):
        with pytest.raises(UsageError, match="between 0 and 1"):
            split(data, wrong)
    with pytest.raises(UsageError, match="empty"):
        split(data, 0.01)


def test_auto_says_so_when_it_settles_for_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*args: object, **kwargs: object) -> None:
        raise DataNotFoundError("nowhere\nin detail")

    monkeypatch.setattr(type(fashion_mnist.SOURCE), "load", nowhere)
    said: list[str] = []
    assert registry.load("auto", say=said.append).train.name == "digits"
    assert said == ["Fashion-MNIST cannot be had (nowhere); training on the built-in digits instead."]
    with pytest.raises(DataNotFoundError):
        registry.load("fashion_mnist")
    with pytest.raises(DataNotFoundError):
        registry.load("auto", "a/folder/by/name")


def test_names() -> None:
    assert registry.load("synthetic").train.truth is not None
    assert registry.load("digits").train.name == "digits"
    with pytest.raises(UsageError, match="unknown data set 'cifar'"):
        registry.load("cifar")
    Path("my-set").mkdir()  # in a folder of the test's own
    with pytest.raises(UsageError, match=r"unknown data set 'my-set': write \S+my-set for the one"):
        registry.load("my-set")


def test_how_columns_are_hashed_and_levels_joined_stands_in_the_origin(tmp_path: Path) -> None:
    rows = "".join(f"s{n % 7},{'aab'[n % 3]}{n // 29},{n}.5\n" for n in range(30))
    (tmp_path / "rows.csv").write_text(f"shop,kind,price\n{rows}")
    train, _ = registry.load(tmp_path / "rows.csv", hash="shop=8", rare=5, hold_out=False)
    assert train.origin is not None
    assert (train.origin.table["hash"], train.origin.table["rare"]) == (["shop=8"], 5)
    assert train.columns == (*(f"shop: bucket {at}" for at in range(8)), "kind=a0", "kind=b0", "kind=(other)")
    again, _ = registry.load_again(train.origin)
    assert again.columns == train.columns
    assert (again.X == train.X).all()


def test_a_dot_is_the_folder_that_one_is_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "train.csv").write_text("a,y\n" + "".join(f"{k},{2 * k + k % 3}.5\n" for k in range(9)))
    (tmp_path / "test.csv").write_text("a,y\n1,2.5\n")
    monkeypatch.chdir(tmp_path)
    splits = registry.load(".", target="y")
    assert (len(splits.train), splits.test and len(splits.test)) == (9, 1)

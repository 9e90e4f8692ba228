from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import StandardScaler
from torch import Tensor
from torch.nn import functional

from linnet.data import moments as module
from linnet.data.transforms import Chain, Pool, Standardize
from linnet.errors import UsageError

sides = st.integers(1, 9)


def numbers(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def pixels(rows: int, features: int, seed: int = 0) -> Tensor:
    source = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (rows, features), generator=source, dtype=torch.uint8)


def standardize(features: int, seed: int) -> Standardize:
    return Standardize(100 * numbers(features, seed=seed), numbers(features, seed=seed + 1).exp())


@st.composite
def maps(draw: st.DrawFn) -> Chain:
    shape, factor, seed = (draw(sides), draw(sides)), draw(st.integers(1, 10)), draw(st.integers(0, 2**30))
    pool, features = Pool(shape, factor), shape[0] * shape[1]
    after = standardize(pool.outputs, seed)
    choices = [
        (),
        (pool,),
        (standardize(features, seed),),
        (pool, after),
        (standardize(features, seed), pool),
    ]
    choices += [(pool, after, Pool(pool.small, 2))]
    return Chain(features, draw(st.sampled_from(choices)))


def scores(theta: Tensor, X: Tensor) -> Tensor:
    return X @ theta[:, :-1].T + theta[:, -1]


@given(maps(), st.integers(0, 5), st.integers(1, 4), st.integers(0, 2**30))
def test_an_absorbed_model_gives_plain_rows_the_same_scores(
    transform: Chain, count: int, outputs: int, seed: int
) -> None:
    X = numbers(count, transform.features, seed=seed)
    theta = numbers(outputs, transform.outputs + 1, seed=seed + 1)
    mapped, absorbed = transform.apply(X), transform.absorb(theta)
    assert mapped.shape == (count, transform.outputs)
    assert absorbed.shape == (outputs, transform.features + 1)
    torch.testing.assert_close(scores(absorbed, X), scores(theta, mapped), rtol=1e-10, atol=1e-10)


@given(maps(), st.sampled_from([torch.float32, torch.float64]))
def test_dtypes_stay(transform: Chain, dtype: torch.dtype) -> None:
    X, theta = numbers(3, transform.features), numbers(2, transform.outputs + 1)
    for method, given_ in ((transform.apply, X), (transform.absorb, theta)):
        got = method(given_.to(dtype))
        assert got.dtype == dtype
        torch.testing.assert_close(got.double(), method(given_), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("factor", [1, 2, 4])
def test_pool_is_average_pooling(factor: int) -> None:
    X = pixels(5, 96).double()
    expected = functional.avg_pool2d(X.view(5, 1, 8, 12), factor).flatten(1)
    torch.testing.assert_close(Pool((8, 12), factor).apply(X), expected)


@given(sides, sides, st.integers(1, 10))
def test_pool_takes_the_mean_of_what_is_there(height: int, width: int, factor: int) -> None:
    X, pool = numbers(2, height * width), Pool((height, width), factor)
    image = X.view(2, height, width)
    blocks = [
        image[:, top : top + factor, left : left + factor].mean((1, 2))
        for top in range(0, height, factor)
        for left in range(0, width, factor)
    ]
    torch.testing.assert_close(pool.apply(X), torch.stack(blocks, 1))
    assert pool.small == (math.ceil(height / factor), math.ceil(width / factor))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("transform", [None, Pool((3, 4), 2)], ids=["plain", "pooled"])
def test_standardize_equals_scikit_learn(
    weighted: bool, transform: Pool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOCK", 12 * 7)  # many blocks and a short one
    X = pixels(100, 12)
    X[:, 0] = 17
    weights = numbers(100, seed=1).abs() if weighted else None
    if weights is not None:
        weights[::3] = 0  # a block may begin with rows that do not count
        weights[7:14] = 0
    rows = X.double() if transform is None else transform.apply(X.double())
    scaler = StandardScaler().fit(rows.numpy(), sample_weight=None if weights is None else weights.numpy())
    got = Standardize.of(X, weights, transform)
    np.testing.assert_allclose(got.mean.numpy(), np.asarray(scaler.mean_), rtol=1e-12)
    np.testing.assert_allclose(got.scale.numpy(), np.asarray(scaler.scale_), rtol=1e-12)
    expected = np.asarray(scaler.transform(rows.numpy()))
    np.testing.assert_allclose(got.apply(rows).numpy(), expected, atol=1e-12)


@given(st.integers(1, 40), st.floats(-1e9, 1e9), st.integers(0, 2**30))
def test_a_column_that_never_changes_has_scale_1(rows: int, constant: float, seed: int) -> None:
    X = torch.full((rows, 2), constant, dtype=torch.float64)
    got = Standardize.of(X, numbers(rows, seed=seed).abs() + 0.1)
    assert got.scale.tolist() == [1, 1]
    assert got.mean.tolist() == [constant, constant]


def test_a_far_mean_does_not_swallow_the_deviation() -> None:
    X = numbers(1000, 3)
    got = Standardize.of(X + 1e8)
    torch.testing.assert_close(got.scale, X.std(0, correction=0), rtol=1e-7, atol=0)
    outlier = torch.cat([torch.full((1, 3), 1e8, dtype=torch.float64), X])
    far = Standardize.of(outlier, torch.cat([torch.tensor([1e-20]), torch.ones(1000)]).double())
    torch.testing.assert_close(far.scale, X.std(0, correction=0), rtol=1e-3, atol=0)


def test_integer_weights_are_repeated_rows() -> None:
    X, times = pixels(20, 5), torch.arange(20) % 4
    one, two = Standardize.of(X, times.double()), Standardize.of(X.repeat_interleave(times, 0))
    torch.testing.assert_close(one.mean, two.mean)
    torch.testing.assert_close(one.scale, two.scale)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(UsageError, match="mean must be finite"):
        Standardize.of(torch.tensor([[1.0], [math.nan]]))
    with pytest.raises(UsageError, match="scale must be finite"):
        Standardize.of(torch.tensor([[1e200], [-1e200]], dtype=torch.float64))
    with pytest.raises(UsageError, match="at least one row"):
        Standardize.of(torch.zeros(0, 3))
    with pytest.raises(UsageError, match="at least one row"):
        Standardize.of(torch.zeros(2, 3), torch.zeros(2))


@given(sides, sides, st.integers(1, 10), st.integers(0, 2**30))
def test_colours_are_pooled_each_for_itself(height: int, width: int, factor: int, seed: int) -> None:
    X = numbers(2, height * width * 3, seed=seed)
    pool, alone = Pool((height, width, 3), factor), Pool((height, width), factor)
    mapped = pool.apply(X)
    assert mapped.shape == (2, pool.outputs)
    for color in range(3):
        torch.testing.assert_close(mapped[:, color::3], alone.apply(X[:, color::3].contiguous()))
    theta = numbers(4, pool.outputs + 1, seed=seed + 1)
    torch.testing.assert_close(scores(theta, mapped), scores(pool.absorb(theta), X))

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from linnet import draws
from linnet.device import generator
from linnet.draws import Draws
from linnet.errors import UsageError

KINDS = ("permutation", "integers", "uniform")
CALLS = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 3000)), min_size=1, max_size=6)


class Alone(Draws):
    """Draws as where torch is not imported."""

    def _torch_for(self, rows: int) -> None:
        return None


def by_torch(kind: str, count: int, source: torch.Generator) -> np.ndarray:
    if kind == "permutation":
        return torch.randperm(count, generator=source).numpy()
    if kind == "integers":
        return torch.randint(count + 1, (count,), generator=source).numpy()
    return torch.rand(count, generator=source, dtype=torch.float64).numpy()


def by_draws(kind: str, count: int, source: Draws) -> np.ndarray:
    return source.integers(count + 1, count) if kind == "integers" else getattr(source, kind)(count)


@given(seed=st.integers(0, 2**70), stream=st.text(max_size=9), index=st.integers(0, 2**40), calls=CALLS)
def test_the_numbers_are_those_of_torch_whatever_was_drawn_before(
    seed: int, stream: str, index: int, calls: list[tuple[str, int]]
) -> None:
    alone, beside = Alone(seed, stream, index), Draws(seed, stream, index)
    source = generator(seed, stream, index)
    for kind, count in calls:
        expected = by_torch(kind, count, source)
        for own in (alone, beside):
            found = by_draws(kind, count, own)
            assert found.dtype == expected.dtype
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("count", [60_000, 250_001])
def test_long_permutations_are_those_of_torch(count: int) -> None:
    expected = torch.randperm(count, generator=generator(3, "rows"))
    assert (Alone(3, "rows").permutation(count) == expected.numpy()).all()


@pytest.mark.parametrize("below", [draws.WORD - 1, draws.WORD, 2**40])
def test_whole_numbers_of_two_words_are_those_of_torch(below: int) -> None:
    source, own = generator(0, "rows"), Draws(0, "rows")
    assert own.integers(below, 9).tolist() == torch.randint(below, (9,), generator=source).tolist()


def test_torch_is_imported_for_what_it_draws_quicker_and_goes_on_in_its_place() -> None:
    code = (
        "import sys; import linnet.draws as draws; draws.LONG = 50\n"
        "own = draws.Draws(7, 'rows')\n"
        "print(own.permutation(9).tolist(), own.uniform(2).tolist(), 'torch' in sys.modules)\n"
        "print(own.permutation(50).tolist(), own.integers(draws.WORD, 1).tolist(), 'torch' in sys.modules)\n"
    )
    said = subprocess.check_output([sys.executable, "-c", code], text=True).splitlines()
    source = generator(7, "rows")
    parts = [by_torch("permutation", 9, source), by_torch("uniform", 2, source)]
    assert said[0] == " ".join(map(str, [*(part.tolist() for part in parts), False]))
    long, word = by_torch("permutation", 50, source), torch.randint(draws.WORD, (1,), generator=source)
    assert said[1] == " ".join(map(str, [long.tolist(), word.tolist(), True]))


def test_a_seed_below_0_is_refused() -> None:
    with pytest.raises(UsageError, match="seed must be 0 or more, not -1"):
        Draws(-1, "rows")

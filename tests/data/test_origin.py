from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import linnet
from linnet.data.arguments import weigh_by_file
from linnet.data.origin import Origin, read_record
from linnet.data.registry import load_again
from linnet.data.sources import synthetic
from linnet.errors import FormatError

TABLE = "a,b,kind\n" + "".join(f"{n},{n % 7},{'x' if n % 3 else 'y'}\n" for n in range(60))


def test_a_data_set_says_where_it_came_from_and_is_loaded_again_from_that(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(TABLE, "utf-8")
    np.savetxt(tmp_path / "w.txt", np.arange(1, 61))
    loads = [linnet.load("t.csv", tmp_path), linnet.load("digits"), linnet.load("synthetic", seed=3)]
    whole = linnet.load("t.csv", tmp_path, hold_out=False)
    assert whole.test is None
    for train, test in loads:
        for part, of in ((train, "train"), *([(test, "test")] if test else [])):
            assert part.origin is not None
            again = Origin.from_json(json.loads(json.dumps(part.origin.to_json())))
            assert (again, again.part) == (part.origin, of)
            found = load_again(again)
            assert (found.train if of == "train" else found.test).checksum == part.checksum  # type: ignore[union-attr]
    weighed = weigh_by_file(whole.train, tmp_path / "w.txt")
    assert weighed.origin is not None
    assert load_again(weighed.origin).train.checksum == weighed.checksum


def test_auto_is_what_it_settled_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    train, _ = linnet.load("auto")
    assert train.origin is not None
    assert train.origin.source == train.name


def test_rows_in_memory_have_no_origin() -> None:
    assert linnet.Dataset(torch.eye(3), torch.arange(3.0)).origin is None
    assert synthetic.linear(rows=50).origin is None
    assert synthetic.linear(seed=4).origin == Origin("synthetic", seed=4)


def test_a_run_keeps_the_origin_of_its_rows_and_their_checksum(tmp_path: Path) -> None:
    train, _ = linnet.load("synthetic")  # by seed 0, whatever that of the training
    linnet.fit(train, epochs=1, seed=5, out=tmp_path / "run", report=False)
    kept = read_record(json.loads((tmp_path / "run" / "run.json").read_text("utf-8")))
    assert kept is not None
    assert (kept.source, kept.seed, kept.checksum) == ("synthetic", 0, train.checksum)
    assert linnet.replay(tmp_path / "run").is_same


@pytest.mark.parametrize(
    "values", [{}, {"source": 3}, {"source": "x", "seed": "1"}, {"source": "x", "where": "y"},
               {"source": "x", "hold_out": 1}, {"source": None}]
)  # fmt: skip
def test_a_damaged_origin_is_refused_in_a_sentence(values: dict[str, object]) -> None:
    with pytest.raises(FormatError, match="the origin of the data is damaged"):
        Origin.from_json(values)

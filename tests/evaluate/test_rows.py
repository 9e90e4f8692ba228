"""What is scored when a file is named: all of it, whatever its format, in its own order."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from linnet.config import Recipe
from linnet.data import user_data
from linnet.data.dataset import Dataset, Splits
from linnet.data.split import Whole
from linnet.errors import FormatError, ShapeError, UsageError
from linnet.evaluate.evaluation import Evaluation
from linnet.evaluate.rows import named_rows
from linnet.evaluate.score import score
from linnet.model.run import Run
from linnet.train.fit import fit
from tests.support.runs import make_run

KINDS = ("ash", "elm", "oak")


def table(rows: int, seed: int = 0) -> list[str]:
    source = np.random.default_rng(seed)
    kinds, places = source.integers(0, 3, rows), source.normal(size=(rows, 2))
    return [
        f"{x + kind:.4f},{y - kind:.4f},{KINDS[kind]}" for (x, y), kind in zip(places, kinds, strict=True)
    ]


def written(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(["width,height,kind", *lines]) + "\n", "utf-8")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("named")


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    train, _ = user_data.load(written(folder / "trees.csv", table(120)))
    run, _ = fit(train)
    run.dataset_checksum = train.checksum
    return run


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(2, 40), st.data())
def test_the_union_of_two_evaluations_is_the_evaluation_of_the_union(
    run: Run, folder: Path, rows: int, data: st.DataObject
) -> None:
    lines, cut = table(rows, seed=rows), data.draw(st.integers(1, rows - 1))
    first, second, union = (
        score(run, written(folder / "part.csv", part)) for part in (lines[:cut], lines[cut:], lines)
    )
    assert (first.rows, second.rows, union.rows) == (cut, rows - cut, rows)
    assert np.array_equal(first.confusion + second.confusion, union.confusion)
    total = first.loss * first.rows + second.loss * second.rows
    assert union.loss * rows == pytest.approx(total, rel=1e-6)


def test_a_file_is_scored_whole_and_a_part_only_when_asked_for(run: Run, folder: Path) -> None:
    path = written(folder / "other.csv", table(50, seed=9))
    found = named_rows(run, path)
    assert (len(found.rows), found.part, found.holds_training) == (50, "all", False)
    assert [len(named_rows(run, path, part=part).rows) for part in ("test", "train")] == [10, 40]
    assert found.rows.X[7].tolist() == pytest.approx([float(x) for x in table(50, seed=9)[7].split(",")[:2]])
    with pytest.raises(UsageError, match="all, train, validation, test"):
        named_rows(run, path, part="dev")  # type: ignore[arg-type]


def test_the_validation_part_is_what_the_run_kept_or_the_data_set_aside(folder: Path, blobs: Dataset) -> None:
    train = Dataset(blobs.X, blobs.y, name="blobs", classes=blobs.classes)
    run, _ = fit(train, Recipe(epochs=1, validation=0.25, seed=3))
    run.dataset_checksum = train.checksum
    found = named_rows(run, part="validation", read=lambda: Splits(train))
    assert (found.part, found.holds_training) == ("validation", False)
    assert score(run, found.rows).loss == pytest.approx(run.history.last["validation_loss"], rel=1e-5)
    own_part = dataclasses.replace(train, validation=train.rows(slice(0, 7)))
    assert len(named_rows(run, part="validation", read=lambda: Splits(own_part)).rows) == 7


def test_a_validation_part_that_is_not_there_is_refused(run: Run, folder: Path) -> None:
    with pytest.raises(UsageError, match="sets no rows aside to validate on"):
        named_rows(run, written(folder / "none.csv", table(20)), part="validation")


def test_rows_of_one_class_and_a_single_row_are_scored(run: Run, folder: Path) -> None:
    oaks = [line for line in table(60, seed=2) if line.endswith("oak")]
    found = score(run, written(folder / "oaks.csv", oaks))
    assert found.confusion.sum(1).tolist() == [0, 0, len(oaks)]
    assert score(run, written(folder / "one.csv", oaks[:1])).rows == 1


def test_a_class_that_the_model_does_not_know_is_named(run: Run, folder: Path) -> None:
    path = written(folder / "palms.csv", ["1,2,palm", "3,4,oak"])
    with pytest.raises(
        FormatError, match="rows of 'palm', which the model does not know: it tells 'ash', 'elm'"
    ):
        score(run, path)


def test_a_file_that_holds_the_training_rows_is_recognised(run: Run, folder: Path) -> None:
    found = named_rows(run, folder / "trees.csv")
    assert (len(found.rows), found.holds_training) == (120, True)
    assert named_rows(run, folder / "trees.csv", part="test").holds_training is False
    checksum = user_data.load_whole(folder / "trees.csv").rows.checksum
    solved = Run(run.model, run.history, run.status, run.card, dataset_checksum=checksum)
    assert named_rows(solved, folder / "trees.csv").holds_training is True


def test_arrays_are_scored_whole_even_where_they_name_parts(run: Run, folder: Path) -> None:
    X, y = np.random.default_rng(1).normal(size=(30, 2)).astype(np.float32), np.array(["elm", "oak"] * 15)
    np.savez(folder / "a.npz", X=X, y=y)
    np.savez(folder / "b.npz", x_train=X[:20], y_train=y[:20], x_test=X[20:], y_test=y[20:])
    first, second = score(run, folder / "a.npz"), score(run, str(folder / "b.npz"))
    assert first.rows == second.rows == 30
    assert np.array_equal(first.confusion, second.confusion)
    assert len(named_rows(run, folder / "b.npz", part="test").rows) == 10


def test_pictures_are_scored_whole_and_in_the_order_of_their_paths(folder: Path) -> None:
    train = Dataset(
        torch.randint(0, 256, (40, 16), dtype=torch.uint8),
        torch.arange(40) % 2,
        "p",
        ("a", "b"),
        (4, 4),
        1 / 255,
    )
    run, _ = fit(train)
    for part, number in (("train", 3), ("test", 2)):
        for kind, place in ((k, n) for k in "ab" for n in range(number)):
            target = folder / "pictures" / part / kind
            target.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((4, 4), 20 * place + 1, np.uint8)).save(target / f"{place}.png")
    found = named_rows(run, folder / "pictures")
    assert len(found.rows) == 10
    assert found.rows.labels.tolist() == [0, 0, 1, 1, 0, 0, 0, 1, 1, 1]  # test/a, test/b, train/a, train/b
    assert len(named_rows(run, folder / "pictures", part="test").rows) == 4


def test_whole_numbers_to_predict_are_numbers_for_a_model_of_numbers(folder: Path) -> None:
    X = torch.arange(12.0)[:, None]
    run, _ = fit(Dataset(X, 2 * X + 0.5, "line"))
    (folder / "prices.csv").write_text("x,price\n1,2\n2,4\n3,4\n4,8\n", "utf-8")
    assert len(Evaluation(run, folder / "prices.csv").residuals) == 4


def test_pixels_in_other_units_are_brought_to_those_of_the_model(blobs: Dataset) -> None:
    run, _ = fit(blobs)
    other = Dataset(blobs.X.double() / 255, blobs.y, "others", blobs.classes)
    found, expected = Evaluation(run, other), Evaluation(run, blobs)
    np.testing.assert_allclose(found.logits, expected.logits, rtol=1e-4, atol=1e-4)


def test_what_is_no_rows_is_refused_in_words(run: Run, blobs: Dataset) -> None:
    with pytest.raises(UsageError, match=r"give splits\.test"):
        score(run, Splits(blobs, blobs))  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="a Dataset, a frame or the path of a file, not list"):
        Evaluation(run, [1, 2])
    with pytest.raises(ShapeError, match="the model takes 2 features"):
        score(run, blobs)


def test_a_file_too_small_for_two_parts_is_whole_all_the_same(run: Run, folder: Path) -> None:
    whole = user_data.load_whole(written(folder / "two.csv", ["1,2,oak"]), known=KINDS)
    assert isinstance(whole, Whole)
    with pytest.raises(UsageError, match="cannot be split"):
        whole.splits()


def test_a_run_of_rows_in_memory_asks_which_rows() -> None:
    with pytest.raises(UsageError, match="were in memory when it was fitted: say which rows"):
        Evaluation.named(make_run("softmax"))

from __future__ import annotations

import json
from pathlib import Path

import pytest

from linnet import config, folders
from linnet.config import Job, Recipe, SolveRequest
from linnet.config.requests import to_json
from linnet.errors import DataNotFoundError, FormatError, UsageError


def test_the_book_fills_what_is_open() -> None:
    softmax = Recipe().resolved(is_classification=True)
    assert (softmax.epochs, softmax.batch_size, softmax.lr, softmax.std) == (10, 256, 0.1, 0.01)
    linear = Recipe(epochs=7).resolved(is_classification=False)
    assert (linear.epochs, linear.batch_size, linear.lr, linear.loss) == (7, 10, 0.03, "squared")


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0}, {"batch_size": -1}, {"batch_size": 2.5}, {"lr": float("nan")}, {"lr": -1.0},
        {"loss": "hinge"}, {"dtype": "int8"}, {"measure": "never"}, {"seed": -1}, {"std": float("inf")},
    ],
)  # fmt: skip
def test_impossible_values_are_named(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))):
        Recipe(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("suffix", [".toml", ".json"])
def test_round_trip(tmp_path: Path, suffix: str) -> None:
    job = Job(lr=0.5, epochs=3, data="digits", out=Path("runs/x"), threads=2)
    text = config.to_toml(job) if suffix == ".toml" else json.dumps(config.as_dict(job))
    path = tmp_path / f"job{suffix}"
    path.write_text(text)
    assert config.job_from(config.read(path)) == job


def test_a_run_json_is_a_config(tmp_path: Path) -> None:
    request = Recipe(lr=0.25, epochs=2).resolved(is_classification=True)
    origin = {"source": "digits", "data_dir": "there", "sample_weight": None}
    summary = {"request": to_json(request), "origin": origin, "dataset": "digits", "status": "completed"}
    folders.write(tmp_path, summary, {})
    job = config.job_from(config.read(tmp_path / "run.json"))
    assert (job.lr, job.epochs, job.data, job.data_dir) == (0.25, 2, "digits", Path("there"))


def test_the_run_json_of_a_solve_is_no_config(tmp_path: Path) -> None:
    summary = {"request": to_json(SolveRequest(loss="squared")), "origin": None, "dataset": "digits"}
    folders.write(tmp_path, {**summary, "status": "completed"}, {})
    with pytest.raises(FormatError, match="is of linnet solve"):
        config.read(tmp_path / "run.json")


def test_bad_files(tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError):
        config.read(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("lr = = 1")
    with pytest.raises(FormatError, match="not valid TOML"):
        config.read(tmp_path / "bad.toml")
    (tmp_path / "list.json").write_text("[1]")
    with pytest.raises(FormatError, match="table of keys"):
        config.read(tmp_path / "list.json")
    with pytest.raises(UsageError, match=r"mine\.toml: unknown key lrate"):
        config.job_from({"lrate": 1}, "mine.toml")

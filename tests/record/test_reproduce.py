"""The lines on a page are run as they stand, and give the same model."""

from __future__ import annotations

import shlex
import shutil
from itertools import product
from pathlib import Path

import numpy as np
import pytest

import linnet
from linnet import report
from linnet.model.run import Run
from tests.support.commands import call
from tests.support.gate import gate
from tests.support.reading import Seen

TRAINED = [
    ("--epochs", 2),
    ("--epochs", 3, "--lr", 0.003, "--optimizer", "adam", "--l1", 1e-4, "--schedule", "cosine", "--seed", 7),
    ("--epochs", 4, "--patience", 1, "--standardize", "--drop-last", "--batch-size", 100, "--clip", 0.5),
    ("--epochs", 2, "--augment", "shift:1+noise", "--dropout", 0.1, "--class-weight", "balanced"),
]  # fmt: skip


def lines(page: Path) -> tuple[str, str]:
    """The command and the Python of a page."""
    command, python = Seen(page).codes
    return command, python


def run(command: str) -> None:
    program, *arguments = shlex.split(command)
    assert program == "linnet"
    assert call(*arguments, "--quiet") == 0


def model(folder: Path | str) -> bytes:
    return Path(folder, "model.safetensors").read_bytes()


def check_both_ways(*names: str) -> None:
    """Run the command and the Python of the page in first/, which must leave its files again."""
    command, python = lines(Path("first", "report.html"))
    for again in (lambda: run(command), lambda: exec(python, {})):
        again()
        for name in names or ("model.safetensors",):
            assert Path("again", name).read_bytes() == Path("first", name).read_bytes()
        shutil.rmtree("again")


@pytest.mark.parametrize("options", gate(map(pytest.param, TRAINED), 1))
def test_of_a_training(options: tuple[object, ...]) -> None:
    assert call("train", "--data", "digits", *options, "--out", "first", "-q") == 0
    check_both_ways()


def test_of_a_regression_whose_rows_are_made() -> None:
    assert call("train", "--data", "synthetic", "--seed", 4, "--out", "first", "-q") == 0
    check_both_ways()


def test_rows_made_by_another_seed_have_no_command() -> None:
    linnet.fit(linnet.load("synthetic"), show=False, out="first")  # rows of seed 0, a start of seed 1
    (python,) = Seen(Path("first", "report.html")).codes
    exec(python, {})
    assert model("again") == model("first")


def test_of_weighted_rows_in_a_file_with_an_odd_name() -> None:
    path = Path("it's my file.npy")
    np.save(path, np.linspace(0.5, 2, 1438))
    options = ("--epochs", 2, "--sample-weight", path)
    assert call("train", "--data", "digits", *options, "--out", "first", "-q") == 0
    check_both_ways()


SWEPT = [
    ("--lr", "0.1,1", "--clip", "none,0.5", "--seeds", 2, "--folds", 2),
    ("--lr", "0.01..1", "--momentum", "0.5:0.9", "--optimizer", "momentum", "--random", 4, "--halving", "1"),
    ("--standardize", "no,yes", "--batch-size", "64,128", "--bags", 2, "--metric", "loss", "--seed", 5),
]


@pytest.mark.parametrize("options", gate(map(pytest.param, SWEPT), 0))
def test_of_a_sweep(options: tuple[object, ...]) -> None:
    assert call("sweep", "--data", "digits", "--epochs", 2, *options, "--out", "first", "-q") == 0
    check_both_ways("table.csv", "best/model.safetensors")


def test_of_a_study_that_it_began() -> None:
    options = ("--lr", "0.01..1", "--l2", "0,1e-3", "--seeds", 2, "--trials", 4, "--batch", 2, "--epochs", 1)
    assert call("tune", "--data", "digits", *options, "--out", "first", "-q") == 0
    check_both_ways("table.csv", "best/model.safetensors")


def test_a_study_that_went_on_or_has_a_sampler_of_its_own_has_no_lines() -> None:
    options = ("--lr", "0.01..1", "--trials", 2, "--epochs", 1, "--storage", "study.log", "-q")
    for folder in ("before", "first"):
        assert call("tune", "--data", "digits", *options, "--out", folder) == 0
    assert "all that was tried before" in Seen(Path("first", "report.html")).sections["again"]
    assert "begin a new study" in Seen(Path("before", "report.html")).sections["again"]


@pytest.mark.long
def test_of_a_sweep_of_settings() -> None:
    train, test = linnet.load("digits")
    settings = [linnet.Hyperparameters(lr=0.5), linnet.Hyperparameters(lr=0.1, l2=1e-3, clip=1.0)]
    linnet.sweep(train, settings=settings, epochs=2, show=False, out="first").refit(test).save("first/best")
    (python,) = Seen(report.write_report("first")).codes
    exec(python, {})
    assert model("again/best") == model("first/best")


SOLVED = [
    ("digits", "--l2", 1e-3),
    ("digits", "--l1", 0.01, "--tol", 1e-4),
    ("digits", "--loss", "logistic", "--l2", 0.01, "--solver", "lbfgs", "--max-iter", 300, "--no-intercept"),
    ("synthetic", "--summary"),
    ("synthetic", "--loss", "huber", "--huber", 0.1, "--l2", 1e-3, "--seed", 2),
    ("digits", "--path", 2, "--tol", 1e-3),
]


@pytest.mark.parametrize("options", gate(map(pytest.param, SOLVED), 1, 3))
def test_of_a_solve(options: tuple[object, ...]) -> None:
    assert call("solve", "--data", *options, "--out", "first", "-q") == 0
    check_both_ways()


def test_a_solver_given_as_an_object_has_no_lines() -> None:
    from linnet.solvers.smooth.lbfgs import LBFGS

    linnet.solve(linnet.load("digits").train, l2=1e-2, solver=LBFGS(memory=5)).value.save("first")
    seen = Seen(report.write_report("first"))
    assert not seen.codes
    assert "given as an object" in seen.sections["again"]


TABLE = "length,width,kind\n" + "".join(f"{n % 7},{n % 5}.5,{'ab'[n % 2]}\n" for n in range(60))
NUMBERS = "length;width;price\n" + "".join(f"{n % 7};{n % 5},5;{n % 7 - n % 5},25\n" for n in range(60))


@pytest.fixture
def own() -> Path:
    """Data of one's own in a folder of their own."""
    folder = Path("my data")
    folder.mkdir()
    (folder / "kinds.csv").write_text(TABLE, "utf-8")
    (folder / "prices.csv").write_text(NUMBERS, "utf-8")
    return folder


@pytest.mark.parametrize(
    ("command", "file", "options"),
    gate([
        ("train", "kinds.csv", ()), ("train", "prices.csv", ("--standardize",)),
        ("sweep", "kinds.csv", ("--lr", "0.1,1", "--epochs", 2)), ("solve", "prices.csv", ()),
    ], 1, 3),
)  # fmt: skip
def test_of_data_of_ones_own(own: Path, command: str, file: str, options: tuple[object, ...]) -> None:
    assert call(command, "--data", own / file, *options, "--out", "first", "-q") == 0
    check_both_ways("best/model.safetensors" if command == "sweep" else "model.safetensors")
    assert linnet.replay("first").is_same
    assert Seen(report.write_report("first", "2.html")).markup == Path("first", "report.html").read_text(
        "utf-8"
    )


def test_of_data_of_ones_own_in_python(own: Path) -> None:
    train, test = linnet.load("kinds.csv", own)
    linnet.fit(train, test=test, epochs=2, show=False, out="first", report=False)
    report.write_report("first")
    check_both_ways()  # the origin of the rows tells where they were
    assert linnet.replay("first").is_same


def test_of_data_that_have_moved_or_changed(own: Path) -> None:
    assert call("train", "--data", own / "kinds.csv", "--out", "first", "-q") == 0
    Path("elsewhere").mkdir()
    own.rename(Path("elsewhere", own.name))
    assert "have moved" in Seen(report.write_report("first")).sections["again"]
    assert len(Seen(report.write_report("first", data_dir="elsewhere")).codes) == 2
    assert call("replay", "first", "--data-dir", "elsewhere", "-q") == 0
    Path("elsewhere", own, "kinds.csv").write_text(TABLE.replace("6", "8"), "utf-8")
    assert "not those it was trained on" in Seen(report.write_report("first", data_dir="elsewhere")).text
    assert call("replay", "first", "--data-dir", "elsewhere", "-q") == 1


@pytest.mark.parametrize(
    ("command", "is_folder_given"), gate(product(["train", "solve", "sweep"], [False, True]), 0, 3)
)
def test_no_page_says_where_its_writer_keeps_things(
    own: Path, tmp_path: Path, command: str, is_folder_given: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tmp_path / own
    where = ("kinds.csv", "--data-dir", whole) if is_folder_given else (whole / "kinds.csv",)
    options = ("--lr", "0.1,1") if command == "sweep" else ()
    assert call(command, "--data", *where, *options, "--out", "first", "-q") == 0
    seen = Seen(Path("first", "report.html"))
    assert str(tmp_path) not in seen.markup
    assert "in the folder that holds kinds.csv" in seen.sections["again"]
    assert str(tmp_path) not in Seen(report.write_report("first", "2.html")).markup
    assert str(tmp_path) not in Seen(report.compare_runs(["first", "first"], "3.html")).markup
    assert linnet.replay("first").is_same
    monkeypatch.chdir(whole)
    run(seen.codes[0])
    best = "best" if command == "sweep" else "."
    first, again = (Run.load(Path(place, best)) for place in (tmp_path / "first", "again"))
    assert again.bank.theta.equal(first.bank.theta)


@pytest.mark.long
def test_the_folder_of_a_known_data_set_is_left_out(fashion_folder: Path) -> None:
    options = ("--data", "fashion_mnist", "--data-dir", fashion_folder, "--epochs", 1)
    assert call("train", *options, "--out", "first", "-q") == 0
    seen = Seen(Path("first", "report.html"))
    assert str(fashion_folder) not in seen.markup
    assert "--data-dir" in seen.sections["again"]
    assert "--data-dir" not in "".join(seen.codes)

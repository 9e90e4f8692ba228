from __future__ import annotations

import json
from pathlib import Path

import pytest

from linnet.train.run import Run
from tests.cli.test_commands import call

QUICK = ("solve", "--dataset", "digits", "--tol", 1e-4)


def test_it_leaves_a_run_that_other_commands_take(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "run"
    assert call(*QUICK, "--l1", 0.01, "--out", folder) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("converged; objective") for line in lines)
    assert any("of 640 weights are not 0" in line for line in lines)
    assert lines[-1] == f"the run is in {folder}"
    pictures = {"curves.svg", "weights.png", "report.html"}
    assert {path.name for path in folder.iterdir()} == pictures | {
        "run.json", "history.jsonl", "model.safetensors",
    }  # fmt: skip
    asked = json.loads((folder / "run.json").read_text())["asked"]
    assert asked["l1"] == 0.01
    assert asked["status"] == "converged"
    assert 0 <= asked["certificate"]["gap"] <= 1e-4 * asked["certificate"]["objective"]
    assert call("evaluate", folder, "--json") == 0
    assert json.loads(capsys.readouterr().out)["accuracy"] > 0.8


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("solve", "--dataset", "synthetic", "--json", "--out", tmp_path / "run") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["status"] == "exact"
    assert said["certificate"]["bound"] == "curvature"
    assert said["scores"]["train"]["r2"][0] > 0.99
    assert Run.load(tmp_path / "run").bank.features == 2


@pytest.mark.parametrize(
    "options", [("--loss", "absolute"), ("--loss", "huber", "--huber", 0.1, "--l2", 1e-3)]
)
def test_robust_losses(options: tuple[object, ...], tmp_path: Path) -> None:
    assert call("solve", "--dataset", "synthetic", *options, "--out", tmp_path / "run", "--quiet") == 0
    assert Run.load(tmp_path / "run").card.loss == options[1]


def test_a_path(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "run"
    assert call(*QUICK, "--path", 4, "--out", folder) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("l1 ") for line in lines) == 4
    assert (folder / "path.svg").is_file()
    table = (folder / "table.csv").read_text().splitlines()
    assert table[0].split(",")[0] == "penalty"
    assert len(table) == 5
    best = min(table[1:], key=lambda row: float(row.split(",")[-1]))
    assert Run.load(folder).asked["l1"] == pytest.approx(float(best.split(",")[0]))


def test_ending_short_is_exit_code_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*QUICK, "--l1", 0.01, "--max-iter", 1, "--out", tmp_path / "run") == 1
    assert "iteration limit: allow more than 1 iterations" in capsys.readouterr().out
    assert Run.load(tmp_path / "run").status.startswith("stopped: iteration limit")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--solver", "magic"), "unknown solver"),
        (("--path", 3, "--l1", 0.1), "leave --l1 out"),
        (("--covariance", "hc3"), "add --summary"),
        (("--level", 0.9), "add --summary"),
        (("--huber", 0.5), "add --loss huber"),
    ],
)
def test_what_cannot_be(
    options: tuple[object, ...], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(*QUICK, *options, "--out", tmp_path / "run") == 2
    assert words in capsys.readouterr().err


def test_the_summary_is_a_table_of_estimates(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("solve", "--dataset", "synthetic", "--summary", "--covariance", "hc3", "--out", "s") == 0
    said = capsys.readouterr().out
    assert "hc3" in said.lower()
    lines = Path("s/inference.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + 3  # the bias and two weights
    assert call("solve", "--dataset", "synthetic", "--summary", "--json", "--out", "j") == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["inference"]["table"]
    assert call("solve", "--dataset", "digits", "--l1", "1e-3", "--summary", "--out", "l") == 2
    assert "L1" in capsys.readouterr().err

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from linnet import report
from linnet.model.run import Run
from tests.support.commands import call
from tests.support.reading import Seen
from tests.support.requested import solved_by
from tests.support.tables import make_mixed

QUICK = ("solve", "--data", "digits", "--tol", 1e-4)


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
    summary = json.loads((folder / "run.json").read_text())
    assert summary["request"]["l1"] == 0.01
    assert summary["optimum"]["status"] == "converged"
    certificate = summary["optimum"]["certificate"]
    assert 0 <= certificate["gap"] <= 1e-4 * certificate["objective"]
    assert call("evaluate", folder, "--json") == 0
    assert json.loads(capsys.readouterr().out)["accuracy"] > 0.8


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("solve", "--data", "synthetic", "--json", "--out", tmp_path / "run") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["status"] == "exact"
    assert said["certificate"]["bound"] == "curvature"
    assert said["scores"]["train"]["r2"][0] > 0.99
    assert Run.load(tmp_path / "run").bank.features == 2


@pytest.mark.parametrize(
    "options", [("--loss", "absolute"), ("--loss", "huber", "--huber", 0.1, "--l2", 1e-3)]
)
def test_robust_losses(options: tuple[object, ...], tmp_path: Path) -> None:
    assert call("solve", "--data", "synthetic", *options, "--out", tmp_path / "run", "--quiet") == 0
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
    assert solved_by(Run.load(folder)).l1 == pytest.approx(float(best.split(",")[0]))


def test_ending_short_is_exit_code_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*QUICK, "--l1", 0.01, "--max-iter", 1, "--out", tmp_path / "run") == 1
    assert "iteration limit: allow more than 1 iterations" in capsys.readouterr().out
    assert Run.load(tmp_path / "run").status.startswith("stopped: iteration limit")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--solver", "magic"), "unknown solver"),
        (("--path", 3, "--l1", 0.1), "leave l1 out"),
        (("--covariance", "hc3"), "are of a summary (--summary)"),
        (("--level", 0.9), "are of a summary (--summary)"),
        (("--huber", 0.5), "--loss huber"),
    ],
)
def test_what_cannot_be(
    options: tuple[object, ...], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(*QUICK, *options, "--out", tmp_path / "run") == 2
    assert words in capsys.readouterr().err


def test_a_refused_summary_leaves_the_folder_free_but_keeps_a_model_without_an_optimum(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = ("solve", "--data", "digits", "--l2", 1e-2, "--summary", "--covariance", "hc3")
    assert call(*wrong, "--out", tmp_path / "run") == 2
    assert not (tmp_path / "run").exists()
    (tmp_path / "t.csv").write_text("a,response\n" + "0,0\n1,0\n2,0\n" * 9)  # no bias is low enough
    counts = ("solve", "--data", tmp_path / "t.csv", "--loss", "poisson", "--summary")
    assert call(*counts, "--out", tmp_path / "counts") == 2
    assert f"the model is in {tmp_path / 'counts'}" in capsys.readouterr().err
    assert Run.load(tmp_path / "counts").optimum is not None


def test_a_path_says_what_its_table_does_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*QUICK, "--path", 3, "--json", "--out", tmp_path / "run") == 0
    said = capsys.readouterr()
    for note in json.loads(said.out)["notes"]:
        assert note in said.err


def test_the_summary_is_a_table_of_estimates(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("solve", "--data", "synthetic", "--summary", "--covariance", "hc3", "--out", "s") == 0
    said = capsys.readouterr().out
    assert "hc3" in said.lower()
    lines = Path("s/inference.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + 3  # the bias and two weights
    assert call("solve", "--data", "synthetic", "--summary", "--json", "--out", "j") == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["inference"]["table"]
    assert call("solve", "--data", "digits", "--l1", "1e-3", "--summary", "--out", "l") == 2
    assert "L1" in capsys.readouterr().err


def _table(path: Path, header: str, rows: list[str]) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def _line(path: Path, rows: int = 16) -> Path:
    return _table(path, "x,cost", [f"{k},{2 * k + (k * k) % 7 + 0.5}" for k in range(rows)])


def test_a_summary_is_of_all_rows_unless_some_are_to_be_held_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = _line(tmp_path / "line.csv")
    assert call("solve", "--data", data, "--summary", "--out", tmp_path / "all") == 0
    said = capsys.readouterr().out
    assert "16 rows, 2 parameters, 14 degrees of freedom" in said
    assert "\ncost\n" in said  # the target by its name
    assert "test:" not in said
    assert call("solve", "--data", data, "--summary", "--hold-out", "--out", tmp_path / "some") == 0
    assert "13 rows, 2 parameters, 11 degrees of freedom" in capsys.readouterr().out
    assert call("solve", "--data", data, "--out", tmp_path / "plain") == 0
    assert "test:" in capsys.readouterr().out


def test_such_a_run_is_evaluated_and_replayed_on_all_rows_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = _line(tmp_path / "line.csv")
    assert call("solve", "--data", data, "--summary", "--out", tmp_path / "all") == 0
    assert "hold_out=False" in (tmp_path / "all" / "report.html").read_text("utf-8")
    capsys.readouterr()
    assert call("evaluate", tmp_path / "all") == 0
    said = capsys.readouterr().out
    assert "were held out, so figures are of the rows it was fitted to" in said
    assert "16 training rows" in said
    assert call("evaluate", tmp_path / "all", "--json") == 0
    assert "held out" in json.loads(capsys.readouterr().out)["note"]
    assert call("replay", tmp_path / "all") == 0
    assert "the same to the byte" in capsys.readouterr().out


def test_weights_of_a_summary_say_what_they_mean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, weights = _line(tmp_path / "line.csv"), tmp_path / "weights.txt"
    weights.write_text("\n".join(["0.0625"] * 16))
    options = ("solve", "--data", data, "--summary", "--sample-weight", weights, "--quiet", "--json")
    found = {}
    for kind in (None, "precision", "importance"):
        named = () if kind is None else ("--weight-kind", kind)
        assert call(*options, *named, "--out", tmp_path / str(kind)) == 0
        found[kind] = json.loads(capsys.readouterr().out)["inference"]
    assert found[None]["weight_kind"] == "frequency"
    assert "16 rows are 1 observations" in found[None]["notes"][0]
    assert found[None]["table"][0]["standard_error"] is None
    assert found[None]["table"][0]["reason"].startswith("no degrees of freedom")
    assert found["precision"]["goodness"][0]["degrees_of_freedom"] == 14
    assert "HC3" in found["importance"]["covariance"]
    assert call("replay", tmp_path / "precision") == 0


def test_a_weight_kind_needs_weights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("solve", "--data", "synthetic", "--summary", "--weight-kind", "precision")
    assert call(*options, "--out", tmp_path / "run") == 2
    assert "--sample-weight" in capsys.readouterr().err


@pytest.mark.parametrize("intercept", ["--intercept", "--no-intercept"])
def test_a_response_that_never_changes_prints_no_nan_and_no_inf(
    intercept: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = _table(tmp_path / "still.csv", "x,response", [f"{k % 5},3" for k in range(20)])
    options = ("solve", "--data", data, "--summary", intercept)
    assert call(*options, "--out", tmp_path / "text") == 0
    said = capsys.readouterr().out
    assert "nan" not in said
    assert "inf" not in said.replace("inference", "").replace("infinite", "")
    assert "— (constant response)" in said
    assert call(*options, "--json", "--out", tmp_path / "json") == 0
    scores = json.loads(capsys.readouterr().out, parse_constant=_refused)["scores"]["train"]
    assert scores["r2"] == [None]
    assert call("evaluate", tmp_path / "text", "--json") == 0
    assert json.loads(capsys.readouterr().out, parse_constant=_refused)["r2"] == [None]


def _refused(word: str) -> None:
    raise AssertionError(f"{word} is no JSON")


def test_without_a_bias_no_r2_stands_twice_under_one_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = _line(tmp_path / "line.csv")
    assert call("solve", "--data", data, "--summary", "--no-intercept", "--out", tmp_path / "run") == 0
    said = capsys.readouterr().out
    assert "R² (uncentred" in said
    assert "R² about the mean" in said
    assert call("evaluate", tmp_path / "run") == 0
    assert "(about the mean)" in capsys.readouterr().out


def test_without_a_bias_both_shares_of_counts_are_said_to_be_about_the_mean(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = _table(tmp_path / "counts.csv", "x,response", [f"{k % 5 / 5},{k % 5 + k % 2}" for k in range(40)])
    options = ("solve", "--data", data, "--loss", "poisson", "--no-intercept", "--out", tmp_path / "run")
    assert call(*options) == 0
    said = capsys.readouterr().out
    assert "R² about the mean" in said
    assert "D² about the mean" in said
    assert call("evaluate", tmp_path / "run") == 0
    said = capsys.readouterr().out
    assert "R² (about the mean)" in said
    assert "D² (about the mean)" in said
    page = Seen(tmp_path / "run/report.html").sections["glance"]
    assert "R² (about the mean)" in page
    assert "D² (about the mean)" in page
    report.compare_runs([tmp_path / "run", tmp_path / "run"], tmp_path / "both.html", language="zh")
    assert "D²（以均值为准）" in Seen(tmp_path / "both.html").sections["figures"]


def test_a_warning_looks_like_a_message_and_names_the_columns(tmp_path: Path) -> None:
    table = Path(__file__).parents[1] / "cases" / "noconst.csv"
    done = subprocess.run(
        [sys.executable, "-m", "linnet", "solve", "--data", table, "--quiet", "--out", tmp_path / "run"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr.splitlines()[0].startswith("linnet: columns groupA, groupB and groupC are collinear")
    assert "Warning" not in done.stderr


def test_a_formula_is_solved_done_again_and_asked_of_raw_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_mixed().to_csv(tmp_path / "stones.csv", index=False)
    table = ("--data", tmp_path / "stones.csv", "--formula", "price ~ log(carat) + C(cut) * new")
    assert call("solve", *table, "--summary", "--out", tmp_path / "run") == 0
    said = capsys.readouterr().out
    assert "by the formula price ~ log(carat) + C(cut) * new: 6 columns" in said
    assert "rows with a gap in a column of the formula left out" in said
    assert "C(cut)[T.ideal]" in said
    assert call("replay", tmp_path / "run") == 0
    assert call("predict", tmp_path / "run", tmp_path / "stones.csv", "--out", tmp_path / "scored.csv") == 0
    assert len((tmp_path / "scored.csv").read_text().splitlines()) == 121
    assert call("solve", "--data", tmp_path / "stones.csv", "--formula", "price ~ eval(cut)") == 2
    assert "nothing else is run" in capsys.readouterr().err

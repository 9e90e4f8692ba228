from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from linnet.data.dataset import Dataset
from linnet.evaluate.rows import CalibrationSplit, calibration_split
from linnet.model.run import Run
from tests.support.commands import call


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs on the built-in digits, a and b, and a regression c."""
    folder = tmp_path_factory.mktemp("runs")
    common = ("train", "--data", "digits", "--lr", 0.5, "--validation", 0.2, "-q", "--out")
    assert call(*common, folder / "a", "--epochs", 3) == 0
    assert call(*common, folder / "b", "--epochs", 4) == 0
    assert call("train", "--data", "synthetic", "-q", "--out", folder / "c") == 0
    return folder


@pytest.fixture
def runs(trained: Path, tmp_path: Path) -> Path:
    """Copies of them to change."""
    return Path(shutil.copytree(trained, tmp_path / "runs"))


def values(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    capsys.readouterr()
    assert call("evaluate", *arguments, "--json") == 0
    return json.loads(capsys.readouterr().out)


def test_intervals_and_top_k(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = values(capsys, runs / "a", "--intervals", "--top-k", 2, "--top-k", 5)
    figures = found["assessment"]["figures"]
    assert figures["accuracy"]["value"] == pytest.approx(found["accuracy"])
    assert figures["log_loss"]["value"] == pytest.approx(found["loss"], rel=1e-5)
    assert figures["accuracy"]["value"] <= figures["top_2"]["value"] <= figures["top_5"]["value"]
    assert all(figure["low"] <= figure["value"] <= figure["high"] for figure in figures.values())
    table = found["assessment"]["calibration"]["mass"]
    assert (table["binning"], table["bins"], sum(table["counts"])) == ("mass", 15, 359)
    assert call("evaluate", runs / "a", "--intervals") == 0
    said = capsys.readouterr().out
    assert f"accuracy  {found['accuracy']:.4f} [0." in said
    assert "15 bins of equal width" in said
    assert call("evaluate", runs / "a", "--top-k", 11) == 2
    assert "1…10" in capsys.readouterr().err


@pytest.mark.parametrize(
    "refused",
    [["--keep"], ["--abstain", 1.5], ["--costs", "1,2"], ["--compare", "nowhere"], ["--positive", "none"]],
)
def test_a_call_that_is_refused_leaves_the_calibration_as_it_was(runs: Path, refused: list[object]) -> None:
    model = (runs / "a" / "model.safetensors").read_bytes()
    assert call("evaluate", runs / "a", "--calibrate", "temperature", *refused) != 0
    assert (runs / "a" / "model.safetensors").read_bytes() == model


def test_a_calibration_is_kept_with_what_is_learnt_by_it(runs: Path) -> None:
    assert call("evaluate", runs / "a", "--calibrate", "temperature", "--sets", 0.1, "--keep") == 0
    card = Run.load(runs / "a").card
    assert card.calibration is not None
    assert card.rules is not None


def test_a_calibration_is_learnt_kept_and_taken_away(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = runs / "a"
    model = (run / "model.safetensors").read_bytes()
    others = {path.name: path.read_bytes() for path in run.iterdir() if path.name != "model.safetensors"}
    plain = values(capsys, run)
    found = values(capsys, run, "--calibrate", "temperature")
    assert found["calibrated"]["source"] == "validation rows"
    assert found["calibrated"]["rows"] == 288
    assert found["accuracy"] == plain["accuracy"]
    log_loss = found["assessment"]["figures"]["log_loss"]["value"]
    assert log_loss < plain["assessment"]["figures"]["log_loss"]["value"]
    assert values(capsys, run)["assessment"] == found["assessment"]
    assert call("evaluate", run, "--calibrate", "vector") == 0
    assert "learnt on 288 validation rows, kept in" in capsys.readouterr().out
    assert Run.load(run).card.calibration is not None
    assert call("evaluate", run, "--calibrate", "none") == 0
    assert (run / "model.safetensors").read_bytes() == model
    assert {name: (run / name).read_bytes() for name in others} == others


def test_a_calibration_never_sees_the_test_rows(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from linnet.evaluate.confidence import scaling

    seen: list[int] = []

    def watch(run: Run, train: Dataset) -> CalibrationSplit:
        kept = calibration_split(run, train)
        seen.append(len(kept.rows))
        return kept

    monkeypatch.setattr(scaling, "calibration_split", watch)
    assert call("evaluate", runs / "a", "--part", "test", "--calibrate", "temperature") == 0
    assert seen == [288]  # a fifth of the 1,438 training rows; 359 would be the test rows


def test_the_validation_part_is_scored_and_what_is_learnt_on_it_says_so(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = values(capsys, runs / "a", "--part", "validation")
    assert (found["part"], found["rows"], found["holds_training_rows"]) == ("validation", 288, False)
    best = Run.load(runs / "a").history.last
    assert found["loss"] == pytest.approx(best["validation_loss"], rel=1e-5)
    assert (
        call("evaluate", runs / "a", "--part", "validation", "--calibrate", "temperature", "--sets", 0.1) == 0
    )
    said = capsys.readouterr().out
    assert "288 validation rows" in said
    assert said.count("those are the rows that it is measured on here") == 2


def test_sets_and_comparison(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = values(capsys, runs / "a", "--sets", 0.1, "--compare", runs / "b")
    assert found["sets"]["lac"]["asked"] == pytest.approx(0.9)
    assert 0.8 < found["sets"]["aps"]["coverage"] <= 1
    comparison = found["comparison"]
    assert isinstance(comparison["within_noise"], bool)
    other = values(capsys, runs / "b")["accuracy"]
    assert comparison["accuracy"]["value"] == pytest.approx(found["accuracy"] - other)
    assert call("evaluate", runs / "a", "--sets", 0.1, "--compare", runs / "a") == 0
    said = capsys.readouterr().out
    assert said.count("within noise") == 3
    assert "brier     +0.0000 [–]" in said
    assert "learnt on 288 validation rows" in said
    assert call("evaluate", runs / "a", "--compare", "nowhere") == 1


def test_randomised_sets_and_what_chance_leaves(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain = values(capsys, runs / "a", "--sets", 0.1)["sets"]
    drawn = values(capsys, runs / "a", "--sets", 0.1, "--randomised")["sets"]
    assert (plain["randomised"], drawn["randomised"]) == (False, True)
    assert drawn["lac"] == plain["lac"]
    assert (plain["aps"]["sizes"][0], drawn["aps"]["sizes"][0] > 0) == (0, True)
    low, high = drawn["aps"]["expected"]
    assert low < 0.9 < high
    assert call("evaluate", runs / "a", "--sets", 0.1) == 0
    said = capsys.readouterr().out
    assert f"0.9 asked, {low:.4f} to {high:.4f} by chance" in said
    assert f"0.9 asked, {low:.4f} or more by chance" in said
    assert call("evaluate", runs / "a", "--randomised") == 2
    assert "--sets 0.1" in capsys.readouterr().err
    assert call("evaluate", runs / "a", "--sets", 0.001) == 0
    assert "too few rows for 0.001, which takes 999" in capsys.readouterr().out


def test_rows_that_were_learnt_on_are_told(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("evaluate", runs / "a", "--part", "train", "--sets", 0.1) == 0
    said = capsys.readouterr().out
    assert "1,438 training rows" in said
    assert "among the training rows it is measured on" in said
    assert call("evaluate", runs / "a", "--sets", 0.1) == 0
    said = capsys.readouterr().out
    assert "359 test rows" in said
    assert "among the training rows" not in said


def test_a_part_is_read_once(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from linnet.data import registry

    read: list[str] = []
    load = registry.load

    def watch(name: str, *given: Any, **named: Any) -> Any:
        read.append(name)
        return load(name, *given, **named)

    monkeypatch.setattr(registry, "load", watch)
    everything = ("--calibrate", "temperature", "--sets", 0.1, "--abstain", 0.9, "--compare", runs / "b")
    assert call("evaluate", runs / "a", *everything) == 0
    assert read == ["digits"]


def test_a_table_that_has_changed_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = ["$x$,宽,class", *(f"{i % 7},{i % 5},{'是_' if i % 2 else '_no'}" for i in range(100))]
    Path("own.csv").write_text("\n".join(lines), "utf-8")
    assert call("train", "--data", "own.csv", "--epochs", 1, "--no-report", "-q", "--out", "run") == 0
    assert call("evaluate", "run") == 0
    shown = capsys.readouterr()
    assert "has changed" not in shown.err
    assert "\n是_    " in shown.out  # two cells a character: as wide as "class"
    Path("own.csv").write_text("\n".join(lines[:80]), "utf-8")
    assert call("evaluate", "run") == 0
    assert "own.csv has changed since the run was trained on it" in capsys.readouterr().err


def test_the_folder_of_a_search_names_its_best_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("--lr", "0.1,0.5", "--epochs", 1, "--no-report", "-q")
    assert call("sweep", "--data", "digits", *asked, "--out", "many") == 0
    assert call("evaluate", "many") == 1
    assert str(Path("many", "best")) in capsys.readouterr().err
    assert call("evaluate", Path("many", "best")) == 0


def test_a_regression_has_none_of_it(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for flags in (["--top-k", 2], ["--abstain", 0.9], ["--calibrate", "vector"], ["--randomised"]):
        assert call("evaluate", runs / "c", *flags) == 2
        assert "are for classes" in capsys.readouterr().err
    assert call("evaluate", runs / "c", "--compare", runs / "a") == 2
    assert "the model takes 64 features to 10 outputs" in capsys.readouterr().err


def test_a_regression_has_errors_in_the_targets_units(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("evaluate", runs / "c", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    rmse = found["errors"]["rmse"]
    assert rmse["value"] == pytest.approx((2 * found["loss"]) ** 0.5, rel=1e-5)
    assert call("evaluate", runs / "c", "--intervals") == 0
    said = capsys.readouterr().out
    assert re.search(r"RMSE +[\d.e-]+ \[[\d.e-]+, [\d.e-]+\]", said), said
    assert "MAE" in said


def test_plot(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for kind in ("curves", "reliability", "top-losses"):
        assert call("plot", runs / "a", kind) == 0
        assert Path(f"{kind}.png").read_bytes().startswith(b"\x89PNG")
    assert call("plot", runs / "a", "contributions", 7, "--out", "why.svg") == 0
    assert capsys.readouterr().out.splitlines()[-1] == "why.svg"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["pie"], "expected curves, templates, differences, confusion"),
        (["contributions"], "takes the number of a row"),
        (["roc", "3"], "roc takes no row"),
        (["contributions", "9999"], "0…358"),
        (["roc", "--out", "roc.gif"], ".svg or .png"),
        (["reliability", "--bins", "0"], "at least one bin"),
        (["reliability", "--bins", "100000"], "at most 1000"),
        (["sets", "--alpha", "1.5"], "between 0 and 1"),
    ],
)
def test_plots_that_cannot_be(
    trained: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("plot", trained / "a", *arguments) == 2
    assert said in capsys.readouterr().err


def test_a_missing_font_is_said_once(
    trained: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linnet.plot.style.cjk_font", lambda: None)
    assert call("plot", trained / "a", "curves", "--lang", "zh") == 0
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert said[0].startswith("linnet: no font with Chinese characters")


def test_help_lists_the_kinds(capsys: pytest.CaptureFixture[str]) -> None:
    from linnet.plot.kinds import KINDS

    assert call("plot", "--help") == 0
    said = capsys.readouterr().out
    assert all(kind in said for kind in KINDS)
    assert "linnet plot runs/first reliability" in said


def test_abstaining_learns_its_threshold_on_other_rows(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = values(capsys, runs / "a", "--abstain", 0.99)["abstain"]
    assert 0 < found["coverage"] < 1
    assert found["accuracy"] > 0.9
    assert found["learnt_on"] == "validation rows"
    assert call("evaluate", runs / "a", "--abstain", 0.99) == 0
    said = capsys.readouterr().out
    assert f"{found['accuracy']:.4f} of the {found['coverage']:.1%} answered are right" in said
    assert call("evaluate", runs / "a", "--abstain", 1.5) == 2
    assert call("evaluate", runs / "c", "--abstain", 0.9) == 2


def test_answers_of_least_cost_cost_less(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("evaluate", runs / "a", "--calibrate", "temperature") == 0  # costs need true probabilities
    found = values(capsys, runs / "a", "--costs", "1,1,1,1,1,1,1,1,4,1")["costs"]
    assert found["cheapest"] < found["likeliest"]
    assert 0 < found["changed"] < 1
    rows = [[0 if i == j else 4 if i == 8 else 1 for j in range(10)] for i in range(10)]
    (tmp_path / "costs.csv").write_text("\n".join(",".join(map(str, row)) for row in rows))
    assert values(capsys, runs / "a", "--costs", tmp_path / "costs.csv")["costs"] == found


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("a,b\n0,1", "could not convert"),
        ("0,1\n1,0,2", "columns changed"),
        ("0,1\n1,0", "2 rows and 2 columns: expected a row for each of 10"),
        ("\n".join(["1"] * 10), "10 rows and 1 columns"),
    ],
)
def test_files_of_costs_that_cannot_be(
    trained: Path, content: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("costs.csv").write_text(content)
    assert call("evaluate", trained / "a", "--costs", "costs.csv") == 2
    assert said in capsys.readouterr().err


def test_costs_from_a_spreadsheet_and_from_nowhere(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [",".join(str(int(i != j)) for j in range(11)) for i in range(10)]  # the last: ask a person
    Path("costs.csv").write_text("\n".join(rows), "utf-8-sig")
    assert values(capsys, trained / "a", "--costs", "costs.csv")["costs"]["changed"] == 0
    assert call("evaluate", trained / "a", "--costs", "nowhere.csv") == 2
    assert "no file 'nowhere.csv'" in capsys.readouterr().err


def test_no_costs_are_called_none(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("evaluate", runs / "a", "--costs", "") == 2
    said = capsys.readouterr().err
    assert "such as 1,1,5, not ''" in said
    assert "is empty" not in said


@pytest.mark.parametrize("costs", ["1,2", "a,b", "1,1,1,1,1,1,1,1,1,inf"])
def test_costs_that_cannot_be_are_refused(runs: Path, costs: str) -> None:
    assert call("evaluate", runs / "a", "--costs", costs) == 2


def test_a_file_that_is_named_is_scored_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [f"{n % 7},{n % 5},{'yes' if n % 7 > 3 else 'no'}" for n in range(60)]
    for name, rows in (("own.csv", lines), ("other.csv", lines[:23])):
        (tmp_path / name).write_text("\n".join(["a,b,kind", *rows]) + "\n", "utf-8")
    run = tmp_path / "run"
    assert call("train", "--data", tmp_path / "own.csv", "--epochs", 1, "-q", "--out", run) == 0
    found = values(capsys, run, "--data", tmp_path / "other.csv")
    assert (found["rows"], found["part"], found["holds_training_rows"]) == (23, "all", False)
    assert values(capsys, run)["rows"] == 12
    assert values(capsys, run, "--data", tmp_path / "own.csv", "--part", "test")["rows"] == 12
    capsys.readouterr()
    assert call("evaluate", run, "--data", tmp_path / "own.csv") == 0
    said = capsys.readouterr()
    assert "60 rows, all that are there" in said.out
    assert "holds rows that the run was trained on" in said.err
    assert "--part test leaves them out" in said.err


def test_figures_of_two_classes_say_which_class_they_are_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [f"{n % 7},{n % 5},{'yes' if n % 7 > 3 else 'no'}" for n in range(60)]
    (tmp_path / "own.csv").write_text("\n".join(["a,b,kind", *lines]) + "\n", "utf-8")
    (tmp_path / "no.csv").write_text("a,b,kind\n" + "1,2,no\n" * 13, "utf-8")
    run = tmp_path / "run"
    assert call("train", "--data", tmp_path / "own.csv", "--epochs", 1, "-q", "--out", run) == 0
    found = values(capsys, run)
    assert found["positive"] == "yes"
    assert found["assessment"]["figures"]["recall"] == found["assessment"]["classes"]["yes"]["recall"]
    assert values(capsys, run, "--positive", "no")["positive"] == "no"
    assert call("evaluate", run, "--data", tmp_path / "no.csv", "--intervals") == 0
    said = capsys.readouterr().out
    assert "positive  yes (--positive no takes the other class)" in said
    assert "recall of yes –" in said
    assert "–  no rows of this class: yes (recall, roc auc, average precision)" in said
    assert "nan" not in said
    assert call("evaluate", run, "--positive", "maybe") == 2
    assert "must be 'no' or 'yes', not 'maybe'" in capsys.readouterr().err


def test_evaluate(digits_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("evaluate", digits_run, "--json") == 0
    result = json.loads(capsys.readouterr().out)
    final = Run.load(digits_run).history.last
    assert result["accuracy"] == pytest.approx(final["test_accuracy"], abs=1e-9)
    assert result["loss"] == pytest.approx(final["test_loss"], rel=1e-5)
    assert sum(map(sum, result["confusion"])) == result["rows"] == 359
    assert call("evaluate", digits_run, "--part", "train") == 0
    assert "1,438 training rows" in capsys.readouterr().out


def test_evaluate_a_regression(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("train", "--dataset", "synthetic", "--out", "x", "-q") == 0
    assert call("evaluate", "x", "--json") == 0
    assert json.loads(capsys.readouterr().out)["r2"][0] > 0.999


def test_a_damaged_model_is_refused(digits_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = Path("copy")
    copy.mkdir()
    for path in digits_run.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    content = bytearray((copy / "model.safetensors").read_bytes())
    content[-5] ^= 1
    (copy / "model.safetensors").write_bytes(content)
    assert call("evaluate", copy) == 1
    assert "damaged" in capsys.readouterr().err

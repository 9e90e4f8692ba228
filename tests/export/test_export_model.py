from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from linnet.errors import ExportError, ShapeError, UsageError
from linnet.export import FORMATS, ROWS, export_model, formats
from linnet.model.predictor import Predictor
from linnet.model.run import Run
from tests.support.runs import make_run


@pytest.mark.parametrize("to", FORMATS)
def test_each_file_gives_the_runs_answers(run: Run, to: str, tmp_path: Path) -> None:
    done = export_model(run, to, tmp_path / "file", torch.randint(0, 256, (50, 12)))
    assert done.path == tmp_path / "file"
    assert done.difference is not None, done.checked_by
    assert done.difference < 1e-6
    assert done.rows == 50
    assert list(tmp_path.iterdir()) == [done.path]


@pytest.mark.parametrize("to", FORMATS)
@pytest.mark.parametrize("loss", ["softmax", "logistic"])
def test_scores_far_from_0_stay_probabilities(loss: str, to: str, tmp_path: Path) -> None:
    run = make_run(loss, torch.float64, size=3000.0)
    rows = torch.cat([torch.full((1, 12), 255), torch.eye(12) * 255, torch.zeros(1, 12)])
    assert run.scores(rows).abs().max() > 5000
    done = export_model(run, to, tmp_path / "file", rows)
    assert done.difference is not None
    assert done.difference < 1e-6


@pytest.mark.parametrize("to", FORMATS)
def test_one_output_and_one_feature(to: str, tmp_path: Path) -> None:
    run = make_run("squared", features=1)
    run = dataclasses.replace(run, model=run.bank.take(torch.tensor([0])))
    run.model = dataclasses.replace(run.bank, theta=run.bank.theta[:1])
    done = export_model(run, to, tmp_path / "file")
    assert done.rows == ROWS
    assert done.difference is not None
    assert done.difference < 1e-6


@pytest.mark.parametrize("to", FORMATS)
def test_a_wrong_file_is_an_error_and_is_not_kept(
    to: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_model(make_run("softmax"), to, tmp_path / "old")
    kept = (tmp_path / "old").read_bytes()
    right = FORMATS[to].render
    shift = np.array([1e-3, 0, 0], np.float32)
    wrong = dataclasses.replace(
        FORMATS[to], render=lambda model: right(dataclasses.replace(model, b=model.b + shift))
    )
    monkeypatch.setitem(FORMATS, to, wrong)
    for name in ("old", "new"):
        with pytest.raises(ExportError, match="not kept"):
            export_model(make_run("softmax"), to, tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
    assert (tmp_path / "old").read_bytes() == kept


@pytest.mark.parametrize("to", ["numpy", "js", "c", "sql", "onnx"])
def test_a_file_that_cannot_run_is_an_error(to: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FORMATS, to, dataclasses.replace(FORMATS[to], render=lambda _: b"%% no program"))
    with pytest.raises(ExportError, match="cannot use"):
        export_model(make_run("softmax"), to, tmp_path / "file")
    assert not list(tmp_path.iterdir())


def test_without_a_program_the_file_is_kept_and_said_to_be_unchecked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    for to, word in (("js", "node"), ("c", "compiler")):
        done = export_model(make_run("softmax"), to, tmp_path / to)
        assert done.difference is None
        assert done.checked_by.startswith("not checked: no ")
        assert word in done.checked_by
        assert done.path.is_file()


def test_what_cannot_be_exported(tmp_path: Path) -> None:
    run = make_run("softmax")
    with pytest.raises(UsageError, match="unknown format 'pickle'"):
        export_model(run, "pickle", tmp_path / "x")
    with pytest.raises(UsageError, match="no folder"):
        export_model(run, "c")
    with pytest.raises(ShapeError, match="rows of 12 features"):
        export_model(run, "c", tmp_path / "x", torch.zeros(3, 11))
    with pytest.raises(UsageError, match="is a folder"):
        export_model(run, "c", tmp_path)
    several = dataclasses.replace(run, model=dataclasses.replace(run.bank, models=3))
    with pytest.raises(UsageError, match="3 models"):
        export_model(several, "c", tmp_path / "x")
    run.save(tmp_path / "run")
    with pytest.raises(UsageError, match="run's own file"):
        export_model(run, "safetensors", tmp_path / "run" / "model.safetensors")
    wide = make_run("softmax", features=1600)
    with pytest.raises(UsageError, match="at most 1598 features"):
        export_model(wide, "sql", tmp_path / "x")


def test_many_features_are_not_too_deep_for_sqlite(tmp_path: Path) -> None:
    done = export_model(
        make_run("softmax", size=0.5, features=1500), "sql", tmp_path / "x", torch.ones(3, 1500)
    )
    assert done.difference is not None
    assert done.difference < 1e-9


def test_a_slow_program_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "TIMEOUT", 0.2)
    with pytest.raises(ExportError, match="took more than"):
        formats.run_program(["sleep", "10"], "sleep")


def test_the_default_place_is_the_runs_folder(tmp_path: Path) -> None:
    run = make_run("softmax")
    run.save(tmp_path)
    assert export_model(run, "numpy").path == tmp_path / "model.py"
    assert json.loads((tmp_path / "run.json").read_text())["status"] == "completed"


@pytest.mark.parametrize("to", FORMATS)
def test_a_name_that_promises_another_format_is_refused(to: str, tmp_path: Path) -> None:
    suffix = FORMATS[to].suffixes[0]
    with pytest.raises(UsageError, match=rf"x\.npz .* {to}, which writes .* ends in \{suffix}"):
        export_model(make_run("softmax"), to, tmp_path / "x.npz")
    assert not list(tmp_path.iterdir())
    assert export_model(make_run("softmax"), to, tmp_path / f"x.v1{suffix.upper()}").path.is_file()


def test_a_suffix_of_another_format_names_that_format(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"ends in \.sql, or export --to c$"):
        export_model(make_run("softmax"), "sql", tmp_path / "x.c")


def test_an_earlier_export_is_replaced_and_said_and_a_model_stays(tmp_path: Path) -> None:
    run, path = make_run("softmax"), tmp_path / "x.safetensors"
    assert [export_model(run, "safetensors", path).replaced for _ in range(2)] == [False, True]
    run.save(tmp_path / "run")
    path.write_bytes((tmp_path / "run" / "model.safetensors").read_bytes())
    with pytest.raises(UsageError, match="is no export, so it stays"):
        export_model(run, "safetensors", path)


def test_the_predictor_agrees_with_the_run(run: Run, tmp_path: Path) -> None:
    run.save(tmp_path)
    model = Predictor.read(tmp_path / "model.safetensors")
    X = torch.randint(0, 256, (20, 12), dtype=torch.uint8)
    expected = run.probabilities(X) if run.card.classes else run.scores(X)
    np.testing.assert_allclose(model.answers(X.numpy()), expected.numpy(), rtol=1e-4, atol=1e-6)
    assert model.card == run.card
    assert len(model.checksum) == 64

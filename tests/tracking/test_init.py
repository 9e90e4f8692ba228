from __future__ import annotations

import sys
from pathlib import Path

import pytest

from linnet.errors import MissingExtraError, UsageError
from linnet.tracking import MLflow, TensorBoard, WandB, by_names
from tests.support.commands import call
from tests.support.tensorboard import read_tensorboard

QUICK = ("train", "--data", "digits", "--quiet")


def test_names_become_trackers_of_the_runs_folder() -> None:
    board, flow, bias = by_names("tensorboard, mlflow,wandb,mlflow")(Path("runs/a"))
    assert isinstance(board, TensorBoard)
    assert isinstance(flow, MLflow)
    assert isinstance(bias, WandB)
    assert board.folder == Path("runs/a/tensorboard")
    assert (flow.name, flow.keep) == ("a", Path("runs/a/mlflow.run"))
    assert (bias.name, bias.keep) == ("a", Path("runs/a/wandb.run"))


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(UsageError, match="tensorboard, mlflow, wandb with commas between them, not 'comet'"):
        by_names("tensorboard,comet")


@pytest.mark.parametrize(
    "make", [lambda: TensorBoard("logs"), MLflow, WandB, lambda: by_names("wandb,mlflow")]
)
def test_a_missing_package_names_the_extra(make: object, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("torch.utils.tensorboard", "mlflow", "mlflow.entities", "wandb"):
        monkeypatch.setitem(sys.modules, name, None)
    assert callable(make)
    with pytest.raises(MissingExtraError, match=r"pip install 'linnet\[track\]'"):
        make()


def test_train_logs_beside_the_run_and_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*QUICK, "--epochs", 2, "--out", "r", "--track", "tensorboard") == 0
    assert call(*QUICK, "--epochs", 4, "--resume", "r", "--track", "tensorboard") == 0
    assert [step for step, _ in read_tensorboard(Path("r/tensorboard")).figures["test_loss"]] == [1, 2, 3, 4]
    assert capsys.readouterr().out == ""


def test_a_diverged_run_leaves_its_log(capsys: pytest.CaptureFixture[str]) -> None:
    wild = ("--lr", 1e30, "--loss", "squared", "--out", "r")
    assert call(*QUICK, *wild, "--track", "tensorboard") == 1
    assert [path.name for path in Path("r").iterdir()] == ["tensorboard"]
    assert "lower the learning rate" in capsys.readouterr().err


def test_the_command_line_refuses_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*QUICK, "--track", "comet") == 2
    assert "--track takes" in capsys.readouterr().err
    assert not Path("runs").exists()

from __future__ import annotations

import importlib.util
import pkgutil
import subprocess
import sys
import typing
from typing import Any

import pytest
import torch

import linnet

PACKAGE: Any = linnet  # whose names a stub gives to type checkers, one by one


def test_import_is_light() -> None:
    code = (
        "import sys, linnet; print([m for m in ('torch', 'numpy', 'matplotlib', 'rich') if m in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_no_module_hides_a_public_name() -> None:
    assert not {module.name for module in pkgutil.iter_modules(linnet.__path__)} & set(PACKAGE.__all__)


def test_solve_is_a_function_whatever_was_imported_before() -> None:
    code = (
        "import linnet.solvers.solve, linnet.solvers.path, linnet.inference.infer, linnet\n"
        "from linnet.solvers.smooth import newton\n"
        "print(linnet.solve.__name__, linnet.regularization_path.__name__)"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).split() == [
        "solve",
        "regularization_path",
    ]


def test_training_does_not_import_scipy_or_scikit_learn() -> None:
    code = (
        "import sys, linnet; train, test = linnet.load('synthetic'); linnet.fit(train, test=test, epochs=1)\n"
        "print([m for m in ('scipy', 'sklearn') if m in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).splitlines()[-1] == "[]"


TORCH_FREE = (
    "inference.covariance", "inference.goodness", "inference.likelihood", "inference.notes",
    "inference.remarks", "inference.result", "inference.summary_text", "evaluate.interval", "model.card",
    "runs.predict", "data.locate", "model.table",
)  # fmt: skip
"""What shows results or says what they mean, and what answers rows: no training is needed for these."""


@pytest.mark.parametrize("module", TORCH_FREE)
def test_results_are_shown_without_torch(module: str) -> None:
    code = f"import sys, linnet.{module}; print([m for m in ('torch', 'sklearn') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["data", "--help"], ["--version"]])
def test_help_does_not_import_torch(arguments: list[str]) -> None:
    code = (
        "import sys; from linnet.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print('torch' in sys.modules or 'matplotlib' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "False"


def test_no_public_name_is_also_a_module_which_would_take_its_place() -> None:
    assert [name for name in PACKAGE.__all__ if importlib.util.find_spec(f"linnet.{name}")] == []


def test_every_public_name_is_there() -> None:
    for name in PACKAGE.__all__:
        assert getattr(linnet, name) is not None
    assert set(PACKAGE.__all__) <= set(dir(linnet))
    with pytest.raises(AttributeError, match="nothing"):
        _ = PACKAGE.nothing


def test_annotations_of_data_sets_can_be_read() -> None:
    hints = typing.get_type_hints(linnet.Dataset)
    assert hints["X"] is torch.Tensor
    assert typing.get_type_hints(linnet.Dataset.__init__)["y"] is torch.Tensor


def test_estimators_of_small_tables_need_no_torch() -> None:
    code = (
        "import sys, numpy as np\n"
        "from linnet.estimators import LinearRegressor, SoftmaxClassifier\n"
        "X, y = np.eye(9)[:, :3], np.arange(9.0)\n"
        "for model in (LinearRegressor(), LinearRegressor(l2=0.1), LinearRegressor(l1=0.1)):\n"
        "    model.fit(X, y).predict(X)\n"
        "for labels in (y > 4, np.repeat(['a', 'b', 'c'], 3)):\n"
        "    model = SoftmaxClassifier(l2=0.1).fit(X, labels)\n"
        "    model.predict(X), model.predict_proba(X), model.predict_log_proba(X)\n"
        "print([name for name in ('torch', 'matplotlib') if name in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"

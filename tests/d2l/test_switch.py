from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.packages import package, run


def test_the_books_line_resolves_to_linnet() -> None:
    done = run(
        """
import linnet.d2l
linnet.d2l.activate(); linnet.d2l.activate()
from d2l import torch as d2l
import d2l.torch as same, linnet.d2l.torch as ours, torch
from d2l.torch import *
import d2l as package
assert d2l is same and d2l.train_ch3 is ours.train_ch3 is train_ch3 is package.train_ch3
assert d2l.torch is torch and d2l.nn is torch.nn
assert 'train_ch3' in dir(d2l)
d2l.DATA_HUB['mine'] = ('http://x/y', 'z'); assert 'mine' in ours.DATA_HUB
try:
    from d2l import mxnet
except ImportError as error:
    print(error)
"""
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "d2l.torch" in done.stdout or "mxnet" in done.stdout


def test_without_the_switch_nothing_resolves() -> None:
    done = run("import linnet.d2l\nlinnet.d2l.activate()\nlinnet.d2l.deactivate()\nimport d2l")
    assert "No module named 'd2l'" in done.stderr


def test_a_real_package_goes_first(tmp_path: Path) -> None:
    place = package(tmp_path, "d2l", "", torch="real = True")
    done = run("import linnet.d2l\nlinnet.d2l.activate()\nfrom d2l import torch\nprint(torch.real)", place)
    assert done.stdout.strip() == "True", done.stderr


def test_a_folder_of_that_name_is_no_package(tmp_path: Path) -> None:
    (tmp_path / "d2l").mkdir()
    done = run(
        "import linnet.d2l\nlinnet.d2l.activate()\nfrom d2l import torch\nprint(torch.train_ch3)", tmp_path
    )
    assert "function train_ch3" in done.stdout, done.stderr


VISION = """
import linnet.d2l
linnet.d2l.activate()
import torchvision
from torchvision import transforms, datasets
from torchvision.transforms import ToTensor, Resize, Compose, Normalize
import torchvision.datasets
assert torchvision.transforms.ToTensor is ToTensor is transforms.ToTensor
assert issubclass(torchvision.datasets.MNIST, object) and datasets.FashionMNIST
for wanted in ("torchvision.models", "torchvision.transforms.v2"):
    try:
        __import__(wanted)
    except ImportError as error:
        print(error)
try:
    transforms.CenterCrop
except AttributeError as error:
    print(error)
"""


@pytest.mark.parametrize(
    "fault", ["absent", "import torch; torch.ops.torchvision.nms", "import nothing_at_all"]
)
def test_torchvision_is_stood_in_for_and_said_once(tmp_path: Path, fault: str) -> None:
    content = f"from . import extension\n{fault}"
    places = [] if fault == "absent" else [package(tmp_path, "torchvision", content, extension="x = 1")]
    if fault == "absent" and run("import torchvision").returncode == 0:
        pytest.skip("torchvision is installed here")
    done = run(VISION, *places)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("linnet: torchvision") == 1
    assert done.stderr.count("\n") == 1
    assert "No module named 'torchvision.models'" in done.stdout
    assert "has no 'CenterCrop'" in done.stdout
    assert done.stdout.count("torchvision.transforms.v2") == 1


def test_a_real_torchvision_goes_first(tmp_path: Path) -> None:
    place = package(tmp_path, "torchvision", "from . import datasets\nreal = True", datasets="here = 1")
    code = """
import linnet.d2l
linnet.d2l.activate()
import torchvision
from torchvision import datasets
print(torchvision.real, datasets.here)
"""
    done = run(code, place)
    assert (done.stdout.strip(), done.stderr) == ("True 1", "")


def test_the_notebook_extension_is_the_switch() -> None:
    code = """
import linnet, sys
linnet.load_ipython_extension(None)
import d2l.torch
linnet.unload_ipython_extension(None)
print(any('linnet' in type(finder).__module__ for finder in sys.meta_path))
"""
    assert run(code).stdout.strip() == "False"


def test_each_module_that_the_book_is_made_of_can_be_imported_first() -> None:
    code = """
import importlib, pkgutil, sys, linnet.d2l
for module in [module.name for module in pkgutil.iter_modules(linnet.d2l.__path__)]:
    for name in [name for name in sys.modules if name.startswith("linnet.d2l")]:
        del sys.modules[name]
    importlib.import_module(f"linnet.d2l.{module}")
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_names_of_other_editions_that_are_not_here_are_answered() -> None:
    answers = {
        "import d2lzh as d2l": "import d2lzh_pytorch as d2l",
        "from d2l import mxnet as d2l": "the book for MXNet: linnet has that for PyTorch",
        "from d2l import tensorflow as d2l": "the book for TensorFlow",
        "from d2l import torch as d2l; d2l.train_ch6": "later chapter: linnet offers the names of",
        "import d2lzh_pytorch as d2l; d2l.Residual": "edition 1.0",
    }
    code = f"""
import linnet.d2l; linnet.d2l.activate()
for line, said in {answers}.items():
    try: exec(line)
    except (ImportError, AttributeError) as error: assert said in str(error), (line, error)
    else: raise AssertionError(line)
"""
    assert run(code).stderr == ""


def test_the_ports_imports_resolve_to_linnet() -> None:
    code = """
import linnet.d2l; linnet.d2l.activate()
import sys; sys.path.append('..')
import d2lzh_pytorch as d2l
from d2lzh_pytorch import *
from d2lzh_pytorch.utils import FlattenLayer as same
from IPython.display import set_matplotlib_formats
assert d2l.FlattenLayer is FlattenLayer is same
set_matplotlib_formats('svg')
"""
    done = run(code)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_real_port_goes_first(tmp_path: Path) -> None:
    place = package(tmp_path, "d2lzh_pytorch", "real = True")
    done = run(
        "import linnet.d2l; linnet.d2l.activate()\nimport d2lzh_pytorch\nassert d2lzh_pytorch.real", place
    )
    assert done.stderr == ""

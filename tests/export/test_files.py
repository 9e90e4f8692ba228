"""What a reader finds in each file, beyond the answers that `test_choose` checks."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from safetensors import safe_open

import linnet
from linnet.errors import MissingExtraError
from linnet.export import FORMATS, export_model
from tests.support.colors import arrays, dataset
from tests.support.runs import NAMES, make_run


def made(to: str, loss: str = "softmax") -> Path:
    """A file of a run."""
    return export_model(make_run(loss), to, Path("file")).path


def python(path: Path) -> dict[str, Any]:
    """The names of a Python file."""
    names: dict[str, Any] = {}
    exec(compile(path.read_text("utf-8"), path, "exec"), names)
    return names


def test_safetensors_says_what_its_tensors_mean() -> None:
    with safe_open(made("safetensors"), "pt") as file:
        assert torch.equal(file.get_tensor("W"), make_run("softmax").bank.W)
        said = file.metadata()
    assert (said["kind"], said["scale"]) == ("softmax", repr(1 / 255))
    assert tuple(json.loads(said["classes"])) == NAMES
    assert json.loads(said["image_shape"]) == [3, 4]


def test_numpy_takes_rows_images_and_a_single_row() -> None:
    names = python(made("numpy"))
    images = np.random.default_rng(0).integers(0, 256, (5, 3, 4), np.uint8)
    flat = names["predict_proba"](images.reshape(5, 12))
    np.testing.assert_array_equal(names["predict_proba"](images), flat)
    np.testing.assert_allclose(names["predict_proba"](images[0].ravel()), flat[:1], rtol=1e-12)
    assert names["predict"](images) == [NAMES[k] for k in flat.argmax(1)]
    with pytest.raises(ValueError, match="12 features, got 11"):
        names["predict_proba"](np.zeros((2, 11)))


def test_numpy_regression_refuses_probabilities() -> None:
    names = python(made("numpy", "squared"))
    assert names["predict"](np.zeros((2, 12))).shape == (2, 3)
    with pytest.raises(TypeError, match="use predict"):
        names["predict_proba"](np.zeros((2, 12)))


def test_c_names_survive_escaping() -> None:
    text = made("c").read_text("ascii")
    block = text[text.index("linnet_classes") : text.index("linnet_b[")]
    found = re.findall(r'^    "(.*)"', block, re.MULTILINE)
    octal = [re.sub(r"\\(\d{3})", lambda m: chr(int(m[1], 8)), name).encode("latin-1") for name in found]
    assert [name.decode() for name in octal] == list(NAMES)
    assert "??" not in text


def test_sql_gives_names_and_probabilities_in_order() -> None:
    query = made("sql").read_text("utf-8")
    with sqlite3.connect(":memory:") as database:
        columns = ", ".join(f"x{j}" for j in range(12))
        database.execute(f"CREATE TABLE features (id, {columns})")
        database.execute(f"INSERT INTO features VALUES ('a', {', '.join('7' * 12)})")
        rows = database.execute(query).fetchall()
    database.close()
    assert [row[:3] for row in rows] == [("a", k, name) for k, name in enumerate(NAMES)]
    expected = make_run("softmax").probabilities(torch.full((1, 12), 7))[0]
    np.testing.assert_allclose([row[-1] for row in rows], expected.numpy(), rtol=1e-5)


def test_onnx_gives_probabilities_classes_and_what_they_are_called() -> None:
    session = onnxruntime.InferenceSession(made("onnx"), providers=["CPUExecutionProvider"])
    X = np.random.default_rng(0).integers(0, 256, (7, 12)).astype(np.float32)
    outcome = dict(zip([o.name for o in session.get_outputs()], session.run(None, {"rows": X}), strict=True))
    assert set(outcome) == {"probabilities", "class"}
    np.testing.assert_array_equal(
        np.asarray(outcome["class"]), np.asarray(outcome["probabilities"]).argmax(1)
    )
    said = session.get_modelmeta().custom_metadata_map
    assert tuple(json.loads(said["classes"])) == NAMES
    assert said["kind"] == "softmax"


@pytest.mark.parametrize("package", ["onnx", "onnxruntime"])
def test_onnx_names_its_extra(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(MissingExtraError, match=r"linnet\[onnx\]"):
        made("onnx")


def test_the_same_model_gives_the_same_bytes() -> None:
    for to in ("safetensors", "onnx", "numpy", "js", "c", "sql"):
        assert made(to).read_bytes() == made(to).read_bytes()


def test_a_model_in_colour_says_the_order_of_its_numbers_and_takes_pictures() -> None:
    (X, y), data = arrays(), dataset()
    run = linnet.solve(data, l2=0.01).value
    paths = {
        to: export_model(run, to, Path(f"color{FORMATS[to].suffixes[0]}"), data.X).path
        for to in ("numpy", "c", "js")
    }
    names = python(paths["numpy"])
    assert names["predict"](X) == y.tolist()  # (N, 6, 6, 3)
    assert names["IMAGE_SHAPE"] == (6, 6, 3)
    for path in paths.values():
        assert "(6 x 6 pixels, line by line, red, green and blue of each)" in path.read_text("utf-8")
    assert "#define LINNET_CHANNELS 3\n" in paths["c"].read_text("utf-8")
    assert "imageShape = [6, 6, 3]" in paths["js"].read_text("utf-8")

"""The lines of docs/export.md work as they are printed, in both languages, for float32 and float64 models."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from linnet.cli import main
from linnet.core.bank import Bank
from linnet.export import FORMATS, export_model
from linnet.model.card import Card
from linnet.model.history import History
from linnet.model.run import Run
from tests.support.pages import fenced
from tests.support.patience import PATIENCE

DOCS = Path(__file__).parents[2] / "docs"
TABLES = {"export.md": "\n## Models of tables\n", "export.zh-CN.md": "\n## 表格模型\n"}
PAGES = list(TABLES)
ROWS = np.random.default_rng(0).integers(0, 256, (3, 784), np.uint8)


def make(dtype: torch.dtype) -> Run:
    """A model of ten classes over pictures of 28 × 28."""
    theta = torch.randn(10, 785, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    card = Card("pictures", tuple(f"class {k}" for k in range(10)), (28, 28), 1 / 255, "softmax")
    return Run(Bank(theta.to(dtype)), History(), "completed", card)


def right(run: Run) -> np.ndarray:
    """The probabilities of the rows by the definition, in float64."""
    W, b = run.bank.W.double().numpy(), run.bank.b.double().numpy()
    powers = np.exp((scores := ROWS / 255 @ W.T + b) - scores.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def block(page: str, language: str, word: str) -> str:
    """The fenced block that has a word, on a page without its section on models of tables."""
    before, after = (DOCS / page).read_text("utf-8").split(TABLES[page])
    text = before + "\n## " + after.partition("\n## ")[2]
    return fenced(text, language, word)


@pytest.mark.parametrize("page", PAGES)
def test_the_commands(page: str) -> None:
    make(torch.float32).save("runs/first")
    for line in block(page, "sh", "linnet export").splitlines():
        command = shlex.split(line, comments=True)
        assert command[:2] == ["linnet", "export"]
        with pytest.raises(SystemExit) as ended:
            main(command[1:])
        assert ended.value.code in (0, None)
    assert Path("runs/first/model.py").is_file()
    assert Path("firmware/shirts.c").is_file()


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(("dtype", "exact"), [(torch.float32, 1e-5), (torch.float64, 1e-12)])
def test_onnx_takes_and_gives_the_type_that_its_metadata_says(
    page: str, dtype: torch.dtype, exact: float
) -> None:
    run = make(dtype)
    export_model(run, "onnx", "model.onnx")
    names: dict[str, Any] = {"rows": ROWS}
    exec(block(page, "python", "onnxruntime"), names)
    given = names["session"].get_inputs()[0].type
    assert (names["dtype"], given) == {
        torch.float32: ("float32", "tensor(float)"), torch.float64: ("float64", "tensor(double)"),
    }[dtype]  # fmt: skip
    assert names["probabilities"].dtype == names["dtype"]
    np.testing.assert_allclose(names["probabilities"], right(run), atol=exact)
    np.testing.assert_array_equal(names["k"], right(run).argmax(1))


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_numpy_and_safetensors(page: str, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make(dtype)
    export_model(run, "numpy", "model.py")
    export_model(run, "safetensors", "plain.safetensors")
    monkeypatch.syspath_prepend(Path.cwd())
    monkeypatch.delitem(__import__("sys").modules, "model", raising=False)
    names: dict[str, Any] = {"rows": ROWS, "images": ROWS.reshape(3, 28, 28)}
    exec(block(page, "python", "from model"), names)
    np.testing.assert_allclose(names["predict_proba"](names["images"]), right(run), atol=1e-12)
    exec(block(page, "python", "safe_open"), names)
    assert names["names"] == names["predict"](ROWS) == [f"class {k}" for k in right(run).argmax(1)]
    monkeypatch.delitem(__import__("sys").modules, "model")


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
@pytest.mark.parametrize("page", PAGES)
def test_js(page: str) -> None:
    run = make(torch.float64)
    export_model(run, "js", "model.mjs")
    first, second = block(page, "js", "model.mjs").splitlines()
    pixels = f"const pixels = {ROWS[0].tolist()};"
    Path("page.mjs").write_text(
        f"{first}\n{pixels}\n{second}\nconsole.log(Array.from(p).join(' '));\n", "utf-8"
    )
    said = subprocess.run(
        ["node", "page.mjs"], capture_output=True, text=True, check=True, timeout=PATIENCE
    ).stdout
    np.testing.assert_allclose([float(text) for text in said.split()], right(run)[0], atol=1e-12)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(("dtype", "number"), [(torch.float32, "float"), (torch.float64, "double")])
def test_c_takes_and_gives_the_type_that_its_declaration_says(
    page: str, dtype: torch.dtype, number: str
) -> None:
    run = make(dtype)
    export_model(run, "c", "model.c")
    declared = block(page, "c", "linnet_predict").replace("float", number)
    values = ", ".join(map(str, ROWS[0].tolist()))
    Path("main.c").write_text(
        f'#include <stdio.h>\n{declared}\nint main(void) {{ static const {number} row[784] = {{{values}}};\n'
        f' {number} answers[10]; linnet_predict(row, answers);\n'
        ' for (int k = 0; k < 10; k++) printf("%s %.17g\\n", linnet_classes[k], (double)answers[k]);\n'
        " return 0; }\n",
        "utf-8",
    )  # fmt: skip
    # One file, so that the compiler compares the declaration of the page with the definition.
    Path("whole.c").write_text('#include "model.c"\n#include "main.c"\n', "ascii")
    subprocess.run(
        ["cc", "-std=c99", "-Wall", "-Werror", "whole.c", "-o", "whole", "-lm"], check=True, timeout=PATIENCE
    )
    lines = subprocess.run(
        ["./whole"], capture_output=True, text=True, check=True, timeout=PATIENCE
    ).stdout.splitlines()
    assert [line.rpartition(" ")[0] for line in lines] == [f"class {k}" for k in range(10)]
    exact = 1e-7 if number == "float" else 1e-12
    np.testing.assert_allclose([float(line.split()[-1]) for line in lines], right(run)[0], atol=exact)


@pytest.mark.parametrize("page", PAGES)
def test_every_format_is_in_the_table(page: str) -> None:
    text = (DOCS / page).read_text("utf-8")
    assert all(f"| `{name}` | `{made.file_name}`" in text for name, made in FORMATS.items())

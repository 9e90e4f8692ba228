from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.datasets import dump_svmlight_file

import linnet
from linnet.model.run import Run
from tests.support.commands import call


def test_predict(digits_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from linnet.data.sources import digits

    test = digits.load().test
    assert test is not None
    run = Run.load(digits_run)
    for row in range(5):
        pixels = (test.images(slice(row, row + 1))[0].numpy() * (255 / 16)).round().astype(np.uint8)
        Image.fromarray(pixels).save(f"{row}.png")
    np.save("5.npy", np.asarray(Image.open("4.png")))
    names = [*(f"{row}.png" for row in range(5)), "5.npy"]
    assert call("predict", digits_run, *names, "--top", 2, "--json", "--no-invert") == 0
    guesses = json.loads(capsys.readouterr().out)
    expected = run.scores(test.X[:5]).argmax(1).tolist()
    assert [int(guess["top"][0]["class"]) for guess in guesses[:5]] == expected
    assert guesses[4]["top"] == guesses[5]["top"]
    assert all(len(guess["top"]) == 2 for guess in guesses)
    assert call("predict", digits_run, "0.png") == 0
    assert "%" in capsys.readouterr().out
    assert call("predict", digits_run, "none.png") == 1
    assert call("predict", digits_run, "[0-4].png", "--top", 2, "--json", "--no-invert") == 0
    assert json.loads(capsys.readouterr().out) == guesses[:5]
    assert call("predict", digits_run, "*.webp") == 1
    assert "no picture at *.webp" in capsys.readouterr().err


def test_predict_says_that_nothing_was_seen_on_a_blank_picture(
    digits_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGBA", (40, 20)).save("blank.png")
    assert call("predict", digits_run, "blank.png") == 0
    said = capsys.readouterr().out
    assert "nothing was seen" in said
    assert "transparency laid on white; 40 × 20 pixels padded and resized to 8 × 8; inverted" in said
    assert "%" not in said
    assert call("predict", digits_run, "blank.png", "--json") == 0
    (answer,) = json.loads(capsys.readouterr().out)
    assert answer["top"] == []
    assert "nothing was seen" in answer["nothing"]
    assert len(answer["prepared"]) == 3


def test_rows_of_every_form_are_answered_without_torch(tmp_path: Path) -> None:
    """As a model in a service or a job is: torch takes seconds to load, and may not be there."""
    drawn = np.random.default_rng(0)
    X, y = drawn.normal(size=(40, 3)), np.arange(40) % 2
    pd.DataFrame(X, columns=["a", "b", "c"]).assign(y=y).to_csv(tmp_path / "rows.csv", index=False)
    dump_svmlight_file(X, y, str(tmp_path / "rows.svm"), zero_based=False)
    np.savez(tmp_path / "rows.npz", X=X, y=y)
    images = drawn.integers(0, 256, (40, 3, 4), np.uint8)
    np.savez(tmp_path / "images.npz", images=images, labels=y)
    Image.fromarray(images[0]).save(tmp_path / "one.png")
    asked = [("rows.csv", "rows.csv"), ("rows.svm", "rows.svm"), ("rows.npz", "rows.npz"),
             ("images.npz", "images.npz"), ("images.npz", "one.png")]  # fmt: skip
    for source in {source for source, _ in asked}:
        linnet.solve(linnet.load(tmp_path / source), l2=1.0, out=tmp_path / f"{source} run", report=False)
    code = (
        "import sys; from linnet.cli import main\n"
        "for run, rows in zip(sys.argv[1::2], sys.argv[2::2]):\n"
        "    try: main(['predict', run, rows])\n"
        "    except SystemExit as done: assert not done.code, rows\n"
        "    assert 'torch' not in sys.modules, rows\n"
    )
    arguments = [str(tmp_path / one) for source, rows in asked for one in (f"{source} run", rows)]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("prediction,") == 4

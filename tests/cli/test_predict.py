from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

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

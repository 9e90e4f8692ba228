"""`linnet predict`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

import linnet
from linnet.cli.console import open_run, print_result
from linnet.cli.options import Json
from linnet.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor

    from linnet.data.pictures.decode import Prepared

Guess = list[tuple[str, float]]


def predict(
    run: Path,
    images: Annotated[list[Path], Parameter(negative="")],
    /,
    *,
    top: int = 3,
    invert: bool | None = None,
    json: Json = False,
) -> None:
    """Say what is on a picture: the likeliest classes with their probabilities, or the numbers it predicts.

    Pictures are greyscaled, padded to the right shape, resized, and inverted when their border is light
    (Fashion-MNIST shows light clothes on black). Orientation tags are obeyed. Of a picture on which nothing
    is left by that, no class is said.

    Examples
        linnet predict runs/first shirt.png coat.jpg

        linnet predict runs/first drawing.npy --top 1 --json

    Parameters
    ----------
    run
        The run's folder.
    images
        PNG, JPEG, WebP, TIFF, BMP, GIF or .npy files.
    top
        How many classes to give.
    invert
        Invert always or never; decided by the border when not given.
    """
    import torch

    from linnet.data.pictures.prepare import as_stored, prepare

    opened = open_run(run)
    if opened.card.image_shape is None:
        raise UsageError(f"{run} is a model of {opened.card.dataset}, which does not take pictures")
    if top < 1:
        raise UsageError(f"--top must be at least 1, not {top}")
    made = [prepare(image, opened.card.image_shape, invert) for image in images]
    pixels = torch.stack([torch.from_numpy(as_stored(one.pixels, opened.card.scale)) for one in made])
    _show(images, made, _guesses(opened, pixels, top), json, is_regression=not opened.card.classes)


def _guesses(run: linnet.Run, pixels: Tensor, top: int) -> list[Guess]:
    """The likeliest classes of rows (B, D) with their probabilities, or the numbers that are predicted."""
    card = run.card
    if not card.classes:
        names = card.output_names(run.bank.outputs)
        return [list(zip(names, row, strict=True)) for row in run.predictions(pixels).tolist()]
    chances, classes = run.probabilities(pixels).topk(min(top, len(card.classes)))
    likeliest = [[card.classes[k] for k in row] for row in classes.tolist()]
    return [list(zip(n, p, strict=True)) for n, p in zip(likeliest, chances.tolist(), strict=True)]


def _show(
    images: list[Path], made: list[Prepared], guesses: list[Guess], json: bool, *, is_regression: bool
) -> None:
    shown = list(zip(map(str, images), made, guesses, strict=True))
    width, form = max(len(image) for image, _, _ in shown), ".6g" if is_regression else ".1%"
    answers = ["  ".join(f"{name} {value:{form}}" for name, value in guess) for guess in guesses]
    print_result(
        lambda: [_plain(*one, is_regression) for one in shown],
        lambda: [
            f"{image:<{width}}  {picture.nothing if picture.is_blank else answer}"
            for (image, picture, _), answer in zip(shown, answers, strict=True)
        ],
        json,
    )


def _plain(image: str, picture: Prepared, guess: Guess, is_regression: bool) -> dict[str, Any]:
    """An answer as JSON has it; of a blank picture without a class, but with the reason."""
    done = [str(step) for step in picture.steps]
    if is_regression:
        seen = {"nothing": picture.nothing} if picture.is_blank else {"values": dict(guess)}
        return {"image": image, **seen, "prepared": done}
    if picture.is_blank:
        return {"image": image, "top": [], "prepared": done, "nothing": picture.nothing}
    top = [{"class": name, "probability": p} for name, p in guess]
    return {"image": image, "top": top, "prepared": done}

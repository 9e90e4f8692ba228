"""`linnet predict`."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from linnet.errors import UsageError


def predict(
    run: Path,
    images: Annotated[list[Path], Parameter(negative="")],
    /,
    *,
    top: int = 3,
    invert: bool | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Say what is on a picture: the likeliest classes with their probabilities.

    Pictures are greyscaled, padded to the right shape, resized, and inverted when their border is light
    (Fashion-MNIST shows light clothes on black).

    Examples
        linnet predict runs/first shirt.png coat.jpg

        linnet predict runs/first drawing.npy --top 1 --json

    Parameters
    ----------
    run
        The run's folder.
    images
        PNG, JPEG or .npy files.
    top
        How many classes to give.
    invert
        Invert always or never; decided by the border when not given.
    json
        Print a JSON list, one object a picture.
    """
    from linnet.cli.choose import open_run
    from linnet.data.images import read_images

    opened = open_run(run)
    if opened.card.image_shape is None or not opened.card.classes:
        raise UsageError(f"{run} is a model of {opened.card.dataset}, which does not take pictures")
    if top < 1:
        raise UsageError(f"--top must be at least 1, not {top}")
    full = round(1 / opened.card.scale)  # pixels of the model run from 0 to this
    pixels = read_images(images, opened.card.image_shape, invert).double() * (full / 255)
    chances, classes = opened.probabilities(pixels).topk(min(top, len(opened.card.classes)))
    names = [[opened.card.classes[k] for k in row] for row in classes.tolist()]
    guesses = [list(zip(n, p, strict=True)) for n, p in zip(names, chances.tolist(), strict=True)]
    _show(images, guesses, json)


def _show(images: list[Path], guesses: list[list[tuple[str, float]]], json: bool) -> None:
    if json:
        rows = [
            {"image": str(image), "top": [{"class": name, "probability": p} for name, p in guess]}
            for image, guess in zip(images, guesses, strict=True)
        ]
        print(json_format.dumps(rows, ensure_ascii=False))
        return
    width = max(len(str(image)) for image in images)
    for image, guess in zip(images, guesses, strict=True):
        print(f"{image!s:<{width}}  " + "  ".join(f"{name} {p:.1%}" for name, p in guess))

"""/api/try: what a model says of a picture or of a test row, why, and how sure it is."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, Literal

import anyio.to_thread
import numpy as np
import torch
from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response
from torch import Tensor

from linnet.data.pictures.preparation import is_blank
from linnet.data.pictures.prepare import as_stored, png_of, prepared
from linnet.errors import UsageError
from linnet.evaluate.confidence.prediction_sets import coverage, learn_sets
from linnet.evaluate.contributions import contributions
from linnet.evaluate.evaluation import Evaluation
from linnet.lab import scripts
from linnet.lab.evaluations import EvaluationCache, model_frame
from linnet.lab.jobs import ProgressStream, line_of
from linnet.lab.schemas import Ask, Page
from linnet.lab.state import LabState
from linnet.model.run import Run

MAX_BYTES = 8 << 20
"""Of a picture's file."""

MAX_PIXELS = 16_000_000
"""Of a picture, checked before it is decoded."""

MAX_ROW = 64 << 10
"""Pixels of a row that is sent."""

Id = Annotated[str, Field(max_length=64)]


class Which(Ask, strict=True):
    """A model.

    Args:
        model: its id.
    """

    model: Id


class Browsed(Ask, strict=True):
    """Test rows to look through.

    Args:
        model: whose test rows.
        label: only those of this class.
        wrong: only those that the model takes for another class.
        start: how many to pass over.
        count: how many to give.
    """

    model: Id
    label: int | None = Field(default=None, ge=0, lt=10_000)
    wrong: bool = False
    start: int = Field(default=0, ge=0, lt=2**31)
    count: int = Field(default=24, ge=1, le=60)


class Picture(Ask, strict=True):
    """A picture's file to be made like the model's pictures.

    Args:
        model: whose.
        file: its bytes in base64.
        invert: always or never; by its border when None.
    """

    model: Id
    file: str = Field(min_length=1, max_length=4 * MAX_BYTES // 3 + 4)
    invert: bool | None = None


class Asked(Ask, strict=True):
    """A row to classify.

    Args:
        model: its id.
        row: the number of a test row; or
        pixels: the bytes of a grey picture as /api/try/picture gives it, in base64.
        explain: the class whose score is explained; the likeliest when None.
        against: the class it is held against; none when None.
        alpha: the share of prediction sets that may miss.
        method: of the sets, "lac" or "aps".
    """

    model: Id
    row: int | None = Field(default=None, ge=0, lt=2**31)
    pixels: str | None = Field(default=None, max_length=4 * MAX_ROW // 3 + 4)
    explain: int | None = Field(default=None, ge=0, lt=10_000)
    against: int | None = Field(default=None, ge=0, lt=10_000)
    alpha: float = Field(default=0.1, gt=0, lt=1)
    method: Literal["lac", "aps"] = "lac"


def router(lab: LabState) -> APIRouter:
    """The tab's routes."""
    routes = APIRouter(prefix="/api/try", tags=["try"])
    evaluations = EvaluationCache(lab)

    @routes.post(
        "/train", summary="Train a model to try: frames of NDJSON meanwhile, the last with its id",
        response_class=ProgressStream, status_code=200,
    )  # fmt: skip
    async def train(page: Page) -> Response:
        if (number := evaluations.default()) is not None:  # which needs no turn
            return Response(line_of(model_frame(number)), media_type=ProgressStream.media_type)
        return lab.jobs.stream(page, evaluations.train)

    @routes.post("/model", summary="A model to try")
    async def model(which: Which) -> dict[str, Any]:
        return await anyio.to_thread.run_sync(_model, evaluations, which)

    @routes.post("/images", summary="Some of the model's test rows")
    async def images(browsed: Browsed) -> dict[str, Any]:
        return await anyio.to_thread.run_sync(_images, evaluations, browsed)

    @routes.post("/picture", summary="A picture made like those the model was trained on")
    async def picture(asked: Picture) -> dict[str, Any]:
        return await anyio.to_thread.run_sync(_picture, lab, asked)

    @routes.post("", summary="Probabilities, contributions and the prediction set of one row")
    async def classify(asked: Asked) -> dict[str, Any]:
        return await anyio.to_thread.run_sync(answer, evaluations, asked)

    return routes


def _model(evaluations: EvaluationCache, which: Which) -> dict[str, Any]:
    evaluation = evaluations.of(which.model)
    run, card = evaluation.run, evaluation.run.card
    return {
        "id": which.model, "name": card.dataset, "classes": card.classes, "image_shape": card.image_shape,
        "features": run.bank.features, "rows": len(evaluation),
        "dataset": run.asked.get("dataset"),
        "accuracy": float(evaluation.hits.mean()),
        "columns": evaluation.train.columns, "is_default": which.model == evaluations.default(),
    }  # fmt: skip


def _images(evaluations: EvaluationCache, browsed: Browsed) -> dict[str, Any]:
    evaluation = evaluations.of(browsed.model)
    fits = np.ones(len(evaluation), dtype=bool)
    if browsed.label is not None:
        fits &= evaluation.targets == browsed.label
    if browsed.wrong:
        fits &= ~evaluation.hits
    rows = np.flatnonzero(fits)
    shown = rows[browsed.start : browsed.start + browsed.count].tolist()
    return {"found": len(rows), "rows": [_browsed(evaluation, row) for row in shown]}


def _browsed(evaluation: Evaluation, row: int) -> dict[str, Any]:
    label, guess = int(evaluation.targets[row]), int(evaluation.predictions[row])
    is_picture = evaluation.run.card.image_shape is not None
    pixels = _text(_grey(evaluation.run, evaluation.rows.X[row])) if is_picture else ""
    return {"row": row, "label": label, "guess": guess, "pixels": pixels}


def _picture(lab: LabState, asked: Picture) -> dict[str, Any]:
    card = lab.model(asked.model).run.card
    if card.image_shape is None:
        raise UsageError(f"a model of {card.dataset} takes columns, not pictures: pick one of its test rows")
    content = _bytes(asked.file, MAX_BYTES)
    made = prepared(content, card.image_shape, asked.invert, MAX_PIXELS)
    height, width = card.image_shape
    return {
        "pixels": _text(made.pixels), "height": height, "width": width, "is_blank": made.is_blank,
        "steps": [step.plain for step in made.steps], "said": made.nothing if made.is_blank else made.history,
    }  # fmt: skip


def answer(evaluations: EvaluationCache, asked: Asked) -> dict[str, Any]:
    """What the page shows of one row.

    Raises:
        MissingError: there is no such model.
        UsageError: there is no such row or class, or the pixels are not the model's.
    """
    evaluation = evaluations.of(asked.model)
    run, classes = evaluation.run, evaluation.classes
    x, label = _row(evaluation, asked)
    p = run.probabilities(x[None]).double()  # (1, K)
    nothing = _nothing(asked, x)
    guess = int(p.argmax())
    k = guess if asked.explain is None else asked.explain
    _check_classes(len(classes), k, asked.against)
    grey = _grey(run, x)
    png = png_of(grey) if grey.ndim == 2 else b""
    shot = scripts.Shot(
        asked.row, grey.tobytes() if png else b"", png, k, asked.against, asked.alpha, asked.method
    )
    python, command = scripts.trying(evaluation, shot, evaluations.lab.settings.data_dir)
    return {
        "probabilities": p[0].tolist(), "guess": None if nothing else guess, "label": label,
        "nothing": nothing,
        "pixels": _text(grey) if png else "", "values": [] if png else x.double().tolist(),
        "explanation": _explained(run, x, k, asked.against),
        "set": _set(evaluation, p, asked),
        "python": python, "command": command,
    }  # fmt: skip


def _nothing(asked: Asked, x: Tensor) -> str | None:
    """What is said of a picture whose pixels are all the same, of which no class is named."""
    if asked.pixels is None or not is_blank(x.numpy()):
        return None
    return "nothing was seen on the picture: every pixel is the same, so the probabilities are not of it"


def _set(evaluation: Evaluation, p: Tensor, asked: Asked) -> dict[str, Any]:
    """The prediction set of a row of probabilities (1, K), and what such sets come to on the test rows."""
    rule, split = (
        learn_sets(evaluation.on_calibration_split, asked.alpha, asked.method),
        evaluation.calibration_split,
    )
    found = coverage(rule, evaluation)
    return {
        "classes": np.flatnonzero(rule.sets(p)[0]).tolist(), "asked": found.asked,
        "coverage": found.coverage, "mean_size": found.mean_size, "learnt_on": rule.rows,
        "source": split.source, "is_unseen": split.is_unseen, "judged_on": len(evaluation),
    }  # fmt: skip


def _explained(run: Run, x: Tensor, k: int, other: int | None) -> dict[str, Any]:
    """The share of each feature in the score of class k, or in its lead over another class."""
    found = contributions(run, x)
    scores = found.scores
    if other is None:
        parts, bias, score = found.parts[k], found.bias[k], scores[k]
    else:
        parts, bias, score = (
            found.between(k, other),
            found.bias[k] - found.bias[other],
            scores[k] - scores[other],
        )
    return {
        "explain": k, "against": other, "parts": parts.tolist(), "bias": float(bias),
        "pixels": float(parts.sum()), "score": float(score), "scores": scores.tolist(),
    }  # fmt: skip


def _check_classes(classes: int, k: int, other: int | None) -> None:
    for name, value in (("explain", k), ("against", other)):
        if value is not None and value >= classes:
            raise UsageError(f"{name} must be a class, 0…{classes - 1}, not {value}")
    if k == other:
        raise UsageError("a class cannot be held against itself: choose another")


def _row(evaluation: Evaluation, asked: Asked) -> tuple[Tensor, int | None]:
    """The row as the model takes it, (D,), and its class where that is known."""
    if (asked.row is None) == (asked.pixels is None):
        raise UsageError("give the number of a test row, or pixels, one of the two")
    if asked.row is not None:
        if asked.row >= len(evaluation):
            raise UsageError(f"the test rows are 0…{len(evaluation) - 1}, there is no row {asked.row}")
        return evaluation.rows.X[asked.row], int(evaluation.rows.labels[asked.row])
    card = evaluation.run.card
    if card.image_shape is None:
        raise UsageError(f"a model of {card.dataset} takes columns, not pictures: pick one of its test rows")
    content = _bytes(asked.pixels or "", MAX_ROW)
    height, width = card.image_shape
    if len(content) != height * width:
        raise UsageError(f"expected {height} × {width} = {height * width} pixels, got {len(content)}")
    return torch.from_numpy(as_stored(np.frombuffer(content, np.uint8), card.scale)), None


def _grey(run: Run, x: Tensor) -> np.ndarray:
    """A row as a picture, uint8 (height, width); empty where it is none."""
    if run.card.image_shape is None:
        return np.empty(0, np.uint8)
    full = x.double() * run.card.scale * 255
    return full.round().clamp(0, 255).to(torch.uint8).view(run.card.image_shape).numpy()


def _text(grey: np.ndarray) -> str:
    return base64.b64encode(grey.tobytes()).decode()


def _bytes(text: str, most: int) -> bytes:
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise UsageError("this is not base64: send a file's bytes so encoded") from None
    if len(content) > most:
        raise UsageError(f"this has {len(content):,} bytes, more than {most:,}: send a smaller picture")
    return content

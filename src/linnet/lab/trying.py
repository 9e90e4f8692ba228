"""/api/try: predictions for a picture or a test row, with contributions and prediction sets."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
import torch
from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response
from torch import Tensor

from linnet.data.pictures.decode import is_blank
from linnet.data.pictures.prepare import as_stored, prepare
from linnet.errors import UsageError
from linnet.evaluate.confidence.prediction_sets import coverage, learn_sets
from linnet.evaluate.contributions import contributions
from linnet.evaluate.evaluation import Evaluation
from linnet.lab import scripts
from linnet.lab.jobs import ProgressStream, line_of
from linnet.lab.schemas import Base64, Body, Page, pack
from linnet.lab.state import LabState
from linnet.lab.training import UsualModel
from linnet.model.run import Card, Run

MAX_BYTES = 8 << 20
"""Of a picture's file."""

MAX_PIXELS = 16_000_000
"""Of a picture, checked before it is decoded."""

MAX_ROW = 64 << 10
"""Pixels of a row that is sent."""

NOTHING = "nothing was seen on the picture: every pixel is the same, so the probabilities are not of it"
"""Said of such a picture, of which no class is named."""

Id = Annotated[str, Field(max_length=64)]


class ModelBody(Body, strict=True):
    """A model.

    Args:
        model: its id.
    """

    model: Id


class ImagesBody(ModelBody):
    """Test rows of a model to look through.

    Args:
        label: only those of this class.
        wrong: only those that the model takes for another class.
        start: how many to pass over.
        count: how many to give.
    """

    label: int | None = Field(default=None, ge=0, lt=10_000)
    wrong: bool = False
    start: int = Field(default=0, ge=0, lt=2**31)
    count: int = Field(default=24, ge=1, le=60)


class PictureBody(ModelBody):
    """A picture's file to be made like the model's pictures.

    Args:
        file: its bytes, in base64.
        invert: always or never; by its border when None.
    """

    file: Annotated[Base64, Field(min_length=1, max_length=MAX_BYTES)]
    invert: bool | None = None


class TryBody(ModelBody):
    """A row to classify.

    Args:
        row: the number of a test row; or
        pixels: the bytes of a grey picture as /api/try/picture gives it, in base64.
        explain: the class whose score is explained; the likeliest when None.
        against: the class it is held against; none when None.
        alpha: the share of prediction sets that may miss.
        method: of the sets, "lac" or "aps".
    """

    row: int | None = Field(default=None, ge=0, lt=2**31)
    pixels: Annotated[Base64, Field(max_length=MAX_ROW)] | None = None
    explain: int | None = Field(default=None, ge=0, lt=10_000)
    against: int | None = Field(default=None, ge=0, lt=10_000)
    alpha: float = Field(default=0.1, gt=0, lt=1)
    method: Literal["lac", "aps"] = "lac"


def router(lab: LabState) -> APIRouter:
    """The tab's routes."""
    routes, tab = APIRouter(prefix="/api/try", tags=["try"]), TryTab(lab)
    routes.post(
        "/train", summary="Train a model to try: frames of NDJSON meanwhile, the last with its id",
        response_class=ProgressStream, status_code=200,
    )(tab.train)  # fmt: skip
    routes.post("/model", summary="A model to try")(tab.model)
    routes.post("/images", summary="Some of the model's test rows")(tab.images)
    routes.post("/picture", summary="A picture made like those the model was trained on")(tab.picture)
    routes.post("", summary="Probabilities, contributions and the prediction set of one row")(tab.classify)
    return routes


class TryTab:
    """The tab's answers; those that compute are called in threads.

    Args:
        lab: whose models are tried.
    """

    def __init__(self, lab: LabState) -> None:
        self.lab, self.usual = lab, UsualModel(lab)

    async def train(self, page: Page) -> Response:
        """Train the usual model, unless it is there, which needs no turn."""
        if (number := self.usual.number()) is not None:
            return Response(line_of({"kind": "model", "id": number}), media_type=ProgressStream.media_type)
        return self.lab.jobs.stream(page, self.usual.train)

    def model(self, body: ModelBody) -> dict[str, Any]:
        """What the page has to know of a model."""
        evaluation = self.lab.model(body.model)
        run, card = evaluation.run, evaluation.run.card
        return {
            "id": body.model, "name": card.dataset, "classes": card.classes, "image_shape": card.image_shape,
            "features": run.bank.features, "rows": len(evaluation),
            "dataset": self.lab.dataset_of(body.model),
            "accuracy": float(evaluation.hits.mean()), "columns": evaluation.train.columns,
            "is_default": body.model == self.usual.number(),
        }  # fmt: skip

    def images(self, body: ImagesBody) -> dict[str, Any]:
        """Some test rows, those of a class or mistaken ones alone."""
        evaluation = self.lab.model(body.model)
        fits = np.ones(len(evaluation), dtype=bool)
        if body.label is not None:
            fits &= evaluation.targets == body.label
        if body.wrong:
            fits &= ~evaluation.hits
        rows = np.flatnonzero(fits)
        shown = rows[body.start : body.start + body.count].tolist()
        return {"found": len(rows), "rows": [_image(evaluation, row) for row in shown]}

    def picture(self, body: PictureBody) -> dict[str, Any]:
        """A picture's file made like the model's pictures, and what was done to it."""
        card = self.lab.model(body.model).run.card
        height, width = _shape(card)
        made = prepare(body.file, (height, width), body.invert, MAX_PIXELS)
        return {
            "pixels": _text(made.pixels), "height": height, "width": width, "is_blank": made.is_blank,
            "steps": [step.plain for step in made.steps],
            "said": made.nothing if made.is_blank else made.history,
        }  # fmt: skip

    def classify(self, body: TryBody) -> dict[str, Any]:
        """What the page shows of one row.

        Raises:
            MissingError: there is no such model.
            UsageError: there is no such row or class, or the pixels are not the model's.
        """
        evaluation = self.lab.model(body.model)
        run = evaluation.run
        x, label = _row(evaluation, body)
        p = run.probabilities(x[None]).double()  # (1, K)
        guess = int(p.argmax())
        k = guess if body.explain is None else body.explain
        _check_classes(len(evaluation.classes), k, body.against)
        is_nothing = body.pixels is not None and is_blank(x.numpy())
        grey = _grey(run, x)
        python, command = scripts.render_try(
            evaluation, body.row, grey, k, body.against, self.lab.settings.data_dir,
            alpha=body.alpha, method=body.method,
        )  # fmt: skip
        return {
            "probabilities": p[0].tolist(), "guess": None if is_nothing else guess, "label": label,
            "nothing": NOTHING if is_nothing else None, "pixels": _text(grey),
            "values": x.double().tolist() if grey is None else [],
            "explanation": _explain(run, x, k, body.against), "set": _predict_set(evaluation, p, body),
            "python": python, "command": command,
        }  # fmt: skip


def _image(evaluation: Evaluation, row: int) -> dict[str, Any]:
    label, guess = int(evaluation.targets[row]), int(evaluation.predictions[row])
    pixels = _text(_grey(evaluation.run, evaluation.rows.X[row]))
    return {"row": row, "label": label, "guess": guess, "pixels": pixels}


def _predict_set(evaluation: Evaluation, p: Tensor, body: TryBody) -> dict[str, Any]:
    """The prediction set of a row of probabilities (1, K), and what such sets come to on the test rows."""
    split = evaluation.calibration_split
    rule = learn_sets(evaluation.on_calibration_split, body.alpha, body.method)
    found = coverage(rule, evaluation)
    return {
        "classes": np.flatnonzero(rule.sets(p)[0]).tolist(), "asked": found.asked,
        "coverage": found.coverage, "mean_size": found.mean_size, "learnt_on": rule.rows,
        "source": split.source, "is_unseen": split.is_unseen, "judged_on": len(evaluation),
    }  # fmt: skip


def _explain(run: Run, x: Tensor, k: int, other: int | None) -> dict[str, Any]:
    """The share of each feature in the score of class k, or in its lead over another class."""
    found = contributions(run, x)
    each = (found.parts, found.bias, found.scores)
    parts, bias, score = (of[k] if other is None else of[k] - of[other] for of in each)
    return {
        "explain": k, "against": other, "parts": parts.tolist(), "bias": float(bias),
        "pixels": float(parts.sum()), "score": float(score), "scores": found.scores.tolist(),
    }  # fmt: skip


def _check_classes(classes: int, k: int, other: int | None) -> None:
    for name, value in (("explain", k), ("against", other)):
        if value is not None and value >= classes:
            raise UsageError(f"{name} must be a class, 0…{classes - 1}, not {value}")
    if k == other:
        raise UsageError("a class cannot be held against itself: choose another")


def _row(evaluation: Evaluation, body: TryBody) -> tuple[Tensor, int | None]:
    """The row as the model takes it, (D,), and its class where that is known."""
    if (body.row is None) == (body.pixels is None):
        raise UsageError("give the number of a test row, or pixels, one of the two")
    if body.pixels is not None:
        card = evaluation.run.card
        height, width = _shape(card)
        if len(body.pixels) != height * width:
            raise UsageError(f"expected {height} × {width} = {height * width} pixels, got {len(body.pixels)}")
        return torch.from_numpy(as_stored(np.frombuffer(body.pixels, np.uint8), card.scale)), None
    row, rows = body.row or 0, evaluation.rows
    if row >= len(rows):
        raise UsageError(f"the test rows are 0…{len(rows) - 1}, there is no row {row}")
    return rows.X[row], int(rows.labels[row])


def _shape(card: Card) -> tuple[int, int]:
    """The height and width of the model's pictures.

    Raises:
        UsageError: it takes none.
    """
    if card.image_shape is None:
        raise UsageError(f"a model of {card.dataset} takes columns, not pictures: pick one of its test rows")
    return card.image_shape


def _grey(run: Run, x: Tensor) -> np.ndarray | None:
    """A row as a picture, uint8 (height, width); None where it is none."""
    if run.card.image_shape is None:
        return None
    full = x.double() * run.card.scale * 255
    return full.round().clamp(0, 255).to(torch.uint8).view(run.card.image_shape).numpy()


def _text(grey: np.ndarray | None) -> str:
    return "" if grey is None else pack(grey, "u1")

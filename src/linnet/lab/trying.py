"""/api/try: predictions for a picture or a test row, with contributions and prediction sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from fastapi import APIRouter
from starlette.responses import Response
from torch import Tensor

from linnet.data.pictures.prepare import prepare
from linnet.data.pictures.prepared import is_blank
from linnet.errors import UsageError
from linnet.evaluate.confidence.prediction_sets import coverage, learn_sets
from linnet.evaluate.contributions import Contributions, contributions
from linnet.evaluate.evaluation import Evaluation
from linnet.evaluate.score import regression_figures
from linnet.lab import scripts
from linnet.lab.fields import fields_of
from linnet.lab.jobs import ProgressStream, line_of
from linnet.lab.schemas import Page, pack, to_json
from linnet.lab.state import LabState
from linnet.lab.training import UsualModel
from linnet.lab.wishes import ImagesBody, ModelBody, PictureBody, Row, TryBody, row_of, shape_of
from linnet.model.run import Run
from linnet.schema.columns import Seen
from linnet.schema.schema import Schema

MAX_PIXELS = 16_000_000
"""Of a picture, checked before it is decoded."""

NOTHING = "nothing was seen on the picture: every pixel is the same, so the probabilities are not of it"
"""Said of such a picture, of which no class is named."""


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
        run, card, name = evaluation.run, evaluation.run.card, self.lab.dataset_of(body.model)
        figures = {"accuracy": float(evaluation.hits.mean())} if card.classes else {
            figure: found.value for figure, found in regression_figures(evaluation).items()
        }  # fmt: skip
        return {
            "id": body.model, "name": card.dataset, "classes": card.classes, "image_shape": card.image_shape,
            "features": run.bank.features, "rows": len(evaluation), "dataset": name,
            "accuracy": figures.get("accuracy"), "figures": to_json(figures), "target": card.target,
            "link": card.link,
            "columns": evaluation.train.columns, "is_default": body.model == self.usual.number(),
            "fields": [] if card.schema is None else fields_of(card.schema, self.lab.views(name)),
        }  # fmt: skip

    def images(self, body: ImagesBody) -> dict[str, Any]:
        """Some test rows, those of a class or mistaken ones alone."""
        evaluation = self.lab.model(body.model)
        fits = np.ones(len(evaluation), dtype=bool)
        if body.label is not None and evaluation.classes:
            fits &= evaluation.targets == body.label
        if body.wrong and evaluation.classes:
            fits &= ~evaluation.hits
        rows = np.flatnonzero(fits)
        shown = rows[body.start : body.start + body.count].tolist()
        return {"found": len(rows), "rows": [_image(evaluation, row) for row in shown]}

    def picture(self, body: PictureBody) -> dict[str, Any]:
        """A picture's file made like the model's pictures, and what was done to it."""
        card = self.lab.model(body.model).run.card
        shape = shape_of(card)
        made = prepare(body.file, shape, body.invert, MAX_PIXELS)
        return {
            "pixels": _text(made.pixels), "height": shape[0], "width": shape[1], "is_blank": made.is_blank,
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
        row = row_of(evaluation, body)
        k, said = self._say(evaluation, row, body)
        picture = _picture(run, row.x)
        python, command = self._code(evaluation, picture, k, body)
        return {
            **said, "label": row.label, "pixels": _text(picture),
            "values": row.x.double().tolist() if picture is None else [],
            "explanation": _explain(run, row.x, k, body.against),
            "cells": _tell_cells(run.card.schema, row.seen), "python": python, "command": command,
        }  # fmt: skip

    def _code(
        self, evaluation: Evaluation, picture: np.ndarray | None, k: int, body: TryBody
    ) -> tuple[str, str]:
        """The same as Python and as a command; of a test row of numbers there is none."""
        source, folder = self.lab.source(self.lab.dataset_of(body.model)), self.lab.settings.data_dir
        if body.cells is not None:
            return scripts.render_cells(evaluation.run, source, body.cells, folder)
        if not evaluation.classes:
            return "", ""
        return scripts.render_try(
            evaluation, source, body.row, picture, k, body.against, folder, alpha=body.alpha,
            method=body.method,
        )  # fmt: skip

    def _say(self, evaluation: Evaluation, row: Row, body: TryBody) -> tuple[int, dict[str, Any]]:
        """The output that is explained, and the answer: probabilities and a prediction set, or a number."""
        run = evaluation.run
        if not evaluation.classes:
            _check_classes(run.bank.outputs, 0, body.against)
            value = run.predictions(row.x[None]).double()[0, 0].item()
            return 0, {"prediction": to_json(value), "probabilities": [], "guess": None, "nothing": None,
                       "set": None}  # fmt: skip
        p = run.probabilities(row.x[None]).double()  # (1, K)
        guess = int(p.argmax())
        k = guess if body.explain is None else body.explain
        _check_classes(len(evaluation.classes), k, body.against)
        is_nothing = body.pixels is not None and is_blank(row.x.numpy())
        return k, {
            "prediction": None, "probabilities": p[0].tolist(), "guess": None if is_nothing else guess,
            "nothing": NOTHING if is_nothing else None, "set": _predict_set(evaluation, p, body),
        }  # fmt: skip


def _tell_cells(schema: Schema | None, seen: Mapping[str, Seen]) -> dict[str, str]:
    """The columns whose cell is missing, or of a level seldom or never seen in training, and which it is."""
    names = [] if schema is None else [column.name for column in schema.columns]
    found = {name: seen[name] for name in names if name in seen}
    return {
        name: "missing" if one.missing else "unseen"
        for name, one in found.items()
        if one.missing or one.unseen
    }


def _image(evaluation: Evaluation, row: int) -> dict[str, Any]:
    if not evaluation.classes:
        label = float(evaluation.targets[row, 0])
        return {
            "row": row,
            "label": label,
            "guess": label + float(evaluation.residuals[row, 0]),
            "pixels": "",
        }
    label, guess = int(evaluation.targets[row]), int(evaluation.predictions[row])
    pixels = _text(_picture(evaluation.run, evaluation.rows.X[row]))
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
    if run.card.image_shape is not None:
        found = found.by_pixel(run.card.image_shape)
    each = (found.parts, found.bias, found.scores)
    parts, bias, score = (of[k] if other is None else of[k] - of[other] for of in each)
    return {
        "explain": k, "against": other, "parts": parts.tolist(), "bias": float(bias),
        "pixels": float(parts.sum()), "score": float(score), "scores": found.scores.tolist(),
        "by_column": [] if run.card.schema is None else _by_column(found, run.card.schema, k, other),
    }  # fmt: skip


def _by_column(found: Contributions, schema: Schema, k: int, other: int | None) -> list[float]:
    """The share of each of a table's own columns."""
    columns = found.by_column(schema)
    return (columns.parts[k] if other is None else columns.between(k, other)).tolist()


def _check_classes(classes: int, k: int, other: int | None) -> None:
    for name, value in (("explain", k), ("against", other)):
        if value is not None and value >= classes:
            raise UsageError(f"{name} must be a class, 0…{classes - 1}, not {value}")
    if k == other:
        raise UsageError("a class cannot be held against itself: choose another")


def _picture(run: Run, x: Tensor) -> np.ndarray | None:
    """A row as a picture, uint8, in the shape of the model's pictures; None where it is none."""
    if run.card.image_shape is None:
        return None
    full = x.double() * run.card.scale * 255
    return full.round().clamp(0, 255).to(torch.uint8).view(run.card.image_shape).numpy()


def _text(picture: np.ndarray | None) -> str:
    return "" if picture is None else pack(picture, "u1")

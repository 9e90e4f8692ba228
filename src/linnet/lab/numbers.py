"""/api/numbers: softmax of a row of logits in three floating types, and classes drawn from it."""

from __future__ import annotations

from typing import Annotated, Any

import torch
from fastapi import APIRouter
from pydantic import Field

from linnet.core.functional import gumbel_draws, gumbel_softmax
from linnet.demos.softmax_forms import forms
from linnet.device import generator
from linnet.lab import scripts
from linnet.lab.schemas import Body, Seed, to_json

TYPES = {"float16": torch.float16, "float32": torch.float32, "float64": torch.float64}

SOFT = 5
"""Gumbel-softmax samples that are shown."""


class NumbersBody(Body, strict=True):
    """A row of logits and what to do with it.

    Args:
        logits: o, 2 to 10 of them.
        target: the row's class, for the cross-entropy.
        temperature: the logits are divided by it.
        draws: classes to draw.
        sharpness: the temperature of the soft Gumbel samples.
        seed: of the draws.
    """

    logits: list[Annotated[float, Field(ge=-1e5, le=1e5)]] = Field(min_length=2, max_length=10)
    target: int = Field(default=0, ge=0, le=9)
    temperature: float = Field(default=1.0, ge=0.01, le=1000)
    draws: int = Field(default=1000, ge=1, le=20_000)
    sharpness: float = Field(default=1.0, ge=0.01, le=100)
    seed: Seed = 0


routes = APIRouter(prefix="/api/numbers", tags=["numbers"])
"""The tab's routes, which keep nothing."""


@routes.post("", summary="Softmax and cross-entropy in float16, float32 and float64, naive and stable")
def answer(body: NumbersBody) -> dict[str, Any]:
    """What the page shows.

    Raises:
        UsageError: the target is none of the classes.
    """
    o = torch.tensor(body.logits, dtype=torch.float64)
    types = [
        {"dtype": name, **vars(forms(o, body.target, dtype, body.temperature))}
        for name, dtype in TYPES.items()
    ]
    cold = o / body.temperature
    draws = gumbel_draws(cold, body.draws, generator(body.seed, "numbers"))
    samples = gumbel_softmax(
        cold.expand(SOFT, -1), body.sharpness, generator=generator(body.seed, "numbers", 1)
    )
    gumbel = {**vars(draws), "frequencies": draws.frequencies, "samples": samples}
    python = scripts.NUMBERS.format(**body.model_dump())
    code = {"python": python, "command": scripts.render_heredoc(python)}
    return {**to_json({"types": types, "gumbel": gumbel}), **code}

"""The types of requests and answers: names, bounded numbers, code; and numbers as JSON has them."""

from __future__ import annotations

import base64
import math
from typing import Annotated, Literal

import numpy as np
import torch
from fastapi import Header
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

Page = Annotated[str, Header(alias="X-Linnet-Page", pattern="^[A-Za-z0-9_-]{8,64}$")]
"""Which open page asks: each has one training."""

Amount = Annotated[float, Field(ge=0, le=1000)]
BatchSize = Annotated[int, Field(ge=1, le=65_536)]
Optimizer = Literal["sgd", "momentum", "nesterov", "adam"]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Share = Annotated[float, Field(ge=0, lt=1)]
Text = Annotated[str, Field(max_length=80)]

DatasetName = Annotated[str, Field(pattern="^[a-z0-9_-]{1,40}$")]

JsonNumber = float | str


class Ask(BaseModel):
    """Base of all requests: nothing unknown, nothing that is not finite."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)


def json_number(value: float) -> JsonNumber:
    """A number, or "inf", "-inf" and "nan", for which JSON has no number."""
    return float(value) if math.isfinite(value) else str(float(value))


def json_numbers(values: np.ndarray) -> list[JsonNumber]:
    """The numbers of a vector."""
    return [json_number(value) for value in values.tolist()]


def pack(values: Tensor | np.ndarray, dtype: str = "<f4") -> str:
    """Numbers row by row as base64, for JavaScript's typed arrays."""
    array = np.ascontiguousarray(torch.as_tensor(values).numpy(force=True).astype(dtype))
    return base64.b64encode(array.tobytes()).decode("ascii")

"""The types of requests and answers: names, bounded numbers, code; and numbers as JSON has them."""

from __future__ import annotations

import base64
import math
from typing import Annotated, Any

import numpy as np
import torch
from fastapi import Header
from fastapi.encoders import jsonable_encoder
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from torch import Tensor

from linnet.config import OPTIMIZERS

Page = Annotated[str, Header(alias="X-Linnet-Page", pattern="^[A-Za-z0-9_-]{8,64}$")]
"""ModelBody open page asks: each has one training."""

Amount = Annotated[float, Field(ge=0, le=1000)]
BatchSize = Annotated[int, Field(ge=1, le=65_536)]
Optimizer = Annotated[str, Field(pattern=f"^({'|'.join(OPTIMIZERS)})$")]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Share = Annotated[float, Field(ge=0, lt=1)]
Text = Annotated[str, Field(max_length=80)]


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (TypeError, ValueError):
        raise ValueError("this is not base64: send a file's bytes so encoded") from None


Base64 = Annotated[bytes, BeforeValidator(_decode), WithJsonSchema({"type": "string", "format": "base64"})]
"""Bytes as text."""

DatasetName = Annotated[str, Field(pattern="^[a-z0-9_-]{1,40}$")]


class Body(BaseModel):
    """Base of all requests: nothing unknown, nothing that is not finite."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)


def to_json(value: Any) -> Any:
    """Arrays, dataclasses and numbers as JSON has them; inf and nan, which it lacks, become text."""
    return jsonable_encoder(value, custom_encoder={Tensor: _list, np.ndarray: _list, float: _number})


def _list(values: Tensor | np.ndarray) -> list[Any]:
    return to_json(values.tolist())


def _number(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)


def pack(values: Tensor | np.ndarray, dtype: str = "<f4") -> str:
    """Numbers row by row as base64, for JavaScript's typed arrays."""
    array = np.ascontiguousarray(torch.as_tensor(values).numpy(force=True).astype(dtype))
    return base64.b64encode(array.tobytes()).decode("ascii")

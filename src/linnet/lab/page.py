"""What requests have in common: the page's name, and data sets and numbers in their order."""

from __future__ import annotations

import base64
from typing import Annotated, Literal

import anyio.to_thread
import numpy as np
from fastapi import Header
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from linnet.data.dataset import Splits
from linnet.lab.room import BUILT_IN, MissingError, Room
from linnet.web.refusal import Refusal

Page = Annotated[str, Header(alias="X-Linnet-Page", pattern="^[A-Za-z0-9_-]{8,64}$")]
"""Which open page asks: each has one training."""

Amount = Annotated[float, Field(ge=0, le=1000)]
BatchSize = Annotated[int, Field(ge=1, le=65_536)]
Optimizer = Literal["sgd", "momentum", "nesterov", "adam"]
Share = Annotated[float, Field(ge=0, lt=1)]
Text = Annotated[str, Field(max_length=80)]

DatasetName = Annotated[str, Field(pattern="^[a-z0-9_-]{1,40}$")]


class Ask(BaseModel):
    """Base of all requests: nothing unknown, nothing that is not finite."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)


async def dataset(room: Room, name: str) -> Splits:
    """A data set that is there.

    Raises:
        MissingError: there is none of this name.
        Refusal: it has to be downloaded first.
    """
    if (loaded := room.loaded(name)) is not None:
        return loaded
    if not room.is_there(name):
        if name not in BUILT_IN:
            raise MissingError(name)
        raise Refusal(409, f"{name} has to be downloaded first: POST /api/data/fetch")
    return await anyio.to_thread.run_sync(room.splits, name)


def packed(values: Tensor, dtype: str = "<f4") -> str:
    """Numbers row by row as base64, for JavaScript's typed arrays."""
    array = np.ascontiguousarray(values.numpy(force=True).astype(dtype))
    return base64.b64encode(array.tobytes()).decode("ascii")

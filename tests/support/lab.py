"""A picture, a model to try, and frames: what several tests of the lab begin with."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

from PIL import Image
from starlette.testclient import TestClient


def png(size: tuple[int, int] = (40, 30), shade: int = 0) -> bytes:
    """A PNG file: a dark bar on white.

    Args:
        size: (width, height) in pixels.
        shade: of the bar, 0 to 255.
    """
    picture = Image.new("L", size, 255)
    picture.paste(shade, (10, 5, 20, 25))
    file = BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def frames_of(
    client: TestClient, body: dict[str, Any] | None = None, path: str = "/api/train"
) -> list[dict[str, Any]]:
    """All frames of a training."""
    answer = client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def model_of(client: TestClient) -> str:
    """The id of the model that is trained where there is none."""
    return frames_of(client, path="/api/try/train")[-1]["id"]

"""Tables and pictures as people have them."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from linnet.data import user_data
from linnet.data.dataset import Splits

if TYPE_CHECKING:
    from playwright.sync_api import Page

ONE = "dialog input[type=file]:not([webkitdirectory])"
"""Where the lab's page takes files, one or more."""


def dialog(page: Page) -> Page:
    """The lab's page with the dialog for people's own data open."""
    page.wait_for_selector("progress.over")
    page.click("button.own")
    return page


def train(page: Page) -> None:
    """Take a table as it was read, on the lab's page."""
    page.get_by_role("button", name="Train on it").click()


def png(shade: int, size: tuple[int, int] = (8, 8), form: str = "PNG") -> bytes:
    """A picture with a dark border and a middle of a shade."""
    pixels = np.zeros(size, np.uint8)
    pixels[2:-2, 2:-2] = shade
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, form)
    return buffer.getvalue()


def pictures(each: int = 10) -> list[tuple[str, bytes]]:
    return [
        (f"set/{name}/{n}.png", png(shade))
        for name, shade in (("dim", 90), ("lit", 250))
        for n in range(each)
    ]


def zipped(files: list[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files:
            archive.writestr(path, content)
    return buffer.getvalue()


CSV = b"length,width,kind\n" + b"".join(f"{n},{n * 2}.5,{'ab'[n % 2]}\n".encode() for n in range(20))


def parted(**each: int) -> list[tuple[str, bytes]]:
    """Pictures of two classes, so many a class in each part; of each part in another shade."""
    return [
        (f"{part}/{name}/{n}.png", png(shade + 10 * place))
        for place, (part, count) in enumerate(each.items())
        for name, shade in (("dim", 90), ("lit", 200))
        for n in range(count)
    ]


def load_files(
    files: list[tuple[str, bytes]], name: str, say: Callable[[str], None] = lambda text: None
) -> Splits:
    """The data in some files: in one of them, or in a folder of all."""
    with tempfile.TemporaryDirectory() as place:
        for path, content in files:
            target = Path(place, name, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        if len(files) == 1 and "/" not in files[0][0]:
            return user_data.load(files[0][0], Path(place, name), say)
        return user_data.load(f"./{name}", place, say)

"""Right values by Pillow's own `exif_transpose`, by formats' definitions, or counted by hand."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from linnet.data.pictures.prepare import prepare, read_image
from linnet.errors import BlankPictureWarning, FormatError

UPRIGHT = np.zeros((6, 8), np.uint8)
UPRIGHT[1:5, 2] = 255
UPRIGHT[4, 2:6] = 255  # an L, which no turn or mirror leaves as it is


def saved(picture: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def png(bits: int, colour: int, width: int, rows: list[bytes], extra: bytes = b"") -> bytes:
    """A PNG file, made by hand where Pillow writes no such."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, len(rows), bits, colour, 0, 0, 0)
    key = chunk(b"tRNS", extra) if extra else b""
    data = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + key + data + chunk(b"IEND", b"")


def grey(content: bytes, size: tuple[int, int], invert: bool | None = False) -> list[list[int]]:
    return prepare(content, size, invert).pixels.tolist()


@pytest.mark.parametrize("tag", range(1, 9))
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_a_picture_stored_turned_is_read_upright(tag: int, form: str, tmp_path: Path) -> None:
    undo = {5: 5, 6: 8, 7: 7, 8: 6}.get(tag, tag)  # the other quarter turn; a mirror undoes itself
    exif = Image.Exif()
    exif[0x0112] = undo
    source = Image.fromarray(UPRIGHT)
    source.getexif()[0x0112] = undo
    stored = ImageOps.exif_transpose(source)
    exif[0x0112] = tag
    options = {"JPEG": {"quality": 100}, "WEBP": {"lossless": True}, "TIFF": {"tiffinfo": {0x0112: tag}}}
    rest = options.get(form, {}) if form == "TIFF" else {**options.get(form, {}), "exif": exif}
    content = saved(stored, form, **rest)
    if form != "TIFF":  # which Pillow turns by itself
        assert Image.open(io.BytesIO(content)).size == stored.size
    found = np.array(grey(content, (6, 8)), int)
    np.testing.assert_allclose(found, UPRIGHT, atol=3 if form == "JPEG" else 0)
    assert ("turned" in [step.name for step in prepare(content, (6, 8)).steps]) is (tag != 1)
    (tmp_path / "picture").write_bytes(content)
    assert read_image(tmp_path / "picture", (6, 8), invert=False).tolist() == found.tolist()


@pytest.mark.parametrize("tag", [0, 9, 65535])
def test_an_orientation_that_means_nothing_leaves_the_picture(tag: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = tag
    assert grey(saved(Image.fromarray(UPRIGHT), "PNG", exif=exif), (6, 8)) == UPRIGHT.tolist()


def test_damaged_metadata_is_no_reason_to_refuse_the_pixels() -> None:
    content = saved(Image.fromarray(UPRIGHT), "PNG", exif=b"Exif\0\0MM\0\x2a\0\0\0\x08\xff\xff")
    assert grey(content, (6, 8)) == UPRIGHT.tolist()


LEVELS = [0, 257, 32896, 65535]  # 257 of 65535 is 1 of 255


@pytest.mark.parametrize("key", [b"", b"\0\5", b"\0\0", b"\x80\x80"])
def test_sixteen_bits_of_grey_are_the_same_with_a_transparency_chunk(key: bytes) -> None:
    assert grey(png(16, 0, 4, [struct.pack(">4H", *LEVELS)], key), (1, 4)) == [[0, 1, 128, 255]]


def test_sixteen_bits_with_alpha_are_laid_on_paper() -> None:
    row = struct.pack(">8H", 0, 65535, 65535, 65535, 32896, 65535, 0, 0)  # the last is transparent
    assert grey(png(16, 4, 4, [row]), (1, 4)) == [[0, 255, 128, 255]]


def test_sixteen_bits_of_colour_do_not_mistake_a_transparent_colour_for_another() -> None:
    row = struct.pack(">6H", 100, 100, 100, 25700, 25700, 25700)  # 100 of 255
    assert grey(png(16, 2, 2, [row], struct.pack(">3H", 100, 100, 100)), (1, 2)) == [[0, 100]]


def test_the_transparent_level_of_few_bits_is_found() -> None:
    content = png(4, 0, 4, [bytes([0x0F, 0x00])], struct.pack(">H", 0))  # 0, 15, 0, 0: 0 is transparent
    assert grey(content, (1, 4)) == [[0, 255, 0, 0]]  # white on transparent, laid on black
    content = png(4, 0, 4, [bytes([0x0F, 0x55])], struct.pack(">H", 15))  # 15 is
    assert grey(content, (1, 4)) == [[0, 255, 85, 85]]


@pytest.mark.parametrize("order", ["<u2", ">u2"])
def test_sixteen_bit_tiffs_of_either_byte_order(order: str, tmp_path: Path) -> None:
    array = np.array([LEVELS], order)
    prefix = b"II*\0" if order == "<u2" else b"MM\0*"
    tags = [(256, 4, 4), (257, 4, 1), (258, 4, 16), (259, 4, 1), (262, 4, 1), (273, 4, 8), (277, 4, 1),
            (278, 4, 1), (279, 4, 8)]  # fmt: skip
    sign = order[0]
    entries = b"".join(struct.pack(f"{sign}HHII", tag, kind, 1, value) for tag, kind, value in tags)
    directory = struct.pack(f"{sign}H", len(tags)) + entries + struct.pack(f"{sign}I", 0)
    content = prefix + struct.pack(f"{sign}I", 16) + array.tobytes() + directory
    assert grey(content, (1, 4)) == [[0, 1, 128, 255]]
    if sign == ">":
        return  # white as 0 is nothing that Pillow reads in this order
    white_is_zero = content.replace(struct.pack("<HHII", 262, 4, 1, 1), struct.pack("<HHII", 262, 4, 1, 0))
    assert grey(white_is_zero, (1, 4)) == [[255, 254, 127, 0]]


@pytest.mark.parametrize(("full", "bad"), [(1.0, [1.5, -0.1]), (255.0, [300.0, np.nan, -3.0])])
def test_floating_tiffs_are_scaled(full: float, bad: list[float]) -> None:
    shares = np.array([[0, 0.2, 0.4, 1]], np.float32)
    made = saved(Image.fromarray(shares * np.float32(full)), "TIFF")
    assert grey(made, (1, 4)) == [[0, 51, 102, 255]]
    for value in bad:
        with pytest.raises(FormatError, match=r"0…1 or 0…255|finite"):
            grey(saved(Image.fromarray(np.array([[0, value]], np.float32)), "TIFF"), (1, 2))


def test_whole_numbers_of_32_bits(tmp_path: Path) -> None:
    for values, expected in (([0, 7, 255], [0, 7, 255]), ([0, 257, 65535], [0, 1, 255])):
        made = saved(Image.fromarray(np.array([values], np.int32)), "TIFF")
        assert grey(made, (1, 3)) == [expected]
    with pytest.raises(FormatError, match="0…65535, got 0…70000"):
        grey(saved(Image.fromarray(np.array([[0, 70000]], np.int32)), "TIFF"), (1, 2))


def test_tiffs_of_12_bits_are_as_bright_as_they_are() -> None:
    packed = bytes.fromhex("000fff800400")  # 0, 4095, 2048, 1024: two levels in three bytes
    tags = [(256, 4), (257, 1), (258, 12), (259, 1), (262, 1), (273, 8), (277, 1), (278, 1), (279, 6)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    content = b"II*\0" + struct.pack("<I", 14) + packed + struct.pack("<H", len(tags)) + entries + bytes(4)
    assert grey(content, (1, 4)) == [[0, 255, 128, 64]]  # 255/4095 of each


def drawing(mode: str) -> Image.Image:
    """The L in light on dark, in another mode of Pillow's."""
    return Image.fromarray(UPRIGHT).convert("RGB" if mode == "CMYK" else mode).convert(mode)


@pytest.mark.parametrize(
    ("mode", "form"),
    [
        ("1", "PNG"),
        ("P", "PNG"),
        ("P", "GIF"),
        ("LA", "PNG"),
        ("CMYK", "TIFF"),
        ("RGBA", "WEBP"),
        ("L", "BMP"),
    ],
)
def test_every_mode_is_the_same_drawing(mode: str, form: str) -> None:
    options = {"lossless": True} if form == "WEBP" else {}
    assert grey(saved(drawing(mode), form, **options), (6, 8)) == UPRIGHT.tolist()


def test_a_palette_with_transparency() -> None:
    picture = Image.new("P", (8, 6))
    picture.putdata([int(level > 0) for level in UPRIGHT.flat])
    picture.putpalette([255, 0, 255, 0, 0, 0])  # a drawing in black, the rest transparent
    content = saved(picture, "PNG", transparency=0)
    assert grey(content, (6, 8), None) == UPRIGHT.tolist()  # on white paper, then inverted


@pytest.mark.parametrize(("level", "paper"), [(255, "black"), (0, "white"), (230, "black"), (90, "white")])
def test_a_drawing_on_nothing_survives(level: int, paper: str) -> None:
    layered = np.zeros((6, 8, 4), np.uint8)
    layered[..., :3] = 255 - level  # what transparent pixels hold does not matter
    layered[UPRIGHT > 0] = [level, level, level, 255]
    made = prepare(saved(Image.fromarray(layered), "PNG"), (6, 8))
    lit = level if paper == "black" else 255 - level
    assert made.pixels.tolist() == (UPRIGHT // 255 * lit).tolist()
    assert made.steps[0].name == paper


def test_a_photograph_with_transparent_corners_stays_on_white() -> None:
    photo = np.full((20, 20, 4), 250, np.uint8)
    photo[5:15, 5:15, :3] = 60  # a dark thing before a light wall
    photo[..., 3] = 255
    photo[:2, :2, 3] = photo[-2:, -2:, 3] = 0
    made = prepare(saved(Image.fromarray(photo), "PNG"), (20, 20))
    assert [step.name for step in made.steps] == ["white", "inverted"]
    assert made.pixels[10, 10] == 195
    assert made.pixels[3, 3] == 5


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "TIFF"])
def test_of_several_frames_the_first_is_taken_and_that_is_said(form: str) -> None:
    other = Image.fromarray(UPRIGHT[::-1].copy())
    options = {"lossless": True} if form == "WEBP" else {}
    content = saved(Image.fromarray(UPRIGHT), form, save_all=True, append_images=[other], **options)
    made = prepare(content, (6, 8), False)
    assert made.pixels.tolist() == UPRIGHT.tolist()
    assert "only its first frame was taken" in made.history


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_blank_picture_is_never_silent(level: int, tmp_path: Path) -> None:
    Image.new("L", (40, 20), level).save(tmp_path / "blank.png")
    made = prepare(tmp_path / "blank.png", (28, 28))
    assert made.is_blank
    assert "nothing was seen on the picture: every pixel is" in made.nothing
    assert "40 × 20 pixels padded and resized to 28 × 28" in made.nothing
    with pytest.warns(BlankPictureWarning, match="nothing was seen"):
        read_image(tmp_path / "blank.png", (28, 28))


def test_a_picture_all_transparent_is_blank() -> None:
    made = prepare(saved(Image.new("RGBA", (8, 8), (200, 10, 10, 0)), "PNG"), (8, 8))
    assert (made.is_blank, made.history) == (
        True,
        "transparency laid on white; inverted, its border being light",
    )


def test_a_hairline_that_is_lost_by_shrinking_is_said_to_be_lost() -> None:
    page = Image.new("L", (2800, 2800), 255)
    page.putpixel((1400, 1400), 0)
    assert prepare(saved(page, "PNG"), (28, 28)).is_blank


@pytest.mark.parametrize("full", [1.0, 255.0])
def test_floating_arrays_are_read_as_floating_tiffs(full: float, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([[0, 0.2, 1]]) * full)
    assert prepare(tmp_path / "a.npy", (1, 3), False).pixels.tolist() == [[0, 51, 255]]


@pytest.mark.parametrize("wrong", [b"no zlib", zlib.compress(bytes(40))[:-9]])
def test_a_png_whose_pixels_cannot_be_read_is_damaged_and_not_blank(wrong: bytes) -> None:
    """Pillow reads the pixels when it looks for tags, and a second time says nothing of what is wrong."""
    whole = saved(Image.new("L", (8, 8), 7), "PNG")
    at = whole.index(b"IDAT")
    (size,) = struct.unpack(">I", whole[at - 4 : at])
    chunk = b"IDAT" + wrong
    cut = whole[: at - 4] + struct.pack(">I", len(wrong)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    with pytest.raises(FormatError, match="damaged"):
        prepare(cut + whole[at + 8 + size :], (8, 8), False)

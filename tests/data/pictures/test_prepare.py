from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from linnet.data.pictures import prepare
from linnet.data.pictures.prepare import read_image
from linnet.errors import DataNotFoundError, FormatError

SOURCE = np.random.default_rng(0)


def dark_picture() -> np.ndarray:
    picture = np.zeros((28, 28), np.uint8)
    picture[6:22, 8:20] = SOURCE.integers(50, 255, (16, 12))
    return picture


def test_a_picture_of_the_right_size_passes_through(tmp_path: Path) -> None:
    picture = dark_picture()
    Image.fromarray(picture).save(tmp_path / "a.png")
    np.save(tmp_path / "a.npy", picture)
    np.save(tmp_path / "b.npy", picture[None].astype(np.float32) / 255)
    for name in ("a.png", "a.npy", "b.npy"):
        np.testing.assert_array_equal(read_image(tmp_path / name, (28, 28)), picture)


def test_paper_is_inverted_unless_told(tmp_path: Path) -> None:
    picture = dark_picture()
    Image.fromarray(255 - picture).save(tmp_path / "paper.png")
    np.testing.assert_array_equal(read_image(tmp_path / "paper.png", (28, 28)), picture)
    np.testing.assert_array_equal(read_image(tmp_path / "paper.png", (28, 28), False), 255 - picture)


def test_transparency_colour_and_proportions(tmp_path: Path) -> None:
    layered = np.zeros((60, 30, 4), np.uint8)
    layered[20:40, 5:25] = [200, 30, 30, 255]
    Image.fromarray(layered).save(tmp_path / "shirt.png")
    result = read_image(tmp_path / "shirt.png", (28, 28))
    assert result.shape == (28, 28)
    assert result[0].max() < 5  # white paper became black
    columns = np.flatnonzero(result[14] > 60)
    assert 8 <= len(columns) <= 11  # 20 of 60 pixels wide, in 28
    Image.fromarray(layered[..., :3]).save(tmp_path / "shirt.jpg")
    assert read_image(tmp_path / "shirt.jpg", (14, 14)).shape == (14, 14)


@pytest.mark.parametrize(
    "array",
    [np.zeros(5), np.full((4, 4), np.nan), np.full((4, 4), 300), np.zeros((4, 4, 2)), np.zeros((0, 4))],
)
def test_arrays_that_are_no_pictures(tmp_path: Path, array: np.ndarray) -> None:
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(FormatError, match=r"x\.npy"):
        read_image(tmp_path / "x.npy", (8, 8))


def test_files_that_are_no_pictures(tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError):
        read_image(tmp_path / "none.png", (8, 8))
    (tmp_path / "text.png").write_text("hello")
    with pytest.raises(FormatError, match="not a picture"):
        read_image(tmp_path / "text.png", (8, 8))
    Image.fromarray(SOURCE.integers(0, 255, (200, 200), np.uint8)).save(tmp_path / "cut.png")
    content = (tmp_path / "cut.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(content[: len(content) // 2])
    with pytest.raises(FormatError, match="damaged"):
        read_image(tmp_path / "cut.png", (8, 8))
    np.save(tmp_path / "object.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(FormatError, match="is not a"):
        read_image(tmp_path / "object.npy", (8, 8))
    Image.new("L", (100, 100)).save(tmp_path / "big.png")
    with pytest.raises(FormatError, match="pixels"):
        prepare.prepare(tmp_path / "big.png", (8, 8), max_pixels=5000)


def test_a_png_holds_the_picture_and_a_row_its_stored_values() -> None:
    picture = dark_picture()
    again = prepare.prepare(prepare.png_of(picture), (28, 28), invert=False).pixels
    assert again.tolist() == picture.tolist()
    assert prepare.as_stored(picture, 1 / 255).tolist() == picture.reshape(-1).tolist()
    assert prepare.as_stored(np.full((8, 8), 255, np.uint8), 1 / 16).tolist() == [16.0] * 64


def test_colours_are_kept_where_the_size_has_them(tmp_path: Path) -> None:
    pixels = SOURCE.integers(0, 256, (5, 4, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    Image.fromarray(pixels).save(tmp_path / "a.tif")
    np.save(tmp_path / "a.npy", pixels)
    np.save(tmp_path / "b.npy", pixels / 255)
    for name in ("a.png", "a.tif", "a.npy", "b.npy"):
        np.testing.assert_array_equal(read_image(tmp_path / name, (5, 4, 3)), pixels)


def test_a_grey_picture_has_three_equal_colours(tmp_path: Path) -> None:
    grey = np.arange(20, dtype=np.uint8).reshape(5, 4)
    Image.fromarray(grey).save(tmp_path / "a.png")
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "b.png")  # of 16 bits
    for name in ("a.png", "b.png"):
        made = read_image(tmp_path / name, (5, 4, 3))
        np.testing.assert_array_equal(made, np.repeat(grey[..., None], 3, 2))


def test_palettes_transparency_and_lightness_become_red_green_and_blue(tmp_path: Path) -> None:
    red = Image.new("RGB", (2, 2), (255, 0, 0))
    red.convert("P", palette=Image.Palette.ADAPTIVE).save(tmp_path / "palette.png")
    Image.new("RGBA", (2, 2), (255, 0, 0, 128)).save(tmp_path / "half.png")
    lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    made = ImageCms.profileToProfile(red, *lab, outputMode="LAB")
    assert made is not None
    made.save(tmp_path / "lab.tif")
    assert read_image(tmp_path / "palette.png", (2, 2, 3))[0, 0].tolist() == [255, 0, 0]
    laid = prepare.prepare(tmp_path / "half.png", (2, 2, 3))
    assert laid.pixels[0, 0].tolist() == [255, 127, 127]  # half of white
    assert [step.name for step in laid.steps] == ["white"]
    assert read_image(tmp_path / "lab.tif", (2, 2, 3))[0, 0].tolist() == pytest.approx([255, 0, 0], abs=6)


def test_a_light_border_is_no_paper_in_colour_but_padded_in_its_own(tmp_path: Path) -> None:
    pixels = np.full((4, 2, 3), (200, 220, 240), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "sky.png")
    made = prepare.prepare(tmp_path / "sky.png", (4, 4, 3))
    assert [step.name for step in made.steps] == ["resized"]
    assert made.pixels.reshape(-1, 3).tolist() == [[200, 220, 240]] * 16
    told = read_image(tmp_path / "sky.png", (4, 2, 3), invert=True)
    assert told[0, 0].tolist() == [55, 35, 15]


def test_one_colour_is_something_to_be_seen_and_one_grey_is_not(tmp_path: Path) -> None:
    for name, color in (("red", (255, 0, 0)), ("grey", (9, 9, 9))):
        Image.new("RGB", (3, 3), color).save(tmp_path / f"{name}.png")
        assert prepare.prepare(tmp_path / f"{name}.png", (3, 3, 3)).is_blank == (name == "grey")

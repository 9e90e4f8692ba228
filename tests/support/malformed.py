"""Bodies that are no rows, of ten families, made at random."""

from __future__ import annotations

import io
import json
import random
import struct
import zlib
from collections.abc import Callable, Iterator

from PIL import Image

FEATURES = 12
GOOD = json.dumps({"rows": [[7] * FEATURES]}).encode()
JSON, RAW, PNG = "application/json", "application/octet-stream", "image/png"

Malformed = tuple[str, str, bytes]
"""A path, a content type and a body."""


def png(width: int, height: int, data: bytes = b"", kind: int = 0) -> bytes:
    """A PNG file that says it has so many pixels, whatever its data."""

    def chunk(name: bytes, content: bytes) -> bytes:
        check = zlib.crc32(name + content)
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def picture(kind: str, source: random.Random) -> bytes:
    """A sound picture."""
    kept = io.BytesIO()
    Image.frombytes("L", (20, 16), source.randbytes(320)).save(kept, kind)
    return kept.getvalue()


def truncated(source: random.Random) -> Malformed:
    """JSON cut anywhere."""
    return "/predict", JSON, GOOD[: source.randrange(len(GOOD) - 1)]


def no_number(source: random.Random) -> Malformed:
    """One entry that is no finite number of JSON."""
    odd = ["NaN", "Infinity", "-Infinity", "1e999",
           "-1e400", '"1"', "null", "true", "[1]", "{}", "0x1", "1_0",
           "'1'", "1e38999", "+1", "01", ".5", "1.", "--1", "\\u0031", ""]  # fmt: skip
    row = ["7"] * FEATURES
    row[source.randrange(FEATURES)] = source.choice(odd)
    return "/predict", JSON, f'{{"rows": [[{", ".join(row)}]]}}'.encode()


def wrong_shape(source: random.Random) -> Malformed:
    """Rows of other lengths, or something that is no list of rows."""
    sizes = [n for n in range(40) if n != FEATURES]
    value = source.choice([
        [[7] * source.choice(sizes)], [[7] * FEATURES, [7] * source.choice(sizes)], [7] * FEATURES,
        [[[7] * FEATURES]], [], [[]], 7, "rows", None, {"0": [7] * FEATURES}, [{"x": 1}],
        [[7] * FEATURES] * 5000, [[[]] * FEATURES],
    ])  # fmt: skip
    return "/predict", JSON, json.dumps({"rows": value}).encode()


def wrong_key(source: random.Random) -> Malformed:
    """Other keys, or none."""
    rows = [[7] * FEATURES]
    value = source.choice(
        [rows, {"row": rows}, {"rows": rows, "x": 1}, {}, {"Rows": rows}, "x", 1, None, True]
    )
    return "/predict", JSON, json.dumps(value).encode()


def huge(source: random.Random) -> Malformed:
    """Numbers that no float32 model can bear, of many digits or a large exponent."""
    number = source.choice(["1" * source.randrange(400, 3000),
                            f"{source.randrange(1, 9)}e{source.randrange(60, 308)}",
                            "-" + "9" * source.randrange(400, 3000)])  # fmt: skip
    row = [number] + ["1"] * (FEATURES - 1)
    source.shuffle(row)
    return "/predict", JSON, f'{{"rows": [[{", ".join(row)}]]}}'.encode()


def deep(source: random.Random) -> Malformed:
    """Brackets in brackets."""
    depth = source.choice([50, 1000, 5000, 100_000])
    closed = source.random() < 0.5
    opened, shut = source.choice([(b"[", b"]"), (b'{"rows":', b"}")])
    return "/predict", JSON, b'{"rows": ' + opened * depth + b"1" + shut * depth * closed


def no_text(source: random.Random) -> Malformed:
    """Bytes that are no UTF-8, a byte order mark, or noise."""
    noise = source.randbytes(source.randrange(1, 300))
    return (
        "/predict",
        JSON,
        source.choice([b"\xff" + noise, b"\xef\xbb\xbf" + GOOD, b"\x80" + GOOD, b"\x00" * 50, GOOD + GOOD]),
    )


def wrong_raw(source: random.Random) -> Malformed:
    """Raw bodies of parts of rows, or of what is not finite."""
    size = source.choice([n for n in range(200) if n % (4 * FEATURES)])
    odd = source.choice([float("nan"), float("inf"), float("-inf")])
    values = [1.0] * FEATURES
    values[source.randrange(FEATURES)] = odd
    return source.choice([
        ("/predict?dtype=float32", RAW, source.randbytes(size)), ("/predict", RAW, bytes(4 * FEATURES)),
        ("/predict?dtype=float64", RAW, bytes(8 * FEATURES)),
        ("/predict?dtype=float32", RAW, struct.pack(f"<{FEATURES}f", *values)),
        ("/predict?dtype=uint8", RAW, bytes(FEATURES * source.randrange(1, 9) + 1)),
        ("/predict?dtype=uint8", RAW, bytes(FEATURES * 5000)),
    ])  # fmt: skip


def wrong_picture(source: random.Random) -> Malformed:
    """Pictures that are cut, lie about their size, or are something else; and a bomb of zeros."""
    whole = picture(source.choice(["PNG", "JPEG"]), source)
    bomb = zlib.compress(bytes(1 << 16))
    body = source.choice([
        whole[: source.randrange(1, len(whole) // 2)], png(60_000, 60_000, bomb), png(0, 5),
        png(100, 100, b"no zlib"),
        png(20, 16, bomb[: source.randrange(1, 8)]), whole[:8] + GOOD, b"GIF89a" + whole,
        b"%PDF-1.7\n" + whole,
        b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", b"PK\x03\x04" + whole, b"", GOOD,
    ])  # fmt: skip
    return "/predict", PNG, body


def wrong_kind(source: random.Random) -> Malformed:
    """Another content type, or a body of another kind than it says."""
    kinds = ["text/plain", "application/xml", "multipart/form-data; boundary=x",
             "application/x-www-form-urlencoded",
             "image/svg+xml", "application/json+x", "application/zip", "x" * 500, ";", "/"]  # fmt: skip
    zipped = zlib.compress(bytes(1 << 20))
    return source.choice([
        ("/predict", source.choice(kinds), GOOD), ("/predict", JSON, picture("PNG", source)),
        ("/predict", JSON, zipped), ("/predict", RAW, GOOD[:-1]),
    ])  # fmt: skip


FAMILIES: list[Callable[[random.Random], Malformed]] = [
    truncated, no_number, wrong_shape, wrong_key, huge, deep, no_text, wrong_raw, wrong_picture, wrong_kind,
]  # fmt: skip


def malformed(count: int, seed: int) -> Iterator[tuple[str, Malformed]]:
    """So many bodies of all families in turn, by name."""
    source = random.Random(seed)
    for number in range(count):
        family = FAMILIES[number % len(FAMILIES)]
        yield family.__name__, family(source)

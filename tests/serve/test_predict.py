from __future__ import annotations

import io
import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from starlette.testclient import TestClient

import linnet
from linnet.data.pictures.prepare import prepare
from linnet.model.run import Run
from linnet.serve import parse
from linnet.serve.app import make_app
from linnet.serve.parse import Limits
from linnet.web.refusal import Refusal
from tests.support.colors import arrays, dataset
from tests.support.colors import png_of as color_png
from tests.support.requests import JSON, RAW, png
from tests.support.runs import NAMES, make_run

PNG = {"content-type": "image/png"}


def test_json_rows_get_the_runs_probabilities(client: TestClient, served: Run) -> None:
    X = torch.randint(0, 256, (5, 12))
    said = client.post("/predict", json={"rows": X.tolist()})
    assert said.status_code == 200
    expected = served.probabilities(X)
    np.testing.assert_allclose(said.json()["probabilities"], expected.numpy(), atol=1e-6)
    assert said.json()["classes"] == [NAMES[k] for k in expected.argmax(1).tolist()]
    assert len(said.json()["model"]) == 64


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_raw_rows_get_the_same_answer(client: TestClient, dtype: str) -> None:
    X = np.random.default_rng(1).integers(0, 256, (6, 12)).astype(dtype)
    raw = client.post(f"/predict?dtype={dtype}", content=X.tobytes(), headers=RAW)
    rows = client.post("/predict", json={"rows": X.tolist()})
    assert raw.status_code == rows.status_code == 200
    np.testing.assert_allclose(raw.json()["probabilities"], rows.json()["probabilities"], atol=1e-6)


def test_a_picture_is_read_as_linnet_predict_reads_it(client: TestClient, served: Run) -> None:
    content = png(30, 50)
    said = client.post("/predict?invert=false", content=content, headers=PNG)
    row = torch.from_numpy(prepare(content, (3, 4), False).pixels).view(1, -1)
    np.testing.assert_allclose(said.json()["probabilities"], served.probabilities(row).numpy(), atol=1e-6)
    made = io.BytesIO()
    Image.open(io.BytesIO(content)).save(made, "JPEG")
    assert client.post("/predict", content=made.getvalue(), headers={"content-type": "image/jpeg"}).is_success


def test_a_regression_gives_predictions_and_takes_no_pictures() -> None:
    run = make_run("squared", features=2)
    run.save("regression")
    with TestClient(make_app("regression")) as client:
        said = client.post("/predict", json={"rows": [[1, 2.5]]}).json()
        np.testing.assert_allclose(
            said["predictions"], run.scores(torch.tensor([[1, 2.5]])).numpy(), rtol=1e-5
        )
        assert client.post("/predict", content=png(2, 2), headers=PNG).status_code == 415


BAD_JSON = [
    (b"", 400, "not JSON"),
    (b'{"rows": [[1, 2', 400, "not JSON"),
    (b'{"rows": [[NaN]]}', 400, "not JSON"),
    (b'{"rows": [[1e999]]}', 400, "infinity"),
    (b"\xff\xfe", 400, "not JSON"),
    (b"[" * 5000, 400, "not JSON"),
    (b"[[1]]", 422, "expected {"),
    (b'{"rows": []}', 422, "1 to 8 rows"),
    (b'{"rows": 3}', 422, "expected {"),
    (b'{"rows": [3]}', 422, "row 0 is a number"),
    (b'{"rows": [[1]], "more": 1}', 422, "no other key"),
    (json.dumps({"rows": [[0] * 11]}).encode(), 422, "row 0 has 11 numbers, expected 12"),
    (json.dumps({"rows": [[0] * 12, [0] * 13]}).encode(), 422, "row 1 has 13 numbers"),
    (json.dumps({"rows": [[0] * 12] * 9}).encode(), 422, "1 to 8 rows, got 9"),
    (json.dumps({"rows": [[0] * 11 + ["1"]]}).encode(), 422, "row 0, feature 11 is a string"),
    (json.dumps({"rows": [[True] * 12]}).encode(), 422, "feature 0 is a boolean"),
    (json.dumps({"rows": [[0.5] * 11 + [None]]}).encode(), 422, "feature 11 is null"),
    (json.dumps({"rows": [[[0]] * 12]}).encode(), 422, "feature 0 is a list"),
    (json.dumps({"rows": [[{}] * 12]}).encode(), 422, "feature 0 is an object"),
    (json.dumps({"rows": [[1e300] * 12]}).encode(), 422, "expected -1e+30 to 1e+30"),
]


@pytest.mark.parametrize(("content", "status", "reason"), BAD_JSON)
def test_bad_json_is_refused_with_the_reason(
    client: TestClient, content: bytes, status: int, reason: str
) -> None:
    said = client.post("/predict", content=content, headers=JSON)
    assert said.status_code == status
    assert reason in said.json()["detail"]


@pytest.mark.parametrize("unit", [b"[]", b"{}", b"[[]]", b"0.1", b'""'])
def test_a_bomb_of_brackets_or_numbers_is_refused_before_it_is_parsed(
    client: TestClient, unit: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(content: bytes) -> None:
        raise AssertionError("it was parsed")

    monkeypatch.setattr(parse.orjson, "loads", fail)
    content = b'{"rows":[' + b",".join([unit] * (900_000 // (len(unit) + 1))) + b"]}"
    said = client.post("/predict", content=content, headers=JSON)
    assert said.status_code == 422
    assert "1 to 8 rows, each a list of 12 numbers" in said.json()["detail"]


def test_as_many_long_numbers_as_there_may_be_are_taken(served: Run) -> None:
    rows = "[" + ",".join(["1." + "0" * 3000] * 12) + "]"
    content = ('{"rows":[' + ",".join([rows] * 8) + "]}").encode()
    assert len(content) > parse.LONG
    with TestClient(make_app(served.folder or "", limits=Limits(rows=8))) as client:
        said = client.post("/predict", content=content, headers=JSON)
    assert len(said.json()["probabilities"]) == 8


def test_scores_beyond_float32_are_refused() -> None:
    make_run("softmax", size=1e12).save("steep")
    with TestClient(make_app("steep")) as client:
        said = client.post("/predict", json={"rows": [[0] * 12, [1e30] * 12]})
    assert said.status_code == 422
    assert "row 1 is so large" in said.json()["detail"]


@pytest.mark.parametrize(
    ("query", "content", "reason"),
    [
        ("", bytes(12), "?dtype=float32"),
        ("?dtype=float64", bytes(96), "dtype must be float32 or uint8"),
        ("?dtype=uint8", b"", "whole rows"),
        ("?dtype=uint8", bytes(13), "12 bytes each, got 13"),
        ("?dtype=uint8", bytes(12 * 9), "1 to 8 rows, got 9"),
        ("?dtype=float32", struct.pack("<12f", *[0] * 11, float("nan")), "feature 11 is nan"),
        ("?dtype=float32", struct.pack("<12f", float("inf"), *[0] * 11), "feature 0 is inf"),
    ],
)
def test_bad_raw_bodies(client: TestClient, query: str, content: bytes, reason: str) -> None:
    said = client.post(f"/predict{query}", content=content, headers=RAW)
    assert said.status_code == 422
    assert reason in said.json()["detail"]


def test_bad_pictures(client: TestClient) -> None:
    whole = png(40, 40)
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + header
    bomb = whole[:8] + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk)) + whole[33:]
    gif = io.BytesIO()
    Image.new("L", (4, 4)).save(gif, "GIF")
    for content in (b"", b"no picture", whole[:60], bomb, gif.getvalue()):
        said = client.post("/predict", content=content, headers=PNG)
        assert said.status_code == 422, said.text
        assert "picture" in said.json()["detail"]
    flat = io.BytesIO()
    Image.new("L", (4500, 4000)).save(flat, "PNG")  # 18 million pixels in some kB
    assert (
        "18,000,000 pixels" in client.post("/predict", content=flat.getvalue(), headers=PNG).json()["detail"]
    )
    assert client.post("/predict?invert=maybe", content=whole, headers=PNG).status_code == 422


def test_other_content_types_methods_and_paths(client: TestClient) -> None:
    assert client.post("/predict", content=b"x").status_code == 415
    assert client.post("/predict", content=b"x", headers={"content-type": "text/plain"}).status_code == 415
    assert client.get("/predict").status_code == 405
    assert client.get("/nothing").status_code == 404


def test_a_compressed_body_is_not_taken_for_numbers(client: TestClient) -> None:
    zipped = {**RAW, "content-encoding": "br"}
    said = client.post("/predict?dtype=uint8", content=bytes(12), headers=zipped)
    assert said.status_code == 415
    assert "not as br" in said.json()["detail"]
    assert said.headers["accept-encoding"] == "gzip, identity"
    zipped["content-encoding"] = "gzip"
    said = client.post("/predict?dtype=uint8", content=bytes(12), headers=zipped)
    assert said.status_code == 400
    assert "not gzip" in said.json()["detail"]
    plain = {**RAW, "content-encoding": "identity"}
    assert client.post("/predict?dtype=uint8", content=bytes(12), headers=plain).is_success


def test_a_body_that_says_or_is_too_large(client: TestClient) -> None:
    most = 1 << 20
    said = client.post("/predict", content=bytes(most + 1), headers=RAW)
    assert said.status_code == 413
    assert said.headers["connection"] == "close"
    chunks = (bytes(64 << 10) for _ in range(17))
    assert client.post("/predict", content=chunks, headers=RAW).status_code == 413
    huge = {**RAW, "content-length": "9" * 40}
    assert client.post("/predict", content=b"", headers=huge).status_code == 413


def test_large_bodies_answer_as_short_ones_do() -> None:
    make_run("softmax").save("large")
    X = np.random.default_rng(0).integers(0, 256, (30_000, 12), np.uint8)
    from linnet.serve.parse import Limits
    from linnet.serve.predict import LARGE

    assert X.nbytes > LARGE
    with TestClient(make_app("large", limits=Limits(rows=40_000))) as client:
        many = client.post("/predict?dtype=uint8", content=X.tobytes(), headers=RAW).json()
        few = client.post("/predict?dtype=uint8", content=X[-3:].tobytes(), headers=RAW).json()
    np.testing.assert_allclose(many["probabilities"][-3:], few["probabilities"], atol=1e-6)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=13) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=20,
)
BODIES = st.one_of(
    st.binary(max_size=200).map(lambda b: (b, JSON)),
    VALUES.map(lambda v: (json.dumps(v).encode(), JSON)),
    VALUES.map(lambda v: (json.dumps({"rows": v}).encode(), JSON)),
    st.lists(st.lists(VALUES, min_size=12, max_size=12), max_size=3).map(
        lambda v: (json.dumps({"rows": v}).encode(), JSON)
    ),
    st.binary(max_size=200).map(lambda b: (b, RAW)),
    st.binary(max_size=200).map(lambda b: (png(5, 5)[:40] + b, PNG)),
)


@given(BODIES, st.sampled_from(["", "?dtype=uint8", "?dtype=float32", "?invert=x"]))
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_body_is_answered_or_refused(
    client: TestClient, given: tuple[bytes, dict[str, str]], query: str
) -> None:
    content, headers = given
    said = client.post(f"/predict{query}", content=content, headers=headers)
    assert said.status_code in (200, 400, 422), said.text
    if said.status_code == 200:
        assert np.isfinite(said.json()["probabilities"]).all()
    else:
        assert said.json()["detail"]


@given(
    st.lists(
        st.lists(st.integers(-(10**30), 10**30) | st.floats(-1e30, 1e30), min_size=12, max_size=12),
        min_size=1,
        max_size=3,
    )
)
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_numbers_of_any_size_keep_their_value(
    client: TestClient, served: Run, rows: list[list[float]]
) -> None:
    said = client.post("/predict", json={"rows": rows})
    assert said.status_code == 200, said.text
    assert len(said.json()["classes"]) == len(rows)


@pytest.mark.parametrize("level", [0, 90, 255])
def test_a_blank_picture_gets_no_class_but_what_was_done_to_it(client: TestClient, level: int) -> None:
    made = io.BytesIO()
    Image.new("L", (9, 9), level).save(made, "PNG")
    said = client.post("/predict", content=made.getvalue(), headers=PNG)
    answer = said.json()
    assert (said.status_code, answer["classes"], answer["probabilities"]) == (200, [], [])
    assert "nothing was seen" in answer["nothing"]
    assert "9 × 9 pixels padded and resized to 4 × 3" in answer["nothing"]


@pytest.mark.parametrize("form", ["WEBP", "TIFF", "BMP", "GIF"])
def test_pictures_of_other_kinds_are_read_too(client: TestClient, form: str) -> None:
    source, made = Image.open(io.BytesIO(png(4, 3))), io.BytesIO()
    source.save(made, form, **({"lossless": True} if form == "WEBP" else {}))
    said = client.post("/predict", content=made.getvalue(), headers={"content-type": f"image/{form.lower()}"})
    assert said.json() == client.post("/predict", content=png(4, 3), headers=PNG).json()


def test_a_picture_in_colour_has_the_same_answer_in_every_form(tmp_path: Path) -> None:
    data = dataset()
    run = linnet.solve(data, l2=0.01).value
    folder, picture = run.save(tmp_path / "run"), arrays()[0][40]  # a red one
    expected = run.probabilities(data.X[40:41])[0].tolist()
    npy = io.BytesIO()
    np.save(npy, picture)
    with TestClient(make_app(folder)) as client:
        found = [
            client.post("/predict", content=color_png(picture), headers=PNG),
            client.post("/predict", files={"file": color_png(picture)}),
            client.post("/predict", json={"rows": [picture.tolist()]}),
            client.post("/predict", json={"rows": [picture.reshape(-1).tolist()]}),
            client.post("/predict", content=npy.getvalue(), headers={"content-type": "application/x-npy"}),
            client.post("/predict?dtype=uint8", content=picture.tobytes(), headers=RAW),
        ]
        for one in found:
            assert one.json()["classes"] == ["red"]
            np.testing.assert_allclose(one.json()["probabilities"][0], expected, atol=1e-6)
        wrong = client.post("/predict", json={"rows": picture.tolist()}).json()["detail"]
        assert "row 0 has 6 numbers, expected 108, or 6 lists of 6 lists of 3; for one picture put" in wrong
        described = client.get("/openapi.json").json()["paths"]["/predict"]["post"]
        assert "red, green and blue of each pixel, line by line" in described["description"]
        assert client.get("/model").json()["card"]["image_shape"] == [6, 6, 3]
        assert "6 × 6 × 3" in client.get("/", headers={"accept": "text/html"}).text


def test_a_long_body_of_pictures_in_colour_may_have_a_list_a_pixel() -> None:
    lists = [[[[1, 2, 3]] * 100] * 100] * 8
    content = json.dumps({"rows": lists}).encode()
    assert len(content) > parse.LONG
    parse.check_marks(content, 30_000, 8, (100, 100, 3))
    with pytest.raises(Refusal):
        parse.check_marks(content, 30_000, 7, (100, 100, 3))

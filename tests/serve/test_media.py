"""What usual clients send is answered, or refused with a line that works."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from linnet.errors import UsageError
from linnet.model.run import Run
from linnet.serve.app import make_app
from linnet.serve.parse import Limits
from tests.support.requests import JSON, RAW, png
from tests.support.runs import make_run

ROWS = np.arange(24, dtype=np.uint8).reshape(2, 12)
TEXT = json.dumps({"rows": ROWS.tolist()}).encode()


def answer(client: TestClient, content: bytes = TEXT, query: str = "", **headers: str) -> dict:
    """What is said to a body, which has to be an answer."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    said = client.post(f"/predict{query}", content=content, headers=named)
    assert said.status_code == 200, said.text
    return said.json()


def npy(array: np.ndarray) -> bytes:
    """An array as numpy saves it."""
    made = io.BytesIO()
    np.save(made, array)
    return made.getvalue()


@pytest.fixture(scope="module")
def right(client: TestClient) -> dict:
    """The answer to the rows in the plain way."""
    return answer(client, content_type="application/json")


@pytest.fixture(scope="module")
def seen(client: TestClient) -> dict:
    """The answer to a picture in the plain way."""
    return answer(client, png(30, 50), "?invert=false", content_type="image/png")


@pytest.mark.parametrize(
    "kind",
    ["application/json; charset=utf-8", "application/json;charset=UTF-8", "text/json", "Application/JSON"],
)
def test_json_by_other_names(client: TestClient, right: dict, kind: str) -> None:
    assert answer(client, content_type=kind) == right


@pytest.mark.parametrize(
    ("form", "kind"),
    [("JPEG", "image/jpg"), ("JPEG", "image/pjpeg"), ("PNG", "image/x-png"), ("PNG", "image/PNG")],
)
def test_pictures_by_other_names(client: TestClient, form: str, kind: str) -> None:
    made = io.BytesIO()
    Image.open(io.BytesIO(png(9, 9))).save(made, form)
    usual = answer(client, made.getvalue(), content_type=f"image/{form.lower()}")
    assert answer(client, made.getvalue(), content_type=kind) == usual


@pytest.mark.parametrize("name", ["file", "image", "picture"])
@pytest.mark.parametrize("kind", ["image/png", "image/jpg", "application/octet-stream"])
def test_a_picture_in_a_form(client: TestClient, seen: dict, name: str, kind: str) -> None:
    said = client.post("/predict?invert=false", files={name: ("shirt.png", png(30, 50), kind)})
    assert said.json() == seen
    said = client.post("/predict", files={name: ("裙子.png", png(30, 50), kind)}, data={"invert": "0"})
    assert said.json() == seen


@pytest.mark.parametrize(
    ("name", "content", "kind", "fields"),
    [
        ("rows.json", TEXT, "application/json", {}),
        ("rows.json", TEXT, "application/octet-stream", {}),
        ("rows.bin", ROWS.tobytes(), "application/octet-stream", {"dtype": "uint8"}),
        ("rows.npy", npy(ROWS), "application/octet-stream", {}),
    ],
)
def test_rows_in_a_form(
    client: TestClient, right: dict, name: str, content: bytes, kind: str, fields: dict[str, str]
) -> None:
    assert client.post("/predict", files={"file": (name, content, kind)}, data=fields).json() == right


@pytest.mark.parametrize(
    ("files", "status", "why"),
    [
        ([("a", ("a.png", png(4, 4), "image/png")), ("b", ("b.png", png(4, 4), "image/png"))], 422, "has 2"),
        ([("a", ("a.svg", b"<svg/>", "image/svg+xml"))], 415, "content type"),
        ([("a", ("a.png", b"no picture", "image/png"))], 422, "picture"),
        ([(f"f{k}", ("a.png", b"", "image/png")) for k in range(20)], 422, "at most 8 parts"),
    ],
)
def test_forms_that_cannot_be(client: TestClient, files: list, status: int, why: str) -> None:
    said = client.post("/predict", files=files)
    assert (said.status_code, why in said.json()["detail"]) == (status, True), said.text
    assert "-F file=@picture.png" in said.json()["example"]


@pytest.mark.parametrize(
    ("kind", "content", "why"),
    [
        ("multipart/form-data", b"x", "no boundary"),
        ("multipart/form-data; boundary=x", TEXT, "no form"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\ncontent-disposition: form-data; name="a"\r\n\r\nabc',
            "last boundary",
        ),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"a: " + b"b" * 5000 + b"\r\n\r\n\r\n--x--\r\n", ""),
    ],
)
def test_bodies_that_are_no_forms(client: TestClient, kind: str, content: bytes, why: str) -> None:
    said = client.post("/predict", content=content, headers={"content-type": kind})
    assert said.status_code in (400, 422)
    assert why in said.json()["detail"]


@pytest.mark.parametrize(
    "packed",
    [gzip.compress(TEXT), gzip.compress(TEXT[:9]) + gzip.compress(TEXT[9:])],
    ids=["whole", "in two"],  # their bytes hold the time, and workers must agree on names
)
@pytest.mark.parametrize("name", ["gzip", "GZIP", "x-gzip"])
def test_a_gzipped_body(client: TestClient, right: dict, packed: bytes, name: str) -> None:
    assert answer(client, packed, content_type="application/json", content_encoding=name) == right


def test_gzip_is_unpacked_no_further_than_a_body_may_be_long(served: Run) -> None:
    most = 100_000
    zipped = {**JSON, "content-encoding": "gzip"}
    bomb = gzip.compress(bytes(200 << 20))  # 200 kB that would be 200 MB
    with TestClient(make_app(served.folder or "", limits=Limits(bytes=most))) as client:
        for content, status in (
            (gzip.compress(TEXT + b" " * (most - len(TEXT))), 200), (gzip.compress(bytes(most + 1)), 413),
            (bomb[:most], 413), (gzip.compress(b"") * 100, 400), (gzip.compress(TEXT)[:-9], 400),
            (gzip.compress(TEXT) + b"more", 400),
        ):  # fmt: skip
            said = client.post("/predict", content=content, headers=zipped)
            assert said.status_code == status, said.text
    assert len(bomb) > most


@pytest.mark.parametrize("kind", ["application/x-npy", "application/octet-stream"])
@pytest.mark.parametrize(
    "array",
    [ROWS, ROWS.astype("f4"), ROWS.astype(">i8"), np.asfortranarray(ROWS), ROWS.reshape(2, 3, 4), ROWS / 1],
)
def test_an_npy_file(client: TestClient, right: dict, kind: str, array: np.ndarray) -> None:
    got = answer(client, npy(array), content_type=kind)
    assert got["classes"] == right["classes"]
    np.testing.assert_allclose(got["probabilities"], right["probabilities"], atol=1e-6)


def test_one_row_of_an_npy_file(client: TestClient, right: dict) -> None:
    for array in (ROWS[0], ROWS[0].reshape(3, 4)):
        got = answer(client, npy(array), content_type="application/x-npy")
        np.testing.assert_allclose(got["probabilities"], right["probabilities"][:1], atol=1e-6)


def test_an_npy_file_is_never_read_as_plain_numbers() -> None:
    make_run("squared", features=4).save("four")  # 128 bytes of header are 8 rows of 4 numbers in float32
    rows = np.arange(8, dtype=np.float32).reshape(2, 4)
    with TestClient(make_app("four")) as client:
        said = client.post("/predict?dtype=float32", content=npy(rows), headers=RAW).json()
        assert len(said["predictions"]) == 2
        said = client.post("/predict?dtype=uint8", content=png(30, 30) + b"...", headers=RAW)
        assert "send it as image/png" in said.json()["detail"]


@pytest.mark.parametrize(
    "content",
    [
        npy(ROWS)[:60], npy(ROWS)[:-1], npy(ROWS.astype("U3")), npy(ROWS > 3), npy(ROWS * 1j),
        npy(ROWS[:, :5]),         npy(ROWS[:0]), npy(np.array(3.0)), npy(np.tile(ROWS, (9, 1))), b"\x93NUMPY",
        b"\x93NUMPY\x01\x00\xff\xff",
        npy(ROWS).replace(b"(2, 12)", b"(-1,12)"), npy(ROWS).replace(b"(2, 12)", b"(10**9)"),
        npy(ROWS).replace(b"'|u1'", b"'|O8'"), npy(ROWS).replace(b"{", b"["),
    ],
)  # fmt: skip
def test_npy_files_that_cannot_be(client: TestClient, content: bytes) -> None:
    said = client.post("/predict", content=content, headers={"content-type": "application/x-npy"})
    assert said.status_code == 422, said.text


def test_pictures_as_lists_of_lists(client: TestClient, right: dict) -> None:
    nested = json.dumps({"rows": ROWS.reshape(2, 3, 4).tolist()}).encode()
    assert answer(client, nested, content_type="application/json") == right
    one = json.dumps({"rows": ROWS[0].reshape(3, 4).tolist()}).encode()
    said = client.post("/predict", content=one, headers=JSON)
    assert said.status_code == 422
    assert (
        "expected 12, or 3 lists of 4; for one picture put another pair of brackets" in said.json()["detail"]
    )


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (json.dumps(ROWS[0].tolist()).encode(), 'a bare row: send {"rows": [[…]]}'),
        (json.dumps(ROWS.tolist()).encode(), 'a bare list: send {"rows": [[…], …]}'),
        (json.dumps({"rows": ROWS[0].tolist()}).encode(), "one row stands in two pairs of brackets"),
        (json.dumps({"instances": ROWS.tolist()}).encode(), "the key 'instances': call it rows"),
        (json.dumps({"inputs": ROWS.tolist()}).encode(), "the key 'inputs': call it rows"),
        (json.dumps({"rows": ROWS.tolist(), "id": 7}).encode(), "'id' too: leave it out"),
        (b"\xef\xbb\xbf" + TEXT, "byte order mark"),
        (TEXT.decode().encode("utf-16"), "UTF-16"),
        (TEXT.decode().encode("utf-16-le"), "UTF-16"),
        (str({"rows": ROWS.tolist()}).encode(), "Python writes 'rows'"),
        (TEXT.replace(b"23", b"NaN"), "neither NaN nor Infinity"),
        (TEXT.replace(b"23", b"Infinity"), "neither NaN nor Infinity"),
        (TEXT.replace(b"23", b'"23"'), "row 1, feature 11 is a string, expected a number"),
        (b'{"rows": []}', "expected 1 to 8 rows, got 0"),
        (b'{"rows": [[]]}', "row 0 has 0 numbers, expected 12"),
        (b"{}", "got no key"),
    ],
)
def test_json_of_other_forms_is_refused_with_a_line_that_works(
    client: TestClient, right: dict, content: bytes, why: str
) -> None:
    said = client.post("/predict", content=content, headers=JSON)
    assert said.status_code in (400, 422)
    assert why in said.json()["detail"]
    line = said.json()["example"]
    assert line.startswith("curl -H 'content-type: application/json' -d '")
    rows = line.partition("-d '")[2].partition("'")[0].encode()
    assert len(answer(client, rows, content_type="application/json")["classes"]) == 1


@pytest.mark.parametrize("kind", [None, "application/x-www-form-urlencoded", "text/plain"])
def test_a_body_that_does_not_say_what_it_is(client: TestClient, kind: str | None) -> None:
    said = client.post("/predict", content=TEXT, headers={} if kind is None else {"content-type": kind})
    assert said.status_code == 415
    assert "curl -H 'content-type: application/json'" in said.json()["detail"]


@pytest.mark.parametrize(
    ("values", "invert"), [(("true", "1", "True"), "true"), (("false", "0", "False"), "false")]
)
def test_invert_in_other_words(client: TestClient, values: tuple[str, ...], invert: str) -> None:
    usual = answer(client, png(30, 50), f"?invert={invert}", content_type="image/png")
    for value in values:
        assert answer(client, png(30, 50), f"?invert={value}", content_type="image/png") == usual


def test_a_slash_at_the_end(client: TestClient, right: dict) -> None:
    assert client.post("/predict/", content=TEXT, headers=JSON, follow_redirects=False).json() == right
    assert client.get("/healthz/", follow_redirects=False).json() == {"status": "ok"}


def test_the_root(client: TestClient) -> None:
    said = client.get("/").json()
    assert (said["docs"], said["openapi"]) == ("docs", "openapi.json")
    assert "/predict" in said["predict"]
    shown = client.get("/", headers={"accept": "text/html,*/*;q=0.8", "accept-language": "zh"})
    assert "<html lang=zh>" in shown.text


def test_wrong_pages_and_methods_say_where_to_ask(client: TestClient) -> None:
    for method, path, status in (
        ("POST", "/", 405), ("GET", "/predict", 405), ("POST", "/invocations", 404),
        ("GET", "/v1/models", 404), ("PUT", "/predict", 405), ("POST", "/healthz", 405),
    ):  # fmt: skip
        said = client.request(method, path)
        assert said.status_code == status
        assert "/predict" in said.json()["detail"]
        assert said.json()["example"].endswith("http://testserver/predict")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/predict", "POST, OPTIONS"), ("/healthz", "GET, HEAD, OPTIONS"), ("/", "GET, HEAD, OPTIONS")],
)
def test_options(client: TestClient, path: str, allowed: str) -> None:
    said = client.options(path)
    assert said.status_code == 204
    assert said.headers["allow"] == allowed
    assert "access-control-allow-origin" not in client.options(path, headers={"origin": "http://a"}).headers


def test_pages_of_an_allowed_origin_may_ask_even_where_a_key_is_needed(served: Run) -> None:
    origin = "https://shop.example"
    first = {"origin": origin, "access-control-request-method": "POST",
             "access-control-request-headers": "content-type,x-api-key"}  # fmt: skip
    app = make_app(Path(served.folder or ""), api_key="secret", origins=[origin, "http://localhost:3000"])
    with TestClient(app) as client:
        said = client.options("/predict", headers=first)
        assert said.is_success
        assert said.headers["access-control-allow-origin"] == origin
        assert "POST" in said.headers["access-control-allow-methods"]
        assert "x-api-key" in said.headers["access-control-allow-headers"]
        other = client.options("/predict", headers={**first, "origin": "https://other.example"})
        assert other.status_code == 400
        assert "access-control-allow-origin" not in other.headers
        for key, status in (("secret", 200), ("wrong", 401)):
            headers = {**JSON, "origin": origin, "x-api-key": key}
            said = client.post("/predict", content=TEXT, headers=headers)
            assert said.status_code == status
            assert said.headers["access-control-allow-origin"] == origin  # or the page could not read why
        assert (
            "access-control-allow-origin" not in client.post("/predict", content=TEXT, headers=JSON).headers
        )


@pytest.mark.parametrize(
    "origin", ["shop.example", "https://shop.example/", "https://a https://b", "ftp://a", ""]
)
def test_what_is_no_origin(served: Run, origin: str) -> None:
    with pytest.raises(UsageError, match=r"such as https://shop\.example"):
        make_app(Path(served.folder or ""), origins=[origin])


def test_the_answer_is_json_whatever_is_accepted(client: TestClient, right: dict) -> None:
    for accept in ("text/html", "application/xml", "*/*", "image/png"):
        assert answer(client, content_type="application/json", accept=accept) == right

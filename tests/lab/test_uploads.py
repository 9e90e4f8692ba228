from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from linnet.lab import training
from linnet.lab.app import NAMES
from tests.support.colors import COLORS, files, png_of, square
from tests.support.commands import run_command, run_python
from tests.support.lab import frames_of
from tests.support.uploads import CSV, parted, pictures, zipped


def upload(client: TestClient, files: list[tuple[str, bytes]]):
    return client.post("/api/data", files=[("files", (path, content)) for path, content in files])


def test_a_table_is_uploaded_trained_on_and_looked_at(client: TestClient) -> None:
    known = upload(client, [("flowers.csv", CSV)]).json()
    assert known["title"] == "flowers.csv"
    assert known["is_image"] is False
    assert known["columns"] == ["length", "width"]
    assert known in client.get("/api/data").json()
    frames = frames_of(client, {"dataset": known["name"], "epochs": 2, "batch_size": 4, "standardize": True})
    assert frames[0]["classes"] == ["a", "b"]
    rows = client.post(
        "/api/data/rows", json={"dataset": known["name"], "part": "train", "rows": [0, 1]}
    ).json()
    assert len(rows["values"]) == 2
    assert rows["features"] == 2
    assert rows["pixels"] is None


@pytest.mark.parametrize("name", ["rows.svm", "rows.libsvm", "rows.svmlight"])
def test_libsvm_text_is_chosen_and_trained_on(client: TestClient, name: str) -> None:
    known = upload(client, [(name, b"0 1:1 2:3\n1 1:4 3:1\n" * 10)]).json()
    assert known["title"] == name
    assert frames_of(client, {"dataset": known["name"], "epochs": 1})[0]["classes"] == ["0", "1"]
    assert Path(name).suffix in NAMES["files"]


def test_of_a_wide_table_the_first_numbers_are_shown(client: TestClient) -> None:
    wide = b"".join(b"1,2,3,4,5,6,7,8,9,%d\n" % (n % 2) for n in range(20))
    known = upload(client, [("wide.csv", wide)]).json()
    rows = client.post("/api/data/rows", json={"dataset": known["name"], "rows": [0, 1]}).json()
    assert rows["values"] == [[1, 2, 3, 4, 5, 6]] * 2
    assert rows["features"] == 9


def test_a_model_that_no_page_can_show_is_refused(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "MAX_WEIGHTS", 3)
    known = upload(client, [("flowers.csv", CSV)]).json()
    refused = client.post("/api/train", json={"dataset": known["name"]})
    assert refused.status_code == 422
    assert "4 weights, more than the 3" in refused.json()["detail"]


@pytest.mark.parametrize("is_zip", [True, False])
def test_pictures_are_uploaded_as_a_zip_or_a_folder(client: TestClient, is_zip: bool) -> None:
    answer = upload(client, [("set.zip", zipped(pictures()))] if is_zip else pictures())
    assert answer.status_code == 200, answer.text
    known = answer.json()
    assert known["title"] == ("set.zip" if is_zip else "set")
    rows = client.post("/api/data/rows", json={"dataset": known["name"], "rows": [3]}).json()
    assert rows["image_shape"] == [8, 8]
    assert len(base64.b64decode(rows["pixels"])) == 64


def test_an_upload_says_what_its_folders_were_read_as(client: TestClient) -> None:
    known = upload(client, [("set.zip", zipped(parted(Training=3, dev=2, 测试=1)))]).json()
    parts = {"train": 6, "validation": 4, "test": 2}
    read = "set.zip read by its folders: train Training (6), validation dev (4), test 测试 (2)"
    assert known["parts"] == parts
    assert known["read"] == [read]
    assert known in client.get("/api/data").json()
    refused = upload(client, parted(train=1, holdout=1))
    assert (refused.status_code, "Understood are train: train|training" in refused.text) == (422, True)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([("a.csv", b"\x00\x01")], "table|column"),
        ([("a.exe", b"MZ")], "neither"),
        ([("a.zip", b"PK\x03\x04 no")], "zip"),
        ([("../../x/a.png", b"no"), ("y/a.png", b"no")], "read"),
    ],
)
def test_bad_uploads_are_refused_with_a_reason(
    client: TestClient, files: list[tuple[str, bytes]], said: str
) -> None:
    answer = upload(client, files)
    assert answer.status_code == 422
    assert any(word in answer.json()["detail"] for word in said.split("|"))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "application/json"),
        (b"x", "multipart/form-data"),
        (b"x", "multipart/form-data; boundary=y"),
        (b"a=1", "application/x-www-form-urlencoded"),
    ],
)
def test_what_is_no_upload_is_refused(client: TestClient, content: bytes, kind: str) -> None:
    answer = client.post("/api/data", content=content, headers={"content-type": kind})
    assert answer.status_code in (400, 422)
    assert isinstance(answer.json()["detail"], str)


def test_rows_that_are_not_there_are_refused(client: TestClient) -> None:
    for rows in ([10**6], [-1], [0] * 257):
        assert client.post("/api/data/rows", json={"dataset": "digits", "rows": rows}).status_code == 422
    assert client.post("/api/data/rows", json={"dataset": "upload-gone", "rows": []}).status_code == 404


def test_the_code_of_an_upload_runs_beside_the_file(client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "flowers.csv").write_bytes(CSV)
    known = upload(client, [("flowers.csv", CSV)]).json()
    body = {"dataset": known["name"], "epochs": 2, "batch_size": 4}
    end, code = frames_of(client, body)[-1], client.post("/api/train/code", json=body).json()
    said = run_python(code["python"])
    assert f"'test_loss': {end['figures']['test_loss']}" in said
    run_command(code["command"])
    assert list(Path(tmp_path, "runs").glob("flowers.csv-*/run.json"))


def test_pictures_keep_their_colours_where_that_is_asked_for(client: TestClient) -> None:
    form = [("files", (path, content)) for path, content in files()]
    known = client.post("/api/data", files=form, data={"color": "true"}).json()
    assert known["parts"] is None
    rows = client.post("/api/data/rows", json={"dataset": known["name"], "rows": [0]}).json()
    pixels = np.frombuffer(base64.b64decode(rows["pixels"]), np.uint8)
    assert rows["image_shape"] == [6, 6, 3]
    assert {tuple(pixel) for pixel in pixels.reshape(-1, 3).tolist()} <= {(0, 0, 0), *COLORS.values()}
    body = {"dataset": known["name"], "epochs": 30, "lr": 0.5}
    frames = frames_of(client, body)
    assert frames[0]["image_shape"] == [6, 6, 3]
    code = client.post("/api/train/code", json=body).json()
    assert "--color" in code["command"]
    assert "color=True" in code["python"]
    model = frames[-1]["model"]

    said = client.post("/api/try", json={"model": model, "row": 0, "explain": 1}).json()
    assert len(base64.b64decode(said["pixels"])) == 6 * 6 * 3
    assert len(said["explanation"]["parts"]) == 6 * 6
    assert sum(said["explanation"]["parts"]) == pytest.approx(said["explanation"]["pixels"])
    assert ".by_pixel(train.image_shape)" in said["python"]

    red = base64.b64encode(png_of(square(COLORS["red"], 1, 1))).decode()
    made = client.post("/api/try/picture", json={"model": model, "file": red}).json()
    assert (made["height"], made["width"], made["steps"]) == (6, 6, [])
    answer = client.post("/api/try", json={"model": model, "pixels": made["pixels"]}).json()
    assert answer["guess"] == 2  # blue, green, red
    wrong = client.post("/api/try", json={"model": model, "pixels": made["pixels"][:48]})
    assert "expected 6 × 6 × 3 = 108 pixels, got 36" in wrong.json()["detail"]


def test_a_table_has_no_colours_to_keep(client: TestClient) -> None:
    refused = client.post("/api/data", files=[("files", ("t.csv", CSV))], data={"color": "true"})
    assert "of pictures of your own, and t.csv is a table" in refused.json()["detail"]

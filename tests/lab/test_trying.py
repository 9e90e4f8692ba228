from __future__ import annotations

import base64
import io
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from starlette.testclient import TestClient

import linnet
from linnet.data.dataset import Splits
from linnet.data.pictures.prepare import as_stored, prepare
from linnet.data.sources import synthetic
from linnet.errors import UsageError
from linnet.evaluate.confidence.prediction_sets import coverage, learn_sets
from linnet.evaluate.contributions import contributions
from linnet.evaluate.evaluation import Evaluation
from linnet.evaluate.rows import calibration_split
from linnet.lab.jobs import Job, JobQueue
from linnet.lab.sent import Sent
from linnet.lab.settings import Settings
from linnet.lab.state import LabState
from linnet.lab.tables import Upload
from linnet.lab.training import UsualModel
from linnet.lab.trying import TryTab
from linnet.lab.wishes import TryBody
from linnet.model.run import Run
from linnet.train.fit import fit
from tests.support.commands import run_python
from tests.support.lab import frames_of, model_of, png
from tests.support.patience import PATIENCE
from tests.support.uploads import CSV

pytestmark = pytest.mark.usefixtures("digits_alone")


def ask(client: TestClient, **values: Any) -> dict[str, Any]:
    answer = client.post("/api/try", json=values)
    assert answer.status_code == 200, answer.text
    return answer.json()


def text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def test_a_model_is_trained_once_where_there_is_none(client: TestClient, digits: tuple[Run, Splits]) -> None:
    first, again = (frames_of(client, path="/api/try/train") for _ in range(2))
    epochs = int(digits[0].history.last["epoch"])
    assert [frame["kind"] for frame in first] == [*["progress"] * epochs, "model"]
    assert first[-2] == {"kind": "progress", "epoch": epochs, "epochs": epochs}
    assert again == first[-1:]
    model = client.post("/api/try/model", json={"model": first[-1]["id"]}).json()
    assert model["name"] == model["dataset"] == "digits"
    assert model["image_shape"] == [8, 8]
    assert model["accuracy"] == pytest.approx(digits[0].history.last["test_accuracy"])
    assert model["rows"] == len(digits[1].test or ())
    assert model["is_default"]


def model_and_job(page: str = "a") -> tuple[UsualModel, JobQueue, Job]:
    queue = JobQueue(1, 4)
    return UsualModel(LabState(Settings())), queue, queue.enter(page)


def test_the_usual_model_waits_for_its_turn_and_ends_with_it() -> None:
    usual, queue, job = model_and_job()
    told: list[dict[str, Any]] = []

    def tell(frame: dict[str, Any]) -> None:
        told.append(frame)
        queue.enter("a")  # the page asks for something else after the first epoch

    job.tell = tell
    usual.train(job)
    assert [frame["kind"] for frame in told] == ["progress"]
    assert usual.number() is None
    other = Job("b")
    other.tell = told.append
    usual.train(other)
    assert told[-1] == {"kind": "model", "id": usual.number()}


def test_a_page_that_is_gone_does_not_wait_for_anothers_training() -> None:
    usual, _, job = model_and_job()
    told: list[dict[str, Any]] = []
    job.tell = told.append
    with usual._training:  # another page's
        waiting = threading.Thread(target=usual.train, args=(job,))
        waiting.start()
        job.stop()
        waiting.join(PATIENCE)
        assert not waiting.is_alive()
    assert told == []


def test_a_test_row(client: TestClient, digits: tuple[Run, Splits]) -> None:
    run, (train, test) = digits
    assert test is not None
    found = ask(client, model=model_of(client), row=7, explain=3, against=5, alpha=0.05, method="aps")
    p = run.probabilities(test.X[7:8]).double()
    assert found["probabilities"] == p[0].tolist()
    assert found["guess"] == int(p.argmax())
    assert found["label"] == int(test.y[7])
    parts = contributions(run, test.X[7])
    explained = found["explanation"]
    assert explained["parts"] == parts.between(3, 5).tolist()
    assert explained["scores"] == pytest.approx(run.scores(test.X[7:8])[0].tolist(), abs=1e-5)
    assert explained["pixels"] + explained["bias"] == pytest.approx(explained["score"])
    assert explained["score"] == pytest.approx(explained["scores"][3] - explained["scores"][5])
    kept = calibration_split(run, train)
    rule = learn_sets(Evaluation(run, kept.rows), 0.05, "aps")
    measured = coverage(rule, Evaluation(run, test))
    assert found["set"]["classes"] == np.flatnonzero(rule.sets(p)[0]).tolist()
    assert found["set"]["coverage"] == measured.coverage
    assert found["set"]["source"] == "validation rows"
    assert found["set"]["is_unseen"]
    assert np.frombuffer(base64.b64decode(found["pixels"]), np.uint8).tolist() == (
        (test.X[7].double() / 16 * 255).round().int().tolist()
    )


def test_a_picture_is_made_as_everywhere_else_and_then_classified(
    client: TestClient, digits: tuple[Run, Splits]
) -> None:
    model = model_of(client)
    made = client.post("/api/try/picture", json={"model": model, "file": text(png())}).json()
    grey = prepare(png(), (8, 8)).pixels
    assert base64.b64decode(made["pixels"]) == grey.tobytes()
    found = ask(client, model=model, pixels=made["pixels"])
    row = torch.from_numpy(as_stored(grey, 1 / 16))
    assert found["probabilities"] == digits[0].probabilities(row[None])[0].tolist()
    assert found["explanation"]["explain"] == found["guess"]
    assert found["label"] is None
    assert found["pixels"] == made["pixels"]


def test_of_a_blank_picture_no_class_is_said(client: TestClient) -> None:
    model = model_of(client)
    file = io.BytesIO()
    Image.new("LA", (16, 16)).save(file, "PNG")
    made = client.post("/api/try/picture", json={"model": model, "file": text(file.getvalue())}).json()
    assert made["is_blank"]
    assert "nothing was seen" in made["said"]
    assert [step["name"] for step in made["steps"]] == ["white", "resized", "inverted"]
    found = ask(client, model=model, pixels=made["pixels"])
    assert found["guess"] is None
    assert "nothing was seen" in found["nothing"]
    assert ask(client, model=model, row=0)["nothing"] is None


def test_browsing(client: TestClient, digits: tuple[Run, Splits]) -> None:
    run, (_, test) = digits
    assert test is not None
    judged, model = Evaluation(run, test), model_of(client)
    wanted = np.flatnonzero((judged.targets == 8) & ~judged.hits).tolist()
    found = client.post("/api/try/images", json={"model": model, "label": 8, "wrong": True}).json()
    assert found["found"] == len(wanted)
    assert [row["row"] for row in found["rows"]] == wanted[:24]
    assert all(row["label"] == 8 != row["guess"] for row in found["rows"])
    page = client.post("/api/try/images", json={"model": model, "start": 5, "count": 3}).json()
    assert [row["row"] for row in page["rows"]] == [5, 6, 7]
    assert page["found"] == len(test)


@pytest.mark.parametrize(
    ("path", "values", "status", "why"),
    [
        ("", {"row": 0, "model": "nobody"}, 404, "there is no 'nobody' here"),
        ("", {"row": 9999}, 422, "there is no row 9999"),
        ("", {}, 422, "one of the three"),
        ("", {"row": 0, "pixels": "AAAA"}, 422, "one of the three"),
        ("", {"pixels": "AAAA"}, 422, "expected 8 × 8 = 64 pixels, got 3"),
        ("", {"pixels": "****"}, 422, "not base64"),
        ("", {"row": 0, "explain": 10}, 422, "explain must be a class, 0…9"),
        ("", {"row": 0, "explain": 3, "against": 3}, 422, "against itself"),
        ("", {"row": 0, "alpha": 1.0}, 422, "less than 1"),
        ("/picture", {"file": text(b"GIF89a")}, 422, "not a picture"),
        ("/picture", {"file": text(png()[:60])}, 422, "damaged"),
        ("/picture", {"file": "é"}, 422, "not base64"),
        ("/picture", {"file": text(png((5000, 4000)))}, 422, "more than 16,000,000"),
        ("/images", {"count": 1000}, 422, "less than or equal"),
    ],
)
def test_what_cannot_be(client: TestClient, path: str, values: dict[str, Any], status: int, why: str) -> None:
    answer = client.post(f"/api/try{path}", json={"model": model_of(client), **values})
    assert answer.status_code == status
    assert why in answer.json()["detail"]


def test_too_large_a_file(client: TestClient) -> None:
    file = text(bytes(8 << 20) + b"1234")
    answer = client.post("/api/try/picture", json={"model": model_of(client), "file": file})
    assert answer.status_code == 422
    assert "smaller picture" in answer.json()["detail"] or "at most" in answer.json()["detail"]


def test_a_model_of_uploaded_columns_takes_test_rows_alone(client: TestClient, tmp_path: Path) -> None:
    known = client.post("/api/data", files=[("files", ("flowers.csv", CSV))]).json()
    frames = frames_of(client, {"dataset": known["name"], "epochs": 3, "batch_size": 4, "l2": 0.01})
    model = frames[-1]["model"]
    found = ask(client, model=model, row=0)
    assert found["pixels"] == ""
    assert len(found["values"]) == len(found["explanation"]["parts"]) == frames[0]["features"]
    assert not found["set"]["is_unseen"]
    told = client.post("/api/try/model", json={"model": model}).json()
    assert told["columns"] == known["columns"]
    assert len(told["columns"]) == told["features"]
    for path, rest in (("", {"pixels": "AAAA"}), ("/picture", {"file": text(png())})):
        refused = client.post(f"/api/try{path}", json={"model": model, **rest})
        assert (refused.status_code, "takes columns" in refused.text) == (422, True)
    (tmp_path / "flowers.csv").write_bytes(CSV)
    told = run_python(found["python"])
    for name, share in zip(frames[0]["classes"], found["probabilities"], strict=True):
        assert f"{name:12} {share:.6f}" in told
    commanded = run_command(found["command"])
    assert "prediction sets, learnt on" in commanded


def run_command(command: str) -> str:
    linnet = f'{sys.executable} -c "from linnet.cli import main; main()"'
    script = command.replace("linnet ", f"{linnet} ")
    return subprocess.run(["bash", "-e", "-c", script], capture_output=True, text=True, check=True).stdout


def test_a_solved_model_has_no_recipe_to_show() -> None:
    lab = LabState(Settings())
    number = lab.add(linnet.solve(lab.splits("digits").train, l2=0.01).value, "digits")
    found = TryTab(lab).classify(TryBody(model=number, row=3))
    assert found["python"] == found["command"] == ""


def test_a_regression_answers_with_its_number() -> None:
    lab = LabState(Settings())
    name = lab.put(Upload(Sent("t", "./t.csv"), Splits(synthetic.linear(rows=50))))
    run, _ = fit(lab.splits(name).train)
    found = TryTab(lab).classify(TryBody(model=lab.add(run, name), row=3))
    assert found["prediction"] == run.predictions(lab.splits(name).train.X[3:4]).item()
    assert found["label"] == lab.splits(name).train.y[3].item()
    assert found["set"] is found["guess"] is None
    with pytest.raises(UsageError, match="must be a class"):
        TryTab(lab).classify(TryBody(model=lab.add(run, name), row=3, against=1))


@pytest.mark.parametrize("is_row", [True, False])
def test_the_code_runs_as_it_stands(client: TestClient, tmp_path: Path, is_row: bool) -> None:
    model = model_of(client)
    pixels = client.post("/api/try/picture", json={"model": model, "file": text(png())}).json()["pixels"]
    found = ask(client, model=model, explain=2, **({"row": 12} if is_row else {"pixels": pixels}))
    told = run_python(found["python"])
    names = [str(k) for k in range(10)]
    for name, share in zip(names, found["probabilities"], strict=True):
        assert f"{name:12} {share:.6f}" in told
    assert f"coverage of the test rows {found['set']['coverage']:.4f}" in told
    assert f"set {[names[k] for k in found['set']['classes']]}" in told


@pytest.mark.long
def test_the_command_runs_as_it_stands(client: TestClient, tmp_path: Path) -> None:
    found = ask(client, model=model_of(client), row=12)
    likeliest = max(found["probabilities"])
    # as a PNG has whole numbers up to 255, the last digit of the share may differ
    assert f"picture.png  {found['guess']} {likeliest:.1%}"[:18] in run_command(found["command"])

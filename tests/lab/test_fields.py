from __future__ import annotations

import itertools
import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
from starlette.testclient import TestClient

import linnet
from tests.support.commands import run_command, run_python
from tests.support.lab import frames_of
from tests.support.tables import make_mixed

ROW = {"carat": 1.25, "cut": "ideal", "new": "yes", "sold": "2024-06-01"}


def train(client: TestClient, **table: Any) -> dict[str, Any]:
    """A model of the mixed table, as the page knows it."""
    content = make_mixed().to_csv(index=False).encode()
    known = client.post("/api/data", files=[("files", ("rings.csv", content))]).json()
    known = client.post("/api/data/read", json={"dataset": known["name"], "table": table}).json()
    end = frames_of(client, {"dataset": known["name"], "epochs": 20, "batch_size": 16, "standardize": True})[
        -1
    ]
    return client.post("/api/try/model", json={"model": end["model"]}).json()


def ask(client: TestClient, model: dict[str, Any], **wish: Any) -> dict[str, Any]:
    answer = client.post("/api/try", json={"model": model["id"], **wish})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_form_has_a_field_a_column_with_what_training_saw(client: TestClient) -> None:
    model = train(client)
    fields = {field["name"]: field for field in model["fields"]}
    assert list(fields) == ["carat", "cut", "new", "sold"]
    frame = make_mixed()
    assert [float(end) for end in fields["carat"]["ends"]] == [frame.carat.min(), frame.carat.max()]
    assert fields["cut"]["levels"] == ["fair", "good", "ideal"]
    assert fields["cut"]["usual"] == frame.cut.mode()[0]
    assert fields["new"]["levels"] == ["yes", "no"]
    assert fields["sold"]["ends"] == [frame.sold.min(), frame.sold.max()]
    assert model["target"] == "price"
    assert model["figures"]["r2"] > 0.5


def test_what_is_typed_is_answered_as_the_model_answers_such_a_row(client: TestClient, tmp_path: Any) -> None:
    model = train(client)
    found = ask(client, model, cells=ROW)
    make_mixed().to_csv(tmp_path / "rings.csv", index=False)
    train_rows, test = linnet.load(tmp_path / "rings.csv")
    run = linnet.fit(
        train_rows, test=test, epochs=20, batch_size=16, lr=0.1, standardize=True, seed=1, show=False
    )
    assert run.card.schema is not None
    x = run.card.schema.encode(pd.DataFrame([ROW])).X
    assert found["prediction"] == pytest.approx(run.predictions(x).item(), rel=1e-5)
    parts = found["explanation"]["by_column"]
    assert len(parts) == 4
    assert sum(parts) + found["explanation"]["bias"] == pytest.approx(found["prediction"], rel=1e-5)
    ends = np.cumsum([0, *(len(column.features) for column in run.card.schema.columns)])
    features = found["explanation"]["parts"]
    assert parts == pytest.approx([sum(features[a:b]) for a, b in itertools.pairwise(ends)])


def test_what_is_missing_or_unseen_is_told_and_a_word_for_a_number_refused(client: TestClient) -> None:
    model = train(client, target="new")
    found = ask(client, model, cells={**ROW, "carat": "", "cut": "unheard of", "price": 1e3})
    assert found["cells"] == {"carat": "missing", "cut": "unseen"}
    assert sum(found["probabilities"]) == pytest.approx(1)
    assert found["set"]["classes"]
    refused = client.post("/api/try", json={"model": model["id"], "cells": {**ROW, "carat": "heavy"}})
    assert (refused.status_code, "has no finite number: 'heavy'" in refused.text) == (422, True)


def test_test_rows_of_numbers_are_shown_with_their_error(client: TestClient) -> None:
    model = train(client)
    page = client.post("/api/try/images", json={"model": model["id"], "count": 3}).json()
    assert page["found"] == model["rows"] == 24
    for row in page["rows"]:
        found = ask(client, model, row=row["row"])
        assert found["label"] == pytest.approx(row["label"])
        assert found["prediction"] == pytest.approx(row["guess"], rel=1e-5)


def test_of_a_row_one_thing_is_said(client: TestClient) -> None:
    model = train(client)
    for wish in (
        {},
        {"row": 1, "cells": ROW},
        {"cells": {"cut": ["a"]}},
        {"cells": ROW, "explain": 1, "against": 1},
    ):
        answer = client.post("/api/try", json={"model": model["id"], **wish})
        assert answer.status_code == 422, wish


def test_the_code_of_a_row_runs_beside_the_file_and_answers_alike(client: TestClient, tmp_path: Any) -> None:
    (tmp_path / "rings.csv").write_bytes(make_mixed().to_csv(index=False).encode())
    model = train(client, target="cut", category=["new"])
    found = ask(client, model, cells={**ROW, "price": "812.5", "carat": ""})
    said = run_python(found["python"])
    assert model["classes"][found["guess"]] in said
    assert f"{max(found['probabilities']):.4f}"[:5] in said
    training, writing, predicting = found["command"].splitlines()
    run_command(training)
    predicting = predicting.replace("linnet", f"{sys.executable} -m linnet", 1)
    done = subprocess.run(
        ["bash", "-ec", f"{writing}\n{predicting}"], capture_output=True, text=True, check=True
    )
    assert model["classes"][found["guess"]] in done.stdout


def test_counts_answer_with_the_exponential_of_their_score(client: TestClient) -> None:
    rows = "".join(f"{n % 7},{n % 7 // 2},{1 + n % 2}\n" for n in range(80))
    known = client.post(
        "/api/data", files=[("files", ("calls.csv", f"x,calls,hours\n{rows}".encode()))]
    ).json()
    said = {"task": "counts", "target": "calls", "exposure": "hours"}
    known = client.post("/api/data/read", json={"dataset": known["name"], "table": said}).json()
    end = frames_of(client, {"dataset": known["name"], "epochs": 3, "lr": 0.01})[-1]
    model = client.post("/api/try/model", json={"model": end["model"]}).json()
    assert ([field["name"] for field in model["fields"]], model["link"]) == (["x"], "log")
    found = ask(client, model, cells={"x": "2"})
    assert found["prediction"] == pytest.approx(np.exp(found["explanation"]["score"]), rel=1e-5)

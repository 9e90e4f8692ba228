"""Raw rows of a table, by the names of their columns, in every form that is taken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

import linnet
from linnet.core.conformal import Abstention, Conformal, ConformalInterval, PredictionRules
from linnet.i18n import say
from linnet.schema.kinds import COLUMN_TYPES
from linnet.serve import parse
from linnet.serve import schema as descriptions
from linnet.serve.app import make_app
from linnet.serve.parse import Limits
from tests.support.requests import JSON, RAW
from tests.support.runs import make_run
from tests.support.tables import make_mixed, make_table_run

CSV = {"content-type": "text/csv"}
ROW: dict[str, Any] = {"carat": 0.5, "new": "yes", "sold": "2024-03-01", "price": 500.5}
NAMES = list(ROW)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that tells cuts apart."""
    return make_table_run().save(tmp_path_factory.mktemp("cuts"))


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[TestClient]:
    with TestClient(make_app(folder, limits=Limits(rows=8, bytes=1 << 20))) as made:
        yield made


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as JSON has them."""
    return json.loads(str(frame.to_json(orient="records", double_precision=15)))


def ask(client: TestClient, body: Any, headers: dict[str, str] = JSON) -> Any:
    """The answer to a body, which is taken."""
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    said = client.post("/predict", content=content, headers=headers)
    assert said.status_code == 200, said.text
    return said.json()


def test_every_form_has_the_answers_of_predict(client: TestClient, folder: Path) -> None:
    rows = make_mixed(6, seed=3)
    expected = linnet.predict(folder, rows)
    plain = records(rows)
    data = [[row[name] for name in reversed(rows.columns)] for row in plain]
    split = {"columns": list(rows.columns)[::-1], "data": data, "index": list(range(6))}
    by_column = {name: [row[name] for row in plain] for name in rows.columns}
    bodies: list[Any] = [
        {"rows": plain}, {"dataframe_records": plain}, {"instances": plain}, {"dataframe_split": split},
        {"inputs": by_column}, {"inputs": plain},
    ]  # fmt: skip
    answers = [ask(client, body) for body in bodies]
    answers.append(ask(client, rows.to_csv(index=False), CSV))
    answers.append(ask(client, rows.to_csv(index=False, sep=";").encode("utf-16"), CSV))
    for answer in answers:
        assert answer["classes"] == expected["prediction"].tolist()
        found = pd.DataFrame(answer["probabilities"])
        assert list(found.columns) == ["fair", "good", "ideal"]
        np.testing.assert_allclose(found, expected.iloc[:, 1:], atol=1e-12)
        gaps = rows["carat"].isna().to_numpy(bool)
        assert answer["missing"] == [["carat"] if gap else [] for gap in gaps]


def test_a_regression_answers_a_number_and_flags_what_training_did_not_see(tmp_path: Path) -> None:
    with TestClient(make_app(make_table_run("regression").save(tmp_path))) as client:
        row = {"carat": None, "cut": "superb", "new": True, "sold": "2024-03-01"}
        answer = ask(client, {"rows": [row, row | {"carat": "0.5", "cut": "fair", "new": 1}]})
        csv = ask(client, "carat,cut,new,sold\n,superb,1,2024-03-01\n0.5,fair,yes,2024-03-01\n", CSV)
    assert answer["predictions"] == csv["predictions"]
    assert all(isinstance(number, float) for number in answer["predictions"])
    assert answer["missing"] == csv["missing"] == [["carat"], []]
    assert answer["unseen"] == csv["unseen"] == [["cut"], []]


def test_a_file_of_csv_comes_in_a_form(client: TestClient) -> None:
    text = make_mixed(3).to_csv(index=False)
    said = client.post("/predict", files={"file": ("rows.csv", text)})
    assert said.json() == ask(client, text, {"content-type": "text/csv; charset=utf-8; header=present"})


def test_encoded_rows_are_taken_as_before(client: TestClient, folder: Path) -> None:
    run = linnet.Run.load(folder)
    assert run.card.schema is not None
    X = run.card.schema.encode(pd.DataFrame([ROW])).X
    (named,) = ask(client, {"rows": [ROW]})["probabilities"]
    raw = client.post("/predict?dtype=float32", content=X.astype("<f4").tobytes(), headers=RAW)
    for answer in (ask(client, {"rows": X.tolist()}), raw.json()):
        assert set(answer) == {"model", "classes", "probabilities"}
        np.testing.assert_allclose(answer["probabilities"], [list(named.values())], rtol=1e-4)


def body(**change: Any) -> bytes:
    return json.dumps({"rows": [ROW, ROW | change]}).encode()


BAD: list[tuple[bytes, str]] = [
    (body(carat="heavy"), "row 1, column 'carat' has no finite number: 'heavy'"),
    (body(carat="1e999"), "row 1, column 'carat' has no finite number"),
    (body(carat=1e31), "row 1, column 'carat' is 1e+31, expected -1e+30 to 1e+30"),
    (body(carat=[1]), "row 1, column 'carat' is a list: expected one value"),
    (body(new="perhaps"), "row 1, column 'new' has neither 'yes' nor 'no': 'perhaps'"),
    (body(sold="yesterday"), "row 1, column 'sold' has no date of the form ISO8601"),
    (b'{"rows": [{"carat": 1, "new": 1, "sold": null}]}', "row 0 lacks the column 'price': a cell without"),
    (b'{"rows": [{"Carat ": 1, "new": 1, "sold": null}]}', "lacks the column 'carat'; it has 'Carat '"),
    (json.dumps({"rows": [ROW, [1]]}).encode(), "row 1 is a list, expected an object"),
    (json.dumps({"rows": [ROW], "more": 1}).encode(), "got 'more' beside rows: leave it out"),
    (json.dumps({"rows": [ROW] * 9}).encode(), "expected 1 to 8 rows, got 9"),
    (b'{"rows": [{}]}', "row 0 lacks the column 'carat'"),
    (b'{"rows": [[1, 2]]}', "a row of the table is an object by column name"),
    (b'[{"carat": 1}]', "a row of the table is an object by column name"),
    (b'{"dataframe_records": {}}', "expected a list of objects, got an object"),
    (b'{"dataframe_split": []}', 'expected {"dataframe_split"'),
    (b'{"dataframe_split": {"columns": ["carat"], "data": [[1]]}}', "the rows lack the column 'new'"),
    (json.dumps({"dataframe_split": {"columns": [*NAMES, "new"], "data": [[1]]}}).encode(), "given twice"),
    (json.dumps({"dataframe_split": {"columns": NAMES, "data": [[1]]}}).encode(), "row 0 is 1 cells"),
    (json.dumps({"dataframe_split": {"columns": NAMES, "data": [3]}}).encode(), "row 0 is a number"),
    (json.dumps({"dataframe_split": {"columns": NAMES, "data": []}}).encode(), "expected 1 to 8 rows, got 0"),
    (json.dumps({"inputs": {name: 1 for name in NAMES}}).encode(), "the column 'carat' is a number"),
    (json.dumps({"inputs": {n: [1] * (n == "new") for n in NAMES}}).encode(), "different numbers of cells"),
    (b'{"inputs": 3}', "expected an object of lists by column, got a number"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "reason"), BAD)
def test_a_bad_body_is_refused_by_row_and_column(client: TestClient, content: bytes, reason: str) -> None:
    said = client.post("/predict", content=content, headers=JSON)
    assert said.status_code == 422
    assert reason in said.json()["detail"]
    assert "carat" in said.json()["example"]


TWICE = '{"rows": [{"carat": 1, "new": 1, "sold": "2024-01-01", "price": 3, %s}]}'


@pytest.mark.parametrize("more", [
    '"new": 1', '"a": {"b": 1, "b": 2}', '"q\\\\": "\\"x\\"", "q\\\\": "y"', '"a\\"": 1, "a\\"": 2',
    '"\\u0061": "x", "a": "y"', '"a": [[{"b": "c", "b": "c"}]]',
])  # fmt: skip
def test_a_key_that_comes_twice_is_refused(client: TestClient, more: str) -> None:
    said = client.post("/predict", content=TWICE % more, headers=JSON)
    assert said.status_code == 422
    assert "twice" in said.json()["detail"]


@given(st.dictionaries(st.text(max_size=4), st.recursive(st.text(max_size=4), st.lists), max_size=4))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_other_keys_are_let_be_whatever_they_hold(client: TestClient, more: dict[str, Any]) -> None:
    assert len(ask(client, {"rows": [more | ROW]})["classes"]) == 1


HUGE = [
    b'{"rows":[{' + b",".join(b'"c%d":1' % k for k in range(60_000)) + b"}]}",
    b'{"rows":[' + b",".join([b"{}"] * 200_000) + b"]}",
    b'{"rows":[{"a":' + b"[],".join([b""] * 100_000) + b"}]}",
    b'{"rows":' + b'[{"a":' * 400 + b"1" + b"}]" * 400 + b"}", b'{"rows": [{"a": ' + b"[" * 5000,
    TWICE.encode() % (rb'"\\": ' + b"[" * 1010 + b"]" * 1010),  # which has to be read with care
]  # fmt: skip


@pytest.mark.parametrize("content", HUGE, ids=range(len(HUGE)))
def test_huge_and_nested_bodies_are_refused_in_a_sentence(client: TestClient, content: bytes) -> None:
    said = client.post("/predict", content=content, headers=JSON)
    assert said.status_code in (400, 422), said.text
    assert len(said.json()["detail"]) < 300


def test_a_bomb_of_brackets_is_refused_before_it_is_parsed(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(content: bytes) -> None:
        raise AssertionError("it was parsed")

    monkeypatch.setattr(parse.orjson, "loads", fail)
    content = b'{"rows":[' + b",".join([b"{}"] * 200_000) + b"]}"
    assert "got more than that" in client.post("/predict", content=content, headers=JSON).json()["detail"]


def test_a_long_text_with_brackets_is_none(client: TestClient) -> None:
    assert ask(client, {"rows": [ROW | {"note": "[{" * 200_000 + '"\\'}]})["classes"]


@pytest.mark.parametrize(("content", "kind", "status", "reason"), [
    (b"carat,new,sold,price\n1,perhaps,2024-01-01,2\n", "", 422, "row 0, column 'new' has neither"),
    (b"carat,new\n1,yes\n", "", 422, "the table lacks sold, price"), (b"", "", 422, "it is empty"),
    (b"carat,new,sold,price\n", "", 422, "got none below the names"), (b"x\ny\n", "", 422, "the table lacks"),
    (b"carat,new,sold,price\n1,2,3,4,5,6\n", "", 422, "rows of more cells than its 4 columns"),
    (b"carat,new,sold,price\n" + b"1,yes,,2\n" * 9, "", 422, "expected 1 to 8 rows, got more"),
    (b"a," * 100_000, "", 422, "at most 1,000 columns beside the model's 4"),
    ("carat,\xe9".encode("latin-1"), "", 422, "say its charset, as in text/csv; charset="),
    (b"carat,new", "; charset=rot13", 415, "none of texts"), (b"carat,new", "; charset=no", 415, "not known"),
])  # fmt: skip
def test_bad_tables_in_text(client: TestClient, content: bytes, kind: str, status: int, reason: str) -> None:
    said = client.post("/predict", content=content, headers={"content-type": f"text/csv{kind}"})
    assert said.status_code == status
    assert reason in said.json()["detail"]


def test_a_model_of_no_table_takes_no_csv() -> None:
    make_run("softmax").save("pictures")
    with TestClient(make_app("pictures")) as client:
        said = client.post("/predict", content="a,b\n1,2\n", headers=CSV)
        assert said.status_code == 415
        assert "was not trained on a table" in said.json()["detail"]
        assert client.post("/predict", json={"rows": [ROW]}).status_code == 422


CELLS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates().map(str),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
ROWS = st.lists(st.fixed_dictionaries(dict.fromkeys(NAMES, CELLS)) | CELLS, max_size=3)
BODIES = st.one_of(
    ROWS.map(lambda rows: {"rows": rows}), ROWS.map(lambda rows: {"inputs": rows}), CELLS,
    st.lists(st.lists(CELLS, max_size=5), max_size=3).map(
        lambda data: {"dataframe_split": {"columns": NAMES, "data": data}}
    ),
    st.fixed_dictionaries(dict.fromkeys(NAMES, st.lists(CELLS, max_size=2))).map(lambda c: {"inputs": c}),
)  # fmt: skip


@given(BODIES.map(json.dumps) | st.text(), st.sampled_from([JSON, CSV]))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_body_is_answered_or_refused(client: TestClient, content: str, headers: dict[str, str]) -> None:
    said = client.post("/predict", content=content.encode("utf-8", "surrogatepass"), headers=headers)
    assert said.status_code in (200, 400, 422), said.text
    if said.status_code == 200:
        assert np.isfinite(pd.DataFrame(said.json().get("probabilities")).to_numpy()).all()
    else:
        assert said.json()["detail"]


def test_each_kind_of_column_has_words() -> None:
    assert set(descriptions.KIND_WORDS) == set(COLUMN_TYPES)
    for language in ("en", "zh"):
        assert all(say(f"serve.column.kind.{kind}", language) for kind in COLUMN_TYPES)


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_rules_that_the_model_keeps_are_applied_as_predict_applies_them(tmp_path: Path, task: str) -> None:
    rules = PredictionRules(intervals=ConformalInterval(alpha=0.2, rows=50, half_widths=(1.5,)))
    if task == "classification":
        sets = Conformal(alpha=0.2, rows=50, method="lac", threshold=0.7)
        rules = PredictionRules(sets=sets, abstention=Abstention(accuracy=0.9, threshold=0.5, rows=50))
    folder, rows = make_table_run(task).with_rules(rules).save(tmp_path), make_mixed(6, seed=9)
    expected = linnet.predict(folder, rows)
    with TestClient(make_app(folder)) as client:
        answer = ask(client, {"rows": records(rows)})
        assert client.get("/model").json()["card"]["rules"] == json.loads(json.dumps(rules.to_json()))
        answers = client.get("/openapi.json").json()["paths"]["/predict"]["post"]["responses"]["200"]
    (named, _) = answers["content"]["application/json"]["schema"]["anyOf"]
    assert set(named["properties"]) == set(answer)
    if task == "classification":
        assert answer["sets"] == expected["prediction set"].tolist()
        assert answer["abstains"] == expected["abstains"].tolist()
    else:
        ends = expected[["prediction low", "prediction high"]]
        np.testing.assert_allclose(answer["intervals"], ends, atol=1e-9)


def test_a_row_for_which_a_formula_is_not_defined_is_refused_by_its_term(tmp_path: Path) -> None:
    splits = linnet.load(make_mixed(), formula="price ~ log(carat) + cut")
    folder = linnet.solve(splits).value.save(tmp_path / "run")
    with TestClient(make_app(folder)) as client:
        assert len(ask(client, {"rows": [{"carat": 1.5, "cut": "good"}]})["predictions"]) == 1
        said = client.post("/predict", json={"rows": [{"carat": 0, "cut": "good"}]})
    assert (said.status_code, "log(carat) of the formula is no finite number" in said.text) == (422, True)


def test_texts_by_hash_are_answered_as_predict_answers_them(tmp_path: Path) -> None:
    frame = make_mixed().assign(note=[f"a text of number {row} and more" for row in range(120)])
    folder = linnet.solve(linnet.load(frame, target="price", hash="note=32"), l2=0.1).value.save(
        tmp_path / "run"
    )
    rows = frame.drop(columns="price").head(5)
    with TestClient(make_app(folder)) as client:
        found = ask(client, {"rows": records(rows)})["predictions"]
    np.testing.assert_allclose(found, linnet.predict(folder, rows)["prediction"], rtol=1e-12)

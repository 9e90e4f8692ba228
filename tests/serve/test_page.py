"""The page that describes the service: its lines work, and it asks nothing of others."""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pytest
from starlette.testclient import TestClient

from linnet.model.predictor import Predictor
from linnet.serve.app import make_app
from linnet.serve.page import Reader, examples, language_of
from tests.support.browser import browser as browser  # Chromium, or the test is skipped
from tests.support.browser import fits
from tests.support.gate import gate
from tests.support.requests import png
from tests.support.runs import make_run
from tests.support.service import service
from tests.support.tables import make_mixed, make_table_run

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def predictor(loss: str, features: int = 12) -> Predictor:
    """A saved model."""
    return Predictor.read(make_run(loss, features=features).save("model") / "model.safetensors")


@pytest.mark.parametrize(
    ("query", "accepted", "language"),
    [(None, "", "en"), (None, "zh-CN,zh;q=0.9,en;q=0.8", "zh"), (None, "en-GB,zh;q=0.1", "en"),
     ("zh", "en", "zh"), ("en", "zh", "en"), ("x", "zh", "en")],
)  # fmt: skip
def test_the_language(query: str | None, accepted: str, language: str) -> None:
    assert language_of(query, accepted) == language


@pytest.mark.parametrize(("loss", "words"), [("softmax", "softmax 回归"), ("squared", "线性回归")])
def test_it_tells_of_the_model_in_chinese(loss: str, words: str) -> None:
    make_run(loss).save("run")
    with TestClient(make_app("run")) as client:
        said = client.get("/docs", headers={"accept-language": "zh-CN"}).text
    assert "<html lang=zh>" in said
    assert words in said
    assert "就绪" not in said
    assert ("裙子" in said) == (loss == "softmax")


def test_pictures_and_keys_are_shown_where_they_are_taken() -> None:
    of_pictures = examples(predictor("softmax"), Reader(has_key=True))
    assert len(of_pictures) == 3
    assert all('-H "x-api-key: $LINNET_API_KEY"' in line for line in of_pictures)
    of_rows = examples(predictor("squared", features=2), Reader())
    assert len(of_rows) == 2
    assert not any("key" in line or "image" in line for line in of_rows)


@pytest.mark.parametrize("host", ["evil'; rm -rf /", "<script>", "a b", "", "$(x)"])
def test_a_strange_host_is_not_repeated(host: str) -> None:
    lines = examples(predictor("softmax"), Reader(host=host))
    assert all("http://HOST/predict" in line for line in lines)


def test_what_a_proxy_says_is_shown() -> None:
    make_run("softmax").save("run")
    with TestClient(make_app("run")) as client:
        headers = {"host": "models.example", "x-forwarded-proto": "https"}
        assert "https://models.example/predict" in client.get("/docs", headers=headers).text


@pytest.mark.skipif(shutil.which("curl") is None or os.name == "nt", reason="needs curl and a shell")
@pytest.mark.parametrize("features", [12, 40])
def test_its_lines_are_answered_as_they_stand(tmp_path: Path, features: int) -> None:
    folder = make_run("softmax", features=features).save(tmp_path / "run")
    (tmp_path / "picture.png").write_bytes(png(30, 40))
    environment = {**os.environ, "LINNET_API_KEY": "secret"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LINNET_API_KEY", "secret")
        with service(folder, "--workers", "1") as (_, port):
            place = f"http://127.0.0.1:{port}"
            ask = ["curl", "-s", "-H", "x-api-key: secret", f"{place}/docs"]
            page = subprocess.run(ask, capture_output=True, text=True, check=True).stdout
            lines = [html.unescape(line) for line in re.findall(r"<pre>(.*?)</pre>", page, re.S)]
            lines = [line for line in lines if "curl" in line]
            assert len(lines) == (3 if features == 12 else 2)
            for line in lines:
                done = subprocess.run(
                    ["sh", "-c", line], capture_output=True, text=True, check=True, env=environment
                )
                assert len(orjson.loads(done.stdout)["probabilities"]) == 1, done.stdout


def tell(page: str) -> list[str]:
    """The lines of a page that ask the service."""
    lines = [html.unescape(line) for line in re.findall(r"<pre>(.*?)</pre>", page, re.S)]
    return [line for line in lines if "/predict" in line and "responses" not in line]


@pytest.mark.skipif(shutil.which("curl") is None or os.name == "nt", reason="needs curl and a shell")
@pytest.mark.parametrize("wide", gate([False, True], 0, 1), ids=["short", "wide"])
def test_lines_of_a_table_are_answered_as_they_stand(tmp_path: Path, wide: bool) -> None:
    more = {f'it\'s {k} "é"': np.arange(120) % (k + 3) + 0.5 for k in range(50 if wide else 1)}
    folder = make_table_run("regression", columns=more).save(tmp_path / "run")
    environment = {**os.environ, "LINNET_API_KEY": "secret"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LINNET_API_KEY", "secret")
        with service(folder, "--workers", "1") as (_, port):
            place = f"http://127.0.0.1:{port}"
            ask = ["curl", "-s", "-H", "x-api-key: secret", f"{place}/docs"]
            lines = tell(subprocess.run(ask, capture_output=True, text=True, check=True).stdout)
            assert len(lines) == (1 if wide else 3)
            answers = []
            for line in lines:
                program = [sys.executable, "-c"] if line.startswith("import") else ["sh", "-c"]
                done = subprocess.run(
                    [*program, line], capture_output=True, text=True, check=True, env=environment
                )
                (number,) = re.findall(r"predictions['\"]: ?\[([-.e0-9]+)\]", done.stdout)
                answers.append(number)
            assert len(set(answers)) == 1


def test_a_table_is_shown_by_its_columns_in_both_languages() -> None:
    make_table_run("regression", columns={"<b>": np.arange(120) % 7}).save("sales")
    with TestClient(make_app("sales")) as client:
        english, chinese = (client.get(f"/docs?lang={language}").text for language in ("en", "zh"))
    assert "<th scope=row>cut</th><td>category</td><td>fair, good, ideal</td>" in english
    assert "<th scope=row>cut</th><td>类别</td><td>fair, good, ideal</td>" in chinese
    carat = make_mixed()["carat"]
    ends = f"{carat.min()} … {carat.max()}"
    assert f"<td>number</td><td>{ends}</td><td>sometimes in training</td>" in english
    assert "&lt;b&gt;" in english
    assert "<b>" not in english


@pytest.mark.parametrize(("language", "kind"), gate([("en", "softmax"), ("zh", "softmax"), ("en", "table"),
                                                     ("zh", "table")], 0, 3))  # fmt: skip
def test_in_chromium_it_asks_nothing_of_others(
    tmp_path: Path, browser: Browser, language: str, kind: str
) -> None:
    run = make_table_run("regression") if kind == "table" else make_run("softmax")
    folder = run.save(tmp_path / "run")
    asked: list[str] = []
    problems: list[Any] = []
    with service(folder, "--workers", "1") as (_, port):
        page = browser.new_page(viewport={"width": 390, "height": 800}, locale=language)
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda said: problems.append(said.text))
        page.on("pageerror", lambda error: problems.append(error))
        page.goto(f"http://127.0.0.1:{port}/docs")
        assert page.get_attribute("html", "lang") == language
        page.click("summary")
        assert fits(page)
        page.click("header a")
        assert page.get_attribute("html", "lang") != language
        page.click("text=openapi.json")
        assert orjson.loads(page.inner_text("body"))["openapi"]
        page.close()
    assert len(asked) >= 3
    assert all(url.startswith(f"http://127.0.0.1:{port}/") for url in asked)
    assert problems == []

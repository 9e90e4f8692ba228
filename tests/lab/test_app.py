from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2 as httpx
import pytest
from starlette.testclient import TestClient

from linnet import i18n
from linnet.errors import UsageError
from linnet.lab.app import serve
from linnet.lab.settings import Settings
from tests.support.browser import PAGE
from tests.support.gate import gate
from tests.support.patience import PATIENCE


@contextmanager
def lab(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`linnet lab`, and the address that it prints."""
    command = [sys.executable, "-m", "linnet", "lab", "--no-browser", *options]
    digits_alone = {**os.environ, "LINNET_DATA": ""}  # a lab reads its data when it starts
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=digits_alone
    ) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        found = re.search(r"http://\S+", said)
        assert found, said
        try:
            yield process, found[0]
        finally:
            process.kill()


@pytest.mark.long
def test_ctrl_c_ends_it_where_nothing_happens() -> None:
    with lab("--port", "0") as (process, _):
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_it_serves_here_alone_and_ctrl_c_ends_a_training_that_a_page_looks_at() -> None:
    with lab("--port", "0") as (process, url):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", url)
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            assert b"linnet lab" in answer.read()
        body = {"dataset": "digits", "epochs": 200, "batch_size": 1}
        with httpx.stream("POST", f"{url}api/train", json=body, headers=PAGE, timeout=PATIENCE) as answer:
            lines = answer.iter_lines()
            assert json.loads(next(lines))["kind"] == "start"
            assert json.loads(next(lines))["kind"] in ("frame", "epoch")
            process.send_signal(signal.SIGINT)
            assert json.loads(list(lines)[-1])["kind"] == "aborted"  # the page is told, not cut off
        assert process.wait(PATIENCE) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


@pytest.mark.parametrize("options", gate([[], ["--token", ""]], 0))
def test_where_others_can_reach_it_the_address_has_a_token(options: list[str]) -> None:
    with lab("--port", "0", "--host", "0.0.0.0", *options) as (_, url):
        found = re.fullmatch(r"http://[^:/]+:(\d+)/\?token=([\w-]{20,})", url)
        assert found
        here = f"http://127.0.0.1:{found[1]}/"
        with pytest.raises(urllib.error.HTTPError, match="401") as refused:
            urllib.request.urlopen(here, timeout=PATIENCE)
        refused.value.close()
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        with opener.open(f"{here}?token={found[2]}", timeout=PATIENCE) as answer:
            assert b"linnet lab" in answer.read()
        with opener.open(f"{here}api/data", timeout=PATIENCE) as answer:
            assert b"digits" in answer.read()


def test_an_address_that_cannot_be_had() -> None:
    taken = socket.create_server(("127.0.0.1", 0))
    with taken, pytest.raises(UsageError, match="cannot listen on 127"):
        serve("127.0.0.1", taken.getsockname()[1], opens=False)
    with pytest.raises(UsageError, match="cannot listen"):
        serve("192.0.2.1", 0, opens=False)


def test_addresses() -> None:
    assert Settings("::1", 8765).url() == "http://[::1]:8765/"
    assert Settings("0.0.0.0", 80, "t").url("host") == "http://host:80/?token=t"


BUSY = """
import time, torch
from linnet.lab import state
from linnet.lab.app import serve

def read_a_lot(self):
    until = time.monotonic() + 2
    while time.monotonic() < until:
        torch.ones(300_000).double().sum()

state.LabState.warm = read_a_lot
serve("127.0.0.1", 0, opens=False)
"""


def test_it_ends_whole_while_it_still_reads_its_data() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", BUSY], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert b"linnet lab is at" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
        assert process.stderr.read() == b""


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_the_page_has_its_texts_of_the_catalogue(client: TestClient, language: str) -> None:
    script = client.get("/texts.js")
    assert script.headers["content-type"].startswith("text/javascript")
    found = json.loads(script.text.removeprefix("export const texts = ").removesuffix(";\n"))
    assert found[language] == i18n.texts("lab", language)

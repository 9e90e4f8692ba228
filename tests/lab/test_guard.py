from __future__ import annotations

from collections.abc import Iterator

import anyio
import pytest
from starlette.datastructures import Headers
from starlette.testclient import TestClient
from starlette.types import Message, Receive

from linnet.lab.app import make_app
from linnet.lab.guard import HEAVY, Guard, body_limit, may_exceed
from linnet.lab.settings import LabLimits, Settings, is_loopback
from tests.support.browser import PAGE

OWN = "http://127.0.0.1:8765"


@pytest.fixture
def guarded() -> Iterator[TestClient]:
    """A client of a lab that others can reach, so that it wants its token."""
    settings = Settings("0.0.0.0", 8765, "a-secret-token", limits=LabLimits(body=2000))
    with TestClient(make_app(settings), base_url="http://192.168.1.5:8765", headers=PAGE) as made:
        yield made


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost:8765", "LOCALHOST:8765", "[::1]:8765"])
def test_names_of_this_machine_are_let_in(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example:8765", "127.0.0.1:80", "127.0.0.1", "localhost.evil.example:8765", "10.0.0.1:8765", ""],
)
def test_a_name_that_a_stranger_may_own_is_refused(client: TestClient, host: str) -> None:
    answer = client.get("/", headers={"host": host})
    assert answer.status_code == 403
    assert "no name of this lab" in answer.json()["detail"]


@pytest.mark.parametrize("host", ["a:b:c", "[::1", "a:99999999", "x@127.0.0.1:8765"])
def test_a_host_that_is_none_is_refused(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"host": host}).status_code in (400, 403)


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://127.0.0.1:8765", "http://127.0.0.1:1"]
)
def test_another_sites_page_is_refused(client: TestClient, origin: str) -> None:
    assert client.post("/api/train", json={}, headers={"origin": origin}).status_code == 403


def test_the_lab_s_own_page_and_programs_are_let_in(client: TestClient) -> None:
    assert (
        client.get("/api/data", headers={"origin": OWN, "sec-fetch-site": "same-origin"}).status_code == 200
    )
    assert client.get("/api/data").status_code == 200


def test_a_link_may_lead_here_but_a_script_of_another_site_may_not_ask(client: TestClient) -> None:
    asked = {"sec-fetch-site": "cross-site"}
    assert client.get("/api/data", headers={**asked, "sec-fetch-mode": "no-cors"}).status_code == 403
    link = {**asked, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert client.get("/", headers=link).status_code == 200
    assert client.get("/", headers={**link, "sec-fetch-dest": "iframe"}).status_code == 403
    assert client.get("/api/data", headers=link).status_code == 403
    assert client.post("/api/line", content=b"{}", headers=link).status_code == 403  # a form, without Origin


def test_every_answer_forbids_what_is_not_the_page_s_own(client: TestClient) -> None:
    for answer in (client.get("/"), client.get("/api/none"), client.get("/", headers={"host": "evil:1"})):
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'self';")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"


def test_without_the_token_nothing_is_shown(guarded: TestClient) -> None:
    for path in ("/", "/main.js", "/api/data", "/plotly.js"):
        assert guarded.get(path).status_code == 401
    assert guarded.get("/?token=wrong").status_code == 401
    assert guarded.get("/api/data?token=a-secret-token").status_code == 401  # it opens the page alone
    assert guarded.get("/api/data", headers={"authorization": "Bearer wrong"}).status_code == 401
    assert guarded.get("/", headers={"cookie": "linnet-lab-8765=wrong"}).status_code == 401
    assert guarded.get("/", headers={"cookie": "=;;,\x01"}).status_code == 401


def test_an_empty_token_opens_nothing() -> None:
    with TestClient(make_app(Settings("0.0.0.0", 8765, "")), base_url="http://192.168.1.5:8765") as made:
        for headers in ({}, {"authorization": "Bearer "}, {"cookie": "linnet-lab-8765="}):
            assert made.get("/api/data", headers=headers).status_code == 401
        assert made.get("/?token=").status_code == 401


def test_the_token_becomes_a_cookie_that_other_sites_cannot_send(guarded: TestClient) -> None:
    answer = guarded.get("/?token=a-secret-token&lang=zh", follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/?lang=zh"
    cookie = answer.headers["set-cookie"].lower()
    assert "samesite=strict" in cookie
    assert "httponly" in cookie
    assert guarded.get("/api/data").status_code == 200


def test_the_token_as_a_header(guarded: TestClient) -> None:
    assert guarded.get("/api/data", headers={"authorization": "Bearer a-secret-token"}).status_code == 200


def test_beyond_this_machine_addresses_are_let_in_and_names_are_not(guarded: TestClient) -> None:
    key = {"authorization": "Bearer a-secret-token"}
    assert guarded.get("/", headers={**key, "host": "10.1.2.3:8765"}).status_code == 200
    assert guarded.get("/", headers={**key, "host": "evil.example:8765"}).status_code == 403


def test_a_body_that_is_too_long_is_refused_whether_it_says_so_or_not(guarded: TestClient) -> None:
    key = {"authorization": "Bearer a-secret-token", "content-type": "application/json"}
    assert guarded.post("/api/train", content=b" " * 2001, headers=key).status_code == 413
    pieces = (b" " * 500 for _ in range(5))
    assert guarded.post("/api/train", content=pieces, headers=key).status_code == 413
    assert (
        guarded.post("/api/train", content=b" " * 10, headers={**key, "content-length": "-1"}).status_code
        == 413
    )


def test_small_requests_pass_large_ones_by() -> None:
    async def go() -> None:
        guard = Guard(make_app(Settings()), Settings())

        async def status(method: str, path: str, told: bytes, receive: Receive) -> int:
            sent: list[Message] = []

            async def send(message: Message) -> None:
                sent.append(message)

            headers = [(b"host", b"127.0.0.1:8765"), (b"content-length", told)]
            scope = {
                "type": "http", "method": method, "path": path, "raw_path": path.encode(), "scheme": "http",
                "headers": headers, "http_version": "1.1", "root_path": "", "query_string": b"",
            }  # fmt: skip
            await guard(scope, receive, send)
            return sent[0]["status"]

        async def slow() -> Message:
            await anyio.sleep_forever()
            raise AssertionError

        async def nothing() -> Message:
            return {"type": "http.request", "body": b""}

        async with anyio.create_task_group() as group:
            for _ in range(HEAVY + 1):
                group.start_soon(status, "POST", "/api/data", b"60000000", slow)
            await anyio.sleep(0.05)
            with anyio.fail_after(10):
                assert await status("GET", "/api/data", b"0", nothing) == 200
                assert await status("POST", "/api/try/model", b"0", nothing) == 422
            group.cancel_scope.cancel()

    anyio.run(go)


@pytest.mark.parametrize(
    ("headers", "may"),
    [
        ({}, False),
        ({"transfer-encoding": "chunked"}, True),
        ({"content-length": "10"}, False),
        ({"content-length": "11"}, True),
        ({"content-length": "x"}, True),
    ],
)
def test_bodies_that_may_exceed_the_usual_limit(headers: dict[str, str], may: bool) -> None:
    made = Headers(headers)
    assert may_exceed(made, 10) is may


def test_limits_by_path() -> None:
    limits = LabLimits()
    assert body_limit("/api/data", limits) == limits.upload
    assert body_limit("/api/data/rows", limits) == limits.body
    assert body_limit("/api/try/picture", limits) == limits.picture


def test_loopback() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.9.9.9", "::1", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "192.168.0.1", "example.org")))


def test_the_interface_is_described(client: TestClient) -> None:
    described = client.get("/openapi.json").json()
    assert {"/api/train", "/api/sweep", "/api/data", "/api/data/rows"} <= set(described["paths"])
    answers = described["paths"]["/api/train"]["post"]["responses"]
    assert list(answers["200"]["content"]) == ["application/x-ndjson"]

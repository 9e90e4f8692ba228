from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from linnet.errors import ChecksumError, DataNotFoundError, UsageError
from linnet.model.predictor import Predictor
from linnet.model.run import Run
from linnet.serve.app import make_app
from linnet.serve.parse import Limits
from linnet.serve.reloader import ModelReloader
from tests.support.runs import NAMES, make_run


def test_the_service_is_torch_free(served: Run) -> None:
    code = (
        "import sys, linnet.serve.app, linnet.serve.workers\n"
        f"linnet.serve.app.make_app({str(served.folder)!r})\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_health_readiness_and_the_model(client: TestClient, served: Run) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    model = client.get("/model").json()
    assert client.get("/readyz").json() == {"status": "ready", "model": model["checksum"], "refused": None}
    assert model["card"]["classes"] == list(NAMES)
    assert (model["features"], model["outputs"], model["kind"], model["dtype"]) == (
        12,
        3,
        "softmax",
        "float32",
    )


def test_metrics_count_requests_rows_and_seconds(served: Run) -> None:
    with TestClient(make_app(Path(served.folder or ""))) as client:
        for _ in range(3):
            client.post("/predict", json={"rows": [[0] * 12] * 2})
        client.post("/predict", content=b"x")
        client.get("/strange")
        lines = client.get("/metrics").text.splitlines()
    assert 'linnet_requests_total{path="/predict",status="200"} 3' in lines
    assert 'linnet_requests_total{path="/predict",status="415"} 1' in lines
    assert 'linnet_requests_total{path="other",status="404"} 1' in lines
    assert "linnet_rows_total 6" in lines
    assert 'linnet_predict_seconds_bucket{le="+Inf"} 4' in lines
    assert "linnet_predict_seconds_count 4" in lines
    assert "linnet_requests_active 1" in lines


def test_openapi_has_the_types_of_predict(client: TestClient) -> None:
    said = client.get("/openapi.json").json()
    post = said["paths"]["/predict"]["post"]
    rows = post["requestBody"]["content"]["application/json"]["schema"]["properties"]["rows"]
    assert rows["items"]["maxItems"] == rows["items"]["minItems"] == 12
    assert rows["maxItems"] == 8
    answer = post["responses"]["200"]["content"]["application/json"]["schema"]["properties"]
    assert answer["classes"]["items"]["enum"] == list(NAMES)
    assert set(post["requestBody"]["content"]) == {"application/json", "image/png", "image/jpeg"}
    assert post["requestBody"]["x-raw"]["bytesPerRow"] == {"float32": 48, "uint8": 12}
    assert {"/healthz", "/readyz", "/metrics", "/model"} < set(said["paths"])


def test_the_page_asks_nothing_of_others(client: TestClient) -> None:
    said = client.get("/docs")
    assert "POST /predict" in said.text
    assert "l&#x27;été" in said.text  # a class's name, escaped
    assert not any(word in said.text for word in ("<script", "src=", "@import", "url("))
    assert set(re.findall(r"href=.([^'\"]*)", said.text)) == {"?lang=zh", "openapi.json"}
    assert said.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"authorization": "Bearer wrong"}, 401),
        ({"authorization": "Basic secret"}, 401),
        ({"authorization": "Bearer secret"}, 200),
        ({"authorization": "bearer secret"}, 200),
        ({"x-api-key": "secret"}, 200),
        ({"x-api-key": "sécret"}, 401),
    ],
)
def test_the_key(served: Run, headers: dict[str, str], status: int) -> None:
    raw = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
    with TestClient(make_app(Path(served.folder or ""), api_key="secret")) as client:
        assert client.get("/model", headers=raw).status_code == status
        assert client.post("/predict", json={"rows": [[0] * 12]}, headers=raw).status_code == status
        assert client.get("/healthz").status_code == client.get("/readyz").status_code == 200
        assert client.get("/docs", headers=raw).status_code == status
    assert "www-authenticate" in client.get("/model").headers


def test_what_cannot_be_served(served: Run, tmp_path: Path) -> None:
    folder = Path(served.folder or "")
    with pytest.raises(DataNotFoundError):
        make_app(tmp_path)
    make_run("softmax").save(tmp_path / "sweep" / "best")
    with pytest.raises(DataNotFoundError, match=r"serve its best, .*best"):
        make_app(tmp_path / "sweep")
    with pytest.raises(DataNotFoundError, match="not its model file"):
        make_app(folder / "model.safetensors")
    for key in ("", " ", "a b", "ключ", "a\n"):
        with pytest.raises(UsageError, match="API key"):
            make_app(folder, api_key=key)
    with pytest.raises(UsageError, match="positive"):
        make_app(folder, limits=Limits(rows=0))
    content = bytearray((folder / "model.safetensors").read_bytes())
    content[-1] ^= 1
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(ChecksumError):
        make_app(tmp_path)


def test_a_newer_model_is_taken_and_a_damaged_one_refused(
    tmp_path: Path,
) -> None:
    make_run("softmax").save(tmp_path)
    reloader = ModelReloader(tmp_path)
    first = reloader.model
    assert not reloader.look()

    make_run("logistic").save(tmp_path)
    assert reloader.look()
    second = reloader.model
    assert (second.card.kind, reloader.metrics.reloads) == ("logistic", 1)
    assert second.checksum != first.checksum

    path = tmp_path / "model.safetensors"
    whole = path.read_bytes()
    for damaged in (whole[:-1], b"", whole[:200] + b"\0" + whole[201:]):
        path.write_bytes(damaged)
        assert not reloader.look()
        assert not reloader.look()
        assert reloader.refused
        assert reloader.model is second
    path.unlink()
    assert not reloader.look()
    assert reloader.model is second
    path.write_bytes(whole)
    os.utime(path, ns=(1, 1))
    assert not reloader.look()  # the same model again
    assert reloader.refused is None


def test_an_error_that_nobody_foresaw_is_a_refusal_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_run("softmax").save(tmp_path)
    reloader = ModelReloader(tmp_path)

    def fail(folder: Path) -> Predictor:
        raise MemoryError

    monkeypatch.setattr(Predictor, "open", fail)
    os.utime(tmp_path / "model.safetensors", ns=(1, 1))
    assert not reloader.look()
    assert reloader.refused == "MemoryError()"


def test_a_spare_model_answers_where_there_is_none(tmp_path: Path) -> None:
    make_run("softmax").save(tmp_path)
    spare = ModelReloader(tmp_path).model
    (tmp_path / "model.safetensors").unlink()
    with TestClient(make_app(tmp_path, spare=spare)) as client:
        ready = client.get("/readyz").json()
        assert ready["model"] == spare.checksum
        assert "no run in" in ready["refused"]
        assert client.post("/predict", json={"rows": [[0] * 12]}).json()["model"] == spare.checksum


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/model", "/docs"])
def test_the_head_of_a_page_can_be_asked_for(client: TestClient, path: str) -> None:
    assert client.head(path).status_code == 200
    assert client.head("/predict").status_code == 405

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from linnet.model.run import Run
from linnet.serve.app import make_app
from linnet.serve.parse import Limits
from tests.support.runs import make_run

LIMITS = Limits(rows=8, bytes=1 << 20)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A saved run of three classes over pictures of 3 × 4."""
    run = make_run("softmax")
    run.save(tmp_path_factory.mktemp("served"))
    return run


@pytest.fixture(scope="module")
def client(served: Run) -> Iterator[TestClient]:
    """A client of that run's service."""
    with TestClient(make_app(Path(served.folder or ""), limits=LIMITS)) as made:
        yield made

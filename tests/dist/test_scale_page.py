from __future__ import annotations

import re
from pathlib import Path

import yaml

from linnet.cli.app import TOGETHER
from tests.support.launchers import block
from tests.support.processes import ROOT

PAGES = [ROOT / "docs" / name for name in ("scale.md", "scale.zh-CN.md")]


def code(page: Path) -> list[str]:
    """The blocks of a page without their comments."""
    blocks = re.findall(r"^```\w+\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return [re.sub(r" *#(?! ?SBATCH| *!).*", "", text) for text in blocks]


def test_both_languages_have_the_same_code() -> None:
    english, chinese = map(code, PAGES)
    assert english == chinese


def test_both_languages_name_every_command_that_processes_share() -> None:
    for page in PAGES:
        assert all(f"`linnet {name}`" in page.read_text("utf-8") for name in TOGETHER)


def test_the_manifest_has_a_process_a_pod_and_one_command() -> None:
    replicas = yaml.safe_load(block("PyTorchJob"))["spec"]["pytorchReplicaSpecs"]
    containers = [one["template"]["spec"]["containers"] for one in replicas.values()]
    assert containers[0] == containers[1]
    assert containers[0][0]["command"][:2] == ["linnet", "train"]
    assert containers[0][0]["name"] == "pytorch"

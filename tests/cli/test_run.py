"""`linnet run`, as people call it."""

from __future__ import annotations

import html
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.commands import call
from tests.support.patience import PATIENCE, until

NOTES = """# 1 Setup

```python
import math

x = [math.pi]
x
```

# 2 Fault

```python
y = x[3]
```

```python
print("after")
```
"""


@pytest.fixture
def notes() -> Path:
    path = Path("笔记.md")
    path.write_text(NOTES, encoding="utf-8")
    return path


def test_a_line_a_cell_then_the_failure(notes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("run", notes) == 1
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert lines[0] == "笔记.md: 3 cells. Running notes executes their code, with your rights."
    assert lines[1].startswith("[1/3] x = [math.pi]")
    assert lines[1].endswith(" s")
    assert lines[2].startswith("[2/3] y = x[3]")
    assert "FAILED  IndexError" in lines[2]
    assert lines[3:] == [
        f"page:     {Path('笔记-run/笔记.html')}",
        f"notebook: {Path('笔记-run/笔记.ipynb')}",
    ]
    assert said.err.startswith("linnet: 笔记.md, cell 2, line 13: IndexError: list index out of range")
    assert all(Path(line.split()[1]).is_file() for line in lines[3:])


def test_options(notes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("run", notes, "--keep-going", "--quiet", "--out", "pages", "--timeout", 60) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    page = Path("pages/笔记.html").read_text(encoding="utf-8")
    assert "after" in page
    assert "linnet run 笔记.md --keep-going --timeout 60" in html.unescape(page).replace("'", "")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nothing.md"], 1, "no notes at nothing.md"),
        (["笔记.md", "--only", "9"], 2, "no heading '9'"),
        (["笔记.md", "--timeout", "-1"], 2, "timeout must be more than 0"),
        (["."], 2, "is a folder"),
        ([], 2, "requires an argument"),
    ],
)
def test_errors(
    notes: Path, arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("run", *arguments) == code
    captured = capsys.readouterr()
    assert said in captured.err + captured.out


def test_help_says_that_code_is_executed(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("run", "--help") == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "executes the code" in out
    for option in ("--only", "--out", "--keep-going", "--timeout", "--quiet"):
        assert option in out


def test_ctrl_c_leaves_the_page_so_far_and_no_kernel(tmp_path: Path) -> None:
    waiting = "import time; open('began', 'w').close()\ntime.sleep(300)"
    text = f"```python\nprint('first')\n```\n```python\n{waiting}\n```\n"
    (tmp_path / "slow.md").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "linnet", "run", "slow.md"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while not process.stdout.readline().startswith("[1/2]"):
            assert process.poll() is None
        until((tmp_path / "began").exists, "the second cell")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, err
    assert "cell 2, line 5: interrupted" in err
    assert "Traceback" not in out + err
    assert "first" in (tmp_path / "slow-run" / "slow.html").read_text(encoding="utf-8")


def test_a_section_on_a_console_without_chinese(notes: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "linnet", "run", str(notes), "--only", "1", "--out", "first"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "??.md: 1 cell" in done.stdout
    assert "Fault" not in Path("first/笔记.html").read_text(encoding="utf-8")


def test_without_the_extra_it_names_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in sys.modules if name.startswith("linnet.notes")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "nbformat", None)
    assert call("run", "notes.md") == 1
    assert "pip install 'linnet[notes]'" in capsys.readouterr().err

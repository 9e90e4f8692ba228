"""Notes run by a real kernel."""

from __future__ import annotations

import os
import re
from pathlib import Path

import nbformat
import pytest

from linnet.errors import LinnetError, UsageError
from linnet.notes import execute
from linnet.notes.execute import Outcome
from linnet.notes.run import Result, run_notes
from tests.support.gate import gate

BOOK = Path(__file__).parent / "book"
SHARED = Path(__file__).parents[3] / "shared" / "notes"


def notes(tmp_path: Path, text: str, name: str = "a.md") -> Path:
    path = tmp_path / "notes" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def printed(result: Result) -> list[str]:
    return [
        output.get("text", output.get("data", {}).get("text/plain", "")).strip()
        for outcome in result.outcomes
        for output in outcome.outputs
    ]


def pictures(result: Result) -> int:
    return result.page.read_text(encoding="utf-8").count('class="figure"')


def test_what_a_learner_writes(tmp_path: Path) -> None:
    path = notes(
        tmp_path,
        "# 标题\n\n```python\n!ls /\n%pip install x\nfiles = !ls\nprint(files, __name__)\n```\n"
        "```python\n%%bash\necho shell\n```\n"
        "```python\n%time 3\nimport os\nprint(os.path.basename(os.getcwd()))\n```\n"
        "```python\nd2l.plt.title('中文'); d2l.plt.plot([1, 2]);\n```\n"
        "```python\npd.DataFrame({'a': [1, 2]})\n```\n"
        "```\nx = np.float64(3)\nx\n```\n",
    )
    seen: list[tuple[int, bool]] = []
    result = run_notes(path, progress=lambda number, outcome: seen.append((number, outcome is None)))
    assert result.failures == []
    assert seen == [(n, begins) for n in range(6) for begins in (True, False)]
    text = "\n".join(printed(result))
    assert text.count("not run: ") == 4
    assert "[] __main__" in text
    assert "\nnotes" in text  # the kernel works where the notes are
    assert "np.float64(3.0)" in text
    assert not any(output.get("name") == "stderr" for o in result.outcomes for output in o.outputs)
    assert list(result.supplied) == ["d2l", "pd", "np"]
    assert (pictures(result), result.page) == (1, Path("a-run/a.html"))
    book = nbformat.read(result.notebook, 4)
    nbformat.validate(book)
    assert book.cells[0].source.startswith("%load_ext linnet\n")
    assert [cell.execution_count for cell in book.cells if cell.cell_type == "code"] == [
        None,
        1,
        2,
        3,
        4,
        5,
        6,
    ]


BROKEN = (
    "```python\na = 1\n```\n\n```python\ndef f():\n    return 1 / 0\n\nf()\n```\n\n```python\nprint(a)\n```\n"
)


def test_a_failing_cell_stops_the_run_where_it_is(tmp_path: Path) -> None:
    path = notes(tmp_path, BROKEN)
    result = run_notes(path, out="pages")
    assert result.failures == [
        f"{path}, cell 2, line 9: ZeroDivisionError: division by zero (raised in line 7)"
    ]
    assert [outcome.count for outcome in result.outcomes] == [1, 2, None]
    page = result.page.read_text(encoding="utf-8")
    assert "ZeroDivisionError" in page
    assert 'class="cell idle"' in page


def test_going_on_after_it_and_running_out_of_time(tmp_path: Path) -> None:
    path = notes(tmp_path, BROKEN + "```python\nimport time\ntime.sleep(60)\n```\n```python\nx = = 1\n```")
    result = run_notes(path, keep_going=True, timeout=2)
    assert [failure.split(": ", 1)[1] for failure in result.failures] == [
        "ZeroDivisionError: division by zero (raised in line 7)",
        "took longer than 2 s",
        "SyntaxError: invalid syntax",
    ]
    assert "1" in printed(result)


def test_a_kernel_that_dies_is_a_failure(tmp_path: Path) -> None:
    result = run_notes(
        notes(tmp_path, "```python\nimport os\nos._exit(3)\n```\n```python\n1\n```"), keep_going=True
    )
    assert len(result.failures) == 1
    assert "kernel died" in result.failures[0]
    assert result.page.is_file()


def test_the_end_of_a_program_is_no_failure(tmp_path: Path) -> None:
    script = "import sys\n\n\ndef main():\n    print('done')\n    return 0\n\n\nsys.exit(main())\n"
    result = run_notes(notes(tmp_path, script, "main.py"))
    assert (result.failures, printed(result)) == ([], ["done"])
    result = run_notes(notes(tmp_path, script.replace("return 0", "return 3"), "main.py"))
    assert result.failures == [f"{tmp_path / 'notes' / 'main.py'}, cell 1, line 1: SystemExit: 3"]


def test_a_session_shows_every_value(tmp_path: Path) -> None:
    result = run_notes(
        notes(tmp_path, "```python\n>>> x = 3\n>>> x\n3\n>>> x + 1\n4\n```\n```python\nx\nx + 2\n```")
    )
    assert [text for text in printed(result) if text] == ["3", "4", "5"]


def test_where_in_other_cells_it_was_raised(tmp_path: Path) -> None:
    path = notes(tmp_path, "```python\ndef f():\n    return 1 / 0\n```\n\n```python\nf()\n```")
    assert run_notes(path).failures == [
        f"{path}, cell 2, line 7: ZeroDivisionError: division by zero (raised in cell 1, line 3)"
    ]


def test_windows_are_not_asked_for_and_questions_not_answered(tmp_path: Path) -> None:
    text = (
        "```python\n%matplotlib widget\nimport matplotlib\nmatplotlib.use('TkAgg')\n"
        "d2l.plt.switch_backend('QtAgg')\nd2l.plt.plot([1, 2]);\n```\n```python\ninput('?')\n```"
    )
    result = run_notes(notes(tmp_path, text))
    assert pictures(result) == 1
    assert [failure.split(": ", 1)[1] for failure in result.failures] == [
        "the notes ask for input(), which nobody is there to answer"
    ]


def test_files_of_other_people_are_not_written_over(tmp_path: Path) -> None:
    path = notes(tmp_path, "```python\n1\n```")
    Path("pages").mkdir()
    Path("pages/a.html").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="not made by linnet run"):
        run_notes(path, out="pages")
    assert Path("pages/a.html").read_text(encoding="utf-8") == "mine"
    first = run_notes(path, out="others")
    assert run_notes(path, out="others").page == first.page


def test_the_time_of_a_cell_is_not_the_kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execute, "PREPARE", "import time; time.sleep(2)")
    assert run_notes(notes(tmp_path, "```python\n1\n```"), timeout=1).failures == []


def test_a_kernel_that_cannot_be_set_up_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execute, "PREPARE", "raise OSError('no room')")
    with pytest.raises(LinnetError, match="no room"):
        run_notes(notes(tmp_path, "```python\n1\n```"))
    monkeypatch.setattr(execute, "PREPARE", "import os; os._exit(1)")
    with pytest.raises(LinnetError, match="set up"):
        run_notes(notes(tmp_path, "```python\n1\n```"))


def test_one_section_brings_its_imports(tmp_path: Path) -> None:
    path = notes(tmp_path, "# 1 a\n```python\nimport torch\n```\n# 2 b\n```python\ntorch.ones(1)\n```")
    result = run_notes(path, only="2")
    assert (result.failures, list(result.supplied), printed(result)) == ([], ["torch"], ["tensor([1.])"])


def test_scripts_find_their_own_name(tmp_path: Path) -> None:
    result = run_notes(BOOK / "script.py")
    assert result.failures == []
    assert "script.py 1" in printed(result)
    assert pictures(result) == 1


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("no code", {}, "no Python to run"),
        ("# 1\n\n# 2\n```python\n1\n```", {"only": "1"}, "under '1'"),
        ("```python\n1\n```", {"timeout": 0}, "timeout"),
        ("```python\n1\n```", {"only": "9"}, "no heading"),
    ],
)
def test_nothing_to_run(tmp_path: Path, text: str, options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        run_notes(notes(tmp_path, text), **options)  # type: ignore[arg-type]


def test_a_notebook_is_not_written_over(tmp_path: Path) -> None:
    path = notes(tmp_path, (BOOK / "stability.ipynb").read_text(encoding="utf-8"), "a.ipynb")
    before = path.read_bytes()
    with pytest.raises(UsageError, match="not made by linnet"):
        run_notes(path, out=path.parent)
    assert path.read_bytes() == before


OFFLINE = [
    "linear_from_scratch.md",
    "linear_concise.txt",
    "overfitting.md",
    "stability.ipynb",
    "edition_one.md",
]
FASHION = ["fashion.md", "softmax_from_scratch.md", "multilayer.md", "editions_fashion.md"]


@pytest.mark.parametrize("name", gate(OFFLINE, 1, 3))
def test_notes_in_the_books_manner(name: str) -> None:
    result = run_notes(BOOK / name)
    assert result.failures == []
    assert "epoch 3" in str(printed(result)) or pictures(result) > 0
    assert 'class="latex"' not in result.page.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", gate(FASHION, 1))
def test_notes_with_the_real_images(name: str, fashion_folder: Path) -> None:
    result = run_notes(BOOK / name)
    assert result.failures == []
    assert pictures(result) > 0
    assert "False" not in printed(result)


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the real notes, ../shared/notes")
@pytest.mark.parametrize("path", gate(sorted(SHARED.glob("0*.txt")), 0), ids=lambda path: path.stem)
def test_real_notes(path: Path, fashion_folder: Path) -> None:
    result = run_notes(path)
    assert result.failures == []
    assert pictures(result) == 1
    page = result.page.read_text(encoding="utf-8")
    assert 'class="latex"' not in page
    last = result.outcomes[-1].outputs[0].data["image/svg+xml"]
    assert last.count("<path") > 10


@pytest.mark.long
def test_the_page_is_seen_in_a_browser(tmp_path: Path) -> None:
    sync_api = pytest.importorskip("playwright.sync_api")
    browser_path = next(
        (p for p in ("/usr/bin/chromium", "/usr/bin/google-chrome") if os.path.exists(p)), None
    )
    if browser_path is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    path = notes(
        tmp_path,
        "# 训练\n\n$$\\frac{a}{b}$$\n\n```python\nanimator = d2l.Animator(xlabel='epoch', legend=['loss'])\n"
        "for epoch in range(1, 6):\n    animator.add(epoch, 1 / epoch)\n```\n",
    )
    result = run_notes(path)
    assert result.failures == []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browser_path, args=["--no-sandbox", "--disable-background-networking"]
        )
        page = browser.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        problems: list[str] = []
        page.on("console", lambda message: problems.append(message.text))
        page.goto(result.page.absolute().as_uri())
        size = page.evaluate(
            "() => { const i = document.querySelector('img.figure');"
            " return [i.naturalWidth, i.naturalHeight] }"
        )
        formula = page.evaluate("document.querySelector('math').getBoundingClientRect().height")
        picture = page.locator("img.figure").screenshot()
        browser.close()
    assert size[0] > 200
    assert size[1] > 150
    assert formula > 20  # a fraction is taller than a line of text
    assert [url for url in asked if not url.startswith(("data:", "file:"))] == []
    assert problems == []
    assert _colours(picture) > 20  # a curve, axes, letters


def _colours(png: bytes) -> int:
    import io

    from PIL import Image

    image = Image.open(io.BytesIO(png)).convert("RGB")
    return len(image.getcolors(1 << 24) or [])


def test_progress_tells_of_failures(tmp_path: Path) -> None:
    told: list[Outcome] = []
    run_notes(
        notes(tmp_path, BROKEN), progress=lambda number, outcome: told.append(outcome) if outcome else None
    )
    assert [bool(outcome.error) for outcome in told] == [False, True]
    assert re.match(r"ZeroDivisionError", told[1].error)

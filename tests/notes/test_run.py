"""Notes run by a real kernel, which several tests share: one costs a second or more of a processor."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
import pytest

from linnet.errors import UsageError
from linnet.notes import run
from linnet.notes.document import Block, Outcome, Run
from linnet.notes.run import run_notes
from tests.support.gate import gate
from tests.support.notes import BROKEN, print_outs, write_notes

BOOK = Path(__file__).parent / "book"
SHARED = Path(__file__).parents[3] / "shared" / "notes"


class Seen(NamedTuple):
    """A run, the page it left, and the progress it told of."""

    result: Run
    page: str
    progress: list[tuple[int, Outcome | None]]


def run_in(folder: Path, path: Path, **options: Any) -> Seen:
    progress: list[tuple[int, Outcome | None]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        result = run_notes(path, progress=lambda *event: progress.append(event), **options)
        return Seen(result, result.page.read_text(encoding="utf-8"), progress)


def pictures(result: Run) -> int:
    return result.page.read_text(encoding="utf-8").count('class="figure"')


def drawings(outcomes: Sequence[Outcome]) -> int:
    return sum("image/svg+xml" in o.get("data", {}) or "image/png" in o.get("data", {})
               for outcome in outcomes for o in outcome.outputs)  # fmt: skip


LEARNER = (
    "# 标题\n\n```python\n!ls /\n%pip install x\nfiles = !ls\nprint(files, __name__)\n```\n"
    "```python\n%%bash\necho shell\n```\n"
    "```python\n%time 3\nimport os\nprint(os.path.basename(os.getcwd()))\n```\n"
    "```python\nd2l.plt.title('中文'); d2l.plt.plot([1, 2]);\n```\n"
    "```python\npd.DataFrame({'a': [1, 2]})\n```\n"
    "```\nx = np.float64(3)\nx\n```\n"
    "```python\n%matplotlib widget\nimport matplotlib\nmatplotlib.use('TkAgg')\n"
    "d2l.plt.switch_backend('QtAgg')\nd2l.plt.plot([1, 2]);\n```\n"
    "```python\n>>> x = 3\n>>> x\n3\n>>> x + 1\n4\n```\n```python\nx\nx + 2\n```\n"
    "```python\ninput('?')\n```\n"
    "```python\ndef f():\n    return 1 / 0\n```\n\n```python\nf()\n```\n"
)


@pytest.fixture(scope="module")
def learner(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """Notes as a learner writes them, with two cells that fail, run to their end."""
    folder = tmp_path_factory.mktemp("learner")
    return run_in(folder, write_notes(folder, LEARNER), keep_going=True)


def test_what_a_learner_writes(learner: Seen) -> None:
    result = learner.result
    assert [outcome.error for outcome in result.outcomes[:9]] == [""] * 9
    assert [(n, outcome is None) for n, outcome in learner.progress] == [
        (n, begins) for n in range(12) for begins in (True, False)
    ]
    text = "\n".join(print_outs(result.outcomes))
    assert text.count("not run: ") == 4
    assert "[] __main__" in text
    assert "\nnotes" in text  # the kernel works where the notes are
    assert "np.float64(3.0)" in text
    assert not any(output.get("name") == "stderr" for o in result.outcomes for output in o.outputs)
    assert list(result.supplied) == ["d2l", "pd", "np"]
    assert (drawings(result.outcomes[:6]), result.page) == (1, Path("a-run/a.html"))


def test_the_notebook_is_whole_and_brings_what_was_supplied(learner: Seen) -> None:
    book = nbformat.reads(run._write_notebook(learner.result), 4)
    nbformat.validate(book)
    assert book.cells[0].source.startswith("%load_ext linnet\n")
    code = [cell.execution_count for cell in book.cells if cell.cell_type == "code"]
    assert code == [None, *range(1, 13)]


def test_a_session_shows_every_value(learner: Seen) -> None:
    assert [text for text in print_outs(learner.result.outcomes[7:9]) if text] == ["3", "4", "5"]


def test_windows_are_not_asked_for_and_questions_not_answered(learner: Seen) -> None:
    assert drawings(learner.result.outcomes[6:7]) == 1
    assert learner.page.count('class="figure"') == 2
    assert learner.result.outcomes[9].error == "the notes ask for input(), which nobody is there to answer"


def test_where_in_other_cells_it_was_raised(learner: Seen) -> None:
    lines = LEARNER.split("\n")
    called, raised = lines.index("f()") + 1, lines.index("    return 1 / 0") + 1
    assert learner.result.failures[1:] == [
        f"{learner.result.document.path}, cell 12, line {called}: ZeroDivisionError: division by zero "
        f"(raised in cell 11, line {raised})"
    ]


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """Notes whose second cell fails."""
    folder = tmp_path_factory.mktemp("broken")
    return run_in(folder, write_notes(folder, BROKEN), out="pages")


def test_a_failing_cell_stops_the_run_where_it_is(broken: Seen) -> None:
    assert broken.result.failures == [
        f"{broken.result.document.path}, cell 2, line 9: ZeroDivisionError: division by zero "
        "(raised in line 7)"
    ]
    assert [outcome.count for outcome in broken.result.outcomes] == [1, 2, None]
    assert "ZeroDivisionError" in broken.page
    assert 'class="cell idle"' in broken.page


def test_progress_tells_of_failures(broken: Seen) -> None:
    told = [outcome for _, outcome in broken.progress if outcome]
    assert [bool(outcome.error) for outcome in told] == [False, True]
    assert re.match(r"ZeroDivisionError", told[1].error)


ENDS = """
# %%
sys.exit(3)

# %%
def main():
    print("done")
    return 0


sys.exit(main())

# %%
print("never")
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """A script that ends before its last cell."""
    folder = tmp_path_factory.mktemp("script")
    text = (BOOK / "script.py").read_text(encoding="utf-8") + ENDS
    return run_in(folder, write_notes(folder, text, "script.py"), keep_going=True)


def test_scripts_find_their_own_name(script: Seen) -> None:
    assert "script.py 1" in print_outs(script.result.outcomes)
    assert script.page.count('class="figure"') == 1


def test_the_end_of_a_program_is_no_failure(script: Seen) -> None:
    *_, third, fourth, last = script.result.outcomes
    assert script.result.failures == [
        f"{script.result.document.path}, cell {len(script.result.outcomes) - 2}, line {third.cell.line}: "
        "SystemExit: 3"
    ]
    assert (fourth.error, print_outs([fourth])) == ("", ["done"])
    assert last.count is None


@pytest.fixture
def no_kernel(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], list[str]]]:
    """Runs that start no kernel: the cells and the imports that each would have run."""
    runs: list[tuple[list[str], list[str]]] = []

    def execute(cells: Sequence[Block], imports: Sequence[str], *_: object, **__: object) -> list[Outcome]:
        runs.append(([cell.source for cell in cells], list(imports)))
        return [Outcome(cell) for cell in cells]

    monkeypatch.setattr(run, "execute", execute)
    return runs


@pytest.mark.usefixtures("no_kernel")
def test_files_of_other_people_are_not_written_over(tmp_path: Path) -> None:
    path = write_notes(tmp_path, "```python\n1\n```")
    Path("pages").mkdir()
    Path("pages/a.html").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="not made by linnet run"):
        run_notes(path, out="pages")
    assert Path("pages/a.html").read_text(encoding="utf-8") == "mine"
    first = run_notes(path, out="others")
    assert run_notes(path, out="others").page == first.page


def test_one_section_brings_its_imports(tmp_path: Path, no_kernel: list[tuple[list[str], list[str]]]) -> None:
    path = write_notes(tmp_path, "# 1 a\n```python\nimport torch\n```\n# 2 b\n```python\ntorch.ones(1)\n```")
    result = run_notes(path, only="2")
    assert (result.failures, list(result.supplied)) == ([], ["torch"])
    assert no_kernel == [(["torch.ones(1)"], ["import torch"])]


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
        run_notes(write_notes(tmp_path, text), **options)  # type: ignore[arg-type]


def test_a_notebook_is_not_written_over(tmp_path: Path) -> None:
    path = write_notes(tmp_path, (BOOK / "stability.ipynb").read_text(encoding="utf-8"), "a.ipynb")
    before = path.read_bytes()
    with pytest.raises(UsageError, match="the notes themselves"):
        run_notes(path, out=path.parent)
    assert path.read_bytes() == before


@pytest.mark.usefixtures("no_kernel")
def test_a_section_does_not_take_the_place_of_the_notebook_it_is_of(tmp_path: Path) -> None:
    path = write_notes(tmp_path, "# 1 a\n```python\n1\n```\n# 2 b\n```python\n2\n```")
    made = run_notes(path, out="pages").notebook
    before = made.read_bytes()
    with pytest.raises(UsageError, match="the notes themselves"):
        run_notes(made, only="2", out="pages")
    assert made.read_bytes() == before
    assert run_notes(made, only="2", out="others").notebook.is_file()


OFFLINE = [
    "linear_from_scratch.md",
    "linear_concise.txt",
    "overfitting.md",
    "stability.ipynb",
    "edition_one.md",
]
FASHION = ["fashion.md", "softmax_from_scratch.md", "multilayer.md", "editions_fashion.md"]


@pytest.mark.parametrize("name", gate(OFFLINE, 3))
def test_notes_in_the_books_manner(name: str) -> None:
    result = run_notes(BOOK / name)
    assert result.failures == []
    assert "epoch 3" in str(print_outs(result.outcomes)) or pictures(result) > 0
    assert 'class="latex"' not in result.page.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", gate(FASHION, 1))
def test_notes_with_the_real_images(name: str, fashion_folder: Path) -> None:
    result = run_notes(BOOK / name)
    assert result.failures == []
    assert pictures(result) > 0
    assert "False" not in print_outs(result.outcomes)


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
    path = write_notes(
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

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from linnet.errors import MissingFontWarning, UsageError
from linnet.plot import beside, style
from linnet.plot.beside import Drawer, render_by_name

RECORDS = [{"epoch": float(k), "train_loss": 1 / k, "train_accuracy": k / 9} for k in (1, 2, 3)]
CURVES = ("curves:curves", (RECORDS, "a title", "en"), ".svg")
TEMPLATES = ("weights:templates", (np.arange(18.0).reshape(3, 6), (2, 3), ("a", "b", "c")), ".png")


@pytest.fixture(autouse=True)
def _helps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "helps", lambda: True)


def test_figures_are_drawn_elsewhere_to_the_same_bytes_in_the_order_of_asking() -> None:
    with Drawer() as drawer:
        drawer.start()
        drawn = [drawer.draw(*one) for one in (CURVES, TEMPLATES, CURVES)]
        first, second, third = (one() for one in drawn)
    assert first == third == render_by_name(*CURVES)
    assert second == render_by_name(*TEMPLATES)


def test_matplotlib_is_imported_by_the_process_that_draws_alone() -> None:
    code = (
        "import sys; from linnet.plot import beside\n"
        "beside.helps = lambda: True\n"
        "with beside.Drawer() as drawer:\n"
        "    drawer.start()\n"
        f"    content = drawer.draw(*{CURVES!r})()\n"
        "print(len(content), 'matplotlib' in sys.modules)"
    )
    said = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert said == [str(len(render_by_name(*CURVES))), "False"]


def test_what_is_large_is_drawn_though_the_answer_before_it_was_not_read() -> None:
    many = [{**RECORDS[0], "epoch": float(k)} for k in range(20_000)]
    with Drawer() as drawer:
        drawer.start()
        one, other = (drawer.draw("curves:curves", (many, "", "en"), ".svg") for _ in range(2))
        assert other() == one()


def test_where_there_is_no_process_or_it_fails_figures_are_drawn_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = render_by_name(*CURVES)
    monkeypatch.setattr(beside, "START", "raise SystemExit")
    with Drawer() as drawer:
        drawer.start()
        assert drawer.draw(*CURVES)() == content
    assert Drawer().draw(*CURVES)() == content
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with Drawer() as drawer:
        drawer.start()
        assert drawer.draw(*CURVES)() == content


def test_what_cannot_be_drawn_is_said_as_here() -> None:
    with Drawer() as drawer:
        drawer.start()
        with pytest.raises(UsageError, match=r"a picture ends in .svg or .png"):
            drawer.draw(*CURVES[:2], ".pdf")()
        assert drawer.draw(*CURVES)() == render_by_name(*CURVES)  # though the process has ended


def test_what_is_warned_of_there_is_warned_of_here(monkeypatch: pytest.MonkeyPatch) -> None:
    start = (
        "from linnet.plot import style; style.cjk_font = lambda: None; from linnet.plot.beside import serve"
    )
    monkeypatch.setattr(beside, "START", beside.START.replace("from linnet.plot.beside import serve", start))
    with Drawer() as drawer:
        drawer.start()
        drawn = drawer.draw("curves:curves", ([], "", "zh"), ".png")
        with pytest.warns(MissingFontWarning, match=style.CJK_FONTS[0]), pytest.warns(match="Glyph"):
            drawn()


def test_the_process_ends_with_the_block_whatever_it_was_asked_for() -> None:
    drawer = Drawer()
    with pytest.raises(KeyboardInterrupt), drawer:
        drawer.start()
        drawer.draw(*CURVES)
        raise KeyboardInterrupt
    assert drawer._process is not None
    assert drawer._process._process.returncode is not None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills")
def test_a_process_whose_parent_is_killed_ends() -> None:
    code = (
        "import os, signal; from linnet.plot import beside\n"
        "process = beside._Process(); print('started', flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    # The one that draws has the same pipe for its errors: it is read to its end when both have ended.
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.stdout == "started\n"


def test_nothing_is_started_where_it_does_not_help(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert not beside.helps()  # these tests have matplotlib
    monkeypatch.delitem(sys.modules, "matplotlib")
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    for cores, load, expected in (({0, 1}, 1.5, True), ({0}, 0.0, False), ({0, 1}, 2.5, False)):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, cores=cores: cores, raising=False)
        monkeypatch.setattr(os, "getloadavg", lambda load=load: (load, 0.0, 0.0), raising=False)
        assert beside.helps() == expected

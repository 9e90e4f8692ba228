"""A file that linnet did not make is never replaced: each writer says so and names another way."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import linnet
from linnet import files, report
from linnet.cli import main
from linnet.data.dataset import Dataset
from linnet.errors import UsageError
from linnet.export import FORMATS, export_model
from linnet.folders import new_folder
from linnet.model.run import Run


def make_run() -> Run:
    data = Dataset(torch.rand(12, 4), torch.arange(12) % 2, "rows", ("a", "b"), (2, 2))
    return linnet.fit(data, epochs=1, show=False)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    made = make_run()
    made.save(tmp_path / "run")
    return made


def call(*arguments: str) -> int:
    try:
        main(arguments)
    except SystemExit as end:
        return int(end.code or 0)
    return 0


COMMANDS: dict[str, tuple[tuple[str, ...], str]] = {
    "plot": (("plot", "run", "templates"), "templates.png"),
    "plot --out": (("plot", "run", "templates", "--out", "mine.svg"), "mine.svg"),
    "data show": (("data", "show", "digits"), "images.png"),
    "report --out": (("report", "run", "--out", "mine.html"), "mine.html"),
    "report of two": (("report", "run", "run"), "report.html"),
    "export --out": (("export", "run", "--to", "sql", "--out", "mine.sql"), "mine.sql"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_leaves_a_file_of_somebody_elses_alone(
    run: Run, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, target = COMMANDS[name]
    Path(target).write_text("mine: import linnet")
    assert call(*arguments) == 2
    assert Path(target).read_text() == "mine: import linnet"
    said = capsys.readouterr().err
    assert f"{target} is there and was not made by linnet" in said
    assert "--out" in said


@pytest.mark.parametrize("name", ["plot", "plot --out", "data show", "export --out"])
def test_a_command_replaces_what_it_made_itself(run: Run, name: str) -> None:
    arguments, target = COMMANDS[name]
    assert (call(*arguments), call(*arguments)) == (0, 0)
    assert files.is_ours(Path(target))


@pytest.mark.parametrize("name", FORMATS)
def test_exports_are_known_by_what_stands_in_them(run: Run, tmp_path: Path, name: str) -> None:
    chosen = FORMATS[name]
    from linnet.export import predictor

    path = tmp_path / chosen.file_name
    path.write_bytes(chosen.render(predictor(run)))
    assert files.is_ours(path)
    path.write_bytes(b"# my own notes on linnet")
    with pytest.raises(UsageError, match="was not made by linnet"):
        export_model(run, name, path)


@pytest.mark.parametrize("name", ["model.safetensors", "run.json", "history.jsonl"])
def test_a_run_is_not_saved_over_another_programs_files(run: Run, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / name).write_bytes(b"somebody else's")
    with pytest.raises(UsageError, match=name):
        run.save(folder)
    assert [path.name for path in folder.iterdir()] == [name]
    run.save(tmp_path / "run")  # its own it may replace


@pytest.mark.parametrize("kind", ["sweep", "tune"])
def test_tables_of_somebody_elses_stay(tmp_path: Path, kind: str) -> None:
    data = Dataset(torch.rand(24, 2), torch.arange(24) % 2, "rows", ("a", "b"))
    if kind == "sweep":
        result = linnet.sweep(data, {"lr": [0.1, 0.2]}, epochs=1, show=False)
    else:
        result = linnet.tune(data, {"lr": [0.1, 0.2]}, trials=2, epochs=1, show=False)
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "table.csv").write_text("mine")
    with pytest.raises(UsageError, match=r"table\.csv"):
        result.save(folder)
    assert [path.name for path in folder.iterdir()] == ["table.csv"]
    result.save(tmp_path / "new")
    result.save(tmp_path / "new")


def test_a_page_is_not_put_over_another(run: Run, tmp_path: Path) -> None:
    page = tmp_path / "run" / "report.html"
    page.write_text("<html>mine</html>")
    with pytest.raises(UsageError, match=r"report\.html is there"):
        report.write_report(tmp_path / "run")
    assert page.read_text() == "<html>mine</html>"


def test_only_temporary_files_of_linnets_own_are_swept_away(tmp_path: Path) -> None:
    with files.replacing(tmp_path / "a.txt") as file:
        leftover = Path(file.name)
    (tmp_path / "a.txt").rename(leftover)  # as a kill leaves it
    for name in (".mine.tmp", "mine.tmp"):
        (tmp_path / name).write_bytes(b"mine")
    files.sweep_temporaries(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".mine.tmp", "mine.tmp"]
    with pytest.raises(UsageError, match="not empty"):
        new_folder(tmp_path)

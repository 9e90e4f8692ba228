"""A folder's files are one state: old or new after a kill, and an error in a sentence when they are mixed."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest

import linnet
from linnet import config, files, folders, report
from linnet.config import Job
from linnet.errors import ChecksumError, DataNotFoundError, FormatError, LinnetError
from linnet.evaluate.confidence.scaling import calibrate
from linnet.model.predictor import Predictor
from linnet.model.run import Run
from linnet.runs.job import run_job
from linnet.serve.reloader import ModelReloader
from tests.support.folders import Killed, change, deaths

OLD = {"a.txt": "old a", "b.txt": "old b", "gone.txt": "old"}
NEW = {"a.txt": "new a", "b.txt": "new b", "c.txt": "new c"}


def contents(folder: Path) -> dict[str, str]:
    state = folders.read(folder)
    return {"state": state.values["state"], **{name: state.read(name).decode() for name in state.digests}}


def test_a_kill_between_any_two_operations_leaves_the_old_state_or_the_new(tmp_path: Path) -> None:
    folder, seen = tmp_path / "run", []

    def prepare() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folders.write(folder, {"state": "old"}, OLD)

    for _ in deaths(lambda: folders.write(folder, {"state": "new"}, NEW), prepare):
        found = contents(folder)
        assert found in ({"state": "old", **OLD}, {"state": "new", **NEW})
        seen.append(found["state"])
        folders.amend(folder, {"b.txt": "amended"})
        assert contents(folder) == {**found, "b.txt": "amended"}
        assert not [path for path in folder.iterdir() if files.is_temporary(path)]
        for name, content in contents(folder).items():
            assert name == "state" or (folder / name).read_text() == content
    assert set(seen) == {"old", "new"}
    assert seen == sorted(seen, reverse=True)  # new from the instant that it commits


def test_a_second_kill_while_the_first_is_mended_loses_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "run"

    def prepare() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folders.write(folder, {"state": "old"}, OLD)
        several = deaths(lambda: folders.write(folder, {"state": "new"}, NEW), lambda: None)
        assert next(True for _ in several if contents(folder)["state"] == "new")

    for _ in deaths(lambda: folders.write(folder, {"state": "newer"}, OLD), prepare):
        assert contents(folder) in ({"state": "new", **NEW}, {"state": "newer", **OLD})


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The folder of a run, and of the same run after it went on."""
    root = tmp_path_factory.mktemp("states")
    run_job(Job(data="digits", epochs=1, report=False, out=root / "old"))
    shutil.copytree(root / "old", root / "new")
    run_job(Job(data="digits", epochs=3, report=False), resume=root / "new")
    return root / "old", root / "new"


def signature(folder: Path) -> tuple[int, str, bytes]:
    run = Run.load(folder)
    assert len(run.history) == folders.read(folder).values["epochs_done"]
    assert Predictor.open(folder).checksum == ModelReloader(folder).model.checksum
    return len(run.history), Predictor.open(folder).checksum, run.model_bytes()


def test_a_resumed_run_killed_while_it_is_saved_is_whole(states: tuple[Path, Path], tmp_path: Path) -> None:
    old, new = states
    folder, known = tmp_path / "run", {signature(old), signature(new)}
    newer, seen = Run.load(new), set()

    def prepare() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(old, folder)

    for number in deaths(lambda: newer.save(folder, {"curves.svg": "<svg/>"}), prepare):
        seen.add(signature(folder))
        if number % 8 == 0:
            assert linnet.replay(folder).is_same
            report.write_report(folder, tmp_path / "page.html")
            assert run_job(Job(data="digits", epochs=3, report=False), resume=folder).status == "completed"
            assert signature(folder)[1:] == signature(new)[1:]
    assert seen == known


def test_files_of_two_states_are_told_apart(states: tuple[Path, Path], tmp_path: Path) -> None:
    old, new = states
    for name in ("model.safetensors", "history.jsonl"):
        folder = tmp_path / name
        shutil.copytree(old, folder)
        shutil.copy(new / name, folder / name)
        with pytest.raises(ChecksumError, match=rf"{name} does not belong to run\.json"):
            Run.load(folder)
        with pytest.raises(ChecksumError, match=name):
            report.write_report(folder)
        with pytest.raises(ChecksumError, match=name):
            linnet.replay(folder)
        if name.startswith("model"):
            with pytest.raises(ChecksumError, match=name):
                ModelReloader(folder)
    (folder / "history.jsonl").unlink()
    with pytest.raises(DataNotFoundError, match="is gone"):
        Run.load(folder)


@pytest.mark.parametrize("name", ["run.json", "history.jsonl", "model.safetensors"])
def test_any_flipped_bit_is_an_error_in_a_sentence(
    states: tuple[Path, Path], tmp_path: Path, name: str
) -> None:
    folder, source = tmp_path / "run", random.Random(0)
    shutil.copytree(states[0], folder)
    whole = (folder / name).read_bytes()
    for _ in range(60):
        flipped = bytearray(whole)
        flipped[source.randrange(len(flipped))] ^= 1 << source.randrange(8)
        (folder / name).write_bytes(flipped)
        with pytest.raises(FormatError):
            Run.load(folder)
        with pytest.raises(FormatError):
            report.write_report(folder)
        if name == "run.json":
            with pytest.raises(FormatError):
                config.read(folder / name)


@pytest.mark.parametrize("name", ["sweep.json", "table.csv", "curves.csv"])
def test_a_damaged_sweep_is_an_error_in_a_sentence(tmp_path: Path, name: str) -> None:
    folder, source = tmp_path / "s", random.Random(1)
    linnet.sweep(linnet.load("digits"), {"lr": [0.1, 1.0]}, epochs=1, show=False, report=False, out=folder)
    whole = (folder / name).read_bytes()
    for _ in range(20 if name == "sweep.json" else 2):
        flipped = bytearray(whole)
        flipped[source.randrange(len(flipped))] ^= 1 << source.randrange(8)
        (folder / name).write_bytes(flipped)
        with pytest.raises(LinnetError):
            report.write_report(folder)


def test_a_best_model_of_another_search_is_told_apart(tmp_path: Path) -> None:
    train = linnet.load("digits").train
    for name, rates in (("s", [0.1, 1.0]), ("other", [0.01, 0.02])):
        linnet.sweep(train, {"lr": rates}, epochs=1, show=False, report=False, out=tmp_path / name)
    shutil.rmtree(tmp_path / "s" / "best")
    shutil.copytree(tmp_path / "other" / "best", tmp_path / "s" / "best")
    for open_it in (report.write_report, linnet.replay):
        with pytest.raises(ChecksumError, match="best does not belong to sweep"):
            open_it(tmp_path / "s")


def test_a_run_of_an_earlier_linnet_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps({"asked": {}, "versions": {"linnet": "0.1"}}, indent=2))
    for open_it in (Run.load, report.write_report, linnet.replay, Predictor.open):
        with pytest.raises(FormatError, match=r"earlier linnet.*make the folder again"):
            open_it(tmp_path)


@pytest.fixture
def older(states: tuple[Path, Path], tmp_path: Path) -> Path:
    """The folder of a run of a linnet that kept options under another name."""
    folder = tmp_path / "older"
    shutil.copytree(states[0], folder)
    state = folders.read(folder)
    asked = {**state.values.pop("request"), "data": "digits"}
    folders.write(folder, {**state.values, "asked": asked}, {n: state.read(n) for n in state.digests})
    return folder


def test_options_kept_otherwise_are_refused_with_what_to_do(older: Path) -> None:
    readers = (Run.load, report.write_report, linnet.replay, lambda folder: config.read(folder / "run.json"))
    for open_it in readers:
        with pytest.raises(FormatError, match=r"earlier linnet.*make the folder again"):
            open_it(older)


def test_a_search_whose_options_are_kept_otherwise_is_refused_too(tmp_path: Path) -> None:
    train = linnet.load("digits").train
    linnet.sweep(train, {"lr": [0.1, 1.0]}, epochs=1, show=False, report=False, out=tmp_path / "s")
    state = folders.read(tmp_path / "s", "sweep.json")
    for name in ("request", "metric", "best"):  # an earlier linnet may have called others otherwise, too
        del state.values[name]
    folders.write(tmp_path / "s", state.values, {n: state.read(n) for n in state.digests}, "sweep.json")
    for open_it in (report.write_report, linnet.replay):
        with pytest.raises(FormatError, match=r"sweep\.json is of an earlier linnet.*make the folder again"):
            open_it(tmp_path / "s")


@pytest.mark.parametrize("key", ["request", "optimum", "origin"])
@pytest.mark.parametrize("value", [3, [], "x", {"x": 1}, {"solver": 1, "verb": 2, "source": 3}], ids=str)
def test_a_record_of_another_type_is_an_error_in_a_sentence(
    states: tuple[Path, Path], tmp_path: Path, key: str, value: object
) -> None:
    shutil.copytree(states[0], tmp_path / "run")
    change(tmp_path / "run/run.json", **{key: value})
    for open_it in (Run.load, report.write_report, linnet.replay):
        with pytest.raises(FormatError, match=f"the {key} of .* (is damaged|cannot be read)"):
            open_it(tmp_path / "run")
    if key == "request" or (key == "origin" and value != {"x": 1}):  # what config.read looks at
        with pytest.raises(FormatError, match=f"the {key} of .* (is damaged|cannot be read)"):
            config.read(tmp_path / "run/run.json")


def test_a_calibration_belongs_to_the_run_and_a_resume_says_that_it_drops_it(
    states: tuple[Path, Path], tmp_path: Path
) -> None:
    folder, said = tmp_path / "run", list[str]()
    shutil.copytree(states[0], folder)
    calibrate(Run.load(folder), linnet.load("digits").train, "temperature").save_model(folder)
    assert Run.load(folder).card.calibration is not None
    run_job(Job(data="digits", epochs=3, report=False), resume=folder, say=said.append)
    assert Run.load(folder).card.calibration is None
    assert [text for text in said if "calibration" in text and "dropped" in text]


def test_what_a_kill_leaves_is_swept_by_the_next_write_but_not_what_is_being_written(tmp_path: Path) -> None:
    for _ in deaths(lambda: files.write(tmp_path / "a.txt", "a"), lambda: None):
        with files.replacing(tmp_path / "b.txt") as file:
            file.write(b"b")
            files.write(tmp_path / "c.txt", "c")
        assert not [path for path in tmp_path.iterdir() if files.is_temporary(path)]
    assert (tmp_path / "b.txt").read_text() == "b"


def test_a_kill_is_no_exception_that_anything_catches() -> None:
    assert not issubclass(Killed, Exception)

"""What commands import, counted in modules: what is loaded in vain is time before anything happens."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

import pytest

import linnet
from linnet.cli import main

HEAVY = ("torch", "pandas", "matplotlib", "scipy", "scipy.stats", "scipy.sparse", "sklearn", "PIL")


def imports_of(*arguments: object, told: str = "", before: str = "") -> set[str]:
    """The heavy packages that a command line has imported when it ends, and what it said is checked for."""
    code = (
        f"import sys; from linnet.cli import main; {before}\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        f"print(*[name for name in {HEAVY} if name in sys.modules])"
    )
    words = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert told in done.stderr + done.stdout
    return set(done.stdout.splitlines()[-1].split())


@pytest.fixture
def table() -> Path:
    rows = [f"{k},{k * k % 7},{'xyz'[k % 3]},{2 * k + 0.5}" for k in range(40)]
    Path("good.csv").write_text("\n".join(["a,b,kind,price", *rows]) + "\n")
    Path("bad.csv").write_text("\n".join(["a,b,kind,price", *rows, "1,2,x,3,4"]) + "\n")
    return Path("good.csv")


@pytest.mark.parametrize(
    "command", [["train"], ["solve"], ["sweep", "--lr", "0.1,0.2"], ["find-lr"], ["data", "show"]]
)
def test_a_damaged_table_is_refused_with_nothing_heavy(command: list[str], table: Path) -> None:
    data = ["bad.csv"] if command[0] == "data" else ["--data", "bad.csv"]
    assert imports_of(*command, *data, told="bad.csv has rows of more cells") == set()


@pytest.mark.parametrize("command", [["train"], ["solve"], ["sweep", "--lr", "0.1,0.2"]])
def test_a_folder_that_is_taken_is_refused_before_anything_is_read(command: list[str], table: Path) -> None:
    Path("full").mkdir()
    Path("full/mine.txt").write_text("kept")
    found = imports_of(
        *command, "--data", table, "--out", "full", told="full is not empty: give another --out"
    )
    assert found == set()


def test_a_row_that_ends_early_is_refused_with_nothing_heavy(table: Path) -> None:
    table.write_text("a,b,c\n1,2,3\n4,5\n")
    told = "rows of fewer cells than its 3 columns: 1, the first is row 2"
    assert imports_of("train", "--data", table, told=told) == set()


def test_a_damaged_table_is_not_answered_either_and_nothing_heavy_is_imported(table: Path) -> None:
    linnet.fit(linnet.load(table, target="price"), epochs=1, show=False, out="run", report=False)
    assert imports_of("predict", "run", "bad.csv", told="bad.csv has rows of more cells") == set()
    assert "torch" not in imports_of("evaluate", "run", "--data", "bad.csv", told="rows of more cells")


@pytest.mark.parametrize("option", ["--target", "--number", "--groups", "--sample-weight"])
def test_a_column_that_is_not_there_is_refused_with_nothing_heavy(option: str, table: Path) -> None:
    told = "good.csv: there is no column 'shop' to take as"
    assert imports_of("train", "--data", table, option, "shop", told=told) == set()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--target", "cost"], "there is no column 'cost'"),
        (["--target", "price", "--task", "classification"], "has a value of its own"),
        (["--target", "price", "--formula", "price ~ a + log("], "formula"),
        (["--target", "price", "--number", "kind"], "kind"),
        (["--target", "price", "--groups", "shop"], "shop"),
    ],
)
def test_what_does_not_fit_a_table_is_refused_before_torch_is_imported(
    options: list[str], told: str, table: Path
) -> None:
    assert "torch" not in imports_of("train", "--data", table, *options, told=told)


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["train", "--data", "nowhere.csv"], "no data at nowhere.csv"),
        (["train", "--data", "no_such_set"], "unknown data set"),
        (["train", "--lr", "-1"], "lr must be a finite number"),
        (["solve", "--weight-kind", "precision"], "--weight-kind says what weights mean"),
        (["solve", "--l1", "-1"], "l1 must be a finite number of at least 0"),
        (["tune", "--data", "digits"], "say what to search"),
        (["evaluate", "nowhere"], "no run in nowhere"),
        (["export", "nowhere", "--to", "c"], "no run in nowhere"),
        (["report", "nowhere"], "no run in nowhere"),
        (["predict", "nowhere", "rows.csv"], "no run in nowhere"),
    ],
)
def test_what_is_not_there_or_cannot_be_is_refused_with_nothing_heavy(command: list[str], told: str) -> None:
    assert imports_of(*command, told=told) == set()


def test_the_accuracy_is_said_before_anything_is_drawn() -> None:
    code = (
        "import sys, linnet.cli.train as train; from linnet.cli import main\n"
        "plain = train.closing_lines\n"
        f"said = lambda run: [*plain(run), str([name for name in {HEAVY} if name in sys.modules])]\n"
        "train.closing_lines = said\n"
        "main(['train', '--data', 'synthetic', '--epochs', '1', '--out', 'run'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *_, imported, last = done.stdout.splitlines()
    assert imported == "['torch']"
    assert last.endswith("the run is in run")
    assert {"curves.svg", "report.html"} <= {path.name for path in Path("run").iterdir()}


def test_the_report_of_a_run_that_is_no_table_imports_no_pandas() -> None:
    assert not {"pandas", "sklearn"} & imports_of(
        "train", "--data", "synthetic", "--epochs", 1, "--out", "run"
    )


def test_a_classifiers_report_takes_no_sparse_matrices_and_no_matplotlib_where_it_is_drawn_beside(
    table: Path,
) -> None:
    command = ["train", "--data", table, "--target", "kind", "--epochs", 1, "--out", "run"]
    found = imports_of(*command, before="from linnet.plot import beside; beside.helps = lambda: True")
    assert not {"sklearn", "scipy.stats", "scipy.sparse", "matplotlib"} & found
    assert "data:image/svg" in Path("run/report.html").read_text()


def test_a_table_is_trained_on_judged_and_reported_without_scikit_learn_or_scipys_laws(table: Path) -> None:
    for command in (
        ["train", "--data", table, "--epochs", 1, "--out", "run"],
        ["evaluate", "run", "--intervals"],
    ):
        assert not {"sklearn", "scipy.stats"} & imports_of(*command)


@pytest.mark.parametrize(
    "command", [["predict", "run", "good.csv"], *(["export", "run", "--to", to] for to in ("numpy", "sql"))]
)
def test_a_model_of_a_table_answers_and_is_exported_without_torch(command: list[str], table: Path) -> None:
    linnet.fit(linnet.load(table, target="price"), epochs=1, show=False, out="run", report=False)
    assert imports_of(*command) == {"pandas"}


EVALUATED = (
    "price",
    "price --json",
    "kind --part validation",
    "kind --data good.csv --intervals",
    "kind --calibrate vector --sets 0.2 --keep",
    "kind --costs 1,1,2 --compare kind",
    "svm",
)


def torch_of(*commands: str, kept: tuple[str, ...] = ("torch",)) -> str:
    """What was said of the first of these commands after which one of some packages is imported."""
    code = (
        "import sys; from linnet.cli import main\n"
        "for command in sys.argv[1:]:\n"
        "    try: main(command.split())\n"
        "    except SystemExit as end: assert not end.code, command\n"
        f"    found = [name for name in {kept} if name in sys.modules]\n"
        "    assert not found, (command, found)"
    )
    done = subprocess.run([sys.executable, "-c", code, *commands], capture_output=True, text=True)
    return done.stderr if done.returncode else ""


def test_runs_are_evaluated_without_torch_or_what_draws(table: Path) -> None:
    price, kind = (linnet.load(table, target=name) for name in ("price", "kind"))
    linnet.fit(price, epochs=1, show=False, out="price", report=False)
    linnet.fit(kind, epochs=1, show=False, out="kind", report=False, validation=0.2)
    table.with_suffix(".svm").write_text("".join(f"{k % 2} 1:{k} 3:{k * k % 7}\n" for k in range(40)))
    sparse = linnet.load("good.svm", task="classification")
    linnet.fit(sparse, epochs=1, show=False, out="svm", report=False)
    assert not torch_of(*(f"evaluate {words}" for words in EVALUATED), kept=("torch", "matplotlib"))


COUNTS = "--data counts.csv --target visits --task regression --loss poisson"
FINISHED = (
    "train --data good.csv --target price --epochs 1 --out price",
    "train --data good.csv --target kind --epochs 1 --validation 0.2 --out kind",
    f"train {COUNTS} --epochs 1 --out visits",
    "train --data digits --epochs 1 --out digits",
    "solve --data good.csv --target price --summary --out solved-price",
    "solve --data good.csv --target kind --summary --l2 0.01 --out solved-kind",
    f"solve {COUNTS} --summary --out solved-visits",
    "sweep --data good.csv --target kind --lr 0.1,0.2 --epochs 1 --out swept",
)


@pytest.fixture
def finished(table: Path) -> None:
    """Folders of runs, solves and a search, of numbers, counts, classes and pictures."""
    counts = [f"{k % 9},{k * k % 5}" for k in range(40)]
    table.with_name("counts.csv").write_text("\n".join(["a,visits", *counts]) + "\n")
    for command in FINISHED:
        with contextlib.suppress(SystemExit):
            main([*command.split(), "--no-report", "--quiet"])


REPORTED = (
    "report price",
    "report kind --lang zh",
    "report visits",
    "report digits",
    "report solved-price",
    "report solved-kind",
    "report solved-visits",
    "report swept",
    "report price visits --out both.html",
)


FORMATS = ("numpy", "sql", "js", "c", "onnx", "safetensors")


@pytest.mark.usefixtures("finished")
def test_runs_solves_and_searches_are_reported_and_exported_without_torch() -> None:
    tables = [f"export price --to {one} --out price_{one}" for one in FORMATS]
    images = [f"export digits --to {one} --out digits_{one}" for one in FORMATS if one != "sql"]
    assert not torch_of(*tables, *images, *REPORTED)
    again = ("report price", "report kind --lang zh", "report digits", "report solved-kind")
    assert not torch_of(*again, kept=("torch", "matplotlib")), "figures of the page before are drawn again"


@pytest.mark.parametrize("target", ["price", "kind"])
def test_figures_without_intervals_are_said_without_scipy(target: str, table: Path) -> None:
    linnet.fit(linnet.load(table, target=target), epochs=1, show=False, out="run", report=False)
    assert imports_of("evaluate", "run", told="loss") == {"pandas"}

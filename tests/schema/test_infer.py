from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from linnet.config.table import TableOptions
from linnet.errors import FormatError, UsageError
from linnet.i18n import translate, translate_behind
from linnet.schema.describe import describe
from linnet.schema.fit import fit_schema
from linnet.schema.infer import infer_schema
from linnet.schema.schema import Schema
from tests.support.tables import make_mixed


def infer(columns: Any, **options: object) -> Schema:
    frame = pd.DataFrame(columns)
    return infer_schema(frame, TableOptions(**options))  # type: ignore[arg-type]


def kinds(schema: Schema) -> dict[str, str]:
    return {column.name: column.kind for column in schema.columns}


def test_every_kind_of_column_is_told_and_said() -> None:
    frame = make_mixed()
    schema = fit_schema(infer(frame, target="price"), frame)
    assert kinds(schema) == {"carat": "number", "cut": "category", "new": "truth", "sold": "date"}
    assert describe(schema)[0] == (
        "predicting price (named by --target; its values are numbers with decimals): regression; by "
        "1 number, 1 yes or no, 1 category as 4 columns, 1 date as 3 columns"
    )
    assert describe(schema)[1] == "missing values are filled, and a column more says where: carat, cut"


N = list(range(40))
WORDS = ["red", "blue"] * 20


@pytest.mark.parametrize(
    ("columns", "target"),
    [
        ({"a": N, "label": WORDS}, "label"), ({"target": WORDS, "a": N}, "target"),
        ({"a": N, "b": WORDS}, "b"), ({"x1": N, "y": WORDS}, "y"), ({"x": N, "y": WORDS}, "y"),
        ({"Class": WORDS, "a": N}, "Class"),
    ],
)  # fmt: skip
def test_the_target_by_its_name_or_else_the_last(columns: dict[str, list[object]], target: str) -> None:
    assert infer(columns).target.name == target


@pytest.mark.parametrize(
    "columns",
    [{"x": N, "y": N, "z": N, "price": N}, {"label": WORDS, "class": WORDS, "a": N},
     {"response": N, "a": N, "y": WORDS}],
)  # fmt: skip
def test_a_tie_of_targets_is_refused_with_the_candidates(columns: dict[str, list[object]]) -> None:
    with pytest.raises(FormatError, match=r"what is to be predicted\?.*--target"):
        infer(columns)
    assert infer(columns, target="a" if "a" in columns else "price").target.name in ("a", "price")


@pytest.mark.parametrize(
    ("values", "task"),
    [
        ([0, 1] * 20, "classification"), ([3, 8, 11] * 20, "classification"), ([0.5, 1.5] * 20, "regression"),
        ([k * 25 for k in range(30)] * 2, "regression"), (list(range(100)) * 2, "classification"),
        (list(range(101)) * 2, "regression"), (N, "regression"), (WORDS, "classification"),
    ],
)  # fmt: skip
def test_the_task_is_told_by_the_targets_values(values: list[object], task: str) -> None:
    assert infer({"a": list(range(len(values))), "b": values}).target.task == task


def test_whole_numbers_are_what_was_asked_for() -> None:
    counts = {"a": N, "claims": [k % 7 for k in N]}
    assert "--task regression" in infer(counts).target.why
    for task in ("regression", "counts"):
        assert infer(counts, task=task).target.classes == ()
    with pytest.raises(FormatError, match="whole numbers of at least 0"):
        infer({"a": N, "claims": [k - 3 for k in N]}, task="counts")


def test_one_class_in_two_spellings_is_one_and_said() -> None:
    schema = infer({"a": N, "label": ["0", "1", "1.0", " 0"] * 10})
    assert schema.target.classes == ("0", "1")
    assert "the class 1 is written as 1 and as 1.0" in schema.notes


@pytest.mark.parametrize("form", ["{:d}:30", "{:02d}:30:15", "{:d}:05 PM", "{:d}:00:01.5"])
def test_times_of_day_are_said_not_to_be_read(form: str) -> None:
    each, twice = [form.format(n) for n in range(40)], [form.format(n % 2) for n in range(40)]
    schema = infer({"start": each, "shift": twice, "label": ["x", "y"] * 20})
    assert schema.left_out["start"].startswith("times of day and durations such as ")
    assert any(note.startswith("shift has times of day or durations such as ") for note in schema.notes)


def test_texts_beside_times_are_texts() -> None:
    schema = infer({"a": N, "score": ["1:30", "2:75"] * 20, "label": ["x", "y"] * 20})
    assert not any("times of day" in note for note in schema.notes)


@pytest.mark.parametrize(
    ("marked", "number", "rows"),
    [
        ([-999] * 3 + [*range(37)], "-999", 3),
        ([9999] * 2 + [0.5] * 38, "9999", 2),
        ([-99] * 39 + [0], "-99", 39),
    ],
)
def test_numbers_of_nines_far_from_all_others_are_pointed_out(
    marked: list[float], number: str, rows: int
) -> None:
    schema = infer({"a": marked, "label": ["x", "y"] * 20})
    assert any(
        note.startswith(f"a has {number} far from its other values (rows: {rows})") for note in schema.notes
    )


@pytest.mark.parametrize(
    "numbers",
    [[-999, *range(39)], [*range(61, 101)], [99, 99, *range(40, 78)], [999.0] * 20 + [-1.0, 600.0] * 10],
)
def test_nines_that_come_once_or_stand_near_others_are_let_be(numbers: list[float]) -> None:
    schema = infer({"a": numbers, "label": ["x", "y"] * 20})
    assert not any("far from" in note for note in schema.notes)


def test_nines_in_a_target_of_numbers_are_pointed_out() -> None:
    schema = infer({"a": N, "price": [-999.0, 1.5] * 10 + [2.5, 3.5] * 10}, target="price")
    assert any(
        note.startswith("price has -999 far from its other values (rows: 10)") for note in schema.notes
    )


def test_reasons_and_encodings_are_said_in_chinese_too() -> None:
    assert translate("it is always 'x'", "schema", "zh") == "总是“x”"
    assert translate("it is text in GB18030", "schema", "zh") == "文本编码为 GB18030"


def test_questions_and_notes_of_a_file_are_asked_in_chinese_too() -> None:
    with pytest.raises(FormatError) as asked:
        infer({"x": N, "y": N, "z": N, "price": N})
    said = translate_behind(f"t.csv: {asked.value}", "schema", "zh")
    assert said.startswith("t.csv: 要预测哪一列？可能是 x, y, z, price：")
    big = infer(
        {"a": [2**53 + n for n in N], "b": ["1,5", "2,25"] * 20, "label": ["1", "1.0", "2", "2"] * 10}
    )
    lines = describe(fit_schema(big, pd.DataFrame({"a": N, "b": ["1,5"] * 40})), "zh")
    assert "a 中有超过 2⁵³ 的整数，会被舍入：如果它们是名称，请用 --ignore 去掉" in lines
    assert "逗号是小数点（如 b 列）；--decimal . 可改" in lines
    assert "类别 1 有 1 与 1.0 几种写法" in lines
    assert not any("; " in line for line in lines)


def test_one_column_is_said_in_the_singular() -> None:
    frame = pd.DataFrame({"kind": ["a", "b"] * 20, "label": ["x", "y"] * 20})
    schema = fit_schema(infer(frame), frame, has_references=True)
    assert describe(schema)[0].endswith("; by 1 category as 1 column")


@pytest.mark.parametrize(
    ("name", "cells", "reason"),
    [
        ("Unnamed: 0", N, "counts the rows"), ("word", ["same"] * 40, "always"),
        ("none", [None] * 40, "no values"),
        ("name", [f"n{k}" for k in N], "text of its own"),
    ],
)  # fmt: skip
def test_what_is_left_out_has_a_reason(name: str, cells: list[object], reason: str) -> None:
    schema = infer({name: cells, "a": N, "label": WORDS})
    assert reason in schema.left_out[name]
    assert kinds(schema) == {"a": "number"}


def test_one_text_beside_gaps_is_a_mark_and_stays() -> None:
    schema = infer({"allergy": ["x", None] * 20, "a": N, "label": WORDS})
    assert kinds(schema) == {"allergy": "category", "a": "number"}


def test_numbers_that_name_rows_are_kept_and_doubted() -> None:
    schema = infer({"passenger_id": N[::-1], "row": N, "a": [k % 5 for k in N], "label": WORDS})
    assert kinds(schema) == {"passenger_id": "number", "row": "number", "a": "number"}
    assert [note.partition(" ")[0] for note in schema.notes] == ["passenger_id", "row"]
    assert "row" not in kinds(infer({"row": N, "a": N, "label": WORDS}, ignore=("row",)))


def test_codes_with_zeros_in_front_are_categories_and_so_is_what_was_called_one() -> None:
    schema = infer({"zip": ["01234", "98765"] * 20, "kind": [1, 2] * 20, "label": WORDS}, category=("kind",))
    assert kinds(schema) == {"zip": "category", "kind": "category"}


def test_texts_are_told_from_categories() -> None:
    english = [f"the {word} cat {k} sat on a mat" for k, word in enumerate(WORDS)]
    chinese = [f"这只{k}号猫坐在红色的垫子上面睡觉" for k in N]
    assert kinds(infer({"review": english, "评论": chinese, "label": WORDS})) == {
        "review": "text",
        "评论": "text",
    }


def test_many_numbers_with_a_word_are_refused_by_row_and_flag() -> None:
    with pytest.raises(
        FormatError, match=r"numbers in 39 rows and something else in 1: 'red' in row 8.*--category"
    ):
        infer({"a": [str(k) if k != 7 else "red" for k in N], "label": WORDS})
    with pytest.raises(FormatError, match=r"column a is infinite in 1 row: 'inf' in row 8"):
        infer({"a": [str(k) if k != 7 else "inf" for k in N], "label": WORDS})


def test_a_decimal_comma_elsewhere_settles_what_could_be_thousands() -> None:
    schema = infer({"a": ["1,5", "2,25"] * 20, "b": ["1,234", "2,500"] * 20, "label": WORDS})
    assert fit_schema(schema, pd.DataFrame({"a": ["1,5"], "b": ["1,234"]})).columns[1].fill == 1.234  # type: ignore[attr-defined]
    assert any("decimal commas, as in a" in note for note in schema.notes)


@pytest.mark.parametrize(
    ("columns", "options", "words"),
    [
        ({"a": N, "label": WORDS}, {"target": "colour"}, "no column 'colour' to take as target"),
        ({"a": N, "label": WORDS}, {"ignore": ("b",)}, "no column 'b' to take as ignore"),
        ({"a": N, "label": ["x"] * 40}, {}, "label is 'x' in all 40 rows"),
        ({"a": N, "label": [f"n{k}" for k in N]}, {}, "a value of its own"),
        ({"a": [], "label": []}, {}, "no rows"),
        ({"label": WORDS}, {}, "no column is left"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(
    columns: dict[str, list[object]], options: dict[str, object], words: str
) -> None:
    with pytest.raises(FormatError, match=words):
        infer(columns, **options)


@pytest.mark.parametrize("kind", ["hash", "text", "date"])
def test_what_is_predicted_is_not_taken_as_a_column_is(kind: str) -> None:
    with pytest.raises(FormatError, match=f"label is predicted, and cannot be taken as {kind}"):
        infer({"a": N, "label": WORDS}, target="label", **{kind: "label"})


def test_options_are_checked() -> None:
    with pytest.raises(UsageError, match="task must be one of classification regression counts"):
        TableOptions(task="ranking")
    assert TableOptions(ignore="a").ignore == ("a",)  # type: ignore[arg-type]
    assert TableOptions(target="b", ignore=("a",)).table == {"target": "b", "ignore": ["a"]}


def test_a_slip_among_few_numbers_is_said_and_among_names_refused() -> None:
    schema = infer({"a": ["1", "1O", "3", "4"] * 10, "label": WORDS})
    assert "a has numbers and '1O': it is taken as a category" in schema.notes
    with pytest.raises(FormatError, match="something else in 1"):
        infer({"a": [*map(str, range(14)), "1O"], "label": ["x", "y", "x"] * 5})


def test_what_is_taken_off_the_target_is_said() -> None:
    schema = infer({"a": N, "price": [f"${k + 0.5}" for k in N]})
    assert "price is read as numbers: $ taken off" in schema.notes
    assert "price 读作数字：去掉 $" in describe(schema, "zh")


def test_columns_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(FormatError, match="cannot be ignored and used"):
        infer({"a": N, "label": WORDS}, target="label", ignore="label")
    with pytest.raises(FormatError, match="target and the weights"):
        infer({"a": N, "label": WORDS}, target="label", sample_weight="label")


def test_classes_are_named_by_what_they_are() -> None:
    assert infer({"a": N, "label": ["0", "-0", "1", "1.0"] * 10}).target.classes == ("0", "1")
    assert infer({"a": N, "label": ["007", "7"] * 20}).target.classes in (("007", "7"), ("7", "007"))
    assert infer({"a": N, "label": [True, False] * 20}).target.classes == ("False", "True")
    assert infer({"a": N, "label": ["nan", "b"] * 20}).target.classes == ("b", "nan")


@pytest.mark.parametrize("cells", [["1", "1e0", "0"], ["+1", "-1", "1"], ["1", "01", "1.0", "0"]])
def test_one_number_as_several_classes_is_refused_with_its_spellings(cells: list[str]) -> None:
    with pytest.raises(
        FormatError, match=r"classes of label write one number in several ways, '.*' and '.*'"
    ):
        infer({"a": list(range(40)), "label": (cells * 20)[:40]})


def test_codes_of_one_length_are_classes() -> None:
    assert infer({"a": N, "label": ["007", "008"] * 20}).target.classes == ("007", "008")


@pytest.mark.parametrize("word", ["inf", "-Infinity"])
def test_an_infinite_target_is_refused(word: str) -> None:
    frame = pd.DataFrame({"a": range(40), "y": [*(f"{k}.5" for k in range(39)), word]})
    with pytest.raises(FormatError, match=r"the column y is infinite in 1 row: .* in row 40"):
        infer_schema(frame, TableOptions(target="y"))

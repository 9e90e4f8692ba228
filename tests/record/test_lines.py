from __future__ import annotations

import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linnet.record.lines import PIECE, call, flags, typed

VALUES = (
    st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text(max_size=30) | st.booleans()
)


@given(options=st.dictionaries(st.from_regex(r"[a-z]{3,9}", fullmatch=True), VALUES, max_size=9))
def test_a_call_is_python_whatever_its_values(options: dict[str, Any]) -> None:
    seen: list[Any] = []

    def remember(*places: Any, **named: Any) -> None:
        seen.extend((places, named))

    text = call("f", ["first", "also=second"], options)
    assert "\n" in text or len(text) <= PIECE
    exec(text, {"f": remember, "first": 1, "second": 2})
    assert seen == [(1,), {"also": 2, **options}]


@given(value=st.text(max_size=30))
def test_flags_come_back_from_a_shell_as_they_went(value: str) -> None:
    assert shlex.split(shlex.join(flags({"data_dir": value}))) == ["--data-dir", value]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.1, "0.1"), (1e-30, "1e-30"), (None, "none"), ([1, 0.5], "1,0.5"), ([True, False], "yes,no"),
        ({"log_uniform": (0.01, 1.0)}, "0.01..1.0"), ({"uniform": (0.0, 1.0)}, "0.0:1.0"),
    ],
)  # fmt: skip
def test_values_are_typed_as_the_command_line_reads_them(value: Any, said: str) -> None:
    assert typed(value) == said


def test_a_yes_or_no_is_a_flag_alone() -> None:
    assert flags({"drop_last": True, "report": False}) == ["--drop-last", "--no-report"]

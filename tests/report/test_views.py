from __future__ import annotations

import pytest

import linnet
from linnet.data.dataset import Dataset
from linnet.i18n import Language
from linnet.report.blocks import Block, Table, Text
from linnet.report.subject import Rows, Subject
from linnet.report.views import curves


def blocks_of(data: Dataset, epochs: int, language: Language = "en") -> list[Block]:
    run = linnet.fit(data, epochs=epochs, show=False)
    return curves(Subject(run, Rows(data, None), language))


@pytest.mark.parametrize(("language", "said"), [("en", "12 of 50 epochs"), ("zh", "50 轮中的 12 轮")])
def test_a_table_of_some_epochs_says_so(blobs: Dataset, language: Language, said: str) -> None:
    _, rows, note = blocks_of(blobs, 50, language)
    assert isinstance(rows, Table)
    assert isinstance(note, Text)
    assert (len(rows.rows), rows.rows[0][0], rows.rows[-1][0]) == (12, "1", "50")
    assert said in note.text
    assert "history.jsonl" in note.text


def test_a_table_of_all_epochs_says_nothing(blobs: Dataset) -> None:
    assert len(blocks_of(blobs, 12)) == 2

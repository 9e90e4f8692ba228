from __future__ import annotations

import threading

import anyio
import pytest

from linnet.lab.turns import Turns
from linnet.web.refusal import Refusal


def test_a_page_s_next_work_ends_its_last() -> None:
    turns = Turns(2, 4)
    first, other = turns.enter("a"), turns.enter("b")
    second = turns.enter("a")
    assert first.is_over
    assert not other.is_over
    assert not second.begun.is_set()  # the first is still on its way out
    turns.leave(first)
    assert second.begun.is_set()
    assert not second.is_over


def test_pages_come_in_their_order() -> None:
    turns = Turns(1, 4)
    a, b, c = (turns.enter(page) for page in "abc")
    assert [turns.ahead(turn) for turn in (a, b, c)] == [0, 1, 2]
    turns.leave(a)
    assert b.begun.is_set()
    assert not c.begun.is_set()
    turns.leave(c)  # gone before it began
    turns.leave(b)
    assert turns.enter("d").begun.is_set()


def test_a_page_that_waits_and_asks_anew_keeps_its_place() -> None:
    turns = Turns(1, 2)
    a, b, c = (turns.enter(page) for page in "abc")
    again = turns.enter("b")
    assert b.is_over
    turns.leave(b)
    turns.leave(a)
    assert again.begun.is_set()
    assert not c.begun.is_set()


def test_a_page_that_trains_and_asks_anew_goes_to_the_end() -> None:
    turns = Turns(1, 4)
    a, b = (turns.enter(page) for page in "ab")
    again = turns.enter("a")
    turns.leave(a)
    assert b.begun.is_set()
    assert turns.ahead(again) == 1


def test_no_more_than_so_many_wait() -> None:
    turns = Turns(1, 2)
    for page in "abc":
        turns.enter(page)
    with pytest.raises(Refusal, match="2 trainings wait") as refused:
        turns.enter("d")
    assert refused.value.status == 503
    turns.enter("c")  # in the place of its own


def test_what_is_to_be_called_at_the_end_is_called_then_or_at_once() -> None:
    turns = Turns(1, 2)
    turn, called = turns.enter("a"), threading.Event()
    turn.at_end(called.set)
    assert not called.is_set()
    turns.stop_all()
    assert called.is_set()
    called.clear()
    turn.at_end(called.set)
    assert called.is_set()


def test_held_waits_and_passes_on() -> None:
    async def go() -> list[str]:
        turns, seen = Turns(1, 9), []

        async def work(page: str) -> None:
            turn = turns.enter(page)
            async with turns.held(turn):
                seen.append(f"{page} begins")
                await anyio.sleep(0)
                seen.append(f"{page} ends")

        async with anyio.create_task_group() as group:
            for page in "abc":
                group.start_soon(work, page)
        return seen

    seen = anyio.run(go)
    assert seen == [f"{page} {what}" for page in "abc" for what in ("begins", "ends")]

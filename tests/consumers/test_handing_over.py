"""Many messages handed over at once: in their order, so many under way, and none left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from workflow.consumers.transport.outgoing import Outgoing
from workflow.consumers.transport.publisher import MOST_UNANSWERED, hand_over
from workflow.errors import Unavailable


class Slow:
    """A publisher whose broker answers when it is told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.given_up: list[str] = []
        self.answers = asyncio.Event()
        self.full = asyncio.Event()

    async def publish(self, key: str, body: bytes, headers: Mapping[str, str]) -> int:
        self.asked.append(key)
        if len(self.asked) == MOST_UNANSWERED:
            self.full.set()
        try:
            await self.answers.wait()
        except asyncio.CancelledError:
            self.given_up.append(key)
            raise
        return int(key) + 1


def messages(number: int) -> list[Outgoing]:
    return [Outgoing(str(n), b"{}") for n in range(number)]


async def test_so_many_are_under_way_and_their_sequences_are_told_in_order() -> None:
    slow = Slow()
    handing = asyncio.create_task(hand_over(slow, messages(1000)))  # type: ignore[arg-type]
    await slow.full.wait()
    await asyncio.sleep(0)
    assert len(slow.asked) == MOST_UNANSWERED
    slow.answers.set()
    assert await handing == list(range(1, 1001))


async def test_where_one_is_not_stored_no_other_is_left_under_way() -> None:
    slow = Slow()
    publish = slow.publish

    async def refusing(key: str, body: bytes, headers: Mapping[str, str]) -> int:
        if key == "7":
            raise Unavailable("it is not stored", code="not_stored")
        return await publish(key, body, headers)

    slow.publish = refusing  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        await hand_over(slow, messages(10))  # type: ignore[arg-type]
    assert sorted(slow.given_up) == sorted(slow.asked)
    assert "0" in slow.asked


async def test_without_a_broker_nothing_is_handed_over() -> None:
    with pytest.raises(Unavailable) as refused:
        await hand_over(None, messages(1))
    assert refused.value.code == "no_broker"

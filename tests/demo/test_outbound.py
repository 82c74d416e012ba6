"""What goes out of a demonstration's lives: all that is public, in order, and nothing that was told in confidence."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from tests.broker import connected
from tests.consumers.delivering import Told, deduplicated, received
from tests.demo.lives_out import confided, log
from workflow.aggregates.events import EVENTS, Event, ReminderIssued
from workflow.aggregates.events.outward import goes_out
from workflow.demo.stage import publisher, service

WORDS = ["--relationships", "10", "--months", "4", "--seed", "6"]
OF_ONE = {"help_asked", "low_dialogue"}
"""Concerns by which either of two knows what the other did."""
STREAMS = ("MENTORING_EVENTS", "MENTORING_REMINDERS")


class Lives:
    """What was told of them, and what the log has."""

    def __init__(
        self, told: dict[str, list[Told]], recorded: list[tuple[type[Event], str, str, str]]
    ) -> None:
        self.told = told
        self.recorded = recorded

    @property
    def all(self) -> list[Told]:
        """Every message of both streams."""
        return [one for told in self.told.values() for one in told]


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> Lives:
    folder = tmp_path_factory.mktemp("demo")
    with service(folder) as running:
        with publisher(running, [*WORDS, "--truth", str(folder / "truth.json")]) as said:
            for _ in said:
                pass
        with httpx.Client(base_url=running.http, trust_env=False, timeout=240) as http:
            while (health := http.get("/v1/health").json())["delivery"]["lag"]:
                assert health["troubles"] == []
            recorded = log(http)
        token = Path(running.nats_token_file).read_text("utf-8").strip()
        return Lives(asyncio.run(_read(running.nats, token)), recorded)


async def _read(url: str, token: str) -> dict[str, list[Told]]:
    client = await connected(url, token=token)
    try:
        return {stream: await received(client, stream) for stream in STREAMS}
    finally:
        await client.close()


def test_each_public_event_is_told_once_and_in_order_per_relationship(lives: Lives) -> None:
    for stream in STREAMS:
        expected: dict[str, list[str]] = {}
        for kind, relationship, id, code in lives.recorded:
            if (
                goes_out(kind)
                and code not in OF_ONE
                and (kind is ReminderIssued) is (stream == "MENTORING_REMINDERS")
            ):
                expected.setdefault(relationship, []).append(id)
        assert len(expected) > 5
        assert deduplicated(lives.told[stream]) == expected


def test_no_message_holds_anything_confided_or_an_identity(lives: Lives) -> None:
    words = [word.encode() for word in confided(relationships=10, months=4, seed=6)]
    assert len(words) > 30
    for one in lives.all:
        assert not [word for word in words if word in one.body], one.subject


def test_no_message_tells_of_an_answer_or_of_whoever_asked_for_help(lives: Lives) -> None:
    happened = {kind.name for kind, *_ in lives.recorded}
    assert {"mentoring.check_in_given.v1", "mentoring.help_asked.v1"} <= happened
    told = {one.event["type"] for one in lives.all}
    assert told == {name for name in happened if goes_out(EVENTS[name])}
    assert not {"mentoring.check_in_given.v1", "mentoring.help_asked.v1"} & told
    assert "help_asked" in {code for *_, code in lives.recorded}
    for one in lives.all:
        assert not {"by", "low", "dues", "evidence"} & one.event["data"].keys()
        assert one.event["data"].get("code") not in OF_ONE
        if one.event["data"].get("reason") == "check_in":
            assert one.subject == "mentoring.reminders.party"
            assert (one.event["data"]["party"], one.event["data"]["guidance"]) == (None, None)

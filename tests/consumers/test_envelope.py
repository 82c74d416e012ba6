"""From bytes to a message: both modes, what is dropped, and that nothing whatever makes it raise."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.consumers.world import ADA, BOB, body, event, held, scheduled
from workflow.consumers.meetings.contract import MESSAGES, Rescheduled, Scheduled
from workflow.consumers.meetings.envelope import Message, Raw, Unreadable, read, trace_context
from workflow.consumers.meetings.reasons import REASONS

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
GOOD = st.sampled_from(
    [
        scheduled("a"),
        held("b", attended=[ADA]),
        event("cancelled", "c", cancelled_by=BOB),
        event("missed", "d", missed_by=[ADA]),
        event("corrected", "e", outcome="none"),
        event("rescheduled", "f", previous_uid="old", **scheduled("x")["data"] | {"uid": "new"}),
    ]
)


def message(said: dict[str, Any], **headers: str) -> Message:
    found = read(Raw.received(headers, body(said)))
    assert isinstance(found, Message), found.reason
    return found


def binary(said: dict[str, Any], **more: str) -> Raw:
    headers = {f"Ce-{name.title()}": str(value) for name, value in said.items() if name != "data"}
    return Raw.received(headers | {"Content-Type": "application/json"} | more, body(said["data"]))


@given(GOOD)
def test_both_modes_say_the_same(said: dict[str, Any]) -> None:
    found = read(binary(said))
    assert isinstance(found, Message)
    assert (found.key, found.digest, found.kept) == _named(message(said))


@given(GOOD)
def test_what_is_kept_reads_the_same_again(said: dict[str, Any]) -> None:
    first = message(said | {"traceparent": TRACE})
    again = read(Raw.unpack(first.pack()))
    assert isinstance(again, Message)
    assert _named(again) == _named(first)
    assert again.traceparent == first.traceparent == TRACE


@given(GOOD, st.dictionaries(st.text(min_size=1, max_size=12).map("x-{}".format), ANYTHING, max_size=3))
def test_unknown_members_are_dropped_and_counted(said: dict[str, Any], unknown: dict[str, Any]) -> None:
    spoiled = said | {"data": said["data"] | unknown}
    try:
        text = json.dumps(spoiled, allow_nan=False).encode()
    except ValueError:
        return
    found = read(Raw({}, text))
    if isinstance(found, Unreadable):  # a number of hundreds of digits, or a lone surrogate
        assert found.reason == "not_json"
        return
    assert found.dropped == len(unknown)
    assert _named(found) == _named(message(said))


@pytest.mark.parametrize("channel", ["video", "on-site", "teams_2", "7", "v" * 32])
def test_a_channel_is_one_word_in_lower_case(channel: str) -> None:
    for spelt in (channel, channel.upper()):
        found = message(scheduled("a", channel=spelt))
        assert isinstance(found.data, Scheduled)
        assert (found.data.channel, found.dropped) == (channel, 0)


@pytest.mark.parametrize(
    "channel",
    [
        "on site",
        "https://meet.example.org/ada",
        "room of Ada",
        "café",
        "",
        "-",
        "video\n",
        "v" * 33,
        7,
        ["video"],
        {"a": 1},
    ],
)
def test_what_is_no_channel_is_dropped_and_counted_and_the_meeting_kept(channel: Any) -> None:
    found = message(scheduled("a", channel=channel))
    assert found.dropped == 1
    assert _named(found) == _named(message(scheduled("a")))


@given(GOOD, ANYTHING)
def test_a_member_that_only_other_types_know_is_dropped_like_any_unknown_one(
    said: dict[str, Any], value: Any
) -> None:
    for name in ("channel", "timezone", "previous_uid", "attended", "missed_by", "cancelled_by", "outcome"):
        found = read(Raw({}, json.dumps(said | {"data": {name: value} | said["data"]}).encode()))
        if isinstance(found, Message) and name not in type(found.data).model_fields:
            assert found.dropped == 1
            assert _named(found) == _named(message(said))


@given(st.binary(max_size=200), st.dictionaries(st.text(max_size=12), st.text(max_size=20), max_size=4))
def test_no_bytes_make_it_raise(text: bytes, headers: dict[str, str]) -> None:
    found = read(Raw.received(headers, text))
    assert isinstance(found, Unreadable)
    assert found.reason.partition(":")[0] in REASONS
    assert Raw.unpack(found.pack()).body == text


@given(GOOD, st.data())
def test_no_member_makes_it_raise(said: dict[str, Any], data: st.DataObject) -> None:
    spoiled = json.loads(json.dumps(said))
    place = data.draw(st.sampled_from([spoiled, spoiled["data"]]))
    place[data.draw(st.sampled_from(sorted(place)))] = data.draw(ANYTHING)
    found = read(Raw({}, json.dumps(spoiled).encode()))
    if isinstance(found, Unreadable):
        code, _, member = found.reason.partition(":")
        assert code in REASONS
        assert member.removeprefix("data.") in {"", *said, *said["data"]}


@pytest.mark.parametrize(
    "value",
    [
        None,
        1,
        "",
        "00",
        TRACE.upper(),
        TRACE + "-x",
        TRACE.replace("00-", "ff-", 1),
        f"00-{'0' * 32}-{'1' * 16}-00",
    ],
)
def test_a_malformed_trace_context_is_dropped(value: Any) -> None:
    assert trace_context(value) is None
    assert message(scheduled("a") | {"traceparent": value}).traceparent is None


def test_a_trace_context_comes_with_the_event_or_beside_it() -> None:
    assert message(scheduled("a") | {"traceparent": TRACE}).traceparent == TRACE
    assert message(scheduled("a"), traceparent=TRACE).traceparent == TRACE
    beside = read(binary(scheduled("a"), **{"ce-traceparent": TRACE}))
    assert isinstance(beside, Message)
    assert beside.traceparent == TRACE
    assert beside.digest == message(scheduled("a")).digest


def test_optional_members_may_be_null() -> None:
    nulls: dict[str, Any] = dict.fromkeys(("recurrence_id", "relationship_id", "timezone", "channel"))
    said = scheduled("a", parties=[ADA, BOB], **nulls)
    assert message(said).digest == message(scheduled("a")).digest


def test_the_source_and_id_of_a_bad_message_name_it_all_the_same() -> None:
    good, bad = scheduled("a"), scheduled("a", sequence=-1)
    found = read(Raw({}, body(bad)))
    assert isinstance(found, Unreadable)
    assert found.key == message(good).key


def test_nothing_that_was_said_is_printed() -> None:
    secret = scheduled("a", uid="secret", parties=["ext:secret:1", BOB])
    printed = (
        repr(message(secret)) + repr(read(Raw({"ce-x": "secret"}, b"secret"))) + repr(Raw({}, b"secret"))
    )
    assert "secret" not in printed


def test_every_message_is_documented() -> None:
    assert all(said.__doc__ for said in MESSAGES)
    assert "on-site" in Rescheduled.model_json_schema()["properties"]["channel"]["description"]
    assert "uid" in (Rescheduled.model_json_schema()["properties"]["previous_uid"]["description"])


def _named(found: Message) -> tuple[bytes, bytes, bytes]:
    return found.key, found.digest, found.kept


def test_a_fault_of_ours_parks_the_message_and_prints_nothing_of_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fault(_: bytes) -> None:
        raise KeyError("email:ada@example.org")

    monkeypatch.setattr(
        "workflow.consumers.meetings.envelope.MEETING_MESSAGE",
        SimpleNamespace(validator=SimpleNamespace(validate_json=fault)),
    )
    found = read(Raw({}, b"{}"))
    assert isinstance(found, Unreadable)
    assert (found.reason, found.key, found.pack()) == ("failed", None, b"{}\n{}")
    assert "KeyError" in caplog.text
    assert "ada" not in caplog.text

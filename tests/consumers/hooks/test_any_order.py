"""One calendar's mails in any order, doubled or not, make the same meetings; so do a booking service's hooks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from tests.consumers.hooks.sending import ADA, GRACE, OURS, ZONE, calendar, file
from tests.domain.story import MENTEE, MENTOR, Story, agreed, assert_replays, day, facts, given
from workflow.aggregates.meetings import Status
from workflow.consumers.hooks.hook import Sent
from workflow.consumers.hooks.taking import taken
from workflow.consumers.meetings.contract import MEETING_MESSAGE, MeetingMessage
from workflow.consumers.meetings.translate import command_of

PEOPLE = {ADA: MENTOR, GRACE: MENTEE}
BASE = "UID:weekly\nORGANIZER:mailto:ada@example.org\nATTENDEE:mailto:grace@example.org\n"
FIRST = day(28)
NOW = day(200)
WEEKS = 4


def persons(identities: Iterable[str]) -> tuple[UUID, ...]:
    return tuple(sorted(PEOPLE[identity] for identity in identities))


def messages(provider: str, sent: Sent) -> list[MeetingMessage]:
    found = taken(OURS[provider], sent, ZONE)
    return [MEETING_MESSAGE.validate_json(one.body) for one in found] if isinstance(found, tuple) else []


def lived(told: Sequence[MeetingMessage]) -> Story:
    """What a relationship makes of the messages, each name counted once, as intake does."""
    story = given(*agreed())
    seen: set[tuple[str, str]] = set()
    for message in told:
        if (message.source, message.id) not in seen:
            seen.add((message.source, message.id))
            story.decide(command_of(message, persons), now=NOW)
    assert_replays(story)
    return story


def written(instant: object) -> str:
    return f"{instant:%Y%m%dT%H%M%SZ}"


@st.composite
def histories(draw: st.DrawFn) -> list[Sent]:
    """What a calendar mails about one series, in the order in which its owner changes his mind."""
    mails, sequence, hour = [], 0, 0
    for number in range(draw(st.integers(1, 7))):
        stamp = f"DTSTAMP:{written(day(10 + number))}\n"
        start = FIRST + timedelta(hours=hour)
        occurrence = start + timedelta(days=7 * draw(st.integers(0, WEEKS - 1)))
        length = "DURATION:PT1H\n"
        whole = f"DTSTART:{written(start)}\n{length}RRULE:FREQ=WEEKLY;COUNT={WEEKS}\n"
        of_one = f"RECURRENCE-ID:{written(occurrence)}\n"
        match draw(
            st.sampled_from(
                ("whole", "again", "earlier", "moved", "dropped", "ended", "answered", "left out")
            )
        ):
            case "whole":
                sequence += 1
                mails.append(calendar(BASE + stamp + whole + f"SEQUENCE:{sequence}\n"))
            case "again":
                mails.append(calendar(BASE + stamp + whole + f"SEQUENCE:{sequence}\n"))
            case "earlier":
                sequence, hour = sequence + 1, hour - 1
                whole = whole.replace(written(start), written(start - timedelta(hours=1)))
                mails.append(calendar(BASE + stamp + whole + f"SEQUENCE:{sequence}\n"))
            case "moved":
                sequence += draw(st.integers(0, 1))
                at = f"DTSTART:{written(occurrence + timedelta(hours=draw(st.integers(1, 30))))}\n{length}"
                mails.append(calendar(BASE + stamp + of_one + at + f"SEQUENCE:{sequence}\n"))
            case "dropped":
                off = f"STATUS:CANCELLED\nSEQUENCE:{sequence}\nDTSTART:{written(occurrence)}\n"
                mails.append(calendar(BASE + stamp + of_one + off, method="CANCEL"))
            case "ended":
                sequence += 1
                off = f"STATUS:CANCELLED\nSEQUENCE:{sequence}\n"
                mails.append(calendar(BASE + stamp + whole + off, method="CANCEL"))
            case "answered":
                mails.append(calendar(BASE + stamp + whole, method="REPLY"))
            case _:
                left_out = f"EXDATE:{written(occurrence)}\nSEQUENCE:{sequence}\n"
                mails.append(calendar(BASE + stamp + whole + left_out))
    return mails


@settings(max_examples=60, deadline=None)
@drawn(st.data())
def test_the_order_and_number_of_a_calendars_mails_do_not_matter(data: st.DataObject) -> None:
    told = [message for mail in data.draw(histories()) for message in messages("icalendar", mail)]
    in_order = lived(told)
    doubled = lived([*data.draw(st.permutations(told)), *told])
    assert in_order.state is not None
    assert doubled.state is not None
    assert facts(doubled.state) == facts(in_order.state)


BOOKED = (
    "created.json",
    "rescheduled.json",
    "cancelled.json",
    "no_show.json",
    "no_show_withdrawn.json",
    "ended.json",
)
INVITED = (
    "created.json", "moved_old_half.json", "moved_new_half.json", "cancelled.json", "no_show.json",
    "no_show_withdrawn.json",
)  # fmt: skip


@pytest.mark.parametrize(("provider", "names"), [("calcom", BOOKED), ("calendly", INVITED)])
@settings(max_examples=30, deadline=None)
@drawn(st.data())
def test_the_order_and_number_of_hooks_do_not_matter(
    provider: str, names: tuple[str, ...], data: st.DataObject
) -> None:
    chosen = data.draw(st.lists(st.sampled_from(names), unique=True, min_size=1))
    told = [message for name in sorted(chosen) for message in messages(provider, file(provider, name))]
    in_order = lived(told)
    doubled = lived([*data.draw(st.permutations(told)), *told])
    assert in_order.state is not None
    assert doubled.state is not None
    assert facts(doubled.state) == facts(in_order.state)


@pytest.mark.parametrize(
    ("provider", "names"), [("calcom", BOOKED[:2]), ("calendly", INVITED[:3]), ("calendly", INVITED[2::-1])]
)
def test_what_was_moved_under_another_uid_stays_one_meeting_and_was_not_cancelled(
    provider: str, names: tuple[str, ...]
) -> None:
    story = lived([message for name in names for message in messages(provider, file(provider, name))])
    assert story.state is not None
    (meeting,) = story.state.calendar.meetings()
    assert meeting.status is Status.SCHEDULED
    assert meeting.starts_at is not None
    assert f"{meeting.starts_at:%Y-%m-%d}" == "2026-02-05"
    assert meeting.cancelled_at is None


@pytest.mark.parametrize("provider", ["calcom", "calendly"])
def test_a_no_show_that_is_withdrawn_leaves_the_meeting_without_an_outcome(provider: str) -> None:
    names = ("created.json", "no_show.json", "no_show_withdrawn.json")
    told = [message for name in names for message in messages(provider, file(provider, name))]
    for number, status in ((2, Status.MISSED), (3, Status.SCHEDULED)):
        story = lived(told[:number])
        assert story.state is not None
        assert [one.status for one in story.state.calendar.meetings()] == [status]


def test_what_is_false_and_came_first_stands_no_stronger_for_it() -> None:
    """Mailed by somebody who has seen the UID, the SEQUENCE and the instant of the true one."""
    about = f"{BASE}DTSTAMP:{written(day(10))}\nSEQUENCE:0\nDURATION:PT1H\n"
    (true,), (false,) = (
        messages("icalendar", calendar(f"{about}DTSTART:{written(at)}\n"))
        for at in (FIRST, FIRST + timedelta(days=3))
    )
    later = BASE + f"DTSTAMP:{written(day(11))}\nSEQUENCE:1\nDTSTART:{written(FIRST)}\nDURATION:PT2H\n"
    one_way, other_way = lived([false, true]), lived([true, false])
    assert one_way.state is not None
    assert other_way.state is not None
    assert facts(one_way.state) == facts(other_way.state)
    (revised,) = messages("icalendar", calendar(later))
    story = lived([false, true, revised])
    assert story.state is not None
    (meeting,) = story.state.calendar.meetings()
    assert meeting.starts_at == FIRST

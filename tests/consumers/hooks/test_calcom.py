"""Cal.com: what is told of a booking."""

from __future__ import annotations

import pytest

from tests.consumers.hooks.sending import ADA, FRIEND, GRACE, changed, file, one, refused, untold
from workflow.consumers.hooks.hook import Sent

FIRST, SECOND = "bFJeNb2uX8ANpT3JL5EfXw", "hd8cSQ1mXTt9yUqZbW3kJp"


def test_a_booking_is_a_scheduled_meeting_of_the_organizer_and_the_booker() -> None:
    event = one("calcom", file("calcom", "created.json"))
    assert event["type"] == "mentoring.meeting.scheduled.v1"
    assert (event["source"], event["time"]) == ("/hooks/calcom", "2026-01-20T08:30:00.538000+00:00")
    assert event["data"] == {
        "uid": FIRST,
        "parties": [ADA, GRACE],
        "starts_at": "2026-02-03T13:00:00+00:00",
        "ends_at": "2026-02-03T14:00:00+00:00",
        "timezone": "Europe/Helsinki",
    }


def test_nothing_that_people_wrote_is_told() -> None:
    said = str(one("calcom", file("calcom", "created.json")))
    for words in ("first post", "Lovelace", "Campus", "Mentoring"):
        assert words not in said


def test_a_booking_that_was_moved_names_the_uid_that_it_had() -> None:
    event = one("calcom", file("calcom", "rescheduled.json"))
    assert event["type"] == "mentoring.meeting.rescheduled.v1"
    assert (event["data"]["uid"], event["data"]["previous_uid"]) == (SECOND, FIRST)
    assert event["data"]["starts_at"] == "2026-02-05T13:00:00+00:00"


def test_a_cancellation_names_who_called_it_off() -> None:
    event = one("calcom", file("calcom", "cancelled.json"))
    assert event["type"] == "mentoring.meeting.cancelled.v1"
    assert event["data"] == {"uid": SECOND, "parties": [ADA, GRACE], "cancelled_by": GRACE}


def test_who_is_none_of_them_has_not_called_it_off() -> None:
    sent = changed("calcom", "cancelled.json", "payload", "cancelledBy", to="admin@example.org")
    assert "cancelled_by" not in one("calcom", sent)["data"]


def test_a_no_show_is_told_by_the_uid_and_whoever_did_not_come() -> None:
    event = one("calcom", file("calcom", "no_show.json"))
    assert event["type"] == "mentoring.meeting.missed.v1"
    assert event["data"] == {"uid": FIRST, "parties": [GRACE], "missed_by": [GRACE]}


def test_a_no_show_that_is_withdrawn_corrects_the_outcome() -> None:
    event = one("calcom", file("calcom", "no_show_withdrawn.json"))
    assert event["type"] == "mentoring.meeting.corrected.v1"
    assert event["data"] == {"uid": FIRST, "parties": [GRACE], "outcome": "none"}


def test_that_its_time_has_passed_does_not_tell_that_a_meeting_was_held() -> None:
    assert "held" in untold("calcom", file("calcom", "ended.json"))


@pytest.mark.parametrize(
    "trigger", ["PING", "BOOKING_REQUESTED", "BOOKING_REJECTED", "RECORDING_READY", "NEXT_YEARS"]
)
def test_other_triggers_tell_nothing(trigger: str) -> None:
    assert untold("calcom", changed("calcom", "ping.json", "triggerEvent", to=trigger))


def test_whom_the_booker_brings_counts_only_where_nobody_else_would_be_left() -> None:
    alone = changed("calcom", "created.json", "payload", "attendees", to=[{"email": "friend@example.com"}])
    assert one("calcom", alone)["data"]["parties"] == [ADA, FRIEND]


def test_a_booking_without_attendees_is_no_meeting() -> None:
    assert untold("calcom", changed("calcom", "created.json", "payload", "attendees", to=[]))


def test_a_zone_that_can_be_none_is_left_out() -> None:
    sent = changed("calcom", "created.json", "payload", "organizer", "timeZone", to="East of here")
    assert "timezone" not in one("calcom", sent)["data"]


@pytest.mark.parametrize(
    ("path", "to", "reason"),
    [
        (("payload", "startTime"), "tomorrow", "payload_unfit:payload.startTime"),
        (("payload", "organizer"), None, "payload_unfit:payload.organizer"),
        (("payload", "attendees"), [{"name": "Grace"}], "payload_unfit:payload.attendees.email"),
        (("payload", "organizer", "email"), "Ada", "identity_invalid:data.parties"),
        (("payload", "uid"), "u" * 256, "member_invalid:data.uid"),
        (("payload", "endTime"), "2026-02-03T13:00:00Z", "ends_before_start"),
        (("createdAt",), 5, "payload_unfit:createdAt"),
    ],
)
def test_what_does_not_fit_is_named_and_never_repeated(
    path: tuple[str, ...], to: object, reason: str
) -> None:
    assert refused("calcom", changed("calcom", "created.json", *path, to=to)) == reason


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b'{"title": "a template of their own"}']
)
def test_what_is_no_payload_is_refused(body: bytes) -> None:
    assert refused("calcom", Sent("application/json", body))

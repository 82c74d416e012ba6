"""Calendly: what is told of an invitee."""

from __future__ import annotations

import pytest

from tests.consumers.hooks.sending import ADA, GRACE, changed, file, one, refused, untold
from workflow.consumers.hooks.hook import Sent

FIRST, SECOND = "7d0b1a52-2d5c-4a2b-9c1b-000000000001", "7d0b1a52-2d5c-4a2b-9c1b-000000000002"


def test_an_invitee_is_a_scheduled_meeting_with_the_hosts() -> None:
    event = one("calendly", file("calendly", "created.json"))
    assert event["type"] == "mentoring.meeting.scheduled.v1"
    assert (event["source"], event["time"]) == ("/hooks/calendly", "2026-01-20T08:30:00.327602+00:00")
    assert event["data"] == {
        "uid": FIRST,
        "parties": [ADA, GRACE],
        "starts_at": "2026-02-03T13:00:00+00:00",
        "ends_at": "2026-02-03T14:00:00+00:00",
        "timezone": "Europe/Helsinki",
    }


def test_a_moved_meeting_is_told_by_its_new_half_alone() -> None:
    assert "moving" in untold("calendly", file("calendly", "moved_old_half.json"))
    event = one("calendly", file("calendly", "moved_new_half.json"))
    assert event["type"] == "mentoring.meeting.rescheduled.v1"
    assert (event["data"]["uid"], event["data"]["previous_uid"]) == (SECOND, FIRST)


def test_a_cancellation_says_when_and_by_which_side() -> None:
    event = one("calendly", file("calendly", "cancelled.json"))
    assert event["type"] == "mentoring.meeting.cancelled.v1"
    assert event["time"] == "2026-02-04T09:00:00+00:00"
    assert event["data"] == {"uid": SECOND, "parties": [ADA, GRACE], "cancelled_by": ADA}
    by_invitee = changed(
        "calendly", "cancelled.json", "payload", "cancellation", "canceler_type", to="invitee"
    )
    assert one("calendly", by_invitee)["data"]["cancelled_by"] == GRACE


def test_a_no_show_and_its_withdrawal() -> None:
    missed = one("calendly", file("calendly", "no_show.json"))
    assert missed["type"] == "mentoring.meeting.missed.v1"
    assert missed["data"] == {"uid": FIRST, "parties": [ADA, GRACE], "missed_by": [GRACE]}
    withdrawn = one("calendly", file("calendly", "no_show_withdrawn.json"))
    assert withdrawn["type"] == "mentoring.meeting.corrected.v1"
    assert withdrawn["data"] == {"uid": FIRST, "parties": [ADA, GRACE], "outcome": "none"}
    assert withdrawn["time"] > missed["time"]


def test_other_deliveries_tell_nothing() -> None:
    assert untold("calendly", file("calendly", "routing_form.json"))


def test_a_booking_without_a_host_is_no_meeting() -> None:
    path = ("payload", "scheduled_event", "event_memberships")
    assert untold("calendly", changed("calendly", "created.json", *path, to=[]))


@pytest.mark.parametrize(
    ("path", "to", "reason"),
    [
        (("payload", "uri"), "", "payload_unfit:payload.uri"),
        (("payload", "email"), " ", "payload_unfit:payload.email"),
        (("payload", "scheduled_event"), None, "payload_unfit:payload.scheduled_event"),
        (
            ("payload", "scheduled_event", "start_time"),
            "2026-02-03",
            "payload_unfit:payload.scheduled_event.start_time",
        ),
    ],
)
def test_what_does_not_fit_is_named_and_never_repeated(
    path: tuple[str, ...], to: object, reason: str
) -> None:
    assert refused("calendly", changed("calendly", "created.json", *path, to=to)) == reason


def test_what_is_no_payload_is_refused() -> None:
    assert refused("calendly", Sent("application/json", b"no")) == "not_json"

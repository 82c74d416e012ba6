"""iCalendar: what is told of invitations, of cancellations, and of series."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.consumers.hooks.sending import ADA, FILES, GRACE, calendar, file, one, refused, told, untold
from workflow.consumers.hooks.hook import Sent
from workflow.consumers.hooks.series import AHEAD, MOST_OCCURRENCES

UID = "5v2rq1kqjg0a@google.com"
PEOPLE = "ORGANIZER:mailto:ada@example.org\nATTENDEE:mailto:grace@example.org\n"
BASE = "UID:u\nDTSTAMP:20260101T080000Z\n" + PEOPLE
HOUR = "DTSTART:20260303T130000Z\nDTEND:20260303T140000Z\n"
RULE = "RRULE:FREQ=WEEKLY;COUNT=4\n"


def starts(sent: Sent) -> list[str]:
    return [event["data"]["starts_at"][:16] for event in told("icalendar", sent)]


# --- one meeting ------------------------------------------------------------------------------------------


def test_an_invitation_is_a_scheduled_meeting_of_organizer_and_attendee() -> None:
    event = one("icalendar", file("icalendar", "outlook_single.ics"))
    assert event["type"] == "mentoring.meeting.scheduled.v1"
    assert (event["source"], event["time"]) == ("/hooks/icalendar", "2026-01-20T08:30:00+00:00")
    assert event["data"] == {
        "uid": "040000008200E00074C5B7101A82E00800000000D0A5B2C0A96BDC010000000000000000"
        "10000000A1B2C3D4E5F60718293A4B5C6D7E8F90",
        "sequence": 0,
        "parties": [ADA, GRACE],
        "starts_at": "2026-02-03T13:00:00+00:00",
        "ends_at": "2026-02-03T14:00:00+00:00",
        "timezone": "Europe/Kiev",
    }


@pytest.mark.parametrize(
    ("times", "starts_at", "ends_at"),
    [
        ("DTSTART:20260303T130000Z\nDURATION:PT90M", "2026-03-03T13:00", "2026-03-03T14:30"),
        (
            "DTSTART;TZID=America/New_York:20260303T130000\nDURATION:PT1H",
            "2026-03-03T18:00",
            "2026-03-03T19:00",
        ),
        ("DTSTART:20260303T130000\nDURATION:PT1H", "2026-03-03T11:00", "2026-03-03T12:00"),
        ("DTSTART;VALUE=DATE:20260303", "2026-03-02T22:00", "2026-03-03T22:00"),
        ("DTSTART;VALUE=DATE:20260303\nDTEND;VALUE=DATE:20260304", "2026-03-02T22:00", "2026-03-03T22:00"),
        # On the last Sunday of March there is no half past three in Helsinki, and in October it comes twice.
        (
            "DTSTART;TZID=Europe/Helsinki:20260329T033000\nDURATION:PT1H",
            "2026-03-29T01:30",
            "2026-03-29T02:30",
        ),
        (
            "DTSTART;TZID=Europe/Helsinki:20261025T033000\nDURATION:PT1H",
            "2026-10-25T00:30",
            "2026-10-25T01:30",
        ),
        ("DTSTART;VALUE=DATE:20261025", "2026-10-24T21:00", "2026-10-25T21:00"),
    ],
)
def test_times_with_zones_without_and_of_whole_days(times: str, starts_at: str, ends_at: str) -> None:
    data = one("icalendar", calendar(BASE + times))["data"]
    assert (data["starts_at"][:16], data["ends_at"][:16]) == (starts_at, ends_at)


def test_a_time_without_a_zone_is_told_in_the_calendars_own_where_it_has_one() -> None:
    sent = calendar(BASE + "DTSTART:20260303T130000\nDURATION:PT1H", head="X-WR-TIMEZONE:Asia/Kolkata\n")
    assert starts(sent) == ["2026-03-03T07:30"]


def test_a_zone_that_a_calendar_defines_is_its_own() -> None:
    """The same name may mean another zone in the next calendar."""
    for offset, start in (("+0530", "2026-03-03T07:30"), ("-0300", "2026-03-03T16:00")):
        zone = (
            "BEGIN:VTIMEZONE\nTZID:Our Campus\nBEGIN:STANDARD\nDTSTART:19700101T000000\n"
            f"TZOFFSETFROM:{offset}\nTZOFFSETTO:{offset}\nEND:STANDARD\nEND:VTIMEZONE\n"
        )
        at = "DTSTART;TZID=Our Campus:20260303T130000\nDURATION:PT1H"
        assert starts(calendar(BASE + at, head=zone)) == [start]
    assert refused("icalendar", calendar(BASE + at)) == "zone_unknown"


def test_a_cancellation_names_the_organizer() -> None:
    event = one("icalendar", file("icalendar", "google_occurrence_cancelled.ics"))
    assert event["type"] == "mentoring.meeting.cancelled.v1"
    assert event["data"] == {
        "uid": UID,
        "recurrence_id": "2026-03-24T13:00:00+00:00",
        "sequence": 1,
        "parties": [ADA, GRACE],
        "cancelled_by": ADA,
    }


def test_an_invitation_to_what_is_cancelled_calls_it_off() -> None:
    event = one("icalendar", calendar(BASE + HOUR + "STATUS:CANCELLED\n"))
    assert event["type"] == "mentoring.meeting.cancelled.v1"


def test_of_one_revision_and_instant_the_cancellation_is_the_later() -> None:
    booked = one("icalendar", calendar(BASE + HOUR))
    cancelled = one("icalendar", calendar(BASE + HOUR + "STATUS:CANCELLED\n", method="CANCEL"))
    assert booked["time"] == cancelled["time"]
    assert booked["id"] < cancelled["id"]


def test_the_same_mail_twice_is_the_same_message() -> None:
    sent = file("icalendar", "google_series.ics")
    assert told("icalendar", sent) == told("icalendar", sent)
    ids = [event["id"] for event in told("icalendar", sent)]
    assert len(set(ids)) == len(ids)
    assert not any(UID in id for id in ids)


def test_the_same_revision_with_other_words_is_the_same_message() -> None:
    """As calendars mail it to each attendee, and again with who has answered."""
    answered = BASE.replace("ATTENDEE:", "ATTENDEE;PARTSTAT=ACCEPTED;CN=Grace:") + "SUMMARY:Talk\n"
    assert told("icalendar", calendar(answered + HOUR)) == told("icalendar", calendar(BASE + HOUR))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("DTSTART:20260303T130000Z", "DTSTART:20260303T123000Z"),
        ("DTEND:20260303T140000Z", "DTEND:20260303T150000Z"),
        ("grace@example.org", "mallory@example.org"),
    ],
)
def test_a_revision_that_says_something_else_is_another_message(ours: str, theirs: str) -> None:
    """Whoever mails a false one first under the same UID, SEQUENCE and DTSTAMP does not have the true one refused."""
    true, false = (
        one("icalendar", calendar(text)) for text in (BASE + HOUR, (BASE + HOUR).replace(ours, theirs))
    )
    assert true["data"] != false["data"]
    assert true["id"] != false["id"]


# --- series -----------------------------------------------------------------------------------------------


def test_a_series_is_its_occurrences_each_with_its_original_start() -> None:
    events = told("icalendar", file("icalendar", "google_series.ics"))
    days = [
        "03-03",
        "03-10",
        "03-24",
        "03-31",
        "04-07",
    ]  # the 17th is left out, and summer time begins on the 29th
    hours = ["13", "13", "13", "12", "12"]
    assert [event["data"]["starts_at"] for event in events] == [
        f"2026-{day}T{hour}:00:00+00:00" for day, hour in zip(days, hours, strict=True)
    ]
    for event in events:
        assert event["type"] == "mentoring.meeting.scheduled.v1"
        assert event["data"]["recurrence_id"] == event["data"]["starts_at"]
        assert event["data"]["uid"] == UID


def test_an_occurrence_that_was_moved_keeps_its_original_start() -> None:
    event = one("icalendar", file("icalendar", "google_occurrence_moved.ics"))
    assert event["type"] == "mentoring.meeting.rescheduled.v1"
    assert event["data"]["recurrence_id"] == "2026-03-10T13:00:00+00:00"
    assert event["data"]["starts_at"] == "2026-03-11T13:00:00+00:00"


def test_an_occurrence_that_was_changed_tells_its_own_revision_and_the_others_theirs() -> None:
    moved = BASE + "RECURRENCE-ID:20260310T130000Z\nSEQUENCE:5\nDTSTART:20260311T130000Z\nDURATION:PT1H\n"
    events = told("icalendar", calendar(BASE + HOUR + RULE + "SEQUENCE:1\n", moved))
    data = [event["data"] for event in events]
    found = {one["recurrence_id"][:10]: (one["sequence"], one["starts_at"][:10]) for one in data}
    assert found == {
        "2026-03-03": (1, "2026-03-03"),
        "2026-03-10": (5, "2026-03-11"),
        "2026-03-17": (1, "2026-03-17"),
        "2026-03-24": (1, "2026-03-24"),
    }


def test_a_change_of_all_later_ones_moves_them_alike() -> None:
    later = (
        BASE + "RECURRENCE-ID;RANGE=THISANDFUTURE:20260317T130000Z\nSEQUENCE:2\n"
        "DTSTART:20260318T150000Z\nDURATION:PT2H\n"
    )
    events = told("icalendar", calendar(BASE + HOUR + RULE, later))
    found = {one["data"]["recurrence_id"][:10]: one["data"]["starts_at"][:16] for one in events}
    assert found == {
        "2026-03-03": "2026-03-03T13:00",
        "2026-03-10": "2026-03-10T13:00",
        "2026-03-17": "2026-03-18T15:00",
        "2026-03-24": "2026-03-25T15:00",
    }
    assert refused("icalendar", calendar(later)) == "range_alone"


def test_a_series_goes_through_the_hour_that_is_left_out_in_spring() -> None:
    times = "DTSTART;TZID=Europe/Helsinki:20260322T033000\nDTEND;TZID=Europe/Helsinki:20260322T043000\n"
    events = told("icalendar", calendar(BASE + times + "RRULE:FREQ=WEEKLY;COUNT=3\n"))
    assert [(event["data"]["starts_at"][:16], event["data"]["ends_at"][11:16]) for event in events] == [
        ("2026-03-22T01:30", "02:30"),
        ("2026-03-29T01:30", "02:30"),
        ("2026-04-05T00:30", "01:30"),
    ]


def test_single_dates_are_added_to_a_series() -> None:
    sent = calendar(BASE + HOUR + "RDATE:20260305T130000Z,20260309T130000Z\n")
    assert starts(sent) == ["2026-03-03T13:00", "2026-03-05T13:00", "2026-03-09T13:00"]


def test_a_series_is_cancelled_as_far_as_it_was_told() -> None:
    booked = told("icalendar", calendar(BASE + HOUR + "RRULE:FREQ=WEEKLY\n"))
    again = (
        BASE.replace("20260101", "20260601") + "SEQUENCE:1\nSTATUS:CANCELLED\n" + HOUR + "RRULE:FREQ=WEEKLY\n"
    )
    cancelled = told("icalendar", calendar(again, method="CANCEL"))
    after = [event["data"]["recurrence_id"] for event in booked if event["data"]["ends_at"] > "2026-06-01T08"]
    assert [event["data"]["recurrence_id"] for event in cancelled] == after
    assert {event["type"] for event in cancelled} == {"mentoring.meeting.cancelled.v1"}


def test_a_series_without_end_is_told_for_a_term() -> None:
    events = told("icalendar", calendar(BASE + HOUR + "RRULE:FREQ=WEEKLY\n"))
    assert len(events) == AHEAD // timedelta(days=7) + 1
    assert len(told("icalendar", calendar(BASE + HOUR + "RRULE:FREQ=DAILY\n"))) == MOST_OCCURRENCES


def test_a_revision_does_not_rewrite_what_has_been() -> None:
    late = BASE.replace("20260101", "20260312") + HOUR + RULE
    assert starts(calendar(late)) == ["2026-03-17T13:00", "2026-03-24T13:00"]


# --- who --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("people", "parties"),
    [
        ("ORGANIZER:MAILTO:Ada@Example.org\nATTENDEE:mailto:GRACE@example.org", [ADA, GRACE]),
        ("ORGANIZER:mailto:carol@example.org\nATTENDEE:mailto:ada@example.org\nATTENDEE:mailto:grace@example.org",
         [ADA, GRACE]),
        ("ORGANIZER:mailto:ada@example.org\nATTENDEE;CUTYPE=ROOM:mailto:r@example.org\nATTENDEE:mailto:grace@example.org",
         [ADA, GRACE]),
        ("ORGANIZER:mailto:ada@example.org\nATTENDEE;ROLE=OPT-PARTICIPANT:mailto:x@e.org\nATTENDEE:mailto:grace@example.org",
         [ADA, GRACE]),
        ("ATTENDEE;ROLE=OPT-PARTICIPANT:mailto:grace@example.org\nATTENDEE:mailto:ada@example.org", [GRACE, ADA]),
        ("ORGANIZER;EMAIL=ada@example.org:/1234/principal/\nATTENDEE;EMAIL=grace@example.org:urn:uuid:7", [ADA, GRACE]),
    ],
)  # fmt: skip
def test_who_meets(people: str, parties: list[str]) -> None:
    sent = calendar("UID:u\nDTSTAMP:20260101T080000Z\n" + people + "\n" + HOUR)
    assert one("icalendar", sent)["data"]["parties"] == parties


def test_an_occurrence_that_names_nobody_has_the_series_people() -> None:
    moved = "UID:u\nDTSTAMP:20260101T080000Z\nRECURRENCE-ID:20260310T130000Z\nDTSTART:20260311T130000Z\nDURATION:PT1H"
    events = told("icalendar", calendar(BASE + HOUR + RULE, moved))
    assert {tuple(event["data"]["parties"]) for event in events} == {(ADA, GRACE)}


def test_an_entry_of_one_person_alone_is_no_meeting() -> None:
    alone = "UID:u\nDTSTAMP:20260101T080000Z\nORGANIZER:mailto:ada@example.org\n" + HOUR
    assert untold("icalendar", calendar(alone))


def test_more_than_may_be_told_are_refused() -> None:
    crowd = "".join(f"ATTENDEE:mailto:a{number}@example.org\n" for number in range(1000))
    assert refused("icalendar", calendar(BASE + HOUR + crowd)) == "member_invalid:data.parties"


# --- what is not told -------------------------------------------------------------------------------------


def test_an_answer_that_declines_calls_nothing_off() -> None:
    assert "organises" in untold("icalendar", file("icalendar", "reply_declined.ics"))


@pytest.mark.parametrize("method", ["COUNTER", "REFRESH", "DECLINECOUNTER", "reply"])
def test_other_methods_tell_nothing_and_say_why(method: str) -> None:
    assert untold("icalendar", calendar(BASE + HOUR, method=method))


def test_tasks_are_no_meetings() -> None:
    todo = "BEGIN:VTODO\nUID:t\nDTSTAMP:20260101T080000Z\nEND:VTODO\n"
    assert untold("icalendar", calendar(head=todo))
    assert len(told("icalendar", calendar(BASE + HOUR, head=todo))) == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (BASE + HOUR + "EXRULE:FREQ=WEEKLY\n", "rule_unusual"),
        (BASE + HOUR + "RRULE:FREQ=SECONDLY\n", "rule_unusual"),
        (BASE + HOUR + "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\n", "rule_unusual"),
        (BASE + HOUR + "RRULE:FREQ=MONTHLY;BYDAY=6MO\n", "rule_unusual"),
        (BASE + HOUR + "RRULE:FREQ=DAILY;INTERVAL=7;BYDAY=MO\n", "rule_unusual"),
        (BASE + HOUR + "RRULE:FREQ=WEEKLY;BYHOUR=1,2,3\n", "rule_unusual"),
        (BASE + HOUR + "RDATE:" + ",".join(["20260305T130000Z"] * 1001) + "\n", "too_much"),
        (BASE + "DTSTART:19700101T130000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY\n", "series_too_old"),
        (BASE + "DTEND:20260303T140000Z\n", "member_missing:DTSTART"),
        (BASE + "DTSTART:next Tuesday\nDTEND:20260303T140000Z\n", "member_invalid:DTSTART"),
        (BASE + "DTSTART:20260303T130000Z\n", "ends_before_start"),
        (BASE + "DTSTART:20260303T130000Z\nDTEND:20260303T120000Z\n", "ends_before_start"),
        (BASE + "DTSTART:20260303T130000Z\nDTEND:20260303T120000Z\n" + RULE, "ends_before_start"),
        (BASE + "DTSTART:20260303T130000Z\nDURATION:P40W\n", "longer_than_a_day"),
        (BASE + "DTSTART:00010101T000000\nDURATION:PT1H\n", "time_invalid"),
        (BASE.replace("UID:u\n", "") + HOUR, "member_invalid:data.uid"),
        (BASE.replace("UID:u\n", "UID:" + "u" * 256 + "\n") + HOUR, "member_invalid:data.uid"),
        (PEOPLE + "UID:u\n" + HOUR, "member_missing:DTSTAMP"),
        (BASE + HOUR + "SEQUENCE:-1\n", "member_invalid:data.sequence"),
        (BASE + HOUR + "SEQUENCE:many\n", "member_invalid:SEQUENCE"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_refused_with_its_reason(text: str, reason: str) -> None:
    found = refused("icalendar", calendar(text))
    assert found.removesuffix(":data.starts_at") == reason


def test_a_cancellation_for_one_of_several_is_left_to_people() -> None:
    assert refused("icalendar", calendar(BASE + HOUR, method="CANCEL")) == "cancel_unclear"


@pytest.mark.parametrize("method", ["PUBLISH", "ADD", "", "X-OURS"])
def test_methods_that_are_not_known_are_refused(method: str) -> None:
    assert refused("icalendar", calendar(BASE + HOUR, method=method)) == "method_unknown"


# --- how it comes -----------------------------------------------------------------------------------------


def test_a_forwarded_mail_tells_what_its_first_calendar_does() -> None:
    expected = told("icalendar", file("icalendar", "google_series.ics"))
    mail = file("icalendar", "forwarded.eml")
    assert told("icalendar", mail) == expected
    plain = (FILES / "icalendar" / "google_series.ics").read_bytes()
    for field, media, content in (
        ("body-mime", "text/plain", mail.body),
        ("email", "application/octet-stream", mail.body),
        ("attachment-1", "text/calendar", plain),
        ("attachment-1", "application/ics", plain),
    ):
        form = (
            b'--xx\r\nContent-Disposition: form-data; name="subject"\r\n\r\nInvitation\r\n--xx\r\n'
            + f'Content-Disposition: form-data; name="{field}"\r\nContent-Type: {media}\r\n\r\n'.encode()
            + content
            + b"\r\n--xx--\r\n"
        )
        assert told("icalendar", Sent("multipart/form-data; boundary=xx", form)) == expected


def test_a_mail_without_a_calendar_tells_nothing() -> None:
    assert untold("icalendar", Sent("message/rfc822", b"Subject: away\r\n\r\nI am on holiday.\r\n"))


@pytest.mark.parametrize("media", ["", "application/json", "text/html", "image/png"])
def test_any_other_media_type_is_refused(media: str) -> None:
    assert refused("icalendar", Sent(media, b"BEGIN:VCALENDAR")) == "media_type_unknown"


@pytest.mark.parametrize("charset", ["utf-16", "latin-1", "utf-8", "no-such-charset", "cp1252"])
def test_times_and_addresses_are_read_in_any_encoding(charset: str) -> None:
    text = calendar(BASE + HOUR + "SUMMARY:Mentorointi, päivä\n").body.decode()
    body = text.encode("utf-8" if charset == "no-such-charset" else charset)
    for named in (charset, *(["utf-8"] if charset in {"latin-1", "cp1252"} else [])):
        assert len(told("icalendar", Sent(f"text/calendar; charset={named}", body))) == 1


@pytest.mark.parametrize(
    "body",
    [b"", b"BEGIN:VCALENDAR", b"END:VCALENDAR", b"BEGIN:VEVENT\r\nEND:VEVENT", b"\x00\xff" * 100, b"hello\r\n",
     b"BEGIN:VCALENDAR\r\n" * 5000, b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n" * 2, b":" * 1000, b";=:\r\n" * 99],
)  # fmt: skip
def test_what_is_no_calendar_is_refused(body: bytes) -> None:
    assert refused("icalendar", Sent("text/calendar", body)) in {"not_a_calendar", "too_much"}

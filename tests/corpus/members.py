"""Bad in one member: the envelope's, the meeting's, people and times."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.corpus.words import ABSENT, ADA, BOB, GOOD, Bad, of_data, of_envelope


def envelopes() -> Iterator[Bad]:
    for member in ("specversion", "id", "source", "time", "data", "type"):
        yield of_envelope(f"no {member}", f"member_missing:{member}", **{member: ABSENT})
    for member in ("specversion", "id", "source", "data"):
        yield of_envelope(f"{member} null", f"member_invalid:{member}", **{member: None})
        yield of_envelope(f"{member} a number", f"member_invalid:{member}", **{member: 17})
    yield of_envelope("time null", "time_invalid:time", time=None)
    yield of_envelope("type null", "unknown_type", type=None)
    yield of_envelope("type a number", "unknown_type", type=17)
    for name, kind in {
        "empty": "",
        "unknown": "mentoring.meeting.postponed.v1",
        "of another version": "mentoring.meeting.scheduled.v2",
        "without version": "mentoring.meeting.scheduled",
        "in capitals": "MENTORING.MEETING.SCHEDULED.V1",
        "with a blank": "mentoring.meeting.scheduled.v1 ",
        "of somebody else": "com.example.created",
    }.items():
        yield of_envelope(f"type {name}", "unknown_type", type=kind)
    yield of_envelope("specversion older", "member_invalid:specversion", specversion="0.3")
    yield of_envelope("specversion newer", "member_invalid:specversion", specversion="1.1")
    for member in ("id", "source"):
        yield of_envelope(f"{member} empty", f"member_invalid:{member}", **{member: ""})
        yield of_envelope(f"{member} too long", f"member_invalid:{member}", **{member: "x" * 513})
        yield of_envelope(f"{member} with NUL", f"member_invalid:{member}", **{member: "a\0b"})
    yield of_envelope("plain text", "member_invalid:datacontenttype", datacontenttype="text/plain")
    yield of_envelope("content type a number", "member_invalid:datacontenttype", datacontenttype=1)
    yield of_envelope("data a text", "member_invalid:data", data="{}")
    yield of_envelope("data a list", "member_invalid:data", data=[])
    yield of_envelope("data in base 64", "member_missing:data", data=ABSENT, data_base64="e30=")


def members() -> Iterator[Bad]:
    yield of_data("no uid", "member_missing:data.uid", uid=ABSENT)
    for name, uid in {
        "null": None,
        "empty": "",
        "a number": 5,
        "a list": ["m1"],
        "too long": "u" * 256,
        "with NUL": "m\0",
        "with a line break": "m\n1",
        "with delete": "m\x7f",
        "with a C1 control": "m\x85",
    }.items():
        yield of_data(f"uid {name}", "member_invalid:data.uid", uid=uid)
    for name, sequence in {
        "below zero": -1,
        "beyond 31 bits": 2**31,
        "of thirty digits": 10**30,
        "a fraction": 1.5,
        "a whole float": 1.0,
        "a text": "1",
        "a truth": True,
        "null": None,
        "a list": [],
    }.items():
        yield of_data(f"sequence {name}", "member_invalid:data.sequence", sequence=sequence)
    yield of_data("timezone a number", "member_invalid:data.timezone", timezone=2)
    yield of_data("timezone a sentence", "member_invalid:data.timezone", timezone="the time of Helsinki")
    yield of_data("timezone empty", "member_invalid:data.timezone", timezone="")
    yield of_data("timezone too long", "member_invalid:data.timezone", timezone="Z" * 65)
    yield of_data("previous uid empty", "member_invalid:data.previous_uid", "rescheduled", previous_uid="")
    yield of_data("previous uid a number", "member_invalid:data.previous_uid", "rescheduled", previous_uid=1)
    yield of_data("missed by nobody", "member_invalid:data.missed_by", "missed", missed_by=[])
    yield of_data("missed by unsaid", "member_missing:data.missed_by", "missed")
    yield of_data("missed by a text", "member_invalid:data.missed_by", "missed", missed_by=ADA)
    yield of_data("attended an object", "member_invalid:data.attended", "held", attended={"who": ADA})
    yield of_data("cancelled by a list", "member_invalid:data.cancelled_by", "cancelled", cancelled_by=[ADA])
    yield of_data("outcome unsaid", "member_missing:data.outcome", "corrected")
    yield of_data("outcome unknown", "member_invalid:data.outcome", "corrected", outcome="forgotten")
    yield of_data("outcome a number", "member_invalid:data.outcome", "corrected", outcome=0)
    yield of_data(
        "corrected to missed by unsaid", "member_missing:data.missed_by", "corrected", outcome="missed"
    )
    yield of_data(
        "corrected to held without a start",
        "member_missing:data.starts_at",
        "corrected",
        outcome="held",
        starts_at=ABSENT,
    )


def owners() -> Iterator[Bad]:
    none: dict[str, Any] = {"relationship_id": ABSENT}
    yield of_data("nobody's", "owner_unclear", **none)
    yield of_data("two owners", "owner_unclear", parties=[ADA, BOB])
    yield of_data("relationship no uuid", "member_invalid:data.relationship_id", relationship_id="pair 7")
    yield of_data("relationship a number", "member_invalid:data.relationship_id", relationship_id=7)
    yield of_data("no parties", "member_invalid:data.parties", **none, parties=[])
    yield of_data("one party", "member_invalid:data.parties", **none, parties=[ADA])
    many = [f"ext:crowd:{number}" for number in range(21)]
    yield of_data("too many parties", "member_invalid:data.parties", **none, parties=many)
    yield of_data("a party twice", "parties_repeated", **none, parties=[ADA, BOB, ADA])
    yield of_data("a party twice by case", "parties_repeated", **none, parties=[ADA, "Email:ADA@example.ORG"])
    yield of_data("parties a text", "member_invalid:data.parties", **none, parties=f"{ADA},{BOB}")
    yield of_data("a party a number", "member_invalid:data.parties", **none, parties=[ADA, 4711])
    yield of_data("a party null", "member_invalid:data.parties", **none, parties=[ADA, None])
    for name, identity in {
        "empty": "",
        "without kind": "ada@example.org",
        "with an empty kind": ":ada@example.org",
        "of kind only": "email:",
        "with a blank for a name": "ext: ",
        "email without at": "email:ada",
        "email with two ats": "email:ada@example@org",
        "email without domain": "email:ada@",
        "email without name": "email:@example.org",
        "email with a blank": "email:ada lovelace@example.org",
        "with NUL": "ext:portal\0:4711",
        "with a line break": "ext:portal:\n4711",
        "of a kind with blanks": "my portal:4711",
        "of a kind that begins with a digit": "1ext:4711",
    }.items():
        yield of_data(f"identity {name}", "identity_invalid:data.parties", **none, parties=[BOB, identity])
    long = f"email:{'a' * 320}@example.org"
    yield of_data("identity too long", "member_invalid:data.parties", **none, parties=[BOB, long])
    yield of_data("attended by no identity", "identity_invalid:data.attended", "held", attended=["Ada"])
    yield of_data("missed by no identity", "identity_invalid:data.missed_by", "missed", missed_by=["Bob"])
    yield of_data(
        "cancelled by no identity", "identity_invalid:data.cancelled_by", "cancelled", cancelled_by="Bob"
    )
    yield of_data(
        "attended by a stranger", "unknown_identity", "held", attended=[ADA, "email:eve@example.org"]
    )
    yield of_data("missed by a stranger", "unknown_identity", "missed", missed_by=["email:eve@example.org"])


TIMES: dict[str, Any] = {
    "a number": 1770710400,
    "a number as text": "1770710400",
    "a date": "2026-02-10",
    "without offset": "2026-02-10T10:00:00",
    "without seconds": "2026-02-10T10:00Z",
    "with a zone's name": "2026-02-10T10:00:00 Europe/Helsinki",
    "with a short offset": "2026-02-10T10:00:00+02",
    "with an offset of four digits": "2026-02-10T10:00:00+0200",
    "with an offset beyond a day": "2026-02-10T10:00:00+25:00",
    "in month 13": "2026-13-10T10:00:00Z",
    "on 30 February": "2026-02-30T10:00:00Z",
    "on 29 February of no leap year": "2026-02-29T10:00:00Z",
    "at hour 24": "2026-02-10T24:00:00Z",
    "in second 60": "2026-02-10T23:59:60Z",
    "before 1970": "1969-12-31T23:59:59Z",
    "after 2199": "2200-01-01T00:00:00Z",
    "in year 1 and east": "0001-01-01T00:00:00+14:00",
    "in year 9999 and west": "9999-12-31T23:59:59-14:00",
    "in words": "next Tuesday",
    "of an e-mail": "Tue, 10 Feb 2026 10:00:00 +0200",
    "empty": "",
    "with blanks around": " 2026-02-10T10:00:00Z ",
    "in digits of other scripts": "2026-02-10T10:00:0\u0660Z",
    "an object": {"dateTime": "2026-02-10T10:00:00Z"},
}


def times() -> Iterator[Bad]:
    for name, value in TIMES.items():
        yield of_data(f"start {name}", "time_invalid:data.starts_at", starts_at=value)
    for name in ("a number", "without offset", "in words", "before 1970"):
        yield of_envelope(f"time {name}", "time_invalid:time", time=TIMES[name])
        yield of_data(f"occurrence {name}", "time_invalid:data.recurrence_id", recurrence_id=TIMES[name])
    yield of_data("start null", "time_invalid:data.starts_at", starts_at=None)
    yield of_data("no start", "member_missing:data.starts_at", starts_at=ABSENT)
    yield of_data("no end", "member_missing:data.ends_at", "held", ends_at=ABSENT)
    yield of_data("ends at its start", "ends_before_start", ends_at=GOOD["data"]["starts_at"])
    yield of_data("ends before its start", "ends_before_start", "held", ends_at="2026-02-10T07:00:00Z")
    yield of_data(
        "later by the clock, earlier by the offset", "ends_before_start", ends_at="2026-02-10T11:00:00+03:00"
    )
    yield of_data("longer than a day", "longer_than_a_day", ends_at="2026-02-11T10:00:01+02:00")

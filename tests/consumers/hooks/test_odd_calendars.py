"""Odd calendars, most of them valid: each is told within the contract or refused, in a bounded number of steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import pytest
from dateutil import rrule as dateutil_rrule  # type: ignore[import-untyped] # it brings no types
from icalendar import Calendar

from tests.consumers.hooks.sending import ZONE, calendar
from workflow.consumers.hooks.hook import Nothing, Sent
from workflow.consumers.hooks.icalendar import HOOK, MOST_TOLD
from workflow.consumers.hooks.rules import check_rule
from workflow.consumers.hooks.taking import Untranslated, taken
from workflow.consumers.meetings.contract import MEETING_MESSAGE

pytestmark = pytest.mark.filterwarnings("ignore::icalendar.error.GloballyUniqueTZIDGuessed")

GRACE = "ATTENDEE:mailto:grace@example.org"
SEED, NUMBER = 20260105, 300
MOST_STEPS = 60_000
"""Days, weeks, months and years that are looked at for one calendar, all rules together."""

ZONES = (
    "", ";TZID=Europe/Helsinki", ";TZID=America/St_Johns", ";TZID=Pacific/Apia", ";TZID=Asia/Kathmandu",
    ";TZID=W. Europe Standard Time", ";TZID=/mozilla.org/20070129_1/Europe/Berlin", ";TZID=Own Zone",
    ";TZID=Nowhere", ';TZID="Europe/Paris"', ";VALUE=DATE-TIME", ";TZID=Africa/Casablanca", ";TZID=UTC",
)  # fmt: skip
RULES = (
    "", "", "FREQ=WEEKLY", "FREQ=WEEKLY;BYDAY=MO,WE,FR;COUNT=10", "FREQ=DAILY", "FREQ=DAILY;COUNT=999999999",
    "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=MONTHLY;BYMONTHDAY=31", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=TU",
    "FREQ=WEEKLY;UNTIL=20270101", "FREQ=WEEKLY;UNTIL=20270101T000000Z", "FREQ=WEEKLY;UNTIL=20200101T000000",
    "FREQ=SECONDLY", "FREQ=MINUTELY;COUNT=1000000", "FREQ=HOURLY;INTERVAL=1000",
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6", "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=2",
    "FREQ=DAILY;BYHOUR=0,1,2,3,4,5;BYMINUTE=0,15,30,45", "FREQ=YEARLY;BYYEARDAY=366;BYMONTH=1", "FREQ=WEEKLY;COUNT=0",
    "FREQ=WEEKLY;INTERVAL=0", "FREQ=WEEKLY;COUNT=-1", "FREQ=NEVER", "COUNT=3", "FREQ=WEEKLY;FREQ=DAILY",
    "FREQ=WEEKLY;BYDAY=", "RSCALE=CHINESE;FREQ=YEARLY", "FREQ=YEARLY;INTERVAL=1000", "FREQ=WEEKLY;BYDAY=XX",
    "FREQ=DAILY;INTERVAL=7;BYDAY=MO", "FREQ=MONTHLY;INTERVAL=12;BYMONTH=2", "FREQ=YEARLY;BYDAY=53MO",
    "FREQ=YEARLY;BYMONTH=6;BYDAY=5MO", "freq=weekly;byday=mo", "FREQ=YEARLY;INTERVAL=2;BYMONTH=2;BYMONTHDAY=29",
)  # fmt: skip
TIMES = (
    "20260303T130000", "20260303T130000Z", "20260329T033000", "20261025T033000", "20260101T000000Z", "19691231T235959",
    "00010101T000000", "99991231T235959", "22000101T000000Z", "20240229T120000", "20260303", "20260303T240000",
    "20260230T120000", "2026", "", "20160303T130000Z", "20111230T120000",
)  # fmt: skip
ENDS = (
    "DURATION:PT1H", "DURATION:PT1H", "DTEND:20260303T140000Z", "DURATION:P1D", "DURATION:-PT1H", "DURATION:P9999999W",
    "DURATION:PT0S", "DURATION:", "", "DTEND;VALUE=DATE:20260305", "DTEND:20250101T000000Z", "DURATION:PT25H",
    "DTEND:99991231T235959Z", "DTEND:20260303T140000Z\nDURATION:PT1H", "DURATION:one hour",
)  # fmt: skip
PEOPLE = (
    "ORGANIZER:mailto:ada@example.org\nATTENDEE:mailto:grace@example.org",
    'ORGANIZER;CN="Lovelace, Ada":MAILTO:ADA@EXAMPLE.ORG\nATTENDEE;CN=^n^^:mailto:grace@example.org',
    "ATTENDEE:mailto:\nORGANIZER:mailto:ada@example.org", "ORGANIZER:\nATTENDEE:", "",
    "ATTENDEE:invalid:nomail\nORGANIZER:ldap://example.org/ada", "ATTENDEE:mailto:not an address\nORGANIZER:mailto:a",
    "\n".join(f"ATTENDEE:mailto:a{n}@example.org" for n in range(1000)),
    "\n".join(["ATTENDEE:mailto:ada@example.org"] * 5 + ["ATTENDEE:mailto:grace@example.org"]),
)  # fmt: skip
MORE = (
    "", "SUMMARY:", "DESCRIPTION:" + "ä" * 200, "SUMMARY;LANGUAGE=fi:" + "x" * 500, "X-ODD;A=B;C=\"d:e\":f",
    "EXDATE:20260310T130000Z", "EXDATE;VALUE=DATE:20260310", "RDATE;VALUE=PERIOD:20260305T130000Z/PT2H",
    "RDATE:20260305T130000Z,20260306T130000Z", "EXDATE:", "RDATE:", "CATEGORIES:", "GEO:1;2", "GEO:", "URL:", "STATUS:",
    "STATUS:CANCELLED", "ATTACH;ENCODING=BASE64;VALUE=BINARY:AAAA", "ATTACH;ENCODING=BASE64;VALUE=BINARY:!", "CLASS:",
    "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT15M\nREPEAT:99999999\nDURATION:PT1S\nEND:VALARM", "PRIORITY:high",
    "RRULE:FREQ=MONTHLY\nRRULE:FREQ=WEEKLY", "DTSTART:20260303T130000Z", "LAST-MODIFIED:never", "TRANSP:",
    "BEGIN:X-COMPONENT\nX:Y\nEND:X-COMPONENT", "COMMENT:\\n\\,\\;\\\\", "NO COLON HERE", "RECURRENCE-ID:",
)  # fmt: skip
RECURRENCES = (
    "RECURRENCE-ID:20260310T130000Z", "RECURRENCE-ID;VALUE=DATE:20260310", "RECURRENCE-ID:20260311T130000",
    "RECURRENCE-ID;RANGE=THISANDFUTURE:20260310T130000Z", "RECURRENCE-ID;RANGE=THISANDPRIOR:20260310T130000Z",
    "RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20260310", "RECURRENCE-ID:99991231T000000Z",
)  # fmt: skip
OWN = (
    "BEGIN:VTIMEZONE\nTZID:Own Zone\nBEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETFROM:+0545\nTZOFFSETTO:+0545\n"
    "{}END:STANDARD\nEND:VTIMEZONE\n"
)
HEADS = (
    OWN.format(""), OWN.format("RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\n"), OWN.format("RRULE:FREQ=SECONDLY\n"),
    OWN.format("RDATE:20000101T000000\n"), "BEGIN:VTIMEZONE\nTZID:Own Zone\nEND:VTIMEZONE\n",
    "X-WR-TIMEZONE:Asia/Tokyo\n",
    "BEGIN:VTODO\nUID:t\nDUE:20260101\nRRULE:FREQ=DAILY\nEND:VTODO\n", "X-WR-TIMEZONE:../../etc/passwd\n",
    "BEGIN:VFREEBUSY\nFREEBUSY:20260101T000000Z/PT1H\nEND:VFREEBUSY\n", OWN.format("") * 30, "PRODID:\n",
    "BEGIN:VJOURNAL\nEND:VJOURNAL\n", OWN.format("TZNAME:\nX-A:B\n").replace("+0545", "+9999"),
)  # fmt: skip


STAMPS = ("20260310T000000", "99990101T000000Z", "20260101", "", "19700101T000000Z")
UIDS = ("other", "", "ü" * 200, "{20DA9C1C-1B}", "a b@c;d\\,e")
SEQUENCES = ("SEQUENCE:0", "SEQUENCE:7", "SEQUENCE:-1", "SEQUENCE:99999999999", "SEQUENCE:x", "SEQUENCE:")


def odd(random: Random) -> bytes:
    """One calendar, from parts that each came about somewhere; some have one odd part, and some have many."""
    heat = random.choice((0.03, 0.1, 0.1, 0.5))

    def part(usual: str, *odd_ones: str) -> str:
        return random.choice(odd_ones) if random.random() < heat else usual

    stamp = part("20260101T080000Z", *STAMPS)
    events = []
    for number in range(random.choice((1, 1, 1, 1, 2, 3, 40))):
        rule = random.choice(RULES[:12]) if random.random() > heat else random.choice(RULES)
        lines = [
            f"UID:{part('u', *UIDS)}",
            f"DTSTAMP:{stamp}",
            part("", *SEQUENCES),
            f"DTSTART{part('', *ZONES)}:{part(TIMES[0], *TIMES)}",
            part(ENDS[0], *ENDS),
            f"RRULE:{rule}" if rule and not number else "",
            part(PEOPLE[0], *PEOPLE),
            part("", *MORE),
            part(f"RECURRENCE-ID:202603{number % 28 + 1:02}T130000", *RECURRENCES) if number else "",
        ]
        random.shuffle(lines)
        events.append("BEGIN:VEVENT\n" + "\n".join(line for line in lines if line) + "\nEND:VEVENT\n")
    method = part("REQUEST", "CANCEL", "REPLY", "request")
    text = (
        f"BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:{method}\n{part('', *HEADS)}{''.join(events)}END:VCALENDAR\n"
    )
    lines = [_folded(line, random) for line in text.split("\n")]
    encoded = random.choice(("\r\n", "\r\n", "\n")).join(lines).encode()
    return random.choice(
        (encoded, encoded, b"\xef\xbb\xbf" + encoded, encoded.replace("ä".encode(), b"\xe4"))
    )


def _folded(line: str, random: Random) -> str:
    width = random.choice((75, 75, 10, 1000))
    return "\r\n ".join(line[at : at + width] for at in range(0, len(line), width)) or line


@contextmanager
def counting(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many periods the library looks at: each is looked up in a month or year that it has laid out."""
    steps = [0]
    laid_out = dateutil_rrule._iterinfo.rebuild

    def rebuild(self: Any, year: int, month: int) -> None:
        steps[0] += 1
        assert steps[0] < 10 * MOST_STEPS, "it goes on and on"
        laid_out(self, year, month)

    with monkeypatch.context() as patched:
        patched.setattr(dateutil_rrule._iterinfo, "rebuild", rebuild)
        yield steps


@pytest.mark.parametrize("part", range(6))
def test_an_odd_calendar_is_told_within_the_contract_or_refused(
    part: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    random = Random(SEED + part)
    for _ in range(NUMBER // 6):
        body = odd(random)
        with counting(monkeypatch) as steps:
            found = taken(HOOK, Sent("text/calendar", body), ZONE)
        assert steps[0] <= MOST_STEPS, body.decode("latin-1")
        assert caplog.text == "", body.decode("latin-1")  # where the adapter itself failed, that is logged
        if isinstance(found, Untranslated):
            assert found.reason != "failed"
            continue
        if isinstance(found, Nothing):
            continue
        assert 0 < len(found) <= MOST_TOLD
        messages = [MEETING_MESSAGE.validate_json(one.body) for one in found]
        assert len({message.id for message in messages}) == len(messages)
        again = taken(HOOK, Sent("text/calendar", body), ZONE)
        assert isinstance(again, tuple)
        assert [one.body for one in again] == [one.body for one in found]


def test_among_the_odd_ones_are_many_that_are_told_and_many_that_are_refused() -> None:
    random = Random(SEED)
    found = [taken(HOOK, Sent("text/calendar", odd(random)), ZONE) for _ in range(60)]
    assert sum(isinstance(one, tuple) for one in found) > 20
    assert len({one.reason for one in found if isinstance(one, Untranslated)}) > 5


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule])
def test_a_rule_that_is_taken_is_worked_out_in_a_bounded_number_of_steps(
    rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20260101T080000Z\r\n"
        "ORGANIZER:mailto:ada@example.org\r\nATTENDEE:mailto:grace@example.org\r\n"
        f"DTSTART;TZID=Europe/Helsinki:20170303T130000\r\nDURATION:PT1H\r\nRRULE:{rule}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    with counting(monkeypatch) as steps:
        taken(HOOK, Sent("text/calendar", text.encode()), ZONE)
    assert steps[0] <= MOST_STEPS // 6


DAILY = "UID:{}\nDTSTAMP:20260101T080000Z\nDTSTART:{}\nDURATION:PT1H\nORGANIZER:mailto:ada@example.org\n{}"
LATER = (
    "UID:{0}\nDTSTAMP:20260101T080000Z\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260305T130000Z\n"
    "DTSTART:20260305T130000Z\nDURATION:PT1H\nATTENDEE:mailto:grace@example.org"
)


def test_series_of_one_person_are_not_worked_out(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = calendar(*(DAILY.format(number, "20260303T130000Z", "RRULE:FREQ=DAILY") for number in range(250)))
    assert len(sent.body) < 40_000
    with counting(monkeypatch) as steps:
        assert isinstance(taken(HOOK, sent, ZONE), Nothing)
    assert steps[0] <= 250  # their rules are read, and no more


@pytest.mark.parametrize(
    "series",
    [
        lambda number: (DAILY.format(number, "20160303T130000Z", f"RRULE:FREQ=DAILY;UNTIL=20251230T000000Z\n{GRACE}"),),
        lambda number: (DAILY.format(number, "20260303T130000Z", "RRULE:FREQ=DAILY"), LATER.format(number)),
    ],
    ids=["long ago", "few of which are of two people"],
)  # fmt: skip
def test_all_series_of_a_body_together_are_worked_out_in_bounded_steps(
    monkeypatch: pytest.MonkeyPatch, series: Callable[[int], tuple[str, ...]]
) -> None:
    sent = calendar(*(one for number in range(200) for one in series(number)))
    with counting(monkeypatch) as steps:
        assert taken(HOOK, sent, ZONE) == Untranslated("too_much")
    assert steps[0] <= MOST_STEPS


def test_a_few_series_of_ten_years_are_told() -> None:
    rule = f"RRULE:FREQ=WEEKLY\n{GRACE}"
    old = (DAILY.format(number, "20160303T130000Z", rule) for number in range(4))
    assert isinstance(taken(HOOK, calendar(*old), ZONE), tuple)


def test_more_rules_of_zones_than_any_calendar_has_are_refused() -> None:
    rule = "BEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0200\nRRULE:{}\nEND:STANDARD\n"
    for rules, reason in ((["FREQ=YEARLY"] * 41, "too_much"), (["FREQ=DAILY"], "rule_unusual")):
        zone = "BEGIN:VTIMEZONE\nTZID:Z\n" + "".join(rule.format(one) for one in rules) + "END:VTIMEZONE\n"
        body = f"BEGIN:VCALENDAR\n{zone}END:VCALENDAR\n".encode()
        assert taken(HOOK, Sent("text/calendar", body), ZONE) == Untranslated(reason)


@pytest.mark.parametrize(
    "line",
    ["R RULE:FREQ=SECONDLY", "RRULE\t:FREQ=SECONDLY",
     'RRULE;X=":FREQ=YEARLY;WKST=":FREQ=SECONDLY', "EXRULE:FREQ=SECONDLY",
     "COMMENT:x\u2028RRULE:FREQ=SECONDLY", "TZNAME:x\x0cRRULE:FREQ=SECONDLY"],
)  # fmt: skip
def test_no_rule_of_a_zone_is_overlooked_however_it_is_written(
    line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = "BEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0200\n{}END:STANDARD\n"
    parts = part.format("") + part.format(line + "\n")
    zone = f"BEGIN:VTIMEZONE\nTZID:Own\n{parts}END:VTIMEZONE\n"
    event = "UID:u\nDTSTAMP:20260101T080000Z\nDTSTART;TZID=Own:20260303T130000\nDURATION:PT1H\n" + PEOPLE[0]
    with counting(monkeypatch) as steps:
        assert taken(HOOK, calendar(event, head=zone), ZONE) == Untranslated("rule_unusual")
    assert steps[0] <= MOST_STEPS


def test_nested_components_are_refused_with_blanks_in_their_names() -> None:
    body = "BEGIN:VCALENDAR\r\n" + "BEG IN:X\r\n" * 9 + "EN D:X\r\n" * 9 + "END:VCALENDAR\r\n"
    assert taken(HOOK, Sent("text/calendar", body.encode()), ZONE) == Untranslated("too_much")


@pytest.mark.parametrize("charset", ["punycode", "idna", "undefined", "unicode_escape", "hex", "x\x00y", ""])
def test_what_is_no_encoding_is_none(charset: str) -> None:
    found = taken(HOOK, Sent(f'text/calendar; charset="{charset}"', odd(Random(1)) * 20), ZONE)
    assert found != Untranslated("failed")


@pytest.mark.parametrize("depth", [9, 5000])
def test_nested_components_are_refused(depth: int) -> None:
    body = "BEGIN:VCALENDAR\r\n" + "BEGIN:X\r\n" * depth + "END:X\r\n" * depth + "END:VCALENDAR\r\n"
    assert taken(HOOK, Sent("text/calendar", body.encode()), ZONE) == Untranslated("too_much")


def test_nested_mails_are_refused_or_tell_nothing() -> None:
    body = b"Content-Type: message/rfc822\r\n\r\n" * 5000
    assert isinstance(taken(HOOK, Sent("message/rfc822", body), ZONE), Untranslated | Nothing)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("field", ["Content-Type: text/plain", "Content-Disposition: form-data"])
@pytest.mark.parametrize(
    ("ended", "between"), [(b"\r\n", b""), (b"\n", b"\r\n "), (b"\r", b"\n\t"), (b"\n", b"\r ")]
)
def test_a_mail_whose_fields_would_take_long_to_read_is_refused(
    field: str, ended: bytes, between: bytes
) -> None:
    long = field.encode() + b'; x="' + between + b";" * 250_000
    body = b"Content-Type: multipart/mixed; boundary=b\n\n--b\nX: y" + ended + long + b"\n\nx\n--b--\n"
    assert taken(HOOK, Sent("message/rfc822", body), ZONE) == Untranslated("too_much")


def test_a_mail_with_too_many_parts_within_each_other_is_refused() -> None:
    part = "Content-Type: multipart/mixed; boundary=b{0}\r\n\r\n--b{0}\r\n"
    body = "".join(part.format(number) for number in range(51)).encode()
    assert taken(HOOK, Sent("message/rfc822", body), ZONE) == Untranslated("too_much")


def test_rules_of_every_calendar_program_are_taken() -> None:
    for rule in (
        "FREQ=WEEKLY;BYDAY=TU", "FREQ=WEEKLY;WKST=MO;COUNT=12;INTERVAL=2;BYDAY=TU,TH",
        "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "FREQ=MONTHLY;BYDAY=1MO", "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
        "FREQ=MONTHLY;BYMONTHDAY=15;UNTIL=20270101T000000Z",
        "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=1", "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=2",
    ):  # fmt: skip
        event = Calendar.from_ical(f"BEGIN:VEVENT\r\nRRULE:{rule}\r\nEND:VEVENT\r\n")
        check_rule(event["RRULE"])  # type: ignore[arg-type] # a property of any kind

"""Which recurrence rules are taken: those that calendars write, which are worked out in bounded steps.

The library that works rules out goes on until the year 9999 where a rule never matches, and a rule of every
second has a million occurrences in two weeks. What calendars offer their users has neither.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from icalendar.parser import Contentline, Contentlines
from icalendar.prop import vRecur

from workflow.consumers.hooks.hook import Untranslatable

MOST_COMPONENTS = 500
"""Of one calendar: an invitation to a series has one, and one for every occurrence that was changed."""

MOST_ZONES = 20
MOST_ZONE_RULES = 40
"""Of one calendar: summer and winter in each. They are worked out anew, often from 1601 on, for the times that name
their zone."""

DEEPEST = 8
"""Components in one another: an alarm in an entry of a calendar is the third."""

MOST_DATES = 1000
"""Added and left out of one series, together."""

_PARTS = frozenset(
    {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS"}
)
_LOOKED_AT = frozenset({"BEGIN", "END", "RRULE", "EXRULE"})
_FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
_MOST_INTERVAL = 1000
_LONGEST_MONTHS = {1: 31, 2: 29, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}


def check_text(text: str) -> None:
    """Refuse what would take too long before it is parsed: parsing works zones out."""
    components = zones = zone_rules = depth = 0
    in_zone = False
    for line in Contentlines.from_ical(text):  # type: ignore[no-untyped-call] # the library's is untyped
        name, value = _name_and_value(line)
        if in_zone and len(line.splitlines()) > 1:  # what works zones out takes it for several
            raise Untranslatable("rule_unusual")
        if name == "BEGIN":
            components += 1
            depth += 1
            zones += value == "VTIMEZONE"
            in_zone = in_zone or value == "VTIMEZONE"
        elif name == "END":
            depth -= 1
            in_zone = in_zone and value != "VTIMEZONE"
        elif name == "EXRULE":  # withdrawn from the standard, and worked out in zones all the same
            raise Untranslatable("rule_unusual")
        elif name == "RRULE":
            rule = _parsed(value)
            check_rule(rule)
            zone_rules += in_zone
            if in_zone and [str(one).upper() for one in _list(rule, "FREQ")] != ["YEARLY"]:
                raise Untranslatable("rule_unusual")
        # An entry may have alarms, and a zone has up to some dozen parts without a rule.
        if (
            zones > MOST_ZONES
            or zone_rules > MOST_ZONE_RULES
            or components > 3 * MOST_COMPONENTS
            or depth > DEEPEST
        ):
            raise Untranslatable("too_much")


def _name_and_value(line: Contentline) -> tuple[str, str]:
    """As the library reads them: it leaves blanks out of names, and heeds quotation marks. None of other lines."""
    if "".join(re.split("[:;]", line, maxsplit=1)[0].split()).upper() not in _LOOKED_AT:
        return "", ""
    try:
        name, _, value = line.parts()
    except ValueError:  # it refuses such a line, too
        return "", ""
    return name.upper(), value.upper().strip()


def check_rule(rule: Mapping[str, Any]) -> None:
    """Refuse a rule that no calendar writes."""
    if not _usual({str(name).upper(): value for name, value in rule.items()}):
        raise Untranslatable("rule_unusual")


def _parsed(value: str) -> Mapping[str, Any]:
    try:
        rule: Mapping[str, Any] = vRecur.from_ical(value)
    except ValueError:
        raise Untranslatable("rule_unusual") from None
    return rule


def _usual(rule: Mapping[str, Any]) -> bool:
    if not rule.keys() <= _PARTS or len(_list(rule, "FREQ")) != 1:
        return False
    frequency = str(_list(rule, "FREQ")[0]).upper()
    interval = int((_list(rule, "INTERVAL") or [1])[0])
    days = [str(day) for day in _list(rule, "BYDAY")]
    month_days = [int(day) for day in _list(rule, "BYMONTHDAY")]
    months = [int(month) for month in _list(rule, "BYMONTH")]
    places = [int(place) for place in _list(rule, "BYSETPOS")]
    ordinals = [int(day[:-2]) for day in days if day[:-2] not in {"", "+", "-"}]
    return (
        frequency in _FREQUENCIES
        and 1 <= interval <= _MOST_INTERVAL
        and all(1 <= month <= 12 for month in months)
        and all(1 <= abs(day) <= 31 for day in month_days)
        and _exist(months or range(1, 13), month_days)
        # The fifth Monday is in some months, the sixth in none.
        and all(
            1 <= abs(ordinal) <= (53 if frequency == "YEARLY" and not months else 5) for ordinal in ordinals
        )
        and not (ordinals and frequency in {"DAILY", "WEEKLY"})
        and not (ordinals and month_days)
        # The fourth of any days of a month exists.
        and (
            not places
            or bool(frequency in {"MONTHLY", "YEARLY"} and days and not month_days and not ordinals)
        )
        and all(1 <= abs(place) <= 4 for place in places)
        # Every so many days or weeks, and then only some of them: they may never meet. So may months.
        and (interval == 1 or frequency == "YEARLY" or not months)
        and (interval == 1 or frequency in {"MONTHLY", "YEARLY"} or not month_days)
        and (interval == 1 or frequency != "DAILY" or not days)
    )


def _exist(months: Sequence[int], days: Sequence[int]) -> bool:
    """Whether any of the months has any of the days."""
    return not days or any(abs(day) <= _LONGEST_MONTHS[month] for month in months for day in days)


def _list(rule: Mapping[str, Any], part: str) -> list[Any]:
    value = rule.get(part, [])
    return list(value) if isinstance(value, list | tuple) else [value]

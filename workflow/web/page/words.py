"""The pages' own words, in the reader's language. They are data: a TOML file a language beside this module."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from workflow.guidance import Language, concern_guidance
from workflow.projections.concerns import why
from workflow.projections.tables import Row

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@cache
def texts(language: Language) -> Mapping[str, str]:
    """Each text of a language by its name, such as ``states.active``."""
    document = tomllib.loads(files(__package__).joinpath(f"{language.value}.toml").read_text("utf-8"))
    return dict(_named(document, ""))


def _named(document: Mapping[str, Any], before: str) -> Iterator[tuple[str, str]]:
    for name, value in document.items():
        if isinstance(value, str):
            yield f"{before}{name}", value
        else:
            yield from _named(value, f"{before}{name}.")


def preferred(asked: str | None, accepted: str | None) -> Language:
    """The language asked for, else the first of those that the browser accepts that there is, else English."""
    known = {language.value: language for language in Language}
    if asked in known:
        return known[asked]
    for tag in weighed(accepted or ""):
        if (language := known.get(tag.partition("-")[0])) is not None:
            return language
    return Language.EN


def weighed(accepted: str) -> list[str]:
    """The languages, or media types, of a header that are wanted at all, the most wanted first."""
    found = []
    for part in accepted.lower().split(","):
        tag, _, weight = part.partition(";")
        try:
            given = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            given = 0.0
        if given > 0:
            found.append((-given, tag.strip()))
    return [tag for _, tag in sorted(found, key=lambda one: one[0])]


class Words:
    """What a page says in one language, with its times in one zone."""

    def __init__(self, language: Language, zone: ZoneInfo) -> None:
        self.language = language
        self.zone = zone
        self.other = Language.EN if language is Language.FI else Language.FI
        self._texts = texts(language)

    def __call__(self, name: str, **values: object) -> str:
        """A text by its name; raises ``KeyError`` where there is none."""
        return self._texts[name].format(**values)

    def of(self, group: str, code: str) -> str:
        """What a code of the domain is called; the code itself where it has no word yet."""
        return self._texts.get(f"{group}.{code}", code.replace("_", " "))

    def counted(self, name: str, number: int, **values: object) -> str:
        """A text that has another form for one than for many."""
        return self(f"{name}.{'one' if number == 1 else 'many'}", n=number, **values)

    def date_of(self, instant: datetime | None) -> str:
        """The day of an instant in the page's zone."""
        return self("page.unknown") if instant is None else self.day(instant.astimezone(self.zone).date())

    def day(self, day: date) -> str:
        """A day."""
        if self.language is Language.FI:
            return f"{day.day}.{day.month}.{day.year}"
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"

    def month(self, month: str) -> str:
        """A month, given as ``2026-01``."""
        year, _, number = month.partition("-")
        if self.language is Language.FI:
            return f"{int(number)}/{year}"
        return f"{_MONTHS[int(number) - 1]} {year}"

    def short_day(self, day: date) -> str:
        """A day without its year, for where there is little room."""
        return (
            f"{day.day}.{day.month}."
            if self.language is Language.FI
            else f"{day.day} {_MONTHS[day.month - 1]}"
        )

    def short_month(self, month: str) -> str:
        """A month for where there is little room; among twelve in a row it is told from the others."""
        year, _, number = month.partition("-")
        return f"{int(number)}/{year[2:]}" if self.language is Language.FI else _MONTHS[int(number) - 1]

    def time(self, instant: datetime) -> str:
        """An instant to the minute, in the page's zone."""
        return f"{self.date_of(instant)} {instant.astimezone(self.zone):%H:%M}"

    def age(self, since: datetime, now: datetime) -> str:
        """For how many whole days of 24 hours something stands."""
        days = max((now - since).days, 0)
        return self.counted("age.days", days) if days else self("age.today")

    def concern(self, concern: Row, state: str) -> Row:
        """A concern with its reason, its cure and what may help, in words."""
        code = concern["code"]
        return {
            **concern,
            "since": datetime.fromisoformat(concern["since"]),
            "why": self._texts.get(f"why.{code}") or why(code),
            "clears": self._texts.get(f"clears.{code}") or concern["clears"],
            "guidance": concern_guidance(code, state, self.language),
        }

"""The pages' words: there in every language, for every word of the domain."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from workflow.aggregates.events import EVENTS, ClosureManner, ClosureReason, ConcernCode, DueKind
from workflow.aggregates.meetings import Status
from workflow.aggregates.moves import State
from workflow.guidance import Language
from workflow.web.page.words import Words, preferred, texts

NOON = datetime(2026, 1, 5, 22, 30, tzinfo=UTC)
HELSINKI = ZoneInfo("Europe/Helsinki")
OF_THE_SERVICE = ("why.", "clears.", "events.")
"""What the service itself says in English."""


def test_every_language_has_every_text_with_the_same_gaps() -> None:
    english, finnish = texts(Language.EN), texts(Language.FI)
    own = {name: text for name, text in finnish.items() if not name.startswith(OF_THE_SERVICE)}
    assert list(own) == list(english)
    for name, text in english.items():
        gaps, theirs = (set(re.findall(r"{\w+}", one)) for one in (text, own[name]))
        assert gaps == theirs, name
    assert all(text.strip() == text != "" for text in (*english.values(), *finnish.values()))


@pytest.mark.parametrize("language", Language)
def test_every_word_of_the_domain_has_one_here(language: Language) -> None:
    known = texts(language)
    for group, codes in {
        "states": State,
        "outcomes": Status,
        "dues": DueKind,
        "manners": ClosureManner,
        "reasons": ClosureReason,
    }.items():
        names = {name.removeprefix(f"{group}.") for name in known if name.startswith(f"{group}.")}
        assert names == {code.value for code in codes}, group


def test_finnish_has_its_own_reasons_cures_and_names_of_events() -> None:
    concerns = {code.value for code in ConcernCode}
    called = {
        group: {name.removeprefix(group) for name in texts(Language.FI) if name.startswith(group)}
        for group in OF_THE_SERVICE
    }
    events = {name.split(".")[1] for name in EVENTS}
    assert called == {"why.": concerns, "clears.": concerns, "events.": events}


@pytest.mark.parametrize(
    ("asked", "accepted", "language"),
    [
        (None, None, "en"),
        ("fi", "en", "fi"),
        ("en", "fi", "en"),
        ("xx", "fi", "fi"),
        (None, "fi", "fi"),
        (None, "fi-FI,fi;q=0.9,en;q=0.8", "fi"),
        (None, "sv, en;q=0.5, fi;q=0.7", "fi"),
        (None, "FI", "fi"),
        (None, "fi;q=0, en;q=0.1", "en"),
        (None, "sv", "en"),
        (None, "fi;q=high,;;,*", "en"),
        (None, "", "en"),
    ],
)
def test_the_language_is_the_one_asked_for_or_the_first_that_there_is(
    asked: str | None, accepted: str | None, language: str
) -> None:
    assert preferred(asked, accepted) == language


def test_days_months_and_times_are_written_as_one_does() -> None:
    english, finnish = Words(Language.EN, HELSINKI), Words(Language.FI, HELSINKI)
    assert (english.time(NOON), finnish.time(NOON)) == ("6 Jan 2026 00:30", "6.1.2026 00:30")
    assert (english.month("2026-11"), finnish.month("2026-11")) == ("Nov 2026", "11/2026")
    assert (english.short_month("2026-11"), finnish.short_month("2026-11")) == ("Nov", "11/26")
    assert english.date_of(None) == "–"


def test_an_age_is_told_in_whole_days() -> None:
    english, finnish = Words(Language.EN, HELSINKI), Words(Language.FI, HELSINKI)
    for hours, told, kerrottu in (
        (-1, "new", "uusi"),
        (23, "new", "uusi"),
        (24, "1 day", "1 päivä"),
        (49, "2 days", "2 päivää"),
    ):
        since = NOON - timedelta(hours=hours)
        assert (english.age(since, NOON), finnish.age(since, NOON)) == (told, kerrottu)


def test_a_code_without_a_word_is_shown_as_it_is() -> None:
    assert Words(Language.EN, HELSINKI).of("states", "far_away") == "far away"

"""Guidance is there for everything that asks for it, in every language."""

from __future__ import annotations

import pytest

from workflow.aggregates.events import ConcernCode, ReminderKind, Role
from workflow.aggregates.moves import State
from workflow.guidance import Language, concern_guidance, guidance, texts

REMINDED = [
    (ReminderKind.FIRST_MEETING, {Role.MENTOR, Role.MENTEE, Role.COORDINATOR}),
    (ReminderKind.PREPARATION, {Role.MENTOR, Role.MENTEE}),
    (ReminderKind.MEETING, {Role.MENTOR, Role.MENTEE}),
    (ReminderKind.OUTCOME, {Role.MENTOR, Role.MENTEE}),
    (ReminderKind.BOOK_NEXT_MEETING, {Role.MENTEE}),
    (ReminderKind.SILENCE, {Role.MENTOR}),
    (ReminderKind.CONTACT, {Role.COORDINATOR}),
    (ReminderKind.FRESH_LOOK, {Role.MENTOR, Role.MENTEE, Role.COORDINATOR}),
    (ReminderKind.MEASURES, {Role.MENTOR, Role.MENTEE}),
    (ReminderKind.MIDPOINT, {Role.MENTOR, Role.MENTEE}),
    (ReminderKind.CHECK_IN, {Role.MENTOR, Role.MENTEE}),
    (ReminderKind.SUPPORT_CONTACT, {Role.COORDINATOR}),
    (ReminderKind.CLOSING, {Role.MENTOR, Role.MENTEE, Role.COORDINATOR}),
    (ReminderKind.FEEDBACK, {Role.MENTOR, Role.MENTEE}),
]
"""Who is reminded of what."""


def test_every_kind_of_reminder_is_looked_at_here() -> None:
    assert [kind for kind, _ in REMINDED] == list(ReminderKind)


@pytest.mark.parametrize("language", Language)
def test_whoever_is_reminded_gets_advice_whatever_the_state(language: Language) -> None:
    for kind, roles in REMINDED:
        for role in Role:
            for state in State:
                found = guidance(f"{kind.value}.{role.value}.{state.value}", language)
                assert (found is not None) == (role in roles), (kind, role)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("code", ConcernCode)
def test_every_concern_comes_with_advice_for_the_coordinator(language: Language, code: ConcernCode) -> None:
    assert all(concern_guidance(code.value, state.value, language) for state in State)


def test_a_state_may_have_words_of_its_own() -> None:
    before = guidance("check_in.mentee.active")
    assert before == guidance("check_in.mentee.stagnation") == texts(Language.EN)["check_in.mentee.any"]
    assert guidance("check_in.mentee.closure") == texts(Language.EN)["check_in.mentee.closure"] != before


def test_all_languages_say_the_same_things_each_in_its_own_words() -> None:
    english, finnish = texts(Language.EN), texts(Language.FI)
    assert list(english) == list(finnish)
    assert not set(english.values()) & set(finnish.values())


def test_every_name_is_of_the_domains_words() -> None:
    states = {"any", *State}
    for name in texts(Language.EN):
        reason, whom, state = name.split(".")
        assert state in states, name
        assert (reason in set(ReminderKind) and whom in set(Role)) or (
            reason == "concern" and whom in set(ConcernCode)
        ), name


def test_texts_are_short_and_nobody_is_accused() -> None:
    for language in Language:
        for name, text in texts(language).items():
            assert 20 < len(text) < 240, name
            assert text[0].isupper(), name
            assert text[-1] in ".?!", name


def test_nothing_is_known_of_what_there_is_not() -> None:
    assert guidance("birthday.mentor.active") is None
    assert guidance("nonsense") is None

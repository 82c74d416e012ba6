"""Guidance: a short piece of advice for whoever is reminded, or sees a concern, fitting the state and the reason.

The texts are data: one TOML file a language beside this module. A name is ``<reason>.<for whom>.<state>``, as
reminders carry it, or ``concern.<code>.<state>``; where a state needs no words of its own, those of ``any`` serve.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files

Texts = Mapping[str, str]
"""Each text by its name."""

_ANY = "any"


class Language(StrEnum):
    """What guidance can be read in."""

    EN = "en"
    FI = "fi"


@cache
def texts(language: Language) -> Texts:
    """All guidance of a language, in the order in which its file has it."""
    document = tomllib.loads(files(__name__).joinpath(f"{language.value}.toml").read_text("utf-8"))
    return {
        f"{reason}.{whom}.{state}": text
        for reason, audiences in document.items()
        for whom, states in audiences.items()
        for state, text in states.items()
    }


def guidance(name: str, language: Language = Language.EN) -> str | None:
    """The advice that a name means; None where there is none."""
    found = texts(language)
    return found.get(name) or found.get(f"{name.rpartition('.')[0]}.{_ANY}")


def concern_guidance(code: str, state: str, language: Language = Language.EN) -> str | None:
    """What may help a coordinator with a concern about a relationship in ``state``."""
    return guidance(f"concern.{code}.{state}", language)

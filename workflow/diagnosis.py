"""What looking at a service's health, from outside and whatever is left of it, has found."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import NamedTuple

from workflow.errors import MentoringError

RESTORE = "stop the service, put the file aside, and restore it from its backup"


class Grade(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    """It works, and might not for long."""
    TROUBLE = "trouble"
    """Something does not work, or what is kept is not whole."""


class Finding(NamedTuple):
    """One sentence about one thing, and what to do where it is not well. No secret and nothing personal is in it."""

    about: str
    grade: Grade
    said: str
    todo: str | None = None


class Shut(Finding):
    """A trouble beside which nothing else that lies there can be looked at, or is this version's to judge."""


def ok(about: str, said: str) -> Finding:
    """It is well."""
    return Finding(about, Grade.OK, said)


def warning(about: str, said: str, todo: str) -> Finding:
    """It works, and might not for long."""
    return Finding(about, Grade.WARNING, said, todo)


def trouble(about: str, said: str, todo: str) -> Finding:
    """It does not work."""
    return Finding(about, Grade.TROUBLE, said, todo)


class Check(NamedTuple):
    """Looks at one thing. It may fail in any way: that is a finding, too."""

    about: str
    look: Callable[[], Iterable[Finding]]
    todo: str = "see to it that this can be looked at, by whoever runs the service, and look again"
    """What to do where it could not be looked at."""

    def found(self) -> list[Finding]:
        """What it has found, up to where it could not go on."""
        found: list[Finding] = []
        try:
            found.extend(self.look())  # what came before an error is in it
        except MentoringError as error:
            found.append(trouble(self.about, error.detail, self.todo))
        except Exception as error:  # noqa: BLE001 a folder can be damaged in any way, and every check stands alone
            told = (
                f"{type(error).__name__}: {error.strerror}"
                if isinstance(error, OSError)
                else type(error).__name__
            )
            found.append(trouble(self.about, f"it could not be looked at ({told})", self.todo))
        return found

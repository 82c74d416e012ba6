"""What the service says when it cannot do what it was asked, by kind.

Every error that a person or another service may meet is one of these. ``code`` is stable and meant for
programs; ``detail`` is one sentence for people and never holds sealed text, an identity or a secret.
"""

from __future__ import annotations


class MentoringError(Exception):
    """Something was asked that the service does not do; nothing was changed."""

    code = "error"

    def __init__(self, detail: str, *, code: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        if code is not None:
            self.code = code


class Refused(MentoringError):
    """The domain's rules say no to a command.

    ``possible`` lists the moves that the relationship can make from its present state, where the refusal
    was about a move.
    """

    code = "refused"

    def __init__(self, detail: str, *, code: str, possible: tuple[str, ...] = ()) -> None:
        super().__init__(detail, code=code)
        self.possible = possible


class NotFound(MentoringError):
    """Nothing is kept under the name given."""

    code = "not_found"


class Conflict(MentoringError):
    """What was asked contradicts something that is already recorded."""

    code = "conflict"


class Invalid(MentoringError):
    """The words of the request are wrong, before any rule is asked."""

    code = "invalid"


class Unavailable(MentoringError):
    """The service cannot answer now, and may later."""

    code = "unavailable"


class InDoubt(Unavailable):
    """Whether what was asked was done is not known. Nobody does it again unasked: it might be done twice."""

    code = "in_doubt"


class Stopped(MentoringError):
    """The service stopped rather than risk losing something; ``detail`` says what to do."""

    code = "stopped"

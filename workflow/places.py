"""Where an error came from: the lines of our own code that it passed, for whoever has to find the cause.

Its words are never among them: those of an exception that is not ours may hold what was sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from traceback import walk_tb

_PACKAGE = Path(__file__).parent
_LINES = 8
"""Of each error so many of our lines at most, the inmost: one that recurses passes hundreds."""


def whence(error: BaseException) -> str:
    """The kind of an error and our lines that it passed, where it arose first; behind it likewise its cause.

    Such as ``Unavailable at workflow/consumers/meetings/batch.py:81; from OperationalError at …``.
    """
    return "; from ".join(_kind_and_lines(one) for one in _with_causes(error))


def _with_causes(error: BaseException) -> Iterator[BaseException]:
    known: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in known:
        known.add(id(at))
        yield at
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)


def _kind_and_lines(error: BaseException) -> str:
    lines = [
        f"{Path(file).relative_to(_PACKAGE.parent)}:{line}"
        for frame, line in walk_tb(error.__traceback__)
        if Path(file := frame.f_code.co_filename).is_relative_to(_PACKAGE)
    ]
    kind = type(error).__name__
    inmost = lines[-_LINES:]
    return f"{kind} at {', '.join(reversed(inmost))}" if lines else kind

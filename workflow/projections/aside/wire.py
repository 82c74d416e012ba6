"""What is said between a process and those that fold for it: marshalled, after its length.

Both ends are of one installation and one pipe, which nobody else can write to; nothing is kept in this form.
"""

from __future__ import annotations

import marshal
import struct
from collections.abc import Sequence
from typing import IO, Any, NamedTuple

from workflow.projections.tables import Values
from workflow.store.recorder import EventRow

_LENGTH = struct.Struct("<Q")


class Begin(NamedTuple):
    """A generation to be folded on from a position, by position or, as all that are begun with it, ``by_streams``."""

    name: str
    number: int
    position: int
    by_streams: bool


class Page(NamedTuple):
    """Events as they are stored, and the rows of the relationships that they are the first of, by projection."""

    events: Sequence[EventRow]
    kept: dict[str, list[Values]]


class Rest(NamedTuple):
    """Told last of a generation, behind the rows to be written, which come as lists.

    ``failed``: what was given cannot be folded, and nothing is to be written.
    """

    removals: list[Values]
    failed: bool


def put(stream: IO[bytes], said: Any) -> None:
    """Say something: lists, dicts and plain tuples of what a row may have."""
    body = marshal.dumps(said)
    stream.write(_LENGTH.pack(len(body)))
    stream.write(body)
    stream.flush()


def get(stream: IO[bytes]) -> Any:
    """What is said next; ``EOFError`` where the other end has gone."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (size,) = _LENGTH.unpack(head)
    body = stream.read(size)
    if len(body) < size:
        raise EOFError
    return marshal.loads(body)  # noqa: S302 see above

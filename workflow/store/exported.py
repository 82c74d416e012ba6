"""The log as a file: a CloudEvent a line, with a line before and a line after by which a torn file is noticed.

An event's ``data`` is its stored form, byte for byte: what is sealed stays in its box, and is opened by nobody.
The last line counts the events and has the SHA-256 of all lines before it, and of that a code that nobody can make who
has not the master key: what was changed by hand is told from what was exported.
"""

from __future__ import annotations

import hmac
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Annotated, BinaryIO, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from workflow.errors import Invalid
from workflow.store.recorder import EventRow

BEGINS, ENDS = "mentoring.log.begins.v1", "mentoring.log.ends.v1"
"""The types of the first and the last line."""

LONGEST = 4 * 1024 * 1024
"""Bytes of a line. What comes in is far smaller, and so is what is recorded of it."""

_LOG = "urn:mentoring:log"
_STREAM = "urn:mentoring:stream:"
_DATA = b',"data":'
_NUMBER = re.compile(r"[1-9][0-9]{0,18}")
_NOT_OURS = (
    "the file was not exported under the master key that is here, or was changed since: bring it in beside the "
    "master.key of the service that exported it, or say --unauthenticated where you know that nobody has changed it"
)

Numbered = tuple[int, EventRow]
"""The number of a line, and the event that stands there."""


class Head(BaseModel):
    """What the first line says: events behind ``beyond``, up to ``until``.

    ``instant`` is where a simulated clock stood, None where the log was recorded by a real one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    beyond: Annotated[int, Field(ge=0, lt=2**62)]
    until: Annotated[int, Field(ge=0, lt=2**62)]
    instant: AwareDatetime | None = None


class _End(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    events: int
    sha256: str
    mac: str | None = None
    """None in files from before there was any."""


def event_line(row: EventRow) -> bytes:
    """The line of a stored event."""
    position, stream, version, name, state = row
    stored = from_json(state)
    envelope = {
        "specversion": "1.0",
        "id": stored["metadata"]["event_id"],
        "source": f"{_STREAM}{UUID(stream)}",
        "type": name,
        "time": stored["event"]["occurred_at"],
        "datacontenttype": "application/json",
        "position": str(position),
        "version": str(version),
    }
    return b"%b%b%b}\n" % (_compact(envelope)[:-1], _DATA, state)


class LogLines:
    """Makes the lines of one file, and remembers what the last one has to say of them; ``key`` vouches for them."""

    def __init__(self, key: bytes) -> None:
        self.events = 0
        self._key = key
        self._hash = sha256()

    def begin(self, head: Head) -> bytes:
        """The first line."""
        line = _control(BEGINS, f"{head.beyond}-{head.until}", head.model_dump(mode="json"))
        self._hash.update(line)
        return line

    def add(self, lines: Iterable[bytes]) -> bytes:
        """Lines of events, together."""
        some = list(lines)
        together = b"".join(some)
        self.events += len(some)
        self._hash.update(together)
        return together

    def end(self) -> bytes:
        """The last line."""
        digest = self._hash.hexdigest()
        mac = _mac(self._key, self._hash.digest())
        return _control(ENDS, digest[:16], {"events": self.events, "sha256": digest, "mac": mac})


class LogFile:
    """Reads such a file from its beginning, line by line; what does not fit is refused with the line's number.

    So is a file that was not made under ``key``. Without one it may be anybody's.
    """

    def __init__(self, file: BinaryIO, key: bytes | None) -> None:
        self._lines = _numbered(file)
        self._key = key
        self._hash = sha256()
        self.head = self._begin()

    def digest(self) -> bytes:
        """What tells all lines that were read so far from any others."""
        return self._hash.digest()

    def rows(self) -> Iterator[Numbered]:
        """The events. The end is looked at before the last one is given back, so that none comes of a torn file."""
        position, held = self.head.beyond, None
        for number, line in self._lines:
            envelope = _read(number, line)
            if envelope["type"] == ENDS:
                self._end(number, envelope, position - self.head.beyond)
                if held is not None:
                    yield held
                return
            if held is not None:
                yield held
            self._hash.update(line)
            row = _row(number, line, envelope)
            if row[0] != position + 1:
                raise unfit(number, f"position {position + 1} is to come here, and {row[0]} does")
            position, held = row[0], (number, row)
        raise unfit(None, "the file is torn: its last line is missing")

    def _begin(self) -> Head:
        number, line = next(self._lines, (1, b""))
        envelope = _read(number, line)
        if envelope["type"] != BEGINS:
            raise unfit(number, "this is no log that was exported: its first line is missing")
        try:
            head = Head.model_validate(envelope.get("data"))
        except ValidationError as error:
            raise unfit(number, "it was exported in a form that this version does not know") from error
        self._hash.update(line)
        return head

    def _end(self, number: int, envelope: dict[str, object], events: int) -> None:
        try:
            said = _End.model_validate(envelope.get("data"))
        except ValidationError as error:
            raise unfit(number, "the last line does not tell the number of events and their hash") from error
        if said.events != events or self.head.beyond + events != self.head.until:
            raise unfit(number, f"{said.events} events were exported, and {events} are here")
        if said.sha256 != self._hash.hexdigest():
            raise unfit(number, "the lines are not those that were exported: their hash differs")
        if self._key is not None:
            mac = _mac(self._key, self._hash.digest())
            if said.mac is None or not hmac.compare_digest(said.mac.encode(), mac.encode()):
                raise unfit(number, _NOT_OURS)
        if next(self._lines, None) is not None:
            raise unfit(number + 1, "there is more behind the last line")


def unfit(number: int | None, why: str) -> Invalid:
    """Why a file is refused, and at which line."""
    return Invalid(why if number is None else f"line {number}: {why}", code="file_unfit")


def _numbered(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    number = 0
    while True:
        number += 1
        try:
            line = file.readline(LONGEST + 1)
        except (
            EOFError,
            OSError,
            zlib.error,
        ) as error:  # what gzip says of a file that is torn or none of its own
            raise unfit(
                number, "the file cannot be read on from here; it is torn, or not what its name says"
            ) from error
        if not line:
            return
        if len(line) > LONGEST:
            raise unfit(number, f"a line has at most {LONGEST} bytes")
        if not line.endswith(b"\n"):
            raise unfit(number, "the file is torn within this line")
        yield number, line


def _read(number: int, line: bytes) -> dict[str, object]:
    try:
        envelope = from_json(line)
    except ValueError as error:
        raise unfit(number, "this is no JSON") from error
    if not isinstance(envelope, dict) or not isinstance(envelope.get("type"), str):
        raise unfit(number, "this is no CloudEvent")
    return envelope


def _row(number: int, line: bytes, envelope: dict[str, object]) -> EventRow:
    source, position, version = (str(envelope.get(name)) for name in ("source", "position", "version"))
    try:
        stream = UUID(source.removeprefix(_STREAM))
    except ValueError:
        raise unfit(number, "the source names no stream") from None
    if not (_NUMBER.fullmatch(position) and _NUMBER.fullmatch(version)):
        raise unfit(number, "position and version are whole numbers from 1 on")
    _, _, data = line.partition(_DATA)
    row = (int(position), stream.hex, int(version), str(envelope["type"]), data[: -len(b"}\n")])
    try:
        same = event_line(row) == line
    except (KeyError, TypeError, ValueError):
        same = False
    if not same:
        raise unfit(number, "the line does not have the form in which events are exported")
    return row


def _mac(key: bytes, digest: bytes) -> str:
    return hmac.digest(key, digest, "sha256").hex()


def _control(type: str, id: str, data: object) -> bytes:
    envelope = {"specversion": "1.0", "id": id, "source": _LOG, "type": type, "data": data}
    return _compact(envelope) + b"\n"


def _compact(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()

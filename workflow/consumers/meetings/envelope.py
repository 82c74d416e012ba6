"""From bytes to a message, or to the reason why they are none. Nothing here raises, whatever comes in.

Nothing here prints what a message said, either: it may end up in a log.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, NamedTuple
from urllib.parse import unquote
from uuid import UUID

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from workflow.consumers.meetings.contract import LARGEST_BODY, MEETING_MESSAGE, Data, Kind, MeetingMessage
from workflow.consumers.meetings.reasons import (
    UNTRANSLATED,
    UNTRANSLATED_TYPE,
    WHY_UNTRANSLATED,
    reason_of,
)
from workflow.consumers.transport.outgoing import STRUCTURED
from workflow.store.held import UNLABELLED, Label

_log = logging.getLogger(__name__)

_PREFIX = "ce-"
_SPACES = b" \t\n\r\f\v"
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_LONGEST_NAME = 512
_TYPE_PREFIX = "mentoring.meeting."
_TYPES = frozenset(Kind)


class Raw(NamedTuple):
    """A message as it came in: its CloudEvents and content headers in lower case, and its body."""

    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return "Raw(…)"

    @classmethod
    def received(cls, headers: Mapping[str, str] | None, body: bytes) -> Raw:
        """What the transport handed over, without the transport's own headers."""
        if not headers:
            return cls({}, body)
        ours = ((name.lower(), value) for name, value in headers.items())
        return cls(
            {
                name: value
                for name, value in ours
                if name.startswith(_PREFIX) or name in {"content-type", "traceparent"}
            },
            body,
        )

    def pack(self) -> bytes:
        """One line of headers, then the body: the form in which it is kept aside."""
        return to_json(dict(sorted(self.headers.items()))) + b"\n" + self.body

    @classmethod
    def unpack(cls, packed: bytes) -> Raw:
        """What ``pack`` made."""
        head, _, body = packed.partition(b"\n")
        return cls(json.loads(head), body)


class Message(NamedTuple):
    """A message that fits the contract. ``dropped`` counts the members that were not kept."""

    envelope: MeetingMessage
    key: bytes
    digest: bytes
    traceparent: str | None
    dropped: int
    kept: bytes

    def __repr__(self) -> str:
        return "Message(…)"

    @property
    def data(self) -> Data:
        """What it says of the meeting."""
        return self.envelope.data

    @property
    def kind(self) -> str:
        """The short form of its type."""
        return short(self.envelope.type)

    @property
    def named(self) -> UUID | None:
        """The relationship that it names, where it names one; there may be none of this id."""
        return self.envelope.data.relationship_id

    @property
    def label(self) -> Label:
        """What a list shows of it."""
        return Label(self.envelope.source, self.envelope.type)

    def pack(self) -> bytes:
        """The form in which it is kept aside: without what was dropped."""
        headers = {"traceparent": self.traceparent} if self.traceparent else {}
        return to_json(headers) + b"\n" + self.kept


class Unreadable(NamedTuple):
    """What does not fit the contract, and why; ``key`` where its source and id could be read all the same."""

    raw: Raw
    key: bytes | None
    digest: bytes
    reason: str
    label: Label
    named: None = None

    def __repr__(self) -> str:
        return "Unreadable(…)"

    @property
    def kind(self) -> str | None:
        """The short form of its type, if that is one of ours: any other may say anything."""
        return short(self.label.type) if self.label.type in _TYPES else None

    def pack(self) -> bytes:
        """The form in which it is kept aside: as it came in."""
        return self.raw.pack()


def short(type: str) -> str:
    """A type without what all have in common, as receipts keep it."""
    return type.removeprefix(_TYPE_PREFIX)


def whole(kind: str) -> str:
    """The type that ``short`` made this of."""
    return _TYPE_PREFIX + kind


def read(raw: Raw) -> Message | Unreadable:
    """Read a structured or binary CloudEvent. A fault of ours in doing so is a reason to park it, too."""
    try:
        return _read(raw)
    except Exception as error:  # noqa: BLE001 whatever it is, those behind this message are not held up by it
        _log.error("a message could not be read, by a fault of ours: %s", type(error).__name__)
        return Unreadable(raw, None, _digest(raw.body), "failed", UNLABELLED)


def _read(raw: Raw) -> Message | Unreadable:
    body = raw.body
    if len(body) > LARGEST_BODY:
        return _unreadable(raw, "too_large")
    if raw.headers.get("ce-type") == UNTRANSLATED_TYPE:
        why = raw.headers.get("ce-hookreason", "")
        return _unreadable(raw, f"{UNTRANSLATED}:{why}" if WHY_UNTRANSLATED.fullmatch(why) else UNTRANSLATED)
    if _is_binary(raw.headers):
        joined = _structured(raw.headers, body)
        if joined is None:
            return _unreadable(raw, _fault_of_json(body) or "not_json")
        body = joined
    try:
        envelope = MEETING_MESSAGE.validator.validate_json(body)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        return _unreadable(raw, _fault_of_json(body) or reason_of(faults[0]))
    data: Data = envelope.data
    told, unknown = data.__pydantic_fields_set__, data.__pydantic_extra__
    members = len(envelope.__pydantic_fields_set__) + len(told)
    # Counting tells almost always that all is well; only where it does not is the body read a second time.
    colons = body.translate(None, _SPACES).count(b'":')
    if colons != members or b"NaN" in body or b"Infinity" in body:
        fault = _fault_of_json(body)
        if fault is not None:
            return _unreadable(raw, fault)
    # Of a type that knows no channel it is one more unknown member, and counted with those.
    dropped = int("channel" in told and data.__dict__.get("channel", "") is None)
    if unknown:
        dropped += len(unknown)
        unknown.clear()
    if envelope.__pydantic_extra__:
        envelope.__pydantic_extra__.clear()
    kept = envelope.__pydantic_serializer__.to_json(
        envelope, exclude_none=True, exclude={"traceparent", "datacontenttype"}
    )
    return Message(
        envelope,
        _key(envelope.source, envelope.id),
        _digest(kept),
        trace_context(envelope.traceparent) or trace_context(raw.headers.get("traceparent")),
        dropped,
        kept,
    )


def trace_context(value: Any) -> str | None:
    """A W3C traceparent, or None where it is malformed."""
    return value if isinstance(value, str) and _TRACEPARENT.fullmatch(value) else None


def _is_binary(headers: Mapping[str, str]) -> bool:
    if not headers or headers.get("content-type", "").lower().startswith(STRUCTURED):
        return False
    return any(name.startswith(_PREFIX) for name in headers)


def _attributes(headers: Mapping[str, str]) -> dict[str, str]:
    found = {
        name[len(_PREFIX) :]: unquote(value) for name, value in headers.items() if name.startswith(_PREFIX)
    }
    found.pop("data", None)
    if "content-type" in headers:
        found["datacontenttype"] = headers["content-type"]
    return found


def _structured(headers: Mapping[str, str], body: bytes) -> bytes | None:
    """The same event in one JSON object; None where the body is not JSON by itself."""
    try:
        from_json(body, cache_strings=False)
    except ValueError:
        return None
    attributes = to_json(_attributes(headers))
    return attributes[:-1] + (b',"data":' if len(attributes) > 2 else b'"data":') + body + b"}"


def _fault_of_json(body: bytes) -> str | None:
    """What is wrong with the body as JSON, asked of a stricter parser than the fast one."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return "not_utf8"
    repeated = False

    def collect(pairs: list[tuple[str, Any]]) -> None:
        nonlocal repeated
        repeated = repeated or len({name for name, _ in pairs}) != len(pairs)

    try:
        json.loads(text, object_pairs_hook=collect, parse_constant=_no_constant, parse_int=len)
    except (ValueError, RecursionError):
        return "not_json"
    return "member_repeated" if repeated else None


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _unreadable(raw: Raw, reason: str) -> Unreadable:
    headers = {name: value for name, value in raw.headers.items() if "traceparent" not in name}
    digest = _digest(Raw(headers, raw.body).pack())
    named = _attributes(raw.headers)
    if not named.get("id") or not named.get("source"):
        try:
            found = from_json(raw.body, cache_strings=False)
        except ValueError:
            found = None
        named = found if isinstance(found, dict) else {}
    source, id = _name(named.get("source")), _name(named.get("id"))
    key = None if source is None or id is None else _key(source, id)
    return Unreadable(raw, key, digest, reason, Label(source, _name(named.get("type"))))


def _name(said: Any) -> str | None:
    """What was said, where it can be a name."""
    return said if isinstance(said, str) and 0 < len(said) <= _LONGEST_NAME else None


def _key(source: str, id: str) -> bytes:
    return blake2b(f"{source}\0{id}".encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _digest(body: bytes) -> bytes:
    return blake2b(body, digest_size=16).digest()

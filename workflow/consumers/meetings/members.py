"""What the members of a message may hold: instants, identities, names. Nothing ill-typed is guessed at."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from workflow.errors import Invalid
from workflow.store.identities import normalise

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)")
_JSON_TYPE = re.compile(r"application/(?:[\w.-]+\+)?json\s*(?:;|$)", re.IGNORECASE)
_TOKEN = re.compile(r"^[a-z0-9][a-z0-9_-]{0,31}$")
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def _instant(value: Any) -> datetime:
    # pydantic's own reading is laxer: it takes a number of seconds, in a string, for a time.
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise PydanticCustomError("time_invalid", "not a time with date, seconds and offset as in RFC 3339")
    try:
        instant = datetime.fromisoformat(value.upper())
        if instant.tzinfo is not UTC:
            instant = instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise PydanticCustomError("time_invalid", "there is no such time") from None
    if not _EARLIEST <= instant < _LATEST:
        raise PydanticCustomError("time_invalid", "a time between 1970 and 2200 is meant")
    return instant


def _identity(value: str) -> str:
    try:
        return normalise(value)
    except Invalid:
        raise PydanticCustomError(
            "identity_invalid", "an identity is a kind, a colon and a name, such as email:ada@example.org"
        ) from None


def _token(value: Any) -> str | None:
    # A way to meet is one word. Anything longer may be somebody's words, or a link to their own room; to lose
    # it is less than to lose the meeting.
    word = value.lower() if isinstance(value, str) else ""
    return word if _TOKEN.fullmatch(word) else None


def _json_type(value: str) -> str:
    if value != "application/json" and not _JSON_TYPE.match(value):
        raise PydanticCustomError("content_type", "data is JSON")
    return value


Instant = Annotated[AwareDatetime, BeforeValidator(_instant)]
"""An instant as RFC 3339 writes it, with its offset; kept in UTC."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=512, pattern=r"^[^\x00-\x1F\x7F-\x9F]+$")]
Uid = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00-\x1F\x7F-\x9F]+$")]
Zone = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_+/\-]{1,64}$")]
Json = Annotated[str, AfterValidator(_json_type)]
Channel = Annotated[
    Annotated[str, StringConstraints(pattern=_TOKEN.pattern)] | None,
    BeforeValidator(_token),
    Field(
        description="one word for the way people meet, such as `video` or `on-site`; anything else is dropped",
        examples=["video", "on-site"],
    ),
]
Identity = Annotated[
    str,
    StringConstraints(max_length=320),
    AfterValidator(_identity),
    Field(examples=["email:ada@example.org", "ext:portal:4711"]),
]
Identities = Annotated[tuple[Identity, ...], Field(max_length=20)]

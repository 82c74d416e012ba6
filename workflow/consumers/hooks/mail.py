"""The calendar in what came: a body of its own, or a part of a mail as gateways forward them."""

from __future__ import annotations

import re
from codecs import lookup
from collections.abc import Iterator
from email import policy
from email.message import Message
from email.parser import BytesParser

from workflow.consumers.hooks.hook import Sent, Untranslatable

_CALENDARS = frozenset({"text/calendar", "application/ics"})
_RAW_MAIL = frozenset({"email", "body-mime", "message", "mime"})
"""What gateways call the field of a form that holds the whole mail."""

_NO_CHARSETS = frozenset({"idna", "punycode", "raw-unicode-escape", "unicode-escape", "undefined", "utf-7"})
"""Python calls them encodings; in mail they are none, and some take long for what is made for it."""

_MOST_MULTIPARTS = 50
_LONGEST_FIELD = 4096
"""Bytes of what tells a part's type or its place."""

_FIELDS = re.compile(
    rb"(?:\A|[\r\n])content-(?:type|disposition):[^\r\n]*(?:\r?\n?[ \t][^\r\n]*)*", re.IGNORECASE
)
_MULTIPART = re.compile(rb"multipart/", re.IGNORECASE)

_PARSER = BytesParser(policy=policy.compat32)


def calendar_in(sent: Sent) -> str | None:
    """The text of the first calendar; None where there is none."""
    head = sent.content_type.encode("latin-1", "replace").replace(b"\r", b" ").replace(b"\n", b" ")
    outer = _parsed(b"Content-Type: " + head + b"\r\n\r\n" + sent.body)
    media = outer.get_content_type()
    if media in _CALENDARS:
        return _decoded(sent.body, outer.get_content_charset())
    if media == "message/rfc822":
        outer = _parsed(sent.body)
    elif not media.startswith("multipart/"):
        raise Untranslatable("media_type_unknown")
    for part in _parts(outer):
        if part.get_content_type() in _CALENDARS:
            content = part.get_payload(decode=True)
            if isinstance(content, bytes) and content.strip():
                return _decoded(content, part.get_content_charset())
    return None


def _parts(message: Message) -> Iterator[Message]:
    for part in message.walk():
        field = part.get_param("name", header="content-disposition")
        if field in _RAW_MAIL and not part.is_multipart():
            content = part.get_payload(decode=True)
            if isinstance(content, bytes):
                yield from _parsed(content).walk()
        else:
            yield part


def _parsed(mail: bytes) -> Message:
    """Refused where it would take too long.

    Each line is held against every part around it, and of a field each parameter is looked for from its beginning.
    """
    if (
        any(len(found[0]) > _LONGEST_FIELD for found in _FIELDS.finditer(mail))
        or sum(1 for _ in _MULTIPART.finditer(mail)) > _MOST_MULTIPARTS
    ):
        raise Untranslatable("too_much")
    return _PARSER.parsebytes(mail)


def _decoded(content: bytes, charset: str | None) -> str:
    """In the charset that it names, else as UTF-8; what is neither is read so that its times and addresses are."""
    for name in (charset, "utf-8-sig"):
        try:
            if name is not None and lookup(name).name not in _NO_CHARSETS:
                return content.decode(name).removeprefix("\ufeff")
        except (UnicodeError, LookupError, ValueError):
            continue
    return content.decode("latin-1")

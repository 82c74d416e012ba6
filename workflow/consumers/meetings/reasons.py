"""Why a message is parked, or waits: stable codes for programs, a sentence each for people.

A reason may name the member that it is about, as in ``member_missing:data.uid``; it never holds anything
that the message said.
"""

from __future__ import annotations

import re

from pydantic_core import ErrorDetails

UNTRANSLATED = "untranslated"
WHY_UNTRANSLATED = re.compile(r"[A-Za-z0-9_.:-]{1,120}")
"""Codes that may follow it. Other packages have codes of their own."""

UNTRANSLATED_TYPE = "mentoring.hook.v1"
"""The type under which what a hook could not translate travels, as it was sent, until it is parked."""

REASONS: dict[str, str] = {
    "too_large": "the body is larger than 256 KiB",
    "not_utf8": "the body is not UTF-8",
    "not_json": "the body is not JSON",
    "not_an_object": "the body is JSON, but no object",
    "member_repeated": "an object of the body has a member twice",
    "unknown_type": "no message of this type and version is known",
    "member_missing": "a member that is needed is missing",
    "member_invalid": "a member is of the wrong type or beyond its limits",
    "time_invalid": "a time is not as RFC 3339 writes it, has no offset, or lies outside of 1970 to 2199",
    "identity_invalid": "an identity is not of the form email:ada@example.org or ext:portal:4711",
    "owner_unclear": "exactly one of relationship_id and parties is needed",
    "parties_repeated": "parties names an identity twice",
    "ends_before_start": "the meeting does not end after its start",
    "longer_than_a_day": "the meeting lasts longer than 24 hours",
    "in_the_future": "it tells as past what lies more than 24 hours ahead; retry it once that time has come",
    "conflict": "a message of this source and id came before, with another body",
    "ambiguous": "several relationships could be meant, and within 30 days no message told which",
    "unknown_identity": "somebody named is not a party of the relationship",
    "before_opening": "the meeting starts before the relationship of these people was opened; give its id",
    "never_opened": "nothing that it waited for came about within 30 days",
    "refused": "the rules of the domain refused it",
    UNTRANSLATED: "what a calendar or booking service sent could not be translated; retry it with a newer version",
    "failed": "reading or deciding it failed by a mistake in this service; retry it once that is mended",
}
"""Every code with what it means."""

WAITING: dict[str, str] = {
    "not_opened": "no relationship fits yet",
    "ambiguous": "several relationships could be meant, and no message has told yet which",
    "before_opening": "the meeting starts before the relationship of these people was opened",
}
"""Why a message waits."""

_BY_PYDANTIC = {
    "json_invalid": "not_json",
    "missing": "member_missing",
    "union_tag_not_found": "member_missing",
    "owner_unclear": "owner_unclear",
    "parties_repeated": "parties_repeated",
    "ends_before_start": "ends_before_start",
    "longer_than_a_day": "longer_than_a_day",
    "time_invalid": "time_invalid",
    "identity_invalid": "identity_invalid",
}
_WHOLE = {"not_json", "owner_unclear", "parties_repeated", "ends_before_start", "longer_than_a_day"}


def explain(reason: str) -> str:
    """The sentence that goes with a reason."""
    code, _, member = reason.partition(":")
    sentence = REASONS.get(code) or WAITING.get(code, "the reason is not known to this version")
    return f"{sentence} ({member})" if member else sentence


def reason_of(fault: ErrorDetails) -> str:
    """The reason for which a message with this fault is parked."""
    kind, path = fault["type"], fault["loc"]
    if not path:
        if kind == "union_tag_invalid":
            return "unknown_type"
        if kind == "union_tag_not_found":
            return "member_missing:type"
        return _BY_PYDANTIC.get(kind, "not_an_object")
    code = _BY_PYDANTIC.get(kind, "member_invalid")
    if code in _WHOLE:
        return code
    # The first part is the message's type; the outcome of a correction stands behind `data` likewise.
    names = [str(part) for part in path[1:]]
    if path[0] == "mentoring.meeting.corrected.v1" and names[:1] == ["data"]:
        names = ["data", *names[2:]] if len(names) > 1 else ["data", "outcome"]
    members = [name for name in names if not name.isdigit()]
    return f"{code}:{'.'.join(members)}"

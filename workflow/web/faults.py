"""What does not fit in a request, member by member, in sentences of ours.

Pydantic's own sentences can repeat what was sent, and speak of its types. Every kind that it knows has its
sentence here, or the one for all others. Kinds of our own, such as `time_invalid`, bring theirs along.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, get_args

from pydantic import BaseModel, Field
from pydantic_core.core_schema import ErrorType

_UUID = "a UUID is meant, such as 0f3c9f0e-6a34-4c55-a6bb-5d6d4bcb6b4e"
_TIME = "a time with date, seconds and offset is meant, as RFC 3339 writes it"
_WHOLE = "a whole number is meant"
_NUMBER = "a number is meant"
_YES_OR_NO = "true or false is meant"
_LIST = "a list is meant"
_OBJECT = "a JSON object is meant"
_CHOICE = "one of {expected} is meant"

SENTENCES: Mapping[str, str] = {
    "missing": "it is needed, and missing",
    "extra_forbidden": "a member that is not known here",
    "json_invalid": "not JSON from character {at} on",
    "uuid_type": _UUID,
    "uuid_parsing": _UUID,
    "uuid_version": _UUID,
    "datetime_type": _TIME,
    "datetime_parsing": _TIME,
    "datetime_from_date_parsing": _TIME,
    "datetime_object_invalid": _TIME,
    "timezone_aware": _TIME,
    "enum": _CHOICE,
    "literal_error": _CHOICE,
    "string_type": "text is meant",
    "string_unicode": "half a surrogate pair is no text",
    "string_too_short": "too short: the fewest characters are {min_length}",
    "string_too_long": "too long: the most characters are {max_length}",
    "string_pattern_mismatch": "it does not have the form that is meant",
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "greater_than": "more than {gt} is meant",
    "greater_than_equal": "{ge} or more is meant",
    "less_than": "less than {lt} is meant",
    "less_than_equal": "{le} or less is meant",
    "bool_type": _YES_OR_NO,
    "bool_parsing": _YES_OR_NO,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "too_short": "too few: the fewest are {min_length}",
    "too_long": "too many: the most are {max_length}",
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "dict_type": _OBJECT,
}
"""The sentence of a kind. What stands in braces is a limit of ours; nothing else of a fault is told."""

OTHERWISE = "it does not fit"

MOST_TOLD = 50
"""Faults in one answer: one request can have a hundred thousand."""

_PYDANTICS = frozenset(get_args(ErrorType))


class Fault(BaseModel):
    """One thing that does not fit in a request."""

    where: str = Field(description="the member, such as `body.parties.0.role`")
    what: str = Field(description="what is meant there, in words")


def told(errors: Iterable[Mapping[str, Any]]) -> list[Fault]:
    """What pydantic found, the first so many of it, as it may be answered."""
    found = list(islice(errors, MOST_TOLD))
    return [
        Fault(where=".".join(map(str, _known_place(error))), what=_said(error))
        for error in found
        if not (error["type"] == "too_short" and _fails_within(error["loc"], found))
    ]


def _fails_within(place: tuple[int | str, ...], errors: Iterable[Mapping[str, Any]]) -> bool:
    """Whether entries of a list do not fit: pydantic does not count these, and calls the list too short."""
    return any(error["loc"] != place and error["loc"][: len(place)] == place for error in errors)


def _known_place(error: Mapping[str, Any]) -> tuple[int | str, ...]:
    """Where it is; what a client called a member that we do not know is not repeated."""
    place: tuple[int | str, ...] = error["loc"]
    return place[:-1] if error["type"] in {"extra_forbidden", "json_invalid"} else place


def _said(error: Mapping[str, Any]) -> str:
    kind = error["type"]
    if kind in SENTENCES:
        return SENTENCES[kind].format(**{**error.get("ctx", {}), "at": error["loc"][-1]})
    return OTHERWISE if kind in _PYDANTICS else str(error["msg"])

"""What does not fit in a policy document, in sentences for whoever wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

_SAID: Mapping[str, str] = {
    "extra_forbidden": "is not known; `mentoring policy schema` lists what is",
    "model_type": "is a section: write its members below [{where}]",
    "greater_than": "must be more than {gt:g}",
    "greater_than_equal": "must be {ge:g} or more",
    "less_than": "must be less than {lt:g}",
    "less_than_equal": "must be {le:g} or less",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a number",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "enum": "must be one of {expected}",
    "string_type": "must be a text",
    "string_pattern_mismatch": "must be a word of small letters, digits and underscores",
    "tuple_type": "must be a list",
    "too_long": "must have no more than {max_length} entries",
}


def sentences(error: ValidationError) -> str:
    """All that does not fit, a part of a sentence each."""
    return "; ".join(_said(fault) for fault in error.errors(include_url=False, include_input=False))


def _said(fault: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in fault["loc"])
    context = fault.get("ctx", {})
    if fault["type"] == "order":
        return f"in {where}, {fault['msg']}"
    said = _SAID.get(fault["type"])
    return f"{where}: {fault['msg']}" if said is None else f"{where} {said.format(where=where, **context)}"

"""JSON values held against JSON schemas, by a library that is not ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it has no types of its own


def check(schema: Mapping[str, Any], value: object) -> None:
    """Raise where the value does not fit; instants and ids are looked at, too."""
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)

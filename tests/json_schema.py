"""JSON values held against JSON schemas, by a library that is not ours; and schemas against those that they replace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it has no types of its own

IN_WORDS = {"title", "description"}
BY_NAME = {"properties", "$defs"}
OF_ANY = {"enum", "anyOf"}


def check(schema: Mapping[str, Any], value: object) -> None:
    """Raise where the value does not fit; instants and ids are looked at, too."""
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)


def unread(old: Any, new: Any, where: str = "") -> Iterator[str]:
    """Why something that fits to the old schema may not be read by the new one."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        if old != new:
            yield f"{where} was {old} and is {new}"
        return
    for key in sorted((old.keys() | new.keys()) - IN_WORDS):
        before, now, place = old.get(key), new.get(key), f"{where}/{key}"
        if key == "required":
            yield from (f"{place}: {name} has to be told" for name in set(now or []) - set(before or []))
        elif key in OF_ANY and before is not None and now is not None:
            yield from (f"{place}: {one} is no longer" for one in before if one not in now)
        elif key in BY_NAME:
            known = now or {}
            for name, node in (before or {}).items():
                if name not in known:
                    yield f"{place}: {name} is no longer"
                else:
                    yield from unread(node, known[name], f"{place}/{name}")
        else:
            yield from unread(before, now, place)

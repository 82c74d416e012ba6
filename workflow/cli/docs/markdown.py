"""Markdown, and a JSON schema put into a reader's words."""

from __future__ import annotations

import json
from typing import Any

NOTE = "<!-- Written by `make docs` from the code. Changes made here are lost. -->"


def page(title: str, *blocks: str) -> str:
    """A whole page; empty blocks leave no trace."""
    return "\n\n".join([NOTE, f"# {title}", *(block.strip("\n") for block in blocks if block)]) + "\n"


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table, or nothing where it would have no row."""
    if not rows:
        return ""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def codes(values: list[str]) -> str:
    """Words that are written exactly so."""
    return " · ".join(f"`{value}`" for value in values)


def words(name: str) -> str:
    """A name of the code as a person says it."""
    return name.replace("_", " ")


def members(node: dict[str, Any], without: frozenset[str] = frozenset()) -> str:
    """The members of an object's JSON schema as a table."""
    rows = [
        [f"`{name}`", kind(inner) + _or_none(inner), _default(name, inner, node)]
        for name, inner in node["properties"].items()
        if name not in without
    ]
    return table(["member", "what", "where not told"], rows)


def _or_none(node: dict[str, Any]) -> str:
    """What is always told may be told to be none."""
    nullable = any(choice.get("type") == "null" for choice in node.get("anyOf", []))
    return ", or none" if nullable and "default" not in node else ""


def _default(name: str, node: dict[str, Any], parent: dict[str, Any]) -> str:
    if "default" not in node:
        return "always told" if name in parent.get("required", []) else ""
    return "none" if node["default"] in (None, []) else f"`{json.dumps(node['default'])}`"


def kind(node: dict[str, Any]) -> str:
    """What a value is, in a few words."""
    match node:
        case {"$ref": str(ref)}:
            name = ref.rsplit("/", 1)[1]
            return f"[{name}](#{name.lower()})"
        case {"anyOf": list(choices)}:
            return " or ".join(kind(choice) for choice in choices if choice.get("type") != "null")
        case {"type": "array", "items": dict(item)}:
            return f"list of {kind(item)}"
        case {"type": "object", "additionalProperties": dict(value)}:
            return f"{kind(node.get('propertyNames', {'type': 'string'}))} → {kind(value)}"
        case {"type": "string", "format": "date-time"}:
            return "instant"
        case {"type": "string", "format": "uuid"}:
            return "id"
        case {"type": "string", "description": str(text)} if text.startswith("encrypted"):
            return "sealed text"
        case {"type": str(name)}:
            return {"string": "text", "integer": "whole number", "boolean": "yes or no"}.get(name, name)
    return "anything"


def limits(node: dict[str, Any]) -> str:
    """What a number may be."""
    said = {"exclusiveMinimum": "over", "minimum": "from", "exclusiveMaximum": "under", "maximum": "to"}
    return " ".join(f"{word} {node[key]:.12g}" for key, word in said.items() if key in node)

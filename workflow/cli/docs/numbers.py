"""docs/policy.md and docs/settings.md: what can be set, by whom, and what holds otherwise."""

from __future__ import annotations

import json
from inspect import getdoc
from typing import Any

from workflow.aggregates.policy import Policy
from workflow.cli.docs.markdown import codes, kind, limits, page, table
from workflow.settings import Settings


def policy_schema() -> dict[str, Any]:
    """The policy document's JSON schema."""
    return Policy.model_json_schema()


def policy() -> str:
    """The page on the policy."""
    schema = policy_schema()
    blocks: list[str] = []
    for section, field in Policy.model_fields.items():
        part: Any = field.annotation
        rows = [
            [f"`{member}`", f"`{json.dumps(node['default'])}`", _allowed(node, schema), node["description"]]
            for member, node in schema["$defs"][part.__name__]["properties"].items()
        ]
        blocks += [
            f"## {section}",
            getdoc(part) or "",
            table(["member", "default", "may be", "meaning"], rows),
        ]
    return page(
        "The policy of a programme",
        "A policy is a TOML document. What it leaves out takes its default, whatever was in force (to change one "
        "number, start from `mentoring policy show > policy.toml`), and a member that is not listed here is "
        "refused, so that a misspelt limit is seen. It is adopted in versions (`mentoring policy "
        "adopt`); every decision names the version that was in force. The same for "
        "programs: [policy.schema.json](policy.schema.json).",
        "With an adoption everything that is open is weighed anew. A concern that the new numbers bring is "
        "recorded then, and says since when it stands by them, which may be an earlier day: figures that count "
        "the open concerns of a past day count it, too. What was sent, suppressed or entered before stays.",
        "C is the agreed cadence. A day is 24 hours. Limits are inclusive: at exactly n the rule fires, and "
        "a limit of 7 days permits day 7.",
        *blocks,
        "## The default policy, written out",
        f"```toml\n{toml(Policy().model_dump(mode='json'))}```",
    )


def settings() -> str:
    """The page on the settings."""
    schema = Settings.model_json_schema()
    prefix = Settings.model_config.get("env_prefix", "")
    rows = [
        [
            f"`{prefix}{name.upper()}`",
            _allowed(node, schema) or kind(node),
            "" if node.get("default") is None else f"`{node['default']}`",
            node["description"],
        ]
        for name, node in schema["properties"].items()
    ]
    return page(
        "Settings",
        getdoc(Settings) or "",
        "They come from the environment; an option on the command line outdoes it. A secret is never a "
        "setting: a setting names the file that holds it.",
        table(["variable", "what", "default", "meaning"], rows),
    )


def _allowed(node: dict[str, Any], schema: dict[str, Any]) -> str:
    for choice in node.get("anyOf", []):
        if choice.get("type") != "null":
            return _allowed(choice, schema)
    if "$ref" in node:
        return codes(schema["$defs"][node["$ref"].rsplit("/", 1)[1]]["enum"])
    return limits(node)


def toml(document: dict[str, dict[str, Any]]) -> str:
    """A policy written out as it can be given to the service."""
    sections = [
        "\n".join([f"[{section}]", *(f"{name} = {json.dumps(value)}" for name, value in values.items())])
        for section, values in document.items()
    ]
    return "\n\n".join(sections) + "\n"

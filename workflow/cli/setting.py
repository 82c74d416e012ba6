"""A setting as an option of a verb: its meaning, its variable and its default are those of ``Settings``."""

from __future__ import annotations

from typing import Any

import typer
from pydantic_core import PydanticUndefined

from workflow.settings import Settings

PREFIX = Settings.model_config.get("env_prefix", "")


def setting(name: str, *flags: str, otherwise: bool = True, **more: Any) -> Any:
    """The option for a setting; ``flags`` where it is not called like the setting, ``more`` as typer takes it."""
    return typer.Option(*flags, help=meaning(name, otherwise=otherwise), show_default=False, **more)


def meaning(name: str, *, otherwise: bool = True) -> str:
    """What a setting is for, the variable that sets it too, and what holds ``otherwise``.

    In parentheses: what stands in brackets would be taken for markup, and not be shown.
    """
    field = Settings.model_fields[name]
    text = field.description or ""
    if not otherwise:
        text = text.partition("; without it")[0]
    known = "" if field.default in {None, PydanticUndefined} else f"; default {field.default}"
    return f"{text[:1].upper()}{text[1:]}. (env {PREFIX}{name.upper()}{known})"

"""Every hook there is: ours, and those of other packages that are installed beside this one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from workflow.consumers.hooks.hook import Hook
from workflow.errors import Invalid

GROUP = "mentoring_workflow.hooks"
"""The entry-point group in which other packages name their hooks: ``provider = "package.module:HOOK"``."""

OURS = ("icalendar", "calcom", "calendly")
"""The modules of this package that are providers, loaded where one is asked for: what reads calendars is large."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


def installed(found: Iterable[EntryPoint] | None = None) -> dict[str, Hook]:
    """All hooks by name. One that cannot be loaded, or takes another's name, is refused by its own name."""
    hooks = {name: _ours(name) for name in OURS}
    for point in entry_points(group=GROUP) if found is None else found:
        hooks[point.name] = _loaded(point, hooks)
    return hooks


def find(name: str) -> Hook:
    """The hook of this name; nothing of others is loaded."""
    if name in OURS:
        return _ours(name)
    (point,) = entry_points(group=GROUP, name=name)
    return _loaded(point, {})


def _ours(name: str) -> Hook:
    hook: Hook = import_module(f"{__package__}.{name}").HOOK
    return hook


def _loaded(point: EntryPoint, hooks: Mapping[str, Hook]) -> Hook:
    if _NAME.fullmatch(point.name) is None or point.name in hooks:
        raise Invalid(
            f"a package brings a hook under the name {point.name!r}, which is taken or is no name of a hook; "
            "remove that package, or have it name the hook otherwise",
            code="hook_unfit",
        )
    try:
        hook = point.load()
    except Exception as error:
        raise Invalid(
            f"the hook {point.name} of another package cannot be loaded ({type(error).__name__}); "
            "mend or remove that package",
            code="hook_unfit",
        ) from error
    if not isinstance(hook, Hook) or hook.name != point.name:
        raise Invalid(
            f"what a package brings as the hook {point.name} is no hook of that name; mend or remove that package",
            code="hook_unfit",
        )
    return hook

"""A package of somebody else's that brings a hook, as an installer leaves it."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

MODULE = """
    from datetime import UTC, datetime
    from workflow.consumers.hooks.hook import Hook, Told, event
    from workflow.consumers.hooks.signatures import over_body
    from workflow.consumers.meetings.contract import Kind

    def translate(sent, zone):
        parties = [f"email:{address}" for address in sent.body.decode().split()]
        when = datetime(2026, 1, 5, tzinfo=UTC)
        return Told((event("tiny", Kind.CANCELLED, when, uid="tiny", parties=parties),))

    HOOK = Hook("tiny", over_body("X-Tiny"), translate)
"""


def install(folder: Path, points: str, module: str = MODULE, name: str = "tiny_hook") -> None:
    """A distribution as an installer leaves it: a module, and what says of it."""
    (folder / f"{name}.py").write_text(dedent(module), "utf-8")
    about = folder / f"{name}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", "utf-8")
    (about / "entry_points.txt").write_text(f"[mentoring_workflow.hooks]\n{points}\n", "utf-8")
    (about / "RECORD").write_text("", "utf-8")

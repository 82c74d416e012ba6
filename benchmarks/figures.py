"""Figures of growth, kept in ``growth.json``: each measurement puts its own in place of the last ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Figures = dict[str, Any]

_BY = {
    "growth": ("store", "active", "relationships"),
    "histories": ("store", "events"),
    "latency": ("store", "case"),
    "asked": ("days",),
}
"""What names a row of each kind."""


def kept(folder: Path) -> Figures:
    """What was measured so far."""
    file = folder / "growth.json"
    found: Figures = json.loads(file.read_text("utf-8")) if file.exists() else {}
    return found


def keep(folder: Path, **measured: list[Figures]) -> None:
    """Keep rows, in place of those that tell of the same."""
    found = kept(folder)
    for kind, rows in measured.items():
        names = _BY[kind]
        known = {tuple(row[name] for name in names): row for row in [*found.get(kind, ()), *rows]}
        found[kind] = [known[key] for key in sorted(known)]
    (folder / "growth.json").write_text(json.dumps(found, indent=2) + "\n", "utf-8")

"""A chart, as it is handed to whoever draws it: numbers with the words that stand beside them.

Each outcome and each state has a panel of its own, so that a chart is read without telling colours apart. Nothing else
of ours is needed to draw one: the process that does starts the sooner.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Theme(StrEnum):
    """What a chart is drawn for: it has no background of its own."""

    LIGHT = "light"
    DARK = "dark"


class Name(StrEnum):
    """Every chart there is."""

    STATES = "states"
    MEETINGS = "meetings"
    STAYS = "stays"


class Mark(BaseModel):
    """One number: in which panel, at which place of its axis, and how it is written."""

    model_config = ConfigDict(frozen=True)

    panel: str
    at: str
    number: float
    label: str


class Chart(BaseModel):
    """One chart. ``panels`` stand below each other in this order; ``across``: one bar a panel, without an axis."""

    model_config = ConfigDict(frozen=True)

    name: Name
    title: str
    says: str
    panels: tuple[str, ...]
    marks: tuple[Mark, ...]
    across: bool = False

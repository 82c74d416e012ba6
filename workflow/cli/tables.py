"""How results look in a terminal: plain tables, and instants without what everybody can leave away."""

from __future__ import annotations

from datetime import datetime

from rich.markup import escape
from rich.table import Table

ZONE = "all times UTC"
"""Said once under whatever shows times."""


def plain(*headings: str, title: str | None = None) -> Table:
    """A table without lines."""
    table = Table(box=None, header_style="bold", title=title, title_justify="left", title_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def foreign(text: str | None) -> str:
    """What others wrote, for a terminal: none of it is taken for an instruction. A dash where there is none."""
    return "–" if text is None else escape("".join(one if one.isprintable() else "�" for one in text))


def minute(instant: str | None) -> str:
    """An instant as people read it, to the minute; a dash where there is none."""
    return "–" if instant is None else f"{instant[:10]} {instant[11:16]}"


def days_since(instant: str, now: str) -> str:
    """How long ago it was, in whole days."""
    days = (datetime.fromisoformat(now) - datetime.fromisoformat(instant)).days
    return f"{days} day" if days == 1 else f"{days} days"


def behind(messages: int | None) -> str:
    """How many messages lie untaken at the broker."""
    return "how far behind is not known yet" if messages is None else f"{messages} behind"


def words(name: str) -> str:
    """The name of a state, a move or a reason, without its underscores."""
    return name.replace("_", " ")

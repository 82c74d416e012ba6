"""How results look in a terminal: plain tables, and instants without what everybody can leave away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import zip_longest

from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.text import Text

from workflow.cli.verb import out

ZONE = "all times UTC"
"""Said once under whatever shows times."""

_GAP = 2
_ENOUGH = 24
"""Columns of a terminal that are enough for the last member of a row, where there is not room for all of it."""

_TOGETHER = "\N{NO-BREAK SPACE}"
"""A blank at which no line is broken."""


class Table:
    """Rows under headings. What stands under ``prose`` may go on in the next line at a blank; all else is whole."""

    def __init__(self, *headings: str, prose: Iterable[str] = (), title: str | None = None) -> None:
        self.rows: list[list[str]] = []
        self._headings = list(headings)
        self._prose = [heading in set(prose) for heading in headings]
        self._title = title

    def add(self, *members: str) -> None:
        """One more row; what others wrote is to come through ``foreign``."""
        self.rows.append([Text.from_markup(member, emoji=False).plain for member in members])

    def put(self, console: Console = out) -> None:
        """Print it so that no code, id, date or number is torn apart; beyond a terminal, without breaking a line.

        A last member that is too long runs over the edge, and the terminal breaks it. Where there is no room for
        the others, each row is told member by member.
        """

        def line(text: str, style: str = "") -> None:
            console.print(Text(text.replace(_TOGETHER, " "), style), soft_wrap=True)

        if self._title is not None:
            line(self._title, "bold")
        widths = self._widths(console.width if console.is_terminal else None)
        if widths is None:
            for row in self.rows:
                for heading, member in zip(self._headings, row, strict=True):
                    line(f"{heading}: {member}")
                line("")
        else:
            for number, row in enumerate([self._headings, *self.rows]):
                for text in self._lines(row, widths):
                    line(text, "" if number else "bold")

    def _widths(self, room: int | None) -> list[int] | None:
        """How wide each column is in a terminal as wide as that (None: in anything else); None if it has no room."""
        columns = list(zip(self._headings, *self.rows, strict=True))
        most = [max(map(cell_len, column)) for column in columns]
        if room is None:
            return most
        room -= _GAP * (len(columns) - 1)
        widths = [
            max(cell_len(word) for member in column for word in member.split(" ")) if prose else whole
            for column, prose, whole in zip(columns, self._prose, most, strict=True)
        ]
        if sum(widths[:-1]) + min(widths[-1], _ENOUGH) > room:
            return None
        while sum(widths) < room and widths != most:
            wanting = max(range(len(widths)), key=lambda at: most[at] / max(1, widths[at]))
            widths[wanting] += 1
        return widths

    def _lines(self, row: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
        parts = [
            _broken(member, width) if prose else [member]
            for member, width, prose in zip(row, widths, self._prose, strict=True)
        ]
        for beside in zip_longest(*parts, fillvalue=""):
            cells = (
                part + " " * (width - cell_len(part)) for part, width in zip(beside, widths, strict=True)
            )
            yield (" " * _GAP).join(cells).rstrip()


def _broken(prose: str, width: int) -> list[str]:
    """Lines of at most so many columns, broken at blanks alone; a longer word is a line of its own."""
    lines = [""]
    for word in prose.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and cell_len(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def foreign(text: str | None) -> str:
    """What others wrote, for a terminal: none of it is taken for an instruction. A dash where there is none."""
    return "–" if text is None else escape("".join(one if one.isprintable() else "�" for one in text))


def minute(instant: str | None) -> str:
    """An instant as people read it, to the minute; a dash where there is none."""
    return "–" if instant is None else f"{instant[:10]} {instant[11:16]}"


def days_since(instant: str, now: str) -> str:
    """How long ago it was, in whole days."""
    days = (datetime.fromisoformat(now) - datetime.fromisoformat(instant)).days
    return f"{days}{_TOGETHER}{'day' if days == 1 else 'days'}"


def behind(messages: int | None) -> str:
    """How many messages lie untaken at the broker."""
    return "how far behind is not known yet" if messages is None else f"{messages} behind"


def words(name: str) -> str:
    """The name of a state, a move or a reason, without its underscores."""
    return name.replace("_", " ")

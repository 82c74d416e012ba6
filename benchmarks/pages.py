"""``python -m benchmarks.pages``: the figures kept in ``growth.json`` and ``latest.json``, as tables in the pages that
show them.

With ``--check`` nothing is written, and pages are named that show others.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures import Figures, kept
from workflow.cli.docs.markdown import table

DOCS = Path(__file__).parent.parent / "docs"
PAGES = ("scale.md", "benchmarks.md")

ALL = 100_000_000
"""As many relationships as the way leads to."""

_MESSAGES_A_MONTH = 162_055 / 10_000 / 8
"""Of one pair of the demonstration, as docs/benchmarks.md tells."""

_MONTH = 365.25 / 12 * 86_400
_PART = re.compile(r"(<!-- figures: (\w+) -->\n).*?(<!-- end of figures -->)", re.DOTALL)
_STORES = {"postgres": "PostgreSQL", "sqlite": "SQLite"}


def written(page: str, figures: Figures) -> str:
    """A page with the figures in their places."""
    return _PART.sub(lambda part: f"{part[1]}\n{_PARTS[part[2]](figures)}\n\n{part[3]}", page)


# --- growth ------------------------------------------------------------------------------------------------


def _at(row: Any, *path: str) -> Any:
    """A figure of a row; None where that was not measured."""
    for name in path:
        row = None if row is None else row.get(name)
    return row


def _spent(*path: str) -> Callable[[Figures], float | None]:
    def found(row: Figures) -> float | None:
        told = _at(row, *path)
        return None if told is None else float(told["own_us"] + told["server_us"])

    return found


def _told(*path: str) -> Callable[[Figures], float | None]:
    return lambda row: _at(row, *path)


_Measures = tuple[tuple[str, Callable[[Figures], float | None], str], ...]

_MEASURES: _Measures = (
    ("a message, its relationship in memory", _spent("intake", "warm"), "µs"),
    ("a message whose relationship is loaded first", _spent("intake", "cold"), "µs"),
    ("memory of the process that takes in, at most", _told("intake", "peak_mib"), "MiB"),
    ("an event of a first rebuild", _spent("first_rebuild"), "µs"),
    ("memory of that process, at most", _told("first_rebuild", "peak_mib"), "MiB"),
    ("memory of those that fold for it, at most", _told("first_rebuild", "folding_mib"), "MiB"),
    ("a question of the clock, with its fold", _spent("clock", "warm"), "µs"),
    ("one whose relationship and rows are loaded first", _spent("clock", "cold"), "µs"),
    ("whom to contact, the first 25", _told("queries_ms", "whom to contact", "least"), "ms"),
    ("how many are to be contacted", _told("queries_ms", "how many to contact", "least"), "ms"),
    ("all of one relationship", _told("queries_ms", "one relationship", "least"), "ms"),
    ("health", _told("queries_ms", "health", "least"), "ms"),
    ("figures of the programme", _told("queries_ms", "figures", "least"), "ms"),
)


def _rows(figures: Figures, store: str) -> list[Figures]:
    """Of one store those of which the most were active."""
    found = [row for row in figures["growth"] if row["store"] == store]
    active = max((row["active"] for row in found), default=0)
    return [row for row in found if row["active"] == active]


def _growth(figures: Figures) -> str:
    found = [(name, _rows(figures, store)) for store, name in _STORES.items()]
    return "\n\n".join(_grown(_MEASURES, found))


def _grown(measures: _Measures, stores: Iterable[tuple[str, list[Figures]]]) -> Iterator[str]:
    for name, found in stores:
        if not found:
            continue
        heads = [f"{row['relationships']:,}" for row in found]
        lines = [["events", *(f"{row['events']:,}" for row in found), ""]]
        for what, of, unit in measures:
            values = [of(row) for row in found]
            known = [one for one in values if one is not None]
            grown = f"{known[-1] / known[0]:.2f}" if len(known) > 1 else ""
            lines.append([what, *(_short(one, f" {unit}") for one in values), grown])
        yield table([f"{name}, relationships", *heads, "the last by the first"], lines)


def _short(value: float | None, unit: str = "") -> str:
    if value is None:
        return "not measured"
    return f"{value:,.0f}{unit}" if value >= 100 else f"{value:.3g}{unit}"


def _rates(figures: Figures) -> str:
    """What it came to by the clock on the wall, which others on the machine lengthen."""
    lines = [
        [
            _STORES[row["store"]],
            f"{row['relationships']:,}",
            *(
                "" if (told := _at(row, *path, "a_second")) is None else f"{told:,.0f}"
                for path in (
                    ("intake", "warm"),
                    ("intake", "cold"),
                    ("first_rebuild",),
                    ("rebuild",),
                    ("clock", "warm"),
                    ("clock", "cold"),
                )
            ),
        ]
        for store in _STORES
        for row in _rows(figures, store)
    ]
    heads = [
        "",
        "relationships",
        "messages",
        "those that load",
        "events rebuilt",
        "again",
        "questions",
        "that load",
    ]
    return table(heads, lines)


_PARTS_OF_ROOM = ("events", "indexes of events", "beside events", "projections", "keys")


def _room(figures: Figures) -> str:
    """How much room everything takes."""
    found = _rows(figures, "postgres")
    each = [{what: row["bytes"].get(what) for what in _PARTS_OF_ROOM} for row in found]
    for parts, row in zip(each, found, strict=True):
        parts["together"] = _all_room(row)
    lines = [
        [what, *(_short(_by(parts[what], row["events"])) for parts, row in zip(each, found, strict=True))]
        for what in (*_PARTS_OF_ROOM, "together")
    ]
    return table(["bytes for each event", *(f"{row['relationships']:,}" for row in found)], lines)


def _all_room(row: Figures) -> float | None:
    known = [row["bytes"].get(what) for what in _PARTS_OF_ROOM]
    return None if None in known else sum(known)


def _by(value: float | None, number: int) -> float | None:
    return None if value is None else value / number


def _histories(figures: Figures) -> str:
    lines = [
        [
            _STORES[row["store"]],
            f"{row['events']:,}",
            f"{row['cached_us']:.0f} µs",
            f"{row['cold_ms']:.3g} ms",
        ]
        for row in figures["histories"]
    ]
    return table(["", "events of the relationship", "a message", "loading it first"], lines)


def _latency(figures: Figures) -> str:
    lines = [
        [
            _STORES[row["store"]],
            row["case"].partition(", ")[2],
            f"{row['p50']:.0f} ms",
            f"{row['p99']:.0f} ms",
            str(row["commands"]),
        ]
        for row in figures["latency"]
    ]
    return table(["", "", "p50", "p99", "commands"], lines)


def _beside(_: Figures) -> str:
    """What `make bench` found last, beside the documented way and the limit."""
    rows = json.loads((Path(__file__).parent / "latest.json").read_text("utf-8"))
    lines = [
        [
            _STORES[row["store"]],
            f"{row['case']}, {row['unit']}",
            f"{row['ours']:,}",
            *(
                ("", "")
                if row["naive"] is None
                else (f"{row['naive']:,}", f"{row['ours'] / row['naive']:.1f}")
            ),
            f"{row['limit']:,}",
            f"{row['ours'] / row['limit']:.0%}",
        ]
        for row in rows
        if row["unit"] != "ms"
    ]
    return table(["", "a second", "ours", "naive", "ours by naive", "limit", "of the limit"], lines)


# --- the way on ---------------------------------------------------------------------------------------------


def _questions(rows: Sequence[Figures]) -> float:
    """How many the clock asks about a pair in a month, after its first days."""
    first, last = rows
    more = last["questions"] / last["pairs"] - first["questions"] / first["pairs"]
    return float(more / (last["days"] - first["days"]) * _MONTH / 86_400)


def _way(figures: Figures) -> str:
    """What the largest number measured comes to for so many more, where each has as many events."""
    rows = _rows(figures, "postgres")
    row = next(row for row in reversed(rows) if _all_room(row) is not None)
    times = ALL / row["relationships"]
    events = row["events"] * times
    room = {what: one * times / 1e12 for what, one in row["bytes"].items()}
    of_events = room["events"] + room["indexes of events"]
    fold = _last(rows, "first_rebuild")
    # Memory holds one relationship of two thousand then: each is loaded first.
    message, question = _last(rows, "intake", "cold"), _last(rows, "clock", "cold")
    questions = _questions(figures["asked"])
    a_second, asked = ALL * _MESSAGES_A_MONTH / _MONTH, ALL * questions / _MONTH
    taking_in, asking = a_second * message / 1e6, asked * question / 1e6
    each = row["events"] / row["relationships"]
    bytes_each = sum(row["bytes"].values()) / row["events"]
    lines = [
        ["events", f"{each:.1f} a relationship", f"{events / 1e9:.2f} thousand million"],
        ["room", f"{bytes_each:,.0f} bytes an event", f"{sum(room.values()):.1f} TB"],
        ["of it events and their indexes", "", f"{of_events:.1f} TB"],
        ["of it projections", "", f"{room['projections']:.1f} TB"],
        ["messages", f"{_MESSAGES_A_MONTH:.2f} a month of each", f"{a_second:,.0f} a second on average"],
        ["taking them in, each loaded first", f"{message:,.0f} µs each", f"{taking_in:.2f} of a processor"],
        ["the same in an hour with ten times as many", "", f"{10 * taking_in:.2f} processors"],
        [
            "questions of the clock",
            f"{questions:.2f} a month of each",
            f"{asked:,.0f} a second on average",
        ],
        ["asking them, each loaded first", f"{question:,.0f} µs each", f"{asking:.2f} of a processor"],
        ["the same in an hour with ten times as many", "", f"{10 * asking:.2f} processors"],
        ["rebuilding all", f"{fold:,.0f} µs an event", f"{events * fold / 1e6 / 3600:,.0f} processor hours"],
    ]
    return table(["", f"measured, of {row['relationships']:,}", f"of {ALL:,}"], lines)


def _last(rows: Sequence[Figures], *path: str) -> float:
    """What it cost of the largest number of which that was measured."""
    return next(cost for row in reversed(rows) if (cost := _spent(*path)(row)) is not None)


_PARTS: dict[str, Callable[[Figures], str]] = {
    "growth": _growth,
    "rates": _rates,
    "room": _room,
    "histories": _histories,
    "latency": _latency,
    "beside": _beside,
    "way": _way,
}


def main(arguments: Sequence[str], folder: Path = DOCS, figures: Figures | None = None) -> int:
    """What the process ends with: 1 where a check found a page that shows other figures."""
    found = kept(Path(__file__).parent) if figures is None else figures
    stale = 0
    for name in PAGES:
        page = (folder / name).read_text("utf-8")
        now = written(page, found)
        if now == page:
            continue
        if "--check" in arguments:
            sys.stderr.write(f"{folder / name} shows other figures: run `make docs`\n")
            stale = 1
        else:
            (folder / name).write_text(now, "utf-8")
            sys.stdout.write(f"wrote {folder / name}\n")
    return stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

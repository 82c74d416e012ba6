"""Tables in a terminal and beyond: whatever the width, no code, id, date or number is torn apart."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest
from rich.console import Console

from tests.cli.conftest import run
from workflow.cli.tables import Table, days_since, foreign

ID = str(UUID(int=2**127 + 7))
UID = "040000008200E00074C5B7101A82E008" * 3
WHY = "stagnation without a fresh look and measures"
LONG = days_since("2026-04-05T00:00:00Z", "2026-08-05T00:00:00Z")


def shown(table: Table, width: int | None) -> list[str]:
    """The lines of a table in a terminal so wide, or where there is none."""
    file = io.StringIO()
    table.put(Console(file=file, force_terminal=width is not None, color_system=None, width=width or 80))
    return file.getvalue().splitlines()


def contact() -> Table:
    table = Table("id", "why", "since", "cleared by", prose=["why", "since", "cleared by"])
    table.add(ID[:8], WHY, f"2026-04-05 ({LONG})", "a fresh look with measures")
    table.add(ID[:8], "short", f"2026-08-04 ({LONG})", "–")
    return table


def test_beyond_a_terminal_each_row_is_one_line_however_long() -> None:
    assert [line.split() for line in shown(contact(), None)] == [
        ["id", "why", "since", "cleared", "by"],
        [ID[:8], *WHY.split(), "2026-04-05", "(122", "days)", *["a", "fresh", "look", "with", "measures"]],
        [ID[:8], "short", "2026-08-04", "(122", "days)", "–"],
    ]


@pytest.mark.parametrize("width", range(60, 130, 7))
def test_prose_is_broken_at_blanks_so_that_the_table_fits(width: int) -> None:
    lines = shown(contact(), width)
    assert max(map(len, lines)) <= width
    assert {word for line in lines for word in line.split()} == {
        word for line in shown(contact(), None) for word in line.split()
    }
    assert any("(122 days)" in line for line in lines)


def test_a_last_member_that_is_too_long_runs_over_the_edge_and_leaves_the_others_where_they_are() -> None:
    table = Table("event", "what", prose=["what"])
    table.add("1", f"meeting held: {UID}")
    table.add("2", "stagnation suspected")
    _, *lines = shown(table, 80)
    assert lines == ["1      meeting held:", f"       {UID}", "2      stagnation suspected"]


def test_where_there_is_no_room_a_row_is_told_member_by_member() -> None:
    table = Table("number", "reason", "type", "source")
    table.add("3", "member_missing:data.starts_at", "mentoring.meeting.scheduled.v1", foreign("/c[bold]\n"))
    assert shown(table, 70) == [
        "number: 3",
        "reason: member_missing:data.starts_at",
        "type: mentoring.meeting.scheduled.v1",
        "source: /c[bold]�",
        "",
    ]
    assert shown(table, 90)[0].split() == ["number", "reason", "type", "source"]


@pytest.mark.skipif(sys.platform != "linux", reason="a terminal of ours is made as Linux makes one")
def test_in_a_terminal_of_80_columns_every_word_is_whole(data: Path, relationship: str) -> None:
    for words in (("today",), ("relationship", "list"), ("relationship", "show", relationship)):
        seen = in_terminal(*words, "--data", str(data))
        assert sorted(seen.split()) == sorted(run(*words, "--data", data).stdout.split())
    heading, *events = in_terminal("events", "tail", "--data", str(data)).splitlines()
    assert heading.split() == ["position", "when", "(UTC)", "whose", "what"]
    assert events == run("events", "tail", "--data", data).stdout.splitlines()


def in_terminal(*words: str) -> str:
    """What a verb shows in a terminal of 80 columns."""
    ours, its = pty.openpty()
    command = [sys.executable, "-m", "workflow.cli", *words]
    environment = {**os.environ, "COLUMNS": "80", "TERM": "dumb"}
    with subprocess.Popen(command, stdin=its, stdout=its, stderr=its, env=environment) as process:
        os.close(its)
        seen = b""
        while True:
            try:
                more = os.read(ours, 65536)
            except OSError:  # how Linux says that nobody writes any more
                break
            seen += more
        process.wait()
    os.close(ours)
    return seen.decode()


def test_no_colons_of_what_others_wrote_become_a_picture() -> None:
    table = Table("source")
    table.add(foreign("urn:calendar:1:key:2"))
    assert "urn:calendar:1:key:2" in shown(table, None)[1]

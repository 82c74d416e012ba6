"""Files of what analysts read: typed, of one moment, whole or not there at all."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import signal
import sqlite3
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from psycopg.errors import QueryCanceled
from pyarrow import parquet  # type: ignore[import-untyped]  # it ships no types

from tests.analytics.analysts import OTHERS, fold
from tests.cli.conftest import data, relationship, run, told, up
from tests.projections.deeds import booked, checked_in, held
from tests.projections.facts import MENTEE, OTHER, Log, day, opened
from tests.view_places import change, read
from tests.web.conftest import AS_COORDINATOR, PARTIES
from workflow.errors import Conflict, Invalid, Unavailable
from workflow.projections.analytics.files import Format
from workflow.projections.analytics.snapshot import Snapshot
from workflow.projections.analytics.view import View
from workflow.projections.analytics.view_files import MANIFEST, ViewFiles, chosen, export
from workflow.projections.analytics.views import VIEWS
from workflow.projections.rows.storage import Kept
from workflow.projections.running.runner import Runner
from workflow.projections.running.views import Views
from workflow.projections.sqlite.file import ViewFile

__all__ = ["data", "relationship"]

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


@pytest.fixture
def views(kept: Kept) -> Iterator[Views]:
    log = Log().add(opened(), booked("a", 5, 1), held("a", 5)).add(opened(40), stream=OTHER)
    for pair in OTHERS:
        log.add(opened(), checked_in(30, MENTEE), stream=pair)
    views = fold(log, kept)
    yield views
    views.close()


@pytest.fixture
def to(tmp_path: Path) -> Path:
    return tmp_path / "export"


def written(views: Views, to: Path, /, **more: Any) -> dict[str, Any]:
    with Snapshot(views.kept) as snapshot:
        return export(snapshot, ViewFiles(to, **more), {"exported_at": "2026-03-01T00:00:00Z"})


def rows_of(views: Views, view: View) -> list[tuple[Any, ...]]:
    return read(views.kept, view.select)


# --- what is in them


def test_parquet_has_the_rows_of_the_views_with_types(views: Views, to: Path) -> None:
    manifest = written(views, to)
    assert sorted(path.name for path in to.iterdir()) == sorted(
        [*(f"{view.name}.parquet" for view in VIEWS), MANIFEST]
    )
    for view, file in zip(VIEWS, manifest["files"], strict=True):
        table = parquet.read_table(to / file["file"])
        assert table.num_rows == file["rows"] == len(rows_of(views, view))
        assert table.column_names == [column.name for column in view.columns]
    meetings = parquet.read_table(to / "meetings.parquet")
    types = {
        name: str(meetings.schema.field(name).type) for name in ("pair", "starts_at", "counts", "lead_days")
    }
    assert types == {
        "pair": "int64",
        "starts_at": "timestamp[us, tz=UTC]",
        "counts": "bool",
        "lead_days": "double",
    }
    (meeting,) = meetings.to_pylist()
    assert (meeting["starts_at"], meeting["counts"], meeting["lead_days"]) == (day(5), True, 4.0)
    assert meeting["starts_at"].utcoffset() == timedelta(0)
    assert meetings.schema.field("counts").metadata[b"meaning"].startswith(b"whether figures count it")


def test_csv_is_rfc_4180_with_a_header(views: Views, to: Path) -> None:
    written(views, to, format=Format.CSV)
    raw = (to / "meetings.csv").read_bytes()
    assert raw.count(b"\r\n") == raw.count(b"\n") == 2
    with (to / "meetings.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["status"], row["counts"], row["contradicted"], row["cancelled_by"]) == (
        "held",
        "true",
        "false",
        "",
    )


def test_the_manifest_tells_the_moment_the_hashes_and_what_columns_mean(views: Views, to: Path) -> None:
    written(views, to, views=chosen(["months", "analytics_dialogue"]))
    manifest = json.loads((to / MANIFEST).read_text("utf-8"))
    assert manifest["position"] == views.generations[0].position
    assert manifest["exported_at"] == "2026-03-01T00:00:00Z"
    assert [file["file"] for file in manifest["files"]] == ["months.parquet", "dialogue.parquet"]
    for file in manifest["files"]:
        assert hashlib.sha256((to / file["file"]).read_bytes()).hexdigest() == file["sha256"]
    (months, dialogue) = manifest["dictionary"]
    assert months["columns"][0] == {
        "name": "programme",
        "type": "text",
        "unit": None,
        "meaning": "the programme",
        "empty": None,
    }
    assert dialogue["view"] == "analytics_dialogue"


def test_all_is_of_one_moment_while_the_service_folds(views: Views, to: Path) -> None:
    position = views.generations[0].position

    def folding(view: str, rows: int) -> None:
        if view == "states" and not rows:
            more = Log().add(*(opened() for _ in range(position)))  # as long as what is folded by now
            more.add(opened(50), stream=UUID(int=99))
            Runner(views, more.read, more.head).catch_up()

    with Snapshot(views.kept) as snapshot:
        manifest = export(snapshot, ViewFiles(to), {}, folding)
    assert len(rows_of(views, VIEWS[0])) == 8
    rows = {file["view"]: file["rows"] for file in manifest["files"]}
    assert (rows["analytics_relationships"], rows["analytics_states"]) == (7, 7)
    assert manifest["position"] == position


def test_the_same_rows_make_the_same_files(views: Views, to: Path) -> None:
    first, again = written(views, to), written(views, to.with_name("again"))
    assert first["files"] == again["files"]


# --- whole or not there


def test_files_that_exist_are_refused_unless_forced_and_no_older_one_stays_beside(
    views: Views, to: Path
) -> None:
    written(views, to)
    with pytest.raises(Conflict, match="--force"):
        written(views, to)
    (to / "notes.txt").write_text("mine")
    written(views, to, views=chosen(["months"]), force=True)
    assert sorted(path.name for path in to.iterdir()) == [MANIFEST, "months.parquet", "notes.txt"]


def test_one_that_fails_leaves_nothing_and_earlier_files_as_they_were(views: Views, to: Path) -> None:
    class Full(Exception):
        pass

    def full(view: str, rows: int) -> None:
        if view == "meetings" and rows:
            raise Full

    with pytest.raises(Full), Snapshot(views.kept) as snapshot:
        export(snapshot, ViewFiles(to), {}, full)
    assert not to.exists()
    written(views, to)
    before = {path.name: path.read_bytes() for path in to.iterdir()}
    with pytest.raises(Full), Snapshot(views.kept) as snapshot:
        export(snapshot, ViewFiles(to, force=True), {}, full)
    assert {path.name: path.read_bytes() for path in to.iterdir()} == before


def test_a_cancelled_one_ends_within_the_database(views: Views) -> None:
    cancelled: list[bool] = []
    file = isinstance(views.kept, ViewFile)
    with Snapshot(views.kept, lambda: bool(cancelled)) as snapshot:
        cancelled.append(True)
        with pytest.raises((sqlite3.OperationalError, QueryCanceled), match=r"interrupted|canceling"):
            list(snapshot.moment.execute(ENDLESS if file else "SELECT pg_sleep(300)"))


def test_views_of_another_version_or_of_something_paused_are_refused(views: Views, to: Path) -> None:
    views.pause(views.generations[0], "a bug")
    with pytest.raises(Conflict, match="mentoring projections status"):
        written(views, to)
    change(views.kept, "DROP VIEW analytics_goals")
    with pytest.raises(Conflict, match="another version"):
        written(views, to)
    assert not to.exists()


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "broken.db").write_bytes(b"no database at all" * 100)
    for name in ("broken.db", "nowhere.db"):
        with pytest.raises(Unavailable, match=f"{name} cannot be read"), Snapshot(tmp_path / name):
            pass


def test_without_pyarrow_it_is_said_how_to_get_it(
    to: Path, monkeypatch: pytest.MonkeyPatch, views: Views
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(Unavailable, match=r"pip install 'mentoring-workflow\[analytics\]'"):
        written(views, to)
    assert written(views, to, format=Format.CSV)["format"] == "csv"


def test_a_view_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(Invalid, match="relationships, states"):
        chosen(["persons"])


# --- the verb


def test_it_is_done_where_no_service_runs(data: Path, relationship: str, to: Path) -> None:
    found = told(
        "export", "--data", data, "--to", to, "--views", "relationships, states", "--views", "months"
    )
    assert [file["view"] for file in found["files"]] == [
        "analytics_relationships",
        "analytics_states",
        "analytics_months",
    ]
    assert found["exported_at"] == "2026-03-01T00:00:00Z"
    assert found["policy"] == {"programme": "default", "version": 1}
    (row,) = parquet.read_table(to / "relationships.parquet").to_pylist()
    assert row["state"] == "stagnation"
    assert relationship.encode() not in b"".join(path.read_bytes() for path in to.iterdir())
    again = run("export", "--data", data, "--to", to)
    assert (again.exit_code, again.stdout) == (1, "")
    assert again.stderr == (
        f"mentoring: {to} already has relationships.parquet and 3 more of these files: name another folder, or replace "
        "them with --force\n"
    )
    assert run("export", "--data", data, "--to", to, "--force").exit_code == 0
    assert run("export", "--data", data, "--to", to / "x", "--views", "persons").exit_code == 2
    nowhere = run("export", "--data", data, "--to", "/proc/nowhere")
    assert (nowhere.exit_code, "cannot be written to" in nowhere.stderr) == (3, True)
    assert run("export", "--data", data / "nothing", "--to", to / "y").exit_code == 3


def test_it_is_done_beside_a_running_service(data: Path, to: Path) -> None:
    with up(data) as running, running.client() as http:
        opened = http.post("/v1/relationships", json={"parties": PARTIES}, headers=AS_COORDINATOR).json()
        asked: httpx.Response = http.get("/v1/relationships", params={"after": opened["position"]})
        assert asked.status_code == 200
        result = run("export", "--data", data, "--to", to, "--format", "csv")
        assert result.exit_code == 0, result.output
        assert f"All as of position {opened['position']}" in result.stdout
    assert len((to / "relationships.csv").read_text("utf-8").splitlines()) == 2


def test_ctrl_c_ends_it_with_one_line_and_nothing_left(
    data: Path, relationship: str, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(snapshot: Snapshot, view: View) -> Iterator[Any]:
        os.kill(os.getpid(), signal.SIGINT)
        yield list(snapshot.moment.execute(ENDLESS))

    monkeypatch.setattr(Snapshot, "rows", endless)
    result = run("export", "--data", data, "--to", to)
    assert (result.exit_code, result.stdout, result.stderr) == (130, "", "mentoring: interrupted\n")
    assert not to.exists()

"""The log of a whole demonstration: what its programme decides, and its end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tests.oracle.comparing import check
from workflow.demo.ending import Ending, end_programme
from workflow.demo.findings import Findings, differences, find
from workflow.demo.portal import OPERATOR
from workflow.demo.stage import Running, publisher, service

STORY = ["--relationships", "12", "--months", "3", "--seed", "5"]
TRUTH = "truth.json"


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Findings, Ending]]:
    folder = tmp_path_factory.mktemp("ending")
    with service(folder) as running:
        with publisher(running, [*STORY, "--truth", str(folder / TRUTH)]) as told:
            for _ in told:
                pass
        found = find(running.http)
        assert differences(found, json.loads((folder / TRUTH).read_text("utf-8"))) == []
        ending = end_programme(running.http, found)
        _folded(running)
        yield running, found, ending


def _folded(running: Running) -> None:
    """Let the clock stay where it is, which is answered once all is folded."""
    with httpx.Client(base_url=running.http, timeout=240, trust_env=False) as client:
        now = client.get("/v1/programme").raise_for_status().json()["closed_at"]
        client.post("/v1/clock", json={"to": now}, headers=OPERATOR).raise_for_status()


def test_the_programme_opens_and_adopts_one_policy_after_the_other(
    played: tuple[Running, Findings, Ending],
) -> None:
    _, found, _ = played
    assert found.events["mentoring.programme_opened.v1"] == 1
    assert found.events["mentoring.policy_adopted.v1"] == 3
    assert found.events["mentoring.agenda_revised.v1"] > 0


def test_whatever_was_open_ends_with_the_programme(played: tuple[Running, Findings, Ending]) -> None:
    running, found, ending = played
    still_open = sum(row["state"] != "closure" for row in found.rows)
    assert (ending.closed, ending.differences) == (still_open, [])
    assert still_open > 3
    after = find(running.http)
    assert after.events["mentoring.programme_closed.v1"] == 1
    assert {row["state"] for row in after.rows} == {"closure"}
    assert after.verified["equal"]


def test_an_end_that_differs_is_seen(played: tuple[Running, Findings, Ending]) -> None:
    running, found, ending = played
    (closed,) = [row for row in found.rows if row["state"] == "closure"][:1]
    told = deepcopy(found.rows)
    told[found.rows.index(closed)]["state"] = "active"
    # Closed already, the programme is asked again to no effect; the one said to be open did not close with it.
    again = end_programme(running.http, replace(found, rows=told))
    assert again.closed == ending.closed
    assert [line.split(":")[0] for line in again.differences] == [f"the end of {closed['id']}"]


def test_the_rows_are_still_what_the_log_says_once_all_has_ended(
    played: tuple[Running, Findings, Ending],
) -> None:
    running, _, _ = played
    assert httpx.get(f"{running.http}/v1/programme", trust_env=False).json()["closed_at"]
    folder = Path(running.data)
    assert check(folder, folder.parent / TRUTH) == []

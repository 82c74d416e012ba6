"""The benchmarks compare like with like: every way comes to the same events and the same standing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.__main__ import intake_case, rebuild_cases
from benchmarks.engines import files, of_server
from benchmarks.workload import workload
from tests.postgres import PostgresServer

NAIVE = Path(report.__file__).with_name("naive.py")


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
async def test_every_way_comes_to_the_same(tmp_path: Path, store: str, postgres: PostgresServer) -> None:
    """Each way checks what it left behind, and ends the run where that differs."""
    work = workload(400, 40)
    measured = files() if store == "sqlite" else of_server(postgres, 2)
    results = [
        await intake_case(measured, tmp_path, work, 1, share=10),
        *rebuild_cases(measured, tmp_path, work, 1, times=2),
    ]
    report.write(results, {}, tmp_path)
    written = json.loads((tmp_path / "latest.json").read_text("utf-8"))
    cases = ["intake", "rebuild", "rebuild, relationships alone, beside the log read"]
    assert [(row["case"], row["store"]) for row in written] == [(case, store) for case in cases]
    for row in written:
        assert list(row) == ["case", "store", "unit", "ours", "naive", "limit"]
        assert min(row["ours"], row["limit"]) > 0
        assert row["naive"] is None or row["naive"] > 0


def test_every_message_names_the_pair_as_it_was_opened() -> None:
    work = workload(4000, 300)
    assert any(person.renamed for pair in work.pairs for person in pair.people)
    assert any(pair.departure for pair in work.pairs)
    for sent in work.messages:
        said = json.loads(sent.body)["data"]
        if "parties" in said:
            assert work.relationship_of[frozenset(said["parties"])] == sent.relationship
        assert work.persons([*said.get("attended", ()), *said.get("missed_by", ())]) is not None


def test_the_documented_way_is_short() -> None:
    assert len(NAIVE.read_text("utf-8").splitlines()) <= 80

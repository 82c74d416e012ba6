"""The benchmarks compare like with like: every way comes to the same events and the same standing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import growth, pages, report
from benchmarks.__main__ import intake_case, rebuild_cases
from benchmarks.backlog import fill
from benchmarks.engines import files, of_server
from benchmarks.figures import keep, kept
from benchmarks.histories import histories
from benchmarks.lives import live, lives
from benchmarks.place import open_store
from benchmarks.workload import workload
from tests.kept import FILES
from tests.postgres import PostgresServer
from workflow.aggregates.events import RelationshipOpened
from workflow.store.identities import Identities
from workflow.store.master import load_master_key

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


def test_pages_show_the_figures_that_are_kept() -> None:
    assert pages.main(["--check"]) == 0, "run `make docs`"


def test_a_page_that_shows_other_figures_is_named_and_written_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in pages.PAGES:
        (tmp_path / name).write_text((pages.DOCS / name).read_text("utf-8"), "utf-8")
    figures = kept(Path(report.__file__).parent)
    for row in figures["histories"]:
        row["cached_us"] = 12_345
    assert pages.main(["--check"], tmp_path, figures) == 1
    assert "scale.md shows other figures" in capsys.readouterr().err
    assert pages.main([], tmp_path, figures) == 0
    assert "12345 µs" in (tmp_path / "scale.md").read_text("utf-8")
    assert pages.main(["--check"], tmp_path, figures) == 0


def test_figures_take_the_place_of_those_that_tell_of_the_same(tmp_path: Path) -> None:
    keep(tmp_path, histories=[{"store": "sqlite", "events": 10, "cached_us": 1}])
    keep(tmp_path, latency=[{"store": "sqlite", "case": "idle", "p50": 2}])
    keep(tmp_path, histories=[{"store": "sqlite", "events": n, "cached_us": 3} for n in (100, 10)])
    assert [(row["events"], row["cached_us"]) for row in kept(tmp_path)["histories"]] == [(10, 3), (100, 3)]
    assert kept(tmp_path)["latency"] == [{"store": "sqlite", "case": "idle", "p50": 2}]


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
async def test_lives_laid_down_again_are_other_ones_and_all_that_is_measured_of_them_is(
    tmp_path: Path, store: str, postgres: PostgresServer
) -> None:
    told = lives(20)
    lived, there = tmp_path / "lived", tmp_path / "measured"
    for folder in (lived, there):
        folder.mkdir()
    await live(lived, told)
    filled = await fill(tmp_path / "nats", [*told.first, *told.later], growth.KEY)
    measured = files() if store == "sqlite" else of_server(postgres, 1)
    found = await growth.measure(measured, there, lived, filled, told, 3, 1, again=True)
    assert found["relationships"] == 60
    with open_store(FILES, lived) as once, open_store(measured.kept, there / f"{store}-3") as thrice:
        programmes = 2  # of which there is one, opened and with a policy
        facts = thrice.read(0, 3 * once.head() - 2 * programmes)
        assert len({fact.metadata.event_id for fact in facts}) == len(facts)
        openings = [fact for fact in facts if isinstance(fact.event, RelationshipOpened)]
        people = {thrice.unseal(fact, "parties.0.identities.0") for fact in openings}
        assert len(openings) == len(people) == 60
        identities = Identities(load_master_key(lived / "master.key"))
        with thrice.ledger() as ledger:
            for fact in openings:
                opened = fact.event
                assert isinstance(opened, RelationshipOpened)
                hashed = identities.hash(thrice.unseal(fact, "parties.0.identities.0"))
                assert ledger.directory.person_in(fact.stream, hashed) == opened.parties[0].person


def test_each_length_of_a_history_is_measured(tmp_path: Path) -> None:
    short, long = found = histories(files(), tmp_path, (10, 40))
    assert 10 <= short["events"] < 40 <= long["events"]
    assert all(row["cached_us"] > 0 for row in found)

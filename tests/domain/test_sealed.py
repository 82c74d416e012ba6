"""Sealed text: carried by the domain, shown by nothing that prints it."""

import pickle

import pytest

from tests.domain.story import MENTEE, agreed, day, given, look, text
from workflow.aggregates import events as e
from workflow.aggregates.sealed import PLACEHOLDER, Sealed, sealed_members


def goal() -> e.GoalSet:
    return e.GoalSet(
        occurred_at=day(1), provenance=e.Provenance.SELF_REPORTED, goal=MENTEE, text=text("to lead")
    )


def test_whatever_prints_it_shows_a_placeholder() -> None:
    assert "lead" not in repr(goal())
    assert "lead" not in goal().model_dump_json()
    assert goal().model_dump(mode="json")["text"] == PLACEHOLDER
    assert repr(Sealed.from_box("box")) == "Sealed(…)"


def test_the_store_alone_writes_its_box() -> None:
    event = goal()
    assert event.model_dump(mode="json", context={"boxes": {id(event.text): "a box"}})["text"] == "a box"
    kept = e.GoalSet.model_validate({**event.model_dump(mode="json"), "text": "a box"})
    assert (kept.text.box, kept.text.open_text(), kept.text.author) == ("a box", None, None)
    assert kept.model_dump(mode="json", context={"boxes": {}})["text"] == "a box"
    assert kept.model_dump(mode="json")["text"] == PLACEHOLDER


def test_it_is_equal_where_its_text_or_its_box_is() -> None:
    assert text("a") == text("a")
    assert hash(text("a")) == hash(text("a"))
    assert text("a") != text("b")
    assert Sealed.from_box("a") != Sealed.from_box("b")
    assert Sealed.from_box("a") != text("a")
    assert text("a") != "a"


def test_it_is_not_pickled() -> None:
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(text())


def test_it_is_written_by_its_author_and_of_the_relationship_unless_it_is_personal() -> None:
    assert (text().author, text().personal) == (MENTEE, False)
    assert Sealed("a", author=MENTEE, personal=True).personal
    assert not Sealed.from_box("a").personal


def test_all_of_an_event_is_found_with_the_path_that_leads_to_it() -> None:
    event = given(*agreed(), look(20)).last(e.FreshLookHeld)
    assert [path for path, _ in sealed_members(event)] == ["measures.0.what", "measures.1.what"]
    assert [path for path, _ in sealed_members(goal())] == ["text"]

"""Sealed text is readable through ``unseal`` and in no other way."""

from __future__ import annotations

import json
import logging
import pickle
import re
from typing import Any
from uuid import uuid4

import pytest

from tests.store.place import IDENTITY, ORIGIN, SECRET, Place, fresh_look, look_of, open_one, stagnating
from workflow.aggregates.events import FreshLookHeld, HelpAsked, Measure, Provenance, RelationshipOpened
from workflow.aggregates.sealed import Sealed, sealed_members
from workflow.errors import Conflict, NotFound
from workflow.store.keys import KeyDestroyed
from workflow.store.recorded import Recorded
from workflow.store.sealing import DESTROYED, Sealing, scope_of
from workflow.store.transaction import Transaction

HIDDEN = [SECRET, IDENTITY, "ada.secret", "burnout"]


def test_sealed_text_comes_back_for_those_who_may_see_it(place: Place) -> None:
    id, _ = stagnating(place)
    opened = place.store.stream(id)[0]
    assert isinstance(opened.event, RelationshipOpened)
    assert place.store.unseal(opened, "parties.0.identities.0") == IDENTITY
    assert place.store.unseal(look_of(place, id), "measures.0.what") == SECRET
    assert place.store.unseal(look_of(place, id), "perspective") == SECRET
    with pytest.raises(NotFound):
        place.store.unseal(opened, "programme")


def test_a_box_opens_for_nobody_but_the_party_whose_event_it_is_in(place: Place) -> None:
    mentee, mentor = uuid4(), uuid4()
    id = place.do(lambda t: open_one(t, identity=IDENTITY)).value

    def ask(transaction: Transaction) -> None:
        state = transaction.relationship(id)
        assert state is not None
        event = HelpAsked(
            occurred_at=transaction.now,
            provenance=Provenance.SELF_REPORTED,
            party=mentee,
            message=Sealed(SECRET, author=mentee),
        )
        transaction._stage(id, state.version + 1, (event,), ORIGIN, state)

    place.do(ask)
    position, *_, name, state = place.store.rows(0, 100)[-1]
    asked = place.store.mapper.decode(position, id, 2, name, state)
    assert place.store.unseal(asked, "message") == SECRET
    as_mentor = state.replace(f'"party":"{mentee}"'.encode(), f'"party":"{mentor}"'.encode())
    assert as_mentor != state
    with pytest.raises(Conflict, match="does not belong"):
        place.store.unseal(place.store.mapper.decode(position, id, 2, name, as_mentor), "message")
    opening = place.store.rows(0, 100)[-2]
    moved = re.sub(rb'"person":"[0-9a-f-]{36}"', f'"person":"{mentor}"'.encode(), opening[-1])
    with pytest.raises(Conflict, match="does not belong"):
        place.store.unseal(
            place.store.mapper.decode(opening[0], id, 1, opening[3], moved), "parties.0.identities.0"
        )


def test_no_file_holds_open_text(place: Place) -> None:
    stagnating(place)
    place.do(lambda t: t.parked.put("up", 1, SECRET.encode(), arrived_at=t.now, reason="ill_typed"))
    for close in (False, True):
        if close:
            place.close()
        on_disk = place.bytes_on_disk()
        assert b"mentoring.fresh_look_held.v1" in on_disk
        assert place.keys._wrapping not in on_disk
        for hidden in HIDDEN:
            for spelt in (hidden.encode(), hidden.encode("utf-16-le"), json.dumps(hidden).encode()):
                assert spelt not in on_disk
    for suffix in ("", "-wal", "-shm"):
        file = place.folder / f"events.db{suffix}"
        assert not file.exists() or file.stat().st_mode & 0o077 == 0


def test_nothing_that_is_printed_shows_it(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    id, _ = stagnating(place)
    recorded = look_of(place, id)
    author = uuid4()
    command = fresh_look(author)
    kept = place.do(lambda t: t.waiting.put("up", 2, SECRET.encode(), arrived_at=t.now, reason="waits"))
    with place.store.ledger() as ledger:
        body = ledger.waiting.get(kept.value)
    assert body is not None
    assert body.body == SECRET.encode()
    open_event = FreshLookHeld(
        occurred_at=place.clock.now(), provenance=Provenance.SELF_REPORTED, measures=command.measures
    )
    shown = [
        repr(recorded), str(recorded), repr(command), str(command), repr(place.keys), repr(body), str(body),
        repr(open_event), str(open_event), open_event.model_dump_json(), repr(open_event.model_dump(mode="json")),
        recorded.event.model_dump_json(), f"{open_event!r:>5}", f"{command}", caplog.text,
    ]  # fmt: skip
    for text in shown:
        for hidden in HIDDEN:
            assert hidden not in text
    with pytest.raises(TypeError):
        pickle.dumps(open_event)


def test_an_error_while_storing_does_not_show_it(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    twice = Sealed(SECRET, author=uuid4())
    measure = Measure(measure=uuid4(), what=twice, who=uuid4(), by_when=place.clock.now())
    event = FreshLookHeld(
        occurred_at=place.clock.now(),
        provenance=Provenance.SELF_REPORTED,
        perspective=twice,
        measures=(measure,),
    )
    id = place.do(open_one).value

    def unit(transaction: Transaction) -> None:
        state = transaction.relationship(id)
        assert state is not None
        transaction._stage(id, state.version + 1, (event,), ORIGIN, state)

    with pytest.raises(Conflict) as raised:
        place.do(unit)
    assert SECRET not in str(raised.value) + caplog.text
    assert SECRET.encode() not in place.bytes_on_disk()
    assert len(place.store.stream(id)) == 1


def _replaced(recorded: Recorded, **changes: Any) -> Recorded:
    names = ("position", "stream", "version", "event", "metadata", "stored_as", "renamed")
    return Recorded(**{name: getattr(recorded, name) for name in names} | changes)


def test_a_box_opens_only_where_it_was_put(place: Place) -> None:
    id, _ = stagnating(place)
    recorded = look_of(place, id)
    elsewhere = [
        _replaced(recorded, stream=uuid4()),
        _replaced(recorded, stored_as="mentoring.other.v1"),
        _replaced(recorded, metadata=recorded.metadata.model_copy(update={"event_id": uuid4()})),
    ]
    event = recorded.event
    assert isinstance(event, FreshLookHeld)
    swapped = event.model_copy(update={"perspective": event.measures[0].what})
    elsewhere.append(_replaced(recorded, event=swapped))
    for moved in elsewhere:
        with pytest.raises((Conflict, NotFound)) as raised:
            place.store.unseal(moved, "perspective")
        assert raised.value.code in ("box_misplaced", "key_missing")


def test_equal_texts_have_different_boxes(place: Place) -> None:
    id, _ = stagnating(place)
    boxes = [sealed.box for _, sealed in sealed_members(look_of(place, id).event)]
    assert len(set(boxes)) == len(boxes) == 2


def test_after_destruction_nothing_opens_and_what_comes_late_is_stored_sealed(place: Place) -> None:
    id, author = stagnating(place)
    recorded = look_of(place, id)
    place.keys.destroy([scope_of(id, "author", str(author))])
    with pytest.raises(KeyDestroyed):
        place.store.unseal(recorded, "perspective")

    late = recorded.event.model_copy(update={"perspective": Sealed("late words", author=author)})

    def unit(transaction: Transaction) -> None:
        state = transaction.relationship(id)
        assert state is not None
        transaction._stage(id, state.version + 2, (late,), ORIGIN, state)

    place.do(unit)
    last = place.store.stream(id)[-1]
    assert isinstance(last.event, FreshLookHeld)
    assert last.event.perspective is not None
    assert last.event.perspective.box == DESTROYED
    with pytest.raises(KeyDestroyed):
        place.store.unseal(last, "perspective")
    assert b"late words" not in place.bytes_on_disk()
    # Another author's words in the same relationship are not touched, nor is the person's identity.
    assert place.store.unseal(place.store.stream(id)[0], "parties.0.identities.0") == IDENTITY


def test_what_is_boxed_already_is_stored_as_it_is(place: Place) -> None:
    id, _ = stagnating(place)
    event = look_of(place, id).event
    sealing = Sealing(place.keys)
    assert list(sealing.scopes(id, event)) == []
    assert sealing.boxes(id, uuid4(), event) == {}

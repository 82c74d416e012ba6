"""The encrypted form of sealed text: boxes.

A box is ``1.<author|person>.<id>.<base64 of nonce and ciphertext>`` (AES-GCM). It opens only where it was
put: relationship, event, stored name of the event and place inside it are bound to it, and it has to be its whose the
event is said to be. What would have been sealed under a destroyed key is the box ``destroyed``: nothing.
"""

from __future__ import annotations

import os
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from typing import get_args
from uuid import UUID

from cryptography.exceptions import InvalidTag
from pydantic import BaseModel

from workflow.aggregates.events import Event, IdentityAdded, IdentityRemoved, RelationshipOpened
from workflow.aggregates.sealed import Sealed, sealed_members
from workflow.errors import Conflict, NotFound
from workflow.store.keys import KeyDestroyed, KeyStore
from workflow.store.recorded import Recorded

DESTROYED = "destroyed"
BOX = re.compile(
    r"1\.(author|person)\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\."
    r"([A-Za-z0-9_-]{4}){9,}([A-Za-z0-9_-]{4}|[A-Za-z0-9_-]{3}=|[A-Za-z0-9_-]{2}==)|" + DESTROYED
)
"""How a box is written; text in clear is not. Nonce and tag alone have 28 bytes, in 40 characters of base64."""

_NONCE = 12
_can_hold: dict[type, bool] = {}


def can_hold_sealed(model: type[BaseModel]) -> bool:
    """Whether events of this class have room for sealed text; most have none and are spared the search."""
    known = _can_hold.get(model)
    if known is None:
        fields = model.model_fields.values()
        known = _can_hold[model] = any(_mentions_sealed(field.annotation) for field in fields)
    return known


def _mentions_sealed(annotation: object) -> bool:
    if annotation is Sealed:
        return True
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return can_hold_sealed(annotation)
    return any(_mentions_sealed(part) for part in get_args(annotation))


def scope_of(stream: UUID, kind: str, key: str) -> str:
    """The name of the key that a box of this kind was sealed under."""
    return f"person/{key}" if kind == "person" else f"{stream}/{key}"


def is_of_another(event: Event, path: str, box: str) -> bool:
    """Whether a box at ``path`` is another's than whose the event says, where it says so: a party's, a person's."""
    person = _said_of(event, path)
    return box != DESTROYED and person is not None and box.split(".")[2] != str(person)


def _said_of(event: Event, path: str) -> UUID | None:
    match event:
        case RelationshipOpened():
            return event.parties[int(path.split(".")[1])].person
        case IdentityAdded() | IdentityRemoved():
            return event.person
    party: UUID | None = getattr(event, "party", None)
    return party


def _bound_to(stream: UUID, event_id: UUID, name: str, path: str) -> bytes:
    return f"{stream}\n{event_id}\n{name}\n{path}".encode()


class Sealing:
    """Seals and opens under the keys of a key store."""

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys

    def scopes(self, stream: UUID, event: Event) -> Iterator[str]:
        """The keys that ``event`` needs to be stored."""
        for _, sealed in sealed_members(event):
            if sealed.box is None:
                yield scope_of(stream, "person" if sealed.personal else "author", str(sealed.author))

    def ensure(self, scopes: list[str], head: int | None = None) -> None:
        """Make the keys that are missing, durably, for facts behind the position ``head``."""
        self._keys.ensure(scopes, head)

    def boxes(self, stream: UUID, event_id: UUID, event: Event) -> dict[int, str]:
        """The box for every open text in ``event``, by the identity of the value; its keys must be there.

        Equal texts in several places get boxes of their own, and one value in two places is refused: a box
        opens in one place only.
        """
        boxes: dict[int, str] = {}
        for path, sealed in sealed_members(event):
            text = sealed.open_text()
            if text is None:
                continue
            if id(sealed) in boxes:
                raise Conflict("the same sealed value stands in two places of an event", code="sealed_twice")
            kind, key = ("person" if sealed.personal else "author"), str(sealed.author)
            try:
                cipher = self._keys.cipher(scope_of(stream, kind, key))
            except KeyDestroyed:
                boxes[id(sealed)] = DESTROYED
                continue
            nonce = os.urandom(_NONCE)
            secret = cipher.encrypt(nonce, text.encode(), _bound_to(stream, event_id, event.name, path))
            boxes[id(sealed)] = f"1.{kind}.{key}.{urlsafe_b64encode(nonce + secret).decode()}"
        return boxes

    def open(self, recorded: Recorded, path: str) -> str:
        """The text at ``path`` of a recorded event. Who may ask is for the caller to have settled."""
        box = next((sealed.box for where, sealed in sealed_members(recorded.event) if where == path), None)
        if box is None:
            raise NotFound(f"nothing sealed stands at {path}", code="not_sealed")
        if box == DESTROYED:
            raise KeyDestroyed("the key to this text was destroyed before it came")
        version, kind, key, secret = box.split(".")
        if version != "1":
            raise NotFound("this text was sealed by a later version of the service", code="box_unknown")
        if is_of_another(recorded.event, path, box):
            raise _misplaced()
        raw = urlsafe_b64decode(secret)
        name, stored_path = recorded.stored_as or recorded.event.name, _path_as_stored(recorded, path)
        bound = _bound_to(recorded.stream, recorded.metadata.event_id, name, stored_path)
        try:
            text = self._keys.cipher(scope_of(recorded.stream, kind, key)).decrypt(
                raw[:_NONCE], raw[_NONCE:], bound
            )
        except InvalidTag:
            raise _misplaced() from None
        return text.decode()


def _misplaced() -> Conflict:
    return Conflict("this sealed text does not belong where it stands", code="box_misplaced")


def _path_as_stored(recorded: Recorded, path: str) -> str:
    head, dot, rest = path.partition(".")
    return f"{dict(recorded.renamed).get(head, head)}{dot}{rest}"

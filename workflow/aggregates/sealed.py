"""Text that only its parties may read, as the domain carries it.

The domain never needs to read sealed text, only to keep it. A value is either *open* (it has just come in
with a command) or *boxed* (it came out of the store, encrypted). Whatever prints it, logs it or turns it
into JSON gets a placeholder; only the store, by asking for ``boxes``, writes the encrypted form.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

PLACEHOLDER = "sealed"
"""What every printed, logged or serialised form of sealed text shows."""


class Sealed:
    """Confidential text, encrypted by its author's key of this relationship, or by a person's own."""

    __slots__ = ("_box", "_open", "author", "personal")

    def __init__(self, text: str, *, author: UUID, personal: bool = False) -> None:
        self._open: str | None = text
        self._box: str | None = None
        self.author: UUID | None = author
        self.personal = personal

    @classmethod
    def from_box(cls, box: str) -> Sealed:
        """The value as the store kept it: encrypted, and of no use without its key."""
        self = cls.__new__(cls)
        self._open, self._box, self.author, self.personal = None, box, None, False
        return self

    @property
    def box(self) -> str | None:
        """The encrypted form, or None while the text is open."""
        return self._box

    def open_text(self) -> str | None:
        """The text itself while it is open, for the store's sealing and nobody else; None once boxed."""
        return self._open

    def __repr__(self) -> str:
        return "Sealed(…)"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sealed):
            return NotImplemented
        return self._open == other._open and self._box == other._box

    def __hash__(self) -> int:
        return hash((self._open, self._box))

    def __reduce__(self) -> Any:
        raise TypeError("sealed text is not pickled")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.union_schema(
            [
                core_schema.is_instance_schema(cls),
                core_schema.no_info_after_validator_function(cls.from_box, core_schema.str_schema()),
            ],
            mode="left_to_right",
            serialization=core_schema.plain_serializer_function_ser_schema(
                _serialise, info_arg=True, return_schema=core_schema.str_schema()
            ),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "description": "encrypted; readable by the parties alone"}


def _serialise(value: Sealed, info: core_schema.SerializationInfo) -> str:
    context: Any = info.context
    boxes: Mapping[int, str] | None = context.get("boxes") if context else None
    if boxes is None:
        return PLACEHOLDER
    return value.box if value.box is not None else boxes[id(value)]


def sealed_members(model: BaseModel, path: str = "") -> Iterator[tuple[str, Sealed]]:
    """Every sealed value inside ``model`` with the path that leads to it, such as ``measures.0.what``."""
    for name in type(model).model_fields:
        yield from _within(getattr(model, name), f"{path}{name}")


def _within(value: object, path: str) -> Iterator[tuple[str, Sealed]]:
    if isinstance(value, Sealed):
        yield path, value
    elif isinstance(value, BaseModel):
        yield from sealed_members(value, f"{path}.")
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _within(item, f"{path}.{index}")

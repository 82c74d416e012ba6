"""What the payloads of booking services have in common: JSON of which we read a few members."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from workflow.consumers.hooks.hook import Untranslatable
from workflow.consumers.meetings.members import Zone

M = TypeVar("M", bound=BaseModel)

_ZONE = TypeAdapter(Zone)


class Payload(BaseModel):
    """A part of a payload. What is not listed is not read."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


def read_payload(form: type[M], body: bytes) -> M:
    """The body as this form; ``Untranslatable`` names the member that does not fit."""
    try:
        return form.model_validate_json(body)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
        if fault["type"] == "json_invalid":
            raise Untranslatable("not_json") from None
        where = ".".join(str(part) for part in fault["loc"] if not isinstance(part, int))
        raise Untranslatable(f"payload_unfit:{where}") from None


def identities(addresses: Iterable[str]) -> list[str]:
    """The identities of mail addresses, each once, in their order."""
    return list(dict.fromkeys(f"email:{address.strip().lower()}" for address in addresses if address.strip()))


def zone_or_none(name: str | None) -> str | None:
    """A zone's name, where it can be one: a meeting is worth more than the name of its zone."""
    try:
        return None if name is None else _ZONE.validate_python(name)
    except ValidationError:
        return None

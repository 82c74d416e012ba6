"""A message on its way to the broker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

STRUCTURED = "application/cloudevents+json"
"""The media type of a CloudEvent whose attributes and data are one JSON object."""


@dataclass(frozen=True, slots=True, repr=False)
class Outgoing:
    """The body and the headers that it will have there, and the key that spreads the work."""

    key: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": STRUCTURED})

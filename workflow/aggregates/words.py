"""The domain's words: enumerations that are text."""

from __future__ import annotations

from enum import StrEnum


class Word(StrEnum):
    """A text of a fixed choice. It hashes as the text that it equals, which is six times as fast as by name."""

    __hash__ = str.__hash__

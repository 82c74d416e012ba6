"""How a long form says how far it is."""

from __future__ import annotations

from collections.abc import Callable

Tell = Callable[[str], object]


def untold(_: str) -> None:
    """Nobody waits long enough for a short form to be told."""

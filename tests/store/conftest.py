"""A store for a test, not yet started or started with a programme."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.place import Place


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.close()


@pytest.fixture
def place(empty: Place) -> Place:
    return empty.start()

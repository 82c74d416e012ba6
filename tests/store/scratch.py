"""A store for one example of a property test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.store.conftest import Place


@contextmanager
def scratch() -> Iterator[Place]:
    """A started store in a folder that goes away."""
    with TemporaryDirectory() as folder:
        place = Place(Path(folder)).start()
        try:
            yield place
        finally:
            place.close()

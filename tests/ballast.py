"""What fills a disk."""

from __future__ import annotations

from pathlib import Path


def fill(ballast: Path) -> None:
    """Write a file that leaves no room on its disk."""
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return

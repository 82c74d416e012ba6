"""How long it took until work went on after each fault."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median


@dataclass(slots=True)
class Recoveries:
    """Seconds by the clock on the wall. They are told, and nothing is asserted of them."""

    seconds: list[float] = field(default_factory=list)

    @contextmanager
    def timed(self) -> Iterator[None]:
        """From the end of a fault, or its beginning where others are to go on, until work goes on."""
        begun = time.monotonic()
        yield
        self.seconds.append(time.monotonic() - begun)

    def __str__(self) -> str:
        """``went on after 1.2 s, at most 3.4 s (of 40)``: the median first."""
        return (
            f"went on after {median(self.seconds):.1f} s, at most {max(self.seconds):.1f} s"
            f" (of {len(self.seconds)})"
        )

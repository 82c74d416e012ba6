"""Ports for servers that tests kill and start again, and for those that cannot choose one themselves."""

from __future__ import annotations

import socket
from contextlib import suppress
from random import SystemRandom

_PORTS = 10_000, 32_000
"""Below those that the system gives to outgoing connections: what is killed finds its ports free as it comes back."""

_CHANCE = SystemRandom()
"""Not the one that is seeded for examples: tests that run beside each other would choose the same."""


def free(number: int) -> list[int]:
    """So many ports of loopback that nobody has."""
    found: set[int] = set()
    while len(found) < number:
        port = _CHANCE.randint(*_PORTS)
        with socket.socket() as trial, suppress(OSError):
            trial.bind(("127.0.0.1", port))
            found.add(port)
    return list(found)

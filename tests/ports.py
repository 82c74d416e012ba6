"""Ports for servers that tests kill and start again, and for those that cannot choose one themselves."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from random import SystemRandom

_PORTS = 10_000, 32_000
"""Below those that the system gives to outgoing connections: what is killed finds its ports free as it comes back."""

_CHANCE = SystemRandom()
"""Not the one that is seeded for examples: tests that run beside each other would choose the same."""

_given: set[int] = set()
"""A server that is down has nobody listening on its port, which is its own all the same."""


def free(number: int) -> list[int]:
    """So many ports of loopback that nobody has, nor is given by tests beside these."""
    found: list[int] = []
    mine = _mine()
    while len(found) < number:
        port = _CHANCE.choice(mine)
        if port in _given:
            continue
        with socket.socket() as trial, suppress(OSError):
            trial.bind(("127.0.0.1", port))
            _given.add(port)
            found.append(port)
    return found


def _mine() -> range:
    """Those of this process: where several share out the tests, they share out the ports, too."""
    many = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first, behind = _PORTS
    return range(first + number % many, behind, many)

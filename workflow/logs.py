"""Loggers whose lines are for operators; of all others, warnings and what is worse are written."""

from __future__ import annotations

import logging

OPERATIONS = "mentoring.operations"
"""Who had what done to the service itself."""

BROKER = "mentoring.broker"
"""How the broker comes and goes."""

WORK = "mentoring.work"
"""When PostgreSQL goes away and comes back, what goes on again, and who is at work."""


def write_to_stderr() -> None:
    """Write them, for a process that serves."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in (OPERATIONS, BROKER, WORK):
        logging.getLogger(name).setLevel(logging.INFO)
    # It says at every try what we say once, and in libpq's words: these may name what nobody is to read.
    logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)

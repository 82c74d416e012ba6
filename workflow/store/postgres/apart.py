"""Facts and keys lie in two databases that belong together: whoever has a dump of one must not have both."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import psycopg

from workflow.errors import Stopped
from workflow.store.postgres.pool import WHICH, complete
from workflow.store.postgres.unreached import FACTS_SETTING, KEYS_SETTING, unreached

_WAITS, _TRIES_AFTER = 10.0, 0.2
"""Seconds for a server that is about to answer."""

_LOOK = f"""
    SELECT
        ({WHICH}),
        EXISTS (
            SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE n.nspname = 'mentoring' AND c.relname = 'stored_events'
        ),
        EXISTS (SELECT FROM pg_namespace WHERE nspname = 'mentoring_keys')
"""


class _Seen(NamedTuple):
    which: str
    """The same for every address of one database, and for no other."""
    facts: bool
    keys: bool


def refuse_what_does_not_belong(facts: str, keys: str) -> None:
    """``Stopped`` where one would be begun in the place of the other, or beside it. Makes nothing."""
    of_facts, of_keys = _seen(facts, FACTS_SETTING), _seen(keys, KEYS_SETTING)
    if of_facts.which == of_keys.which:
        raise Stopped(
            "MENTORING_DATABASE and MENTORING_KEY_DATABASE name one and the same database: whoever has a dump of "
            "the facts must not have the keys; name another for these",
            code="keys_beside_facts",
        )
    if of_keys.facts or of_facts.keys:
        held = "MENTORING_KEY_DATABASE names a database that holds facts"
        if of_facts.keys:
            held = "MENTORING_DATABASE names a database that holds keys"
        raise Stopped(
            f"{held}: see that the two are not exchanged. Nothing was changed", code="keys_beside_facts"
        )
    if of_facts.facts and not of_keys.keys:
        raise Stopped(
            "there are facts in the database that MENTORING_DATABASE names, and no keys in the one that "
            "MENTORING_KEY_DATABASE names: see that it is the right one, or restore it from its backup. "
            "Nothing was changed",
            code="keys_missing",
        )


def _seen(dsn: str, setting: str) -> _Seen:
    until = time.monotonic() + _WAITS
    while True:
        try:
            with psycopg.connect(complete(dsn), autocommit=True) as connection:
                row: Any = connection.execute(_LOOK).fetchone()
                return _Seen(*row)
        except psycopg.OperationalError as error:
            if time.monotonic() > until:
                raise unreached(setting, error) from None
        time.sleep(_TRIES_AFTER)

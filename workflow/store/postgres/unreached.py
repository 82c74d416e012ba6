"""Why a database is not reached, in our words: the driver's own may name what nobody is to read."""

from __future__ import annotations

from typing import NamedTuple

import psycopg

from workflow.errors import Unavailable

FACTS_SETTING, KEYS_SETTING = "MENTORING_DATABASE", "MENTORING_KEY_DATABASE"


class Why(NamedTuple):
    """What is so, and what to do."""

    said: str
    todo: str


def why(setting: str, error: psycopg.Error | None = None) -> Why:
    """Why the database that ``setting`` names is not reached, as far as what was raised tells.

    It has no code of the server's: that is read by libpq alone. Whether a password was asked for is all that it keeps.
    """
    tried = None if error is None else error.pgconn
    if tried is not None and tried.needs_password:
        return Why(
            f"PostgreSQL demands a password under the address of {setting}, and none is given",
            f"name a file with it in {setting}_PASSWORD_FILE, or put it where libpq finds it",
        )
    if tried is not None and tried.used_password:
        return Why(
            f"PostgreSQL answers under the address of {setting}, and refuses who asks",
            "see that the password is right, and that there is such a database and user; its log says which it is",
        )
    return Why(
        f"PostgreSQL does not answer under the address of {setting}, or refuses who asks",
        "see that it runs, that the address is right, and that there is such a database and user; its log says more",
    )


def unreached(setting: str, error: psycopg.Error | None = None) -> Unavailable:
    """The same as an error to raise."""
    said, todo = why(setting, error)
    return Unavailable(f"{said}: {todo}. Nothing was changed", code="database_unavailable")

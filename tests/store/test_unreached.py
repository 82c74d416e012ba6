"""A database that is not reached is told of by the setting that names it, and never in the driver's words."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.postgres import PostgresServer
from workflow.diagnosis import Grade, Shut
from workflow.errors import Unavailable
from workflow.projections.postgres.connecting import connect
from workflow.store.postgres import apart
from workflow.store.postgres.examined import server
from workflow.store.postgres.keys import KeyDatabase
from workflow.store.postgres.recorder import SCHEMA

PASSWORD = "a-password-of-nobody"


@pytest.fixture(scope="module")
def guarded() -> Iterator[PostgresServer]:
    """A server that demands a password of one of its users."""
    with PostgresServer() as found:
        hba = found.data / "pg_hba.conf"
        hba.write_text("host all guarded 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n")
        with psycopg.connect(found.dsn(), autocommit=True) as connection:
            connection.execute("CREATE ROLE guarded LOGIN PASSWORD 'the right one'")
        found.kill()
        found.start()
        yield found


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workflow.store.postgres.apart._WAITS", 0.0)
    monkeypatch.setattr("workflow.store.postgres.pool._WAITS", 0.5)


NO_PASSWORD = ("demands a password under the address of {}, and none is given", "{}_PASSWORD_FILE")
REFUSED = ("answers under the address of {}, and refuses who asks", "the password is right")
ANYTHING = ("does not answer under the address of {}, or refuses who asks", "see that it runs")


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"user": "guarded"}, NO_PASSWORD),
        ({"user": "guarded", "password": PASSWORD}, REFUSED),
        ({"user": "stranger"}, ANYTHING),
        ({"dbname": "nothing"}, ANYTHING),
        ({"port": 9}, ANYTHING),
    ],
    ids=["no password", "another password", "no such user", "no such database", "a closed port"],
)
def test_why_it_is_not_reached_is_said_as_far_as_it_is_known(
    guarded: PostgresServer, other: dict[str, str | int], words: tuple[str, str]
) -> None:
    sound = guarded.dsn()
    unsound = make_conninfo(sound, **other)
    asks: list[tuple[str, Callable[[], object]]] = [
        ("MENTORING_DATABASE", lambda: apart.refuse_what_does_not_belong(unsound, sound)),
        ("MENTORING_KEY_DATABASE", lambda: apart.refuse_what_does_not_belong(sound, unsound)),
        ("MENTORING_DATABASE", lambda: connect(unsound)),
    ]
    for setting, ask in asks:
        with pytest.raises(Unavailable) as refused:
            ask()
        _is_told(refused.value.detail, setting, words)
        assert "Nothing was changed" in refused.value.detail
        assert refused.value.code == "database_unavailable"
    for setting in ("MENTORING_DATABASE", "MENTORING_KEY_DATABASE"):
        (found,) = server(unsound, "database", setting, {SCHEMA: None})
        assert isinstance(found, Shut)
        assert found.grade is Grade.TROUBLE
        _is_told(f"{found.said}: {found.todo}", setting, words)


def test_the_pool_of_the_keys_names_the_setting_of_the_keys(guarded: PostgresServer) -> None:
    with pytest.raises(Unavailable, match="under the address of MENTORING_KEY_DATABASE"):
        KeyDatabase(make_conninfo(guarded.dsn(), port=9))


def _is_told(detail: str, setting: str, words: tuple[str, str]) -> None:
    for word in words:
        assert word.format(setting) in detail
    for driver in (PASSWORD, "FATAL", "fe_sendauth", "guarded", "stranger", 'nothing"', "refused"):
        assert driver not in detail

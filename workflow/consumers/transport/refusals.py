"""What the broker refuses, and what may be said of what keeps us from it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from nats.errors import Error as NatsError
from nats.js.api import StreamConfig, StreamInfo
from nats.js.errors import APIError

from workflow.errors import MentoringError, Stopped, Unavailable

SMALLEST = 16 * 1024**2
"""Bytes: a stream is made of this size or a larger one, or not at all."""

_NOT_STORED = 10077
_NOT_SO_MUCH = 10047
_NO_SUITABLE_SERVERS = 10005
_NO_CLUSTER = 10074
_NO_ROOM = "insufficient storage"
"""In these words a cluster says that it has the servers, and they have not the room."""


def is_full(error: APIError) -> bool:
    """Whether a message was not stored because its stream holds as much as it may."""
    return error.err_code == _NOT_STORED


async def largest_granted(
    store: Callable[[StreamConfig], Awaitable[StreamInfo]],
    config: StreamConfig,
    setting: str,
    *,
    exactly: bool = False,
) -> StreamInfo:
    """The stream as the broker stores it: of its size, or the largest half of it, quarter of it … that is granted.

    With ``exactly`` of its size or not at all. ``setting`` is what names that size. Raises ``Stopped`` where no cluster
    is there to keep its replicas, and ``Unavailable`` where one has not as many servers at work: it may get them.
    """
    while True:
        try:
            return await store(config)
        except APIError as error:
            if not _is_too_much(error):
                raise _unreplicated(error, config) or error from error
            size = config.max_bytes or 0
            if exactly or size // 2 < SMALLEST:
                raise Unavailable(
                    f"the broker has no room for the stream {config.name} of {size} bytes; make room, or set "
                    f"{setting} to what it has room for",
                    code="stream_too_large",
                ) from error
            config = replace(config, max_bytes=size // 2)


def _is_too_much(error: APIError) -> bool:
    return error.err_code == _NOT_SO_MUCH or (
        error.err_code == _NO_SUITABLE_SERVERS and _NO_ROOM in (error.description or "")
    )


def _unreplicated(error: APIError, config: StreamConfig) -> MentoringError | None:
    """What to do where the servers that are to keep the stream are missing; None where it is not that."""
    kept = f"{config.num_replicas} servers are to keep the stream {config.name} (MENTORING_NATS_REPLICAS)"
    if error.err_code == _NO_CLUSTER:
        return Stopped(
            f"{kept}, and the NATS server belongs to no cluster: name the servers of one in MENTORING_NATS, or have "
            "one server keep it, and start the service anew",
            code="no_cluster",
        )
    if error.err_code == _NO_SUITABLE_SERVERS:
        return Unavailable(
            f"{kept}, and the cluster has not as many at work: start those that are missing, or have fewer keep it "
            "and start the service anew",
            code="too_few_servers",
        )
    return None


def is_unknown(error: BaseException) -> bool:
    """Whether the broker lets nobody in who shows this token, or none; its client knows it by these words alone."""
    return isinstance(error, NatsError) and "authorization" in str(error).casefold()


def in_words(error: BaseException) -> str:
    """What may be said of it to anybody: the words of an exception that is not ours may hold what was sent."""
    if isinstance(error, MentoringError):
        return error.detail
    if is_unknown(error):
        return "the broker refuses the token that it is shown, or asks for one: see MENTORING_NATS_TOKEN_FILE"
    if isinstance(error, NatsError | TimeoutError):
        return f"the broker does not answer ({type(error).__name__})"
    return type(error).__name__

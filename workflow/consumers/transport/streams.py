"""The stream that meetings come in by: declaring it, knowing it again, and cutting off what is recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig, StreamInfo
from nats.js.errors import BadRequestError, NotFoundError

from workflow.errors import Stopped

STREAM = "MENTORING"
SUBJECT = "mentoring.meetings.*"
"""Every meeting message's subject; the last token spreads the work and means nothing to us."""

_NAME = "mentoring-upstream"
_PARTITION = 0


@dataclass(frozen=True, slots=True)
class Upstream:
    """A stream as it stands: its name for ever, its first and its last sequence (last + 1 and last if empty)."""

    name: str
    first: int
    last: int


async def declare(streams: JetStreamContext, new_id: Callable[[], UUID]) -> Upstream:
    """Create the stream where it is missing, bring our part of it in line, and tell its name.

    The name is an id of its own, kept in the stream's metadata: a stream that was deleted and created anew
    counts its messages from 1 again, and must never be taken for the old one. What else an operator has
    set on the stream stays as it is.
    """
    try:
        info = await streams.stream_info(STREAM)
    except NotFoundError:
        try:
            made = StreamConfig(name=STREAM, storage=StorageType.FILE, metadata={_NAME: str(new_id())})
            info = await streams.add_stream(_ours(made))
        except BadRequestError:  # another process was faster, with a name of its own
            info = await streams.stream_info(STREAM)
    metadata = dict(info.config.metadata or {})
    if _NAME not in metadata or _differs(info.config):
        metadata.setdefault(_NAME, str(new_id()))
        info = await streams.update_stream(_ours(replace(info.config, metadata=metadata)))
    return _upstream(info)


async def look(streams: JetStreamContext) -> Upstream:
    """The stream as it stands now."""
    return _upstream(await streams.stream_info(STREAM))


def check_position(upstream: Upstream, position: int) -> None:
    """Stop where going on from ``position`` would pass over messages in silence."""
    if upstream.last < position:
        raise Stopped(
            f"the stream {STREAM} ends at {upstream.last}, but messages up to {position} of it are recorded: "
            "it was restored from an older copy. Delete the stream so that a new one begins, "
            "or restore the right copy",
            code="stream_behind",
        )


async def purge(streams: JetStreamContext, upstream: Upstream, position: int) -> None:
    """Remove what lies below the position recorded of ``upstream``, if that is still the stream that is there.

    The message at the position stays, so that the stream shows where we are. A stream that ends before it
    is another copy, whose messages were never taken in: nothing of it is removed.
    """
    if position > 1:
        now = await look(streams)
        if now.name == upstream.name and now.last >= position:
            await streams.purge_stream(STREAM, seq=position)


def _ours(config: StreamConfig) -> StreamConfig:
    """``config`` with what intake relies on: no message goes by itself, before it was taken in."""
    return replace(
        config,
        subjects=[SUBJECT],
        retention=RetentionPolicy.LIMITS,
        discard=DiscardPolicy.NEW,
        max_age=0,
    )


def _differs(config: StreamConfig) -> bool:
    return bool(
        config.subjects != [SUBJECT]
        or config.discard is not DiscardPolicy.NEW
        or config.retention is not RetentionPolicy.LIMITS
        or config.max_age
    )


def _upstream(info: StreamInfo) -> Upstream:
    name = (info.config.metadata or {}).get(_NAME)
    if name is None:
        raise Stopped(f"the stream {STREAM} lost the name that we gave it", code="stream_unnamed")
    state = info.state
    return Upstream(f"{name}/{_PARTITION}", max(state.first_seq, 1), state.last_seq)

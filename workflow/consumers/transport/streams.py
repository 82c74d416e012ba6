"""The stream that meetings come in by: declaring it, knowing it again, and cutting off what is recorded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import NamedTuple
from uuid import UUID

from nats.js import JetStreamContext
from nats.js.api import (
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
    StreamInfo,
    SubjectTransform,
)
from nats.js.errors import APIError, BadRequestError, NotFoundError

from workflow.consumers.transport.refusals import largest_granted
from workflow.errors import Stopped

STREAM = "MENTORING"
SUBJECT = "mentoring.meetings.*"
"""Every meeting message's subject; the last token spreads the work and means nothing to us."""

LARGEST = 8 * 1024**3
"""Bytes that a stream may hold where nobody has said how many."""

NAME = "mentoring-upstream"
"""Under which name the stream's metadata keeps the id that we gave it."""

PARTITIONS = "mentoring-partitions"
"""And under which into how many partitions it was divided when it was made."""

_DEALT = "mentoring.meetings.{{{{partition({},1)}}}}.{{{{wildcard(1)}}}}"
"""What the broker makes of a subject before it stores a message under it."""

_SHORTEST_WINDOW = 0.1
_NOT_TO_BE_CHANGED = 10052


class Partition(NamedTuple):
    """One of as many shares of a stream, which the broker deals out by the last token of what was published under.

    All messages of one token are in one partition. The stream counts on through all of them.
    """

    number: int = 0
    of: int = 1

    @property
    def subject(self) -> str | None:
        """The subjects of its messages as they are stored; None where it has all of them."""
        return None if self.of == 1 else f"mentoring.meetings.{self.number}.*"

    def upstream(self, stream: str) -> str:
        """Its name, for ever."""
        return f"{stream}/{self.number}"


WHOLE = Partition()


@dataclass(frozen=True, slots=True)
class Upstream:
    """A partition of a stream: its name for ever, the stream's first and last sequence (last + 1 and last if empty).

    ``stream`` is the stream's own name, and ``replicas`` how many servers keep it.
    """

    name: str
    first: int
    last: int
    replicas: int = 1
    stream: str = ""
    partition: Partition = WHOLE


async def declare(
    streams: JetStreamContext,
    new_id: Callable[[], UUID],
    max_bytes: int | None = None,
    replicas: int = 1,
    partition: Partition = WHOLE,
) -> Upstream:
    """Create the stream where it is missing, bring our part of it in line, and tell its name.

    The name is an id of its own, kept in the stream's metadata: a stream that was deleted and created anew
    counts its messages from 1 again, and must never be taken for the old one. What else an operator has
    set on the stream stays as it is, its size too, unless ``max_bytes`` is given: a stream without a limit
    gets the largest that the broker grants. At least ``replicas`` servers keep it. Into how many partitions it is
    divided is said once, before its first message. Raises ``Stopped`` where the stream cannot be brought in line.
    """
    ours = partial(_ours, max_bytes=max_bytes, replicas=replicas, partitions=partition.of)
    try:
        info = await streams.stream_info(STREAM)
    except NotFoundError:
        try:
            metadata = {NAME: str(new_id()), PARTITIONS: str(partition.of)}
            made = StreamConfig(name=STREAM, storage=StorageType.FILE, metadata=metadata)
            info = await _granted(streams.add_stream, ours(made), max_bytes)
        except BadRequestError:  # another process was faster, with a name of its own
            info = await streams.stream_info(STREAM)
    metadata = dict(info.config.metadata or {})
    divided = len(partitions(info))
    if divided != partition.of:
        if info.state.last_seq:
            raise Stopped(
                f"the stream {STREAM} was divided into {divided} partitions, and MENTORING_PARTITIONS says "
                f"{partition.of}: set it to {divided}; or stop the publishers, have everything taken in, and delete "
                "the stream, so that a new one begins",
                code="stream_divided",
            )
        metadata[PARTITIONS] = str(partition.of)
    if metadata != info.config.metadata or NAME not in metadata or _unlike(info.config, ours(info.config)):
        metadata.setdefault(NAME, str(new_id()))
        info = await _granted(streams.update_stream, ours(replace(info.config, metadata=metadata)), max_bytes)
    return _upstream(info, partition)


async def look(streams: JetStreamContext, partition: Partition = WHOLE) -> Upstream:
    """The stream as it stands now."""
    return _upstream(await streams.stream_info(STREAM), partition)


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


async def _granted(
    store: Callable[[StreamConfig], Awaitable[StreamInfo]], config: StreamConfig, max_bytes: int | None
) -> StreamInfo:
    """The stream as the broker stores it, of the largest size that it grants where none was asked for."""
    try:
        return await largest_granted(store, config, "MENTORING_STREAM_BYTES", exactly=max_bytes is not None)
    except APIError as error:
        if error.err_code != _NOT_TO_BE_CHANGED:
            raise
        raise Stopped(
            f"the stream {STREAM} might lose messages before they are taken in, and the broker does not "
            f"let that be changed ({error.description}). Delete the stream so that a new one begins "
            "and ask the publishers to send again",
            code="stream_unfit",
        ) from error


def _ours(config: StreamConfig, max_bytes: int | None, replicas: int, partitions: int = 1) -> StreamConfig:
    """``config`` with what intake relies on: no message goes by itself, before it was taken in.

    The broker's own notice of duplicates is kept as short as it allows: it would drop another message under
    the same ``Nats-Msg-Id`` unseen, where a receipt tells a duplicate from a conflict.
    """
    held = config.max_bytes if config.max_bytes and config.max_bytes > 0 else LARGEST
    return replace(
        config,
        subjects=[SUBJECT],
        subject_transform=None if partitions == 1 else SubjectTransform(SUBJECT, _DEALT.format(partitions)),
        storage=StorageType.FILE,
        retention=RetentionPolicy.LIMITS,
        discard=DiscardPolicy.NEW,
        discard_new_per_subject=False,
        max_age=0,
        max_bytes=max_bytes or held,
        num_replicas=max(config.num_replicas or 1, replicas),
        max_msgs_per_subject=-1,
        duplicate_window=_SHORTEST_WINDOW,
        no_ack=False,
        sealed=False,
        deny_purge=False,
        allow_rollup_hdrs=False,
        # A broker that is too old for these does not know their names either.
        allow_msg_ttl=_off(config.allow_msg_ttl),
        allow_msg_schedules=_off(config.allow_msg_schedules),
        persist_mode=None,
    )


def _off(option: bool | None) -> bool | None:
    return False if option else option


def partitions(info: StreamInfo) -> list[Partition]:
    """Those that a stream is divided into."""
    divided = int((info.config.metadata or {}).get(PARTITIONS, "1"))
    return [Partition(number, divided) for number in range(divided)]


def differs(config: StreamConfig, max_bytes: int | None = None, replicas: int = 1) -> bool:
    """Whether the stream is set otherwise than intake relies on."""
    return _unlike(config, _ours(config, max_bytes, replicas))


def _unlike(config: StreamConfig, wanted: StreamConfig) -> bool:
    return any(
        (getattr(config, one.name) or None) != (getattr(wanted, one.name) or None) for one in fields(config)
    )


def _upstream(info: StreamInfo, partition: Partition = WHOLE) -> Upstream:
    name = (info.config.metadata or {}).get(NAME)
    if name is None:
        raise Stopped(f"the stream {STREAM} lost the name that we gave it", code="stream_unnamed")
    state = info.state
    replicas = info.config.num_replicas or 1
    first = max(state.first_seq, 1)
    return Upstream(partition.upstream(name), first, state.last_seq, replicas, name, partition)

"""The streams that messages go into: made where they are missing, and looked at where they are there."""

from __future__ import annotations

from dataclasses import dataclass, replace

from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import BadRequestError, NotFoundError

from workflow.consumers.delivery.messages import SUBJECTS
from workflow.consumers.transport.refusals import largest_granted
from workflow.errors import Unavailable

_DAY = 86_400.0
_SIZE = "MENTORING_OUTBOUND_BYTES"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a stream that we make may hold, and for how long; and how many servers keep any, at the least."""

    max_bytes: int
    max_days: float
    replicas: int = 1


async def declare(streams: JetStreamContext, limits: Limits) -> None:
    """Make the streams that are missing. One that is there is taken as it is, unless it could lose what it was given.

    Then ``Unavailable`` says what to do: once that is done delivery goes on by itself. One that too few servers keep is
    given to more.
    """
    for name, subject in SUBJECTS.items():
        try:
            config = (await streams.stream_info(name)).config
        except NotFoundError:
            try:
                await _make(streams, name, subject, limits)
                continue
            except BadRequestError as error:
                try:  # another process may have been faster
                    config = (await streams.stream_info(name)).config
                except NotFoundError:
                    raise Unavailable(
                        f"the broker does not let the stream {name} be made ({error.description}): another stream "
                        f"may have its subjects, {subject}",
                        code="stream_not_made",
                    ) from error
        faults = _unfit(config, subject)
        if faults:
            raise Unavailable(
                f"the stream {name} could lose what it is given ({', '.join(faults)}): change that, or delete it so "
                "that it is made anew",
                code="stream_unfit",
            )
        if (config.num_replicas or 1) < limits.replicas:
            more = replace(config, num_replicas=limits.replicas)
            await largest_granted(streams.update_stream, more, _SIZE, exactly=True)


async def _make(streams: JetStreamContext, name: str, subject: str, limits: Limits) -> None:
    """Of the size that is set, or the largest half of it, quarter of it … that the broker grants."""
    config = StreamConfig(
        name=name,
        subjects=[subject],
        storage=StorageType.FILE,
        retention=RetentionPolicy.LIMITS,
        discard=DiscardPolicy.OLD,
        max_bytes=limits.max_bytes,
        max_age=limits.max_days * _DAY,
        num_replicas=limits.replicas,
    )
    await largest_granted(streams.add_stream, config, _SIZE)


def _unfit(config: StreamConfig, subject: str) -> list[str]:
    """By what a stream could lose a message that is younger and smaller than its own limits say."""
    faults = {
        "it keeps messages in memory": config.storage != StorageType.FILE,
        "a message is gone once somebody has received it": config.retention != RetentionPolicy.LIMITS,
        "it keeps only the last messages of a subject": (config.max_msgs_per_subject or 0) > 0,
        "it acknowledges nothing": bool(config.no_ack),
        "it takes no more messages": bool(config.sealed),
        f"it does not take {subject}": not any(_covers(one, subject) for one in config.subjects or []),
    }
    return [words for words, holds in faults.items() if holds]


def _covers(pattern: str, subject: str) -> bool:
    """Whether every subject of ``subject`` fits ``pattern``."""
    wide, narrow = pattern.split("."), subject.split(".")
    if wide[-1] == ">" and len(narrow) >= len(wide):
        wide, narrow = wide[:-1], narrow[: len(wide) - 1]
    return len(wide) == len(narrow) and all(
        one in ("*", other) for one, other in zip(wide, narrow, strict=True)
    )

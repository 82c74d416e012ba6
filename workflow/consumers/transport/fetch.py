"""One message out of the stream by its sequence, by the broker's plain API.

What a client library cannot decode, such as a subject or header that is no text, makes it deaf. This way no
such message is in the way of those behind it.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from workflow.consumers.transport.streams import STREAM

_WITHIN_SECONDS = 5
_NO_MESSAGE_FOUND = 10037
_REPLACED = "\N{REPLACEMENT CHARACTER}"
"""What the broker's JSON has in the place of bytes that are no UTF-8."""
_WITH_STATUS = b"NATS/1.0 "


@dataclass(frozen=True, slots=True)
class Fetched:
    """A message with its sequence in the stream."""

    sequence: int
    message: Msg
    deafening: bool
    """Whether the client library would hear nothing more after this message, were it sent it."""


async def fetch(
    connection: Client, sequence: int, *, or_later: bool = False, subject: str = ">"
) -> Fetched | None:
    """The message at ``sequence``, or where asked for the first one from there; None where there is none.

    The first one may be that of a ``subject``. A stream that others made may hold subjects that are not ours.
    """
    wanted: dict[str, object] = {"seq": sequence}
    if or_later:
        wanted["next_by_subj"] = subject
    answer = await connection.request(
        f"$JS.API.STREAM.MSG.GET.{STREAM}", json.dumps(wanted).encode(), timeout=_WITHIN_SECONDS
    )
    said = json.loads(answer.data)
    found = said.get("message")
    if found is None:
        error = said.get("error", {}).get("err_code")
        if error == _NO_MESSAGE_FOUND:
            return None
        raise NatsError(f"the broker cannot give a message: error {error}")
    head = base64.b64decode(found.get("hdrs", ""))
    lines = (line.partition(b":") for line in head.partition(b"\r\n")[2].split(b"\r\n"))
    # As the client library reads them where messages are pulled: names that are no ASCII are left out.
    headers = {
        name.strip().decode("ascii"): value.strip().decode("utf-8", "replace")
        for name, colon, value in lines
        if colon and name.isascii()
    }
    data = base64.b64decode(found.get("data", ""))
    message = Msg(connection, found["subject"], "", data, headers or None)
    return Fetched(found["seq"], message, _REPLACED in found["subject"] or _status_unreadable(head))


def _status_unreadable(head: bytes) -> bool:
    try:
        head.startswith(_WITH_STATUS) and head.decode()
    except UnicodeDecodeError:
        return True
    return False

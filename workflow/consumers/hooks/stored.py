"""What could not be translated, as it is handed to the broker: intake parks it, and an operator tries it anew."""

from __future__ import annotations

import re
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple
from urllib.parse import quote, unquote

from workflow.consumers.hooks.hook import Sent, source_of
from workflow.consumers.meetings.envelope import Raw
from workflow.consumers.meetings.reasons import UNTRANSLATED, UNTRANSLATED_TYPE
from workflow.store.ledger import Ledger
from workflow.store.receipts import Disposition
from workflow.store.transaction import Transaction

_SOURCE = re.compile(r"/hooks/([a-z0-9][a-z0-9-]{0,31})")


class StoredHook(NamedTuple):
    """What a provider sent, as it is kept."""

    provider: str
    sent: Sent


def packed(provider: str, sent: Sent, reason: str, now: datetime) -> Raw:
    """The message for the broker: what was sent, byte for byte, with why it could not be translated."""
    headers = {
        "content-type": "application/octet-stream",
        "ce-specversion": "1.0",
        "ce-type": UNTRANSLATED_TYPE,
        "ce-source": source_of(provider),
        "ce-id": blake2b(sent.body, digest_size=16).hexdigest(),
        "ce-time": now.isoformat(),
        "ce-hookmedia": quote(sent.content_type[:1024], safe=""),
        "ce-hookreason": reason,
    }
    return Raw(headers, sent.body)


def unpacked(raw: Raw) -> StoredHook | None:
    """What ``packed`` made; None where it is any other message."""
    found = _SOURCE.fullmatch(raw.headers.get("ce-source", ""))
    if raw.headers.get("ce-type") != UNTRANSLATED_TYPE or found is None:
        return None
    return StoredHook(found[1], Sent(unquote(raw.headers.get("ce-hookmedia", "")), raw.body))


def find(ledger: Ledger, number: int) -> StoredHook | None:
    """What is parked under ``number``, where a provider sent it."""
    parked = ledger.parked.get(number)
    return None if parked is None or parked.body is None else unpacked(Raw.unpack(parked.body))


def settle(tx: Transaction, number: int, disposition: Disposition, reason: str | None = None) -> None:
    """What became of it when it was translated anew; where it stays parked, why.

    Somebody else may have settled it meanwhile: then it is left as it is.
    """
    kept = tx.parked.get(number)
    if kept is None:
        return
    if disposition is Disposition.PARKED:
        told = f"{UNTRANSLATED}:{reason}"
        tx.parked.restate(number, told)
        tx.receipts.revise(kept.upstream, kept.seq, disposition, told)
    else:
        tx.parked.remove(number)
        tx.receipts.revise(kept.upstream, kept.seq, disposition)

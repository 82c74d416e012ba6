"""The two ways in which hooks are signed: over the body, and over an instant and the body."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from workflow.consumers.hooks.hook import Check
from workflow.errors import Invalid

OLDEST = timedelta(minutes=5)
"""How far the instant of a signature may lie from now: for the way here, and for clocks that differ."""

_TIMED = re.compile(r"t=(\d{1,11})((?:,v\d=[0-9a-f]+)+)", re.ASCII)


def over_body(header: str) -> Check:
    """The hex HMAC-SHA256 of the body, in ``header``. Such a hook can be sent again, and is a duplicate then."""

    def check(headers: Mapping[str, str], body: bytes, secret: bytes, now: datetime) -> None:  # noqa: ARG001
        given = _given(headers, header)
        if not _is_one([given.lower()], secret, body):
            raise _wrong(header)

    return check


def over_time_and_body(header: str) -> Check:
    """``t=<seconds>,v1=<hex>`` in ``header``: the HMAC-SHA256 of the seconds, a full stop and the body."""

    def check(headers: Mapping[str, str], body: bytes, secret: bytes, now: datetime) -> None:
        given = _given(headers, header)
        found = _TIMED.fullmatch(given.replace(" ", ""))
        if found is None:
            raise _wrong(header)
        seconds, signatures = found[1], found[2].split(",")
        ours = [one[3:] for one in signatures if one.startswith("v1=")]
        if not _is_one(ours, secret, f"{seconds}.".encode() + body):
            raise _wrong(header)
        if abs(now - datetime.fromtimestamp(int(seconds), UTC)) > OLDEST:
            minutes = OLDEST // timedelta(minutes=1)
            raise Invalid(
                f"the signature is more than {minutes} minutes away from this machine's time; "
                "see to both clocks, and sign it anew",
                code="signature_old",
            )

    return check


def sign(secret: bytes, signed: bytes) -> str:
    """The hex HMAC-SHA256."""
    return hmac.new(secret, signed, sha256).hexdigest()


def _given(headers: Mapping[str, str], header: str) -> str:
    given = headers.get(header.lower(), "").strip()
    if not given:
        raise Invalid(f"a hook is signed in the header {header}, which is missing", code="signature_missing")
    return given


def _is_one(signatures: list[str], secret: bytes, signed: bytes) -> bool:
    wanted = sign(secret, signed).encode()
    return any(hmac.compare_digest(one.encode("latin-1", "replace"), wanted) for one in signatures)


def _wrong(header: str) -> Invalid:
    return Invalid(
        f"the signature in the header {header} is not the body's; is the secret the same on both sides?",
        code="signature_wrong",
    )

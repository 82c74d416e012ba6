"""Who may send: only whoever holds the secret, and where an instant is signed only now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from workflow.consumers.hooks.signatures import OLDEST, over_body, over_time_and_body, sign
from workflow.errors import Invalid

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
SECRET, BODY = b"a secret of theirs", b'{"event": "invitee.created"}'
PLAIN = over_body("X-Plain")
TIMED = over_time_and_body("X-Timed")


def timed(at: datetime = NOW, body: bytes = BODY, secret: bytes = SECRET) -> dict[str, str]:
    seconds = int(at.timestamp())
    return {"x-timed": f"t={seconds},v1={sign(secret, f'{seconds}.'.encode() + body)}"}


def code_of(
    headers: dict[str, str], body: bytes = BODY, check: object = TIMED, now: datetime = NOW
) -> str | None:
    assert check in (TIMED, PLAIN)
    try:
        (TIMED if check is TIMED else PLAIN)(headers, body, SECRET, now)
    except Invalid as error:
        return error.code
    return None


def test_the_secrets_own_signature_is_taken() -> None:
    assert code_of({"x-plain": sign(SECRET, BODY)}, check=PLAIN) is None
    assert code_of({"x-plain": sign(SECRET, BODY).upper()}, check=PLAIN) is None
    assert code_of(timed()) is None


def test_the_known_answer_of_the_standard() -> None:
    """RFC 4231, test case 2: ours is the HMAC-SHA256 of everybody."""
    known = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert sign(b"Jefe", b"what do ya want for nothing?") == known


@pytest.mark.parametrize("headers", [{}, {"x-plain": ""}, {"x-plain": "  "}])
def test_without_a_signature_it_is_refused(headers: dict[str, str]) -> None:
    assert code_of(headers, check=PLAIN) == "signature_missing"
    assert code_of(headers) == "signature_missing"


@pytest.mark.parametrize(
    "given", ["0", "no-secret-provided", sign(b"another", BODY), "é" * 64, sign(SECRET, BODY)[:-1]]
)
def test_a_wrong_signature_is_refused(given: str) -> None:
    assert code_of({"x-plain": given}, check=PLAIN) == "signature_wrong"
    assert code_of({"x-timed": f"t={int(NOW.timestamp())},v1={given}"}) == "signature_wrong"
    assert code_of({"x-timed": given}) == "signature_wrong"


def test_another_body_or_instant_than_the_signed_one_is_refused() -> None:
    assert code_of(timed(), body=BODY + b" ") == "signature_wrong"
    moved = timed()["x-timed"].replace(str(int(NOW.timestamp())), str(int(NOW.timestamp()) + 1))
    assert code_of({"x-timed": moved}) == "signature_wrong"


def test_an_old_signature_is_refused_and_so_is_one_of_the_future() -> None:
    for away in (OLDEST, -OLDEST):
        assert code_of(timed(NOW + away)) is None
        assert (
            code_of(timed(NOW + away + timedelta(seconds=1 if away > timedelta(0) else -1)))
            == "signature_old"
        )


def test_any_of_several_signatures_does() -> None:
    """So secrets are changed without a gap."""
    ours = timed()["x-timed"]
    other = sign(b"another", BODY)
    assert code_of({"x-timed": f"{ours},v1={other}"}) is None
    assert code_of({"x-timed": ours.replace(",v1=", f",v1={other},v1=")}) is None
    assert code_of({"x-timed": ours.replace("v1", "v0")}) == "signature_wrong"


@pytest.mark.parametrize(
    "given", ["t=,v1=00", "t=99999999999999,v1=00", "v1=00", "t=1", "t=1,t=2,v1=00", "t=-1,v1=00"]
)
def test_what_is_no_signature_is_wrong(given: str) -> None:
    assert code_of({"x-timed": given}) == "signature_wrong"

"""What becomes of wrong tokens: a bound for each address, and never for who has the right one."""

from __future__ import annotations

import pytest

from workflow.errors import Invalid, MentoringError, Unavailable
from workflow.web.tokens import MOST_ADDRESSES, MOST_WRONG, SLOWED_FOR, Tokens, address_of

TOKEN = "a-token-of-enough-letters"
HERE, THERE = "192.0.2.1", "192.0.2.2"


def wrong(tokens: Tokens, address: str = HERE) -> type[MentoringError]:
    with pytest.raises((Invalid, Unavailable)) as refused:
        tokens.check(b"guess", address)
    return refused.type


def test_an_address_is_told_to_wait_and_no_other_one() -> None:
    tokens = Tokens(TOKEN)
    assert [wrong(tokens) for _ in range(MOST_WRONG + 2)] == [Invalid] * MOST_WRONG + [Unavailable] * 2
    assert wrong(tokens, THERE) is Invalid
    for address in (HERE, THERE):
        tokens.check(f" {TOKEN} ".encode(), address)


def test_after_a_minute_it_is_told_anew() -> None:
    now = [0.0]
    tokens = Tokens(TOKEN, lambda: now[0])
    for _ in range(MOST_WRONG):
        wrong(tokens)
    now[0] += SLOWED_FOR - 1
    assert wrong(tokens) is Unavailable
    now[0] += 1
    assert wrong(tokens) is Invalid


def test_of_too_many_addresses_the_one_known_longest_is_forgotten() -> None:
    tokens = Tokens(TOKEN)
    for _ in range(MOST_WRONG):
        wrong(tokens)
    for number in range(MOST_ADDRESSES):
        wrong(tokens, f"address {number}")
    assert len(tokens._wrong) == MOST_ADDRESSES
    assert wrong(tokens) is Invalid


def test_without_a_token_none_is_the_right_one() -> None:
    tokens = Tokens(None)
    assert not tokens.needed
    assert wrong(tokens) is Invalid
    with pytest.raises(Invalid):
        tokens.check(b"", HERE)


@pytest.mark.parametrize(
    ("client", "address"),
    [
        (("192.0.2.1", 50000), "192.0.2.1"),
        (("2001:db8:1:2:3:4:5:6", 50000), "2001:db8:1:2::/64"),
        (("::ffff:192.0.2.1", 50000), "192.0.2.1"),
        (("fe80::1%eth0", 50000), "fe80::/64"),
        (None, ""),
        (("a socket", 0), ""),
    ],
)
def test_an_address_of_a_network_counts_as_the_network(client: tuple[str, int] | None, address: str) -> None:
    assert address_of({"type": "http", "client": client}) == address

"""The token that is demanded, and what becomes of wrong ones: the same by the API's door and by the form of the pages.

It is long and random: nobody comes to it by guessing. What is bounded is what wrong ones may cost, for each address by
itself. Whoever brings the right one is let in whatever came before, also from the address of a proxy, which all share.
"""

from __future__ import annotations

import hmac
import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, IPv6Network, ip_address

from starlette.types import Scope

from workflow.errors import Invalid, Unavailable

MOST_WRONG = 10
"""Wrong tokens that an address is told of in a minute; then it is told to wait."""

MOST_ADDRESSES = 4096
"""Of so many it is known how many they gave; beyond it the one is forgotten that has been known longest."""

SLOWED_FOR = 60
"""Seconds after which an address is told anew."""


class Tokens:
    """The token of one service; None where none is demanded."""

    def __init__(self, token: str | None, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._token = token.encode() if token is not None else None
        self._monotonic = monotonic
        self._wrong: OrderedDict[str, tuple[float, int]] = OrderedDict()

    @property
    def needed(self) -> bool:
        """Whether one is demanded at all."""
        return self._token is not None

    def check(self, given: bytes, address: str) -> None:
        """Raises where this is not the token, which ``address`` gave."""
        if self._token is not None and hmac.compare_digest(given.strip(), self._token):
            return
        if self._count(address) > MOST_WRONG:
            raise Unavailable("too many wrong tokens were given; try again in a minute", code="tokens_slowed")
        raise Invalid("this is not the token that the service demands", code="token_wrong")

    def _count(self, address: str) -> int:
        """How many wrong ones the address has given in its minute, this one among them."""
        now = self._monotonic()
        since, count = self._wrong.get(address, (now, 0))
        if now - since >= SLOWED_FOR:
            self._wrong.pop(address, None)  # its minute begins anew, and so does its turn to be forgotten
            since, count = now, 0
        self._wrong[address] = since, count + 1
        while len(self._wrong) > MOST_ADDRESSES:
            self._wrong.popitem(last=False)
        return count + 1


def address_of(scope: Scope) -> str:
    """Who asks, as far as it counts: of IPv6 the network, since whoever has one address of it has them all."""
    host: str = (scope.get("client") or ("", 0))[0]
    try:
        address = ip_address(host)
    except ValueError:
        return ""
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or IPv6Network((int(address) >> 64 << 64, 64)))
    return str(address)

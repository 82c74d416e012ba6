"""Identities of people, such as ``email:ada@example.org``, as the store knows them: by a keyed hash.

The key comes from the master key, so the hashes of a stolen file cannot be tried out from a list of
addresses. In clear an identity is kept nowhere; sealed, it is part of the event that told it.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from hashlib import sha256

from workflow.errors import Invalid
from workflow.store.master import derive

_FORM = re.compile(r"(?P<kind>[A-Za-z][A-Za-z0-9_-]{0,31}):(?P<rest>\S(?:.*\S)?)")
_PLAIN = re.compile(
    r"email:[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9.-]+"
    r"|(?!email:)[a-z][a-z0-9_-]{0,31}:[!-~](?:[ -~]*[!-~])?"
)
"""The spelling that almost all have already; intake meets it some three times a message."""

_LONGEST = 320


def normalise(identity: str) -> str:
    """The one spelling of an identity: its kind in lower case, an e-mail address wholly so."""
    if len(identity) > _LONGEST:
        raise Invalid(f"an identity is a text of at most {_LONGEST} characters", code="identity_invalid")
    if _PLAIN.fullmatch(identity):
        return identity
    found = _FORM.fullmatch(unicodedata.normalize("NFC", identity.strip()))
    if found is None or any(unicodedata.category(letter) == "Cc" for letter in identity):
        raise Invalid(
            "an identity has a kind and a name, such as email:ada@example.org or ext:portal:4711",
            code="identity_invalid",
        )
    kind, rest = found["kind"].lower(), found["rest"]
    if kind == "email":
        rest = unicodedata.normalize("NFC", rest.casefold())
        if not re.fullmatch(r"[^@\s]+@[^@\s]+", rest):
            raise Invalid("an email identity holds one address", code="identity_invalid")
    return f"{kind}:{rest}"


class Identities:
    """Turns identities into the hashes that the directory knows."""

    def __init__(self, master_key: bytes) -> None:
        self._keyed = hmac.new(derive(master_key, "identities"), digestmod=sha256)

    def hash(self, identity: str) -> bytes:
        """The keyed hash of an identity, however it is spelt."""
        keyed = self._keyed.copy()  # in two thirds of the time that beginning with the key takes
        keyed.update(normalise(identity).encode())
        return keyed.digest()

    def __repr__(self) -> str:
        return "Identities(…)"

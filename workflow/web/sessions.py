"""Who has signed in with a browser: it cannot send the token by itself, and should not keep it.

A session is a random word in a cookie. It is known in memory alone, so that it ends with the service, and it opens
pages for reading: the guard asks for it nowhere else.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers

COOKIE = "mentoring_session"

LASTS = 12 * 3600
"""Seconds from signing in until the session is over, whatever is done with it: a working day."""

MOST_SESSIONS = 1000
"""Beyond it the oldest one ends."""


class Sessions:
    """Those who are signed in."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._until: dict[bytes, float] = {}

    def begin(self) -> str:
        """The word of a new session, for whoever brought the token."""
        word = secrets.token_urlsafe(32)
        while len(self._until) >= MOST_SESSIONS:
            del self._until[next(iter(self._until))]
        self._until[_digest(word)] = self._monotonic() + LASTS
        return word

    def sign_out(self, word: str | None) -> None:
        """End a session."""
        if word is not None:
            self._until.pop(_digest(word), None)

    def holds(self, word: str | None) -> bool:
        """Whether ``word`` is of a session that lasts."""
        if word is None:
            return False
        until = self._until.get(_digest(word))
        if until is not None and until <= self._monotonic():
            self.sign_out(word)
            return False
        return until is not None


def word_of(headers: Headers) -> str | None:
    """The session's word in a request's cookie; None where there is none, or more than one."""
    cookies = headers.getlist("cookie")
    try:
        found = SimpleCookie(cookies[0]).get(COOKIE) if len(cookies) == 1 else None
    except CookieError:
        return None
    return None if found is None else found.value


def _digest(word: str) -> bytes:
    # Looked up by what tells nothing of it: how long that takes depends on no guess.
    return sha256(word.encode("utf-8", "replace")).digest()

"""Who has signed in with a browser: it cannot send the token by itself, and should not keep it.

A session is a random word in a cookie. It is known in memory alone, so that it ends with the service, and it opens
pages for reading: the guard asks for it nowhere else.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections import deque
from collections.abc import Callable
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers

from workflow.errors import Invalid, Unavailable

COOKIE = "mentoring_session"

LASTS = 12 * 3600
"""Seconds from signing in until the session is over, whatever is done with it: a working day."""

MOST_SESSIONS = 1000
"""Beyond it the oldest one ends."""

MOST_FAILURES = 10
"""Wrong tokens in a minute, whoever sends them: behind a proxy all come from one address."""

_MINUTE = 60.0


class Sessions:
    """Those who are signed in. ``token`` is the one demanded; without one nobody needs to sign in."""

    def __init__(self, token: str | None, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._token = token.encode() if token is not None else None
        self._monotonic = monotonic
        self._until: dict[bytes, float] = {}
        self._failures: deque[float] = deque()

    @property
    def needed(self) -> bool:
        """Whether one has to sign in at all."""
        return self._token is not None

    def sign_in(self, token: str) -> str:
        """The word of a new session, for whoever brings the token. No more than so many guesses are looked at."""
        now = self._monotonic()
        while self._failures and now - self._failures[0] >= _MINUTE:
            self._failures.popleft()
        if len(self._failures) >= MOST_FAILURES:
            raise Unavailable(
                "too many wrong tokens were given; try again in a minute", code="sign_in_slowed"
            )
        if self._token is None or not hmac.compare_digest(
            token.strip().encode("utf-8", "replace"), self._token
        ):
            self._failures.append(now)
            raise Invalid("this is not the token that the service demands", code="token_wrong")
        word = secrets.token_urlsafe(32)
        while len(self._until) >= MOST_SESSIONS:
            del self._until[next(iter(self._until))]
        self._until[_digest(word)] = now + LASTS
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

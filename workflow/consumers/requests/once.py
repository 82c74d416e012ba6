"""A request is carried out once: its answer is kept under its idempotency key, and given again."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from workflow.aggregates.commands import Actor
from workflow.store.idempotency import KeptAnswer
from workflow.store.master import derive
from workflow.store.recorded import Origin
from workflow.store.transaction import Transaction

Answer = dict[str, Any]
"""What a command answers, ready for JSON; kept beside its idempotency key, so nothing sealed stands in it."""

Work = Callable[[Transaction], Answer]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it is given, and given again: with its status, and the position of what it tells of."""

    body: Answer
    status: int
    position: int


Unit = Callable[[Transaction], Reply]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for a command: who asks for what, under which key, and the status that doing it has."""

    actor: Actor
    route: str
    body: bytes
    key: str | None
    origin: Origin
    status: int = 201

    @property
    def principal(self) -> str:
        """Whose idempotency key this is."""
        return f"{self.actor.role.value} {self.actor.person}"


class Once:
    """Makes units of work that a request's key keeps from being done twice."""

    def __init__(self, master_key: bytes) -> None:
        # A plain digest of a body would let whoever holds the file try out what was written.
        self._digests = derive(master_key, "request digests")

    def doing(self, asked: Asked, work: Work) -> Unit:
        """``work``, done at most once under the request's key, which is the actor's own on this route.

        The first answer is kept and given again. Another body under the same key is refused.
        """

        def unit(tx: Transaction) -> Reply:
            known = self.known(asked)(tx)
            return known if known is not None else self.keeping(asked, work(tx))(tx)

        return unit

    def known(self, asked: Asked) -> Callable[[Transaction], Reply | None]:
        """What was answered to this key, None where it is a new one."""

        def unit(tx: Transaction) -> Reply | None:
            if asked.key is None:
                return None
            kept = tx.idempotency.find(asked.principal, asked.route, asked.key, self._digest(asked))
            return None if kept is None else Reply(json.loads(kept.body), kept.status, kept.position)

        return unit

    def keeping(self, asked: Asked, answer: Answer) -> Unit:
        """Keep the answer under the request's key, where it has one.

        By itself it is for what is more than one transaction, and comes to the same when it is done again.
        """

        def unit(tx: Transaction) -> Reply:
            if asked.key is not None:
                body = json.dumps(answer, separators=(",", ":")).encode()
                kept = KeptAnswer(asked.status, body, tx.head)
                tx.idempotency.keep(
                    asked.principal, asked.route, asked.key, self._digest(asked), kept, tx.now
                )
            return Reply(answer, asked.status, tx.head)

        return unit

    def _digest(self, asked: Asked) -> bytes:
        return hmac.digest(self._digests, asked.body, sha256)

"""What the API answers stays in no cache, and is taken for nothing but what it says it is."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workflow.web.problems import UNKEPT

_API = "/v1/"
_DOCUMENTS = frozenset({"/v1/openapi.json"})
"""They say the same to everybody."""


class Unkept:
    """Adds the headers for that to whatever is answered below ``/v1``, be it a refusal; pages have their own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on."""
        if scope["type"] != "http" or not scope["path"].startswith(_API) or scope["path"] in _DOCUMENTS:
            await self._app(scope, receive, send)
            return

        async def unkept(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in UNKEPT.items():
                    headers[name] = value
            await send(message)

        await self._app(scope, receive, unkept)

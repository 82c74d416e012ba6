"""From what was found to a page: templates, and the headers that every page goes with."""

from __future__ import annotations

from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from workflow.web.page.words import Words

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Nothing is told to other sites. Without it a browser would not say that a form is ours: `Origin: null`.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # What stands on a page is confidential: nobody who comes to the machine later finds it in a cache.
    "Cache-Control": "no-store",
}
"""Nothing is loaded but our own style and pictures, no script runs, and no other page may show ours within it."""

_TEMPLATES = Environment(
    loader=PackageLoader("workflow.web.page"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def short(id: str) -> str:
    """How an id is shown: enough to tell one from another, and for `mentoring relationship show`."""
    return id[:8]


_TEMPLATES.filters["short"] = short


def page(template: str, words: Words, status: int = 200, **values: Any) -> HTMLResponse:
    """A page from its template."""
    text = _TEMPLATES.get_template(template).render(w=words, **values)
    return HTMLResponse(text, status, headers={**HEADERS, "Content-Language": words.language.value})

"""docs/parked.md: every reason for which a message is parked."""

from __future__ import annotations

from workflow.cli.docs.markdown import page, table
from workflow.consumers.meetings.reasons import REASONS


def parked() -> str:
    """The page."""
    return page(
        "Why a message is parked",
        "A message that cannot be used is parked with a reason, and the next one is taken in. A reason may name "
        "the member that it is about, as in `member_missing:data.uid`; it never repeats what the message said.",
        table(["reason", "meaning"], [[f"`{code}`", meaning] for code, meaning in REASONS.items()]),
        "What to do with one stands in [operate.md](operate.md).",
    )

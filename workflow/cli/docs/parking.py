"""docs/parked.md: every reason for which a message is parked, or waits."""

from __future__ import annotations

from workflow.cli.docs.markdown import page, table
from workflow.consumers.meetings.reasons import REASONS, WAITING


def parked() -> str:
    """The page."""
    return page(
        "Why a message is parked, or waits",
        "A message that cannot be used is parked with a reason, and the next one is taken in. A reason may name "
        "the member that it is about, as in `member_missing:data.uid`; it never repeats what the message said.",
        table(["reason", "meaning"], [[f"`{code}`", meaning] for code, meaning in REASONS.items()]),
        "What to do with one stands in [operate.md](operate.md).",
        "## Waiting",
        "A message that has come too early waits, and is decided as soon as what it waits for comes about. "
        "After 30 days it is decided a last time. Where that is not possible either it is parked: as "
        "`never_opened` if no relationship ever fitted, else for the reason for which it waited.",
        table(["reason", "meaning"], [[f"`{code}`", meaning] for code, meaning in WAITING.items()]),
    )

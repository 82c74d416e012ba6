"""Where verbs print: results on standard output, and what is said beside them on standard error."""

from __future__ import annotations

from rich.console import Console

# What others wrote is printed as they wrote it: no colons of an id become a picture.
out = Console(highlight=False, emoji=False)
err = Console(stderr=True, highlight=False, emoji=False)

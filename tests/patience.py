"""How long a test waits for what should come about, before it takes it for a hang."""

from __future__ import annotations

PATIENCE = 120
"""Seconds. It is no measure of anything: a machine that others use takes ten times as long as one that is idle."""

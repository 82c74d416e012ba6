"""The seed of what tests draw at random: each prints it, and another is taken from ``TEST_SEED``."""

from __future__ import annotations

import os

SEED = int(os.environ.get("TEST_SEED", "7"))

"""``python -m tests.oracle DIR``: hold a service's folder against its own log; silent where they agree."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.oracle.comparing import check

if __name__ == "__main__":
    sys.exit("\n".join(check(Path(sys.argv[1]))) or 0)

"""``python -m tests.oracle DIR [TRUTH]``: hold a service's folder against its own log; silent where they agree.

``TRUTH`` is the ``truth.json`` of a demonstration, where the folder is of one: it tells what no log prints.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.oracle.comparing import check

if __name__ == "__main__":
    sys.exit("\n".join(check(*map(Path, sys.argv[1:]))) or 0)

"""``python -m workflow.cli``, the same as ``mentoring``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run a verb. Loading all of them takes a moment, in which Ctrl-C ends like later: one line, and 130."""
    try:
        from workflow.cli.main import app
    except KeyboardInterrupt:
        sys.stderr.write("mentoring: interrupted\n")
        raise SystemExit(130) from None
    app(prog_name="mentoring")


if __name__ == "__main__":
    main()

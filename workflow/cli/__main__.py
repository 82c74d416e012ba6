"""``python -m workflow.cli``, the same as ``mentoring``."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Run a verb. Loading all of them takes a moment, in which Ctrl-C ends like later: one line, and 130.

    What is loaded stays. To look for garbage in it, meanwhile and once more at the end, took a third of a verb's time.
    """
    gc.disable()
    try:
        from workflow.cli.main import app
    except KeyboardInterrupt:
        sys.stderr.write("mentoring: interrupted\n")
        raise SystemExit(130) from None
    finally:
        gc.freeze()
        gc.enable()
    app(prog_name="mentoring")


if __name__ == "__main__":
    main()

from __future__ import annotations

import os
import signal

# What a verb prints is as wide as the terminal, unless a test says how wide. Neither whoever runs the tests nor
# readline, which pytest loads and which sets these for the processes that it starts, is to say so instead.
# Here, and not once pytest is configured: a console keeps the width that it is made with, as it is imported.
for name in ("COLUMNS", "LINES"):
    os.environ.pop(name, None)
    os.unsetenv(name)  # readline sets them where Python does not see it


def pytest_configure() -> None:
    """Whoever runs the tests in the background may have them ignore Ctrl-C, and with them all that they start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from workflow.demo import stage
from workflow.errors import Unavailable


@pytest.mark.parametrize(
    ("deed", "said"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "killed by SIGKILL"),
        ("os._exit(7)", "ended with 7"),
    ],
)
def test_what_ended_the_publisher_is_told_by_name(deed: str, said: str) -> None:
    with (
        stage._child([sys.executable, "-c", f"import os, signal; {deed}"]) as process,
        pytest.raises(Unavailable, match=said),
    ):
        list(stage._told(process))


def test_what_ended_the_service_is_told_with_the_last_of_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fall = "import os, signal, sys; print('no room', file=sys.stderr, flush=True); os.kill(os.getpid(), signal.SIGTERM)"
    monkeypatch.setattr(stage, "UP", fall)
    said = rf"killed by {signal.SIGTERM.name} before it answered:\nno room"
    with pytest.raises(Unavailable, match=said), stage.service(tmp_path):
        pass

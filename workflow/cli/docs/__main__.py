"""Write the generated pages (``make docs``), or with ``--check`` name those that are out of date."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from workflow.cli.docs.advice import guidance
from workflow.cli.docs.analytics import analytics
from workflow.cli.docs.facts import events
from workflow.cli.docs.http import http
from workflow.cli.docs.numbers import policy, policy_schema, settings
from workflow.cli.docs.parking import parked
from workflow.cli.docs.states import states
from workflow.cli.docs.verbs import verbs


def pages() -> dict[str, str]:
    """Every generated file, by its path in docs/."""
    return {
        "states.md": states(),
        "events.md": events(),
        "policy.md": policy(),
        "policy.schema.json": json.dumps(policy_schema(), indent=2) + "\n",
        "guidance.md": guidance(),
        "settings.md": settings(),
        "http.md": http(),
        "verbs.md": verbs(),
        "parked.md": parked(),
        "analytics.md": analytics(),
    }


def main(arguments: list[str], folder: Path = Path("docs")) -> int:
    """What the process ends with: 1 where a check found a page out of date."""
    texts = pages()
    stale = [path for path, text in texts.items() if not _says(folder / path, text)]
    for path in stale:
        if "--check" in arguments:
            sys.stderr.write(f"{folder / path} is out of date: run `make docs`\n")
        else:
            (folder / path).write_text(texts[path], encoding="utf-8")
            sys.stdout.write(f"wrote {folder / path}\n")
    return 1 if stale and "--check" in arguments else 0


def _says(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

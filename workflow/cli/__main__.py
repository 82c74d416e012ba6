"""``python -m workflow.cli``, the same as ``mentoring``."""

from workflow.cli.main import app

app(prog_name="mentoring")

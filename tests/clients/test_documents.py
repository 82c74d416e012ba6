"""The documents that other services are built from, read by the parsers and rules that others use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import Node
from workflow.cli.docs.http import openapi
from workflow.consumers.asyncapi import asyncapi


def test_the_parser_of_asyncapi_itself_finds_nothing_wrong(node: Node) -> None:
    read = node("node", "asyncapi.mjs", told=json.dumps(asyncapi()))
    assert (read.returncode, read.stderr) == (0, "")
    found = [line for line in read.stdout.splitlines() if not line.startswith("information asyncapi: ")]
    assert found == []


@pytest.mark.parametrize(("name", "document"), [("openapi", openapi), ("asyncapi", asyncapi)])
def test_spectral_has_nothing_to_recommend(node: Node, tmp_path: Path, name: str, document: Any) -> None:
    file = tmp_path / f"{name}.json"
    file.write_text(json.dumps(document()), encoding="utf-8")
    spectral = "node_modules/.bin/spectral"
    read = node(spectral, "lint", "--ruleset", "spectral.yaml", "--fail-severity", "warn", str(file))
    assert read.returncode == 0, read.stdout + read.stderr

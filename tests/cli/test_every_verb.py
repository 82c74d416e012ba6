"""No verb is without a test that runs the real command."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from workflow.cli.main import app

TESTS = Path(__file__).parents[1]


def verbs(group: typer.Typer, *before: str) -> Iterator[tuple[str, ...]]:
    """The words of each verb."""
    for command in group.registered_commands:
        assert command.callback is not None
        yield *before, command.name or command.callback.__name__.replace("_", "-")
    for inner in group.registered_groups:
        assert inner.typer_instance is not None
        yield from verbs(inner.typer_instance, *before, str(inner.name))


def words(node: ast.Call | ast.List | ast.Tuple) -> tuple[str, ...]:
    """What a test types behind ``mentoring``, as far as it is written out."""
    found = node.args if isinstance(node, ast.Call) else node.elts
    said = tuple(str(one.value) if isinstance(one, ast.Constant) else "" for one in found)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RUNNING:
        return said
    behind = next((number for number, word in enumerate(said, 1) if COMMAND in word), len(said))
    return said[behind:]


COMMAND = "workflow.cli"
RUNNING = {"run", "told"}
"""Functions of tests that run the command with the words that they are given."""

SAID = {
    words(node)
    for file in TESTS.rglob("*.py")
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    if isinstance(node, ast.Call | ast.List | ast.Tuple)
}


@pytest.mark.parametrize("verb", list(verbs(app)), ids=" ".join)
def test_a_test_runs_it(verb: tuple[str, ...]) -> None:
    assert any(verb == said[: len(verb)] for said in SAID)

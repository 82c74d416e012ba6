from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from workflow import places
from workflow.errors import Invalid, Unavailable
from workflow.places import whence
from workflow.web.asking import canonical


def test_an_error_is_told_by_its_kind_and_our_own_lines_and_so_is_its_cause() -> None:
    with pytest.raises(Exception, match="not JSON") as raised:
        canonical(b"ada@example.org")
    said = whence(raised.value)
    assert said.startswith("Invalid at workflow/web/asking.py:")
    assert "; from JSONDecodeError at workflow/web/asking.py:" in said
    assert "ada" not in said
    assert "/json/" not in said


def test_an_error_that_passed_none_of_our_lines_is_told_by_its_kind() -> None:
    error = Unavailable("later")
    error.__cause__ = error
    assert whence(error) == "Unavailable"


def test_an_error_that_arose_while_another_was_handled_tells_of_that() -> None:
    with pytest.raises(Invalid) as raised:
        canonical(b"ada@example.org")
    error = Unavailable("later")
    error.__context__ = raised.value
    assert whence(error).startswith("Unavailable; from Invalid at workflow/web/asking.py:")


def test_of_one_that_recurses_the_inmost_lines_are_told() -> None:
    ours = str(Path(places.__file__).with_name("deep.py"))
    deep: dict[str, Any] = {}
    exec(compile("def fall(n):\n    fall(n - 1) if n else 1 / 0", ours, "exec"), deep)
    with pytest.raises(ZeroDivisionError) as raised:
        deep["fall"](100)
    assert whence(raised.value).count("workflow/deep.py:2") == 8

from __future__ import annotations

import pytest

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

from __future__ import annotations

import pytest

from workflow.errors import Unavailable
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

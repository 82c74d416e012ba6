"""The data dictionary: what every view and column means, for programs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from workflow.projections.analytics.columns import Column
from workflow.projections.analytics.view import View


def column_out(column: Column) -> dict[str, Any]:
    """A column, explained."""
    return {
        "name": column.name,
        "type": column.kind.value,
        "unit": column.unit or None,
        "meaning": column.meaning,
        "empty": column.empty or None,
    }


def dictionary(views: Iterable[View]) -> list[dict[str, Any]]:
    """Views, explained."""
    return [
        {
            "view": view.full_name,
            "meaning": view.meaning,
            "columns": [column_out(column) for column in view.columns],
            "example": view.example,
        }
        for view in views
    ]

from __future__ import annotations

from tests.view_places import databases, fresh, kept, places

__all__ = ["databases", "fresh", "kept", "places"]

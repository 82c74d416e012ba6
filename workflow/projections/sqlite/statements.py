"""What SQLite is told to do with one generation of a projection."""

from __future__ import annotations

from functools import cache

from workflow.projections.tables import GenerationTable, create_indexes, create_table


class Statements:
    """Written out here, and not compiled: a rebuild makes a new generation of every table."""

    __slots__ = ("create", "delete", "index", "select", "upsert", "view")

    def __init__(self, layout: GenerationTable) -> None:
        name, key, names = layout.name, layout.key, ", ".join(layout.columns)
        self.create = (f"DROP TABLE IF EXISTS {name}", create_table(layout))
        self.index = tuple(
            one.replace("CREATE INDEX", "CREATE INDEX IF NOT EXISTS", 1) for one in create_indexes(layout)
        )
        self.view = (
            f"DROP VIEW IF EXISTS {layout.view.name}",
            f"CREATE VIEW {layout.view.name} AS {layout.select_shown}",
        )
        self.select = f"""
            SELECT {names} FROM {name} WHERE {key[0]} IN (SELECT value FROM json_each(?)) ORDER BY {", ".join(key)}
        """
        changed = ", ".join(f"{column} = excluded.{column}" for column in layout.columns if column not in key)
        self.upsert = f"""
            INSERT INTO {name} ({names}) VALUES ({", ".join("?" * len(layout.columns))})
            ON CONFLICT ({", ".join(key)}) DO UPDATE SET {changed}
        """
        self.delete = f"DELETE FROM {name} WHERE {' AND '.join(f'{column} = ?' for column in key)}"


@cache
def statements(layout: GenerationTable) -> Statements:
    """Those for a generation; written once."""
    return Statements(layout)

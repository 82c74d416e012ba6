"""A kind of import contract of our own: a package that may import what is listed, and nothing else.

import-linter can forbid; the domain's purity is easier to trust as a list of what is allowed. It is part of
``make check`` (see ``[tool.importlinter]`` in pyproject.toml).
"""

from __future__ import annotations

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class AllowedContract(Contract):
    """``source_module`` and what is inside it import each other and ``allowed_modules`` alone."""

    type_name = "allowed"

    source_module = fields.ModuleField()
    allowed_modules = fields.SetField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        source: str = self.source_module.name  # type: ignore[attr-defined]  # fields become values when read
        allowed: set[str] = self.allowed_modules | {source}  # type: ignore[operator]
        strangers = sorted(
            (importer, imported)
            for importer in {source, *graph.find_descendants(source)}
            for imported in graph.find_modules_directly_imported_by(importer)
            if not any(imported == name or imported.startswith(f"{name}.") for name in allowed)
        )
        return ContractCheck(kept=not strangers, metadata={"strangers": strangers})

    def render_broken_contract(self, check: ContractCheck) -> None:
        strangers: list[tuple[str, str]] = check.metadata["strangers"]
        for importer, imported in strangers:
            output.print_error(f"{importer} imports {imported}, which is not among the modules allowed to it")
        output.new_line()

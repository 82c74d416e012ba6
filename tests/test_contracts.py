"""Our own kind of import contract holds what it promises."""

from __future__ import annotations

from grimp import ImportGraph

from tests.contracts import AllowedContract


def graph(*imports: tuple[str, str]) -> ImportGraph:
    """A graph of modules that import each other so."""
    built = ImportGraph()
    for module in {name for pair in imports for name in pair} | {"app.pure"}:
        built.add_module(module)
    for importer, imported in imports:
        built.add_import(importer=importer, imported=imported)
    return built


def kept(built: ImportGraph) -> bool:
    """Whether ``app.pure`` keeps to what is allowed to it: ``math`` and ``app.errors``."""
    contract = AllowedContract(
        name="pure",
        session_options={},
        contract_options={"source_module": "app.pure", "allowed_modules": ["math", "app.errors"]},
    )
    return contract.check(built, verbose=False).kept


def test_what_is_listed_may_be_imported_and_its_own_modules_too() -> None:
    assert kept(
        graph(("app.pure.one", "math"), ("app.pure.one", "app.errors"), ("app.pure.one", "app.pure.two"))
    )


def test_what_is_not_listed_may_not() -> None:
    assert not kept(graph(("app.pure", "time")))
    assert not kept(graph(("app.pure.one", "sqlite3")))
    assert not kept(graph(("app.pure.one", "app.store")))


def test_a_name_that_only_begins_alike_is_another_module() -> None:
    assert not kept(graph(("app.pure.one", "mathematics")))
    assert not kept(graph(("app.pure.one", "app.errors_of_others")))


def test_what_others_import_is_their_own_matter() -> None:
    assert kept(graph(("app.web", "sqlite3"), ("app.web", "app.pure")))

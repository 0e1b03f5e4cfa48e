"""Imports point one way: suites → conformance → schemas. What judges and words does no I/O, and has no clock."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

RUN = {
    "again",
    "certification",
    "ending",
    "options",
    "page",
    "plugin",
    "progress",
    "report",
    "scope",
    "selection",
    "summary",
}
"""Turn a run of pytest into a certification."""
DRIVE = {
    "attempts",
    "background",
    "cookies",
    "device",
    "embedded",
    "engine",
    "explore",
    "frames",
    "histories",
    "life",
    "line",
    "logins",
    "pacing",
    "patience",
    "preflight",
    "presenting",
    "programs",
    "recorder",
    "recording",
    "runner",
    "rush",
    "sources",
    "stage",
    "users",
    "wire",
}
"""Touch sockets, processes, clocks or threads: everything that drives a target."""
TOOLS = {"compare", "docs"}
"""Command lines of their own, used by nothing else."""
OUTSIDE = {"reference"}
"""The reference server: known by its URL only."""
IO = {
    "aiohttp",
    "asyncio",
    "concurrent",
    "engineio",
    "http",
    "httpx",
    "multiprocessing",
    "queue",
    "requests",
    "select",
    "signal",
    "socket",
    "socketio",
    "ssl",
    "subprocess",
    "threading",
    "time",
    "urllib",
    "websockets",
}
EXCEPTIONS = {"redaction": {"threading", "urllib"}, "tokens": {"time"}, "lifetimes": {"time"}}
"""Pure but for this: asked from several threads, and knows how URLs are quoted; says when a token expires, and whether
it has."""


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def imports(path: Path) -> set[str]:
    """Every module that a file imports when it runs: not what it imports for type checkers only."""
    return set(_imports(parsed(path).body, path))


def _imports(body: list[ast.stmt], path: Path) -> Iterator[str]:
    for statement in body:
        if isinstance(statement, ast.Import):
            yield from (name.name for name in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            assert statement.level == 0, f"{path.name} imports relatively"
            yield from _names(statement)
        elif not _for_type_checkers(statement):
            inside = [child for child in ast.walk(statement) if isinstance(child, ast.Import | ast.ImportFrom)]
            yield from _imports(list(inside), path)


def _names(statement: ast.ImportFrom) -> Iterator[str]:
    """``from conformance import judge`` imports ``conformance.checks.assertions``."""
    module = statement.module or ""
    if module in ("conformance", "conformance.reference", "suites", "tests"):
        yield from (f"{module}.{name.name}" for name in statement.names)
    else:
        yield module


def _for_type_checkers(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and ast.unparse(statement.test) == "TYPE_CHECKING"


def top(module: str) -> str:
    return module.partition(".")[0]


def own(path: Path) -> set[str]:
    """The modules of the harness that a file imports, by their short names."""
    return {name.split(".")[1] for name in imports(path) if name.startswith("conformance.")}


HARNESS = {path.stem: path for path in sorted((ROOT / "conformance").glob("*.py")) if path.stem != "__init__"}
PURE = set(HARNESS) - RUN - DRIVE - TOOLS
SUITES = sorted((ROOT / "suites").glob("*.py"))
REFERENCE = sorted((ROOT / "conformance" / "reference").glob("*.py"))


def test_the_layers_name_modules_that_exist() -> None:
    assert set(HARNESS) >= RUN | DRIVE | TOOLS | set(EXCEPTIONS)


@pytest.mark.parametrize("name", sorted(PURE))
def test_what_judges_knows_nothing_of_what_drives(name: str) -> None:
    assert own(HARNESS[name]) <= PURE | {"__version__"}


@pytest.mark.parametrize("name", sorted(PURE))
def test_what_judges_does_no_io(name: str) -> None:
    assert {top(module) for module in imports(HARNESS[name])} & IO <= EXCEPTIONS.get(name, set())


@pytest.mark.parametrize("name", sorted(DRIVE))
def test_what_drives_knows_nothing_of_runs(name: str) -> None:
    assert not own(HARNESS[name]) & (RUN - {"options"} | TOOLS)


@pytest.mark.parametrize("name", HARNESS)
def test_nothing_of_the_harness_imports_upward(name: str) -> None:
    assert not {top(module) for module in imports(HARNESS[name])} & {"suites", "tests"}
    assert not own(HARNESS[name]) & (OUTSIDE | TOOLS)


@pytest.mark.parametrize("path", SUITES, ids=lambda path: path.stem)
def test_suites_import_nothing_but_the_harness(path: Path) -> None:
    known = {
        "__future__",
        "asyncio",
        "collections",
        "contextlib",
        "conformance",
        "dataclasses",
        "inspect",
        "pytest",
        "suites",
        "types",
        "typing",
    }
    assert {top(module) for module in imports(path)} <= known
    assert not own(path) & (RUN | OUTSIDE | TOOLS | {"wire", "engine", "recorder", "runner"})


@pytest.mark.parametrize("path", REFERENCE, ids=lambda path: path.stem)
def test_the_reference_server_knows_nothing_of_the_harness(path: Path) -> None:
    known = [name for name in imports(path) if top(name) in ("conformance", "suites", "tests")]
    assert all(name.startswith("conformance.reference") for name in known)


def test_no_module_of_the_harness_imports_itself_in_a_circle() -> None:
    graph = {name: own(path) & set(HARNESS) for name, path in HARNESS.items()}
    done: set[str] = set()
    while ready := {name for name in graph.keys() - done if graph[name] <= done}:
        done |= ready
    assert set(graph) - done == set()


def test_schemas_are_data() -> None:
    assert {path.suffix for path in (ROOT / "schemas").iterdir()} == {".json", ".md"}

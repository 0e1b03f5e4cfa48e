"""Imports point one way (``lint-imports`` holds the layers of pyproject.toml), what judges does no I/O, and a module
is short."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 300
"""Lines of a module."""
CONFORMANCE = ROOT / "conformance"

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
PURE = ("schema", "inputs", "checks", "observations", "report")
"""Packages that touch no socket, process, clock or thread."""
TIMED = {"recorder", "clock"}
"""The modules of ``record`` that have a clock: they write the record while a scenario runs."""

PARSED_WITH = (
    "conformance.protocol",
    "conformance.transport.engineio",
    "conformance.transport.close_reason",
    "conformance.formatting",
    "conformance.strict_json",
)
"""What Engine.IO is parsed with."""


@cache
def imports(path: Path) -> frozenset[str]:
    """Every module that a file imports, by its full name."""
    return frozenset(_imports(ast.parse(path.read_text("utf-8")), path))


def _imports(tree: ast.Module, path: Path) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            yield from (f"{node.module}.{name.name}" for name in node.names)


def top(module: str) -> str:
    return module.partition(".")[0]


def modules(*packages: str) -> list[Path]:
    return sorted(path for package in packages for path in (CONFORMANCE / package).glob("*.py"))


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


RECORD = [path for path in modules("record") if path.stem not in TIMED]
SUITES = sorted((ROOT / "suites").glob("*.py"))
SANS_IO = [CONFORMANCE / "transport" / f"{name}.py" for name in ("engineio", "close_reason")]
REFERENCE = modules("reference")
HARNESS = sorted(set(CONFORMANCE.rglob("*.py")) - set(REFERENCE))


def test_the_layers_of_pyproject_hold(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert lint_imports("pyproject.toml", no_cache=True) == EXIT_STATUS_SUCCESS, capsys.readouterr().out


@pytest.mark.parametrize("path", [*modules(*PURE), *RECORD], ids=named)
def test_what_judges_does_no_io(path: Path) -> None:
    assert not {top(module) for module in imports(path)} & IO


@pytest.mark.parametrize("path", SANS_IO, ids=named)
def test_engine_io_is_parsed_without_io(path: Path) -> None:
    assert not {top(module) for module in imports(path)} & IO
    assert not [name for name in imports(path) if top(name) == "conformance" and not name.startswith(PARSED_WITH)]


@pytest.mark.parametrize("path", HARNESS, ids=named)
def test_nothing_of_the_harness_knows_its_suites_its_tests_and_the_reference_server(path: Path) -> None:
    assert not {top(module) for module in imports(path)} & {"suites", "tests"}
    assert not [module for module in imports(path) if module.startswith("conformance.reference")]


@pytest.mark.parametrize("path", SUITES, ids=named)
def test_suites_know_neither_the_wire_nor_the_run(path: Path) -> None:
    beyond = ("plugin", "run", "report", "transport", "reference", "compare", "docs")
    assert not [module for module in imports(path) if module.startswith(tuple(f"conformance.{one}" for one in beyond))]


@pytest.mark.parametrize("path", REFERENCE, ids=named)
def test_the_reference_server_knows_nothing_of_the_harness(path: Path) -> None:
    known = [name for name in imports(path) if top(name) in ("conformance", "suites", "tests")]
    assert all(name.startswith("conformance.reference") for name in known)


def test_no_module_is_long() -> None:
    folders = ("benchmarks", "conformance", "suites", "tests")
    modules = [*ROOT.glob("*.py"), *(path for folder in folders for path in (ROOT / folder).rglob("*.py"))]
    lines = {named(path): len(path.read_text("utf-8").splitlines()) for path in modules}
    assert {name: count for name, count in lines.items() if count > LONGEST} == {}


def test_schemas_are_data() -> None:
    assert {path.suffix for path in (ROOT / "schemas").iterdir()} == {".json", ".md"}

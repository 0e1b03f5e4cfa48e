"""Where a requirement stands in the source: tests, scenarios, judge functions, faults, legal servers. Nothing of it is
imported."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from conformance.paths import ROOT, SUITES

HARNESS = ROOT / "conformance"
FAULTS = ROOT / "tests" / "faults"
LEGAL = ROOT / "tests" / "legal"
_VOCABULARY = "conformance.checks.assertions"
"""What every test says its expectation with: naming it tells nothing of a requirement."""
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign


@dataclass(frozen=True, order=True)
class Place:
    path: Path
    line: int
    name: str = ""

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}  {self.name}".rstrip()


@dataclass(frozen=True)
class Test:
    """A judgement, with the ids that it cites and the function itself."""

    place: Place
    ids: frozenset[str]
    node: ast.FunctionDef

    @property
    def arguments(self) -> list[str]:
        return [arg.arg for arg in self.node.args.args]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


# -- suites --------------------------------------------------------------------------------------------------------


def tests(requirement: str) -> list[Test]:
    """The judgements of a requirement."""
    return [test for test in _all_tests() if requirement in test.ids]


@cache
def _all_tests() -> list[Test]:
    return [test for path in sorted(SUITES.glob("test_*.py")) for test in _tests(path)]


def _tests(path: Path) -> Iterator[Test]:
    for node in tree(path).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            cited = [_strings(call.args) for one in node.decorator_list for call in _calls(one, "requirement")]
            yield Test(Place(path, node.lineno, node.name), frozenset(id for ids in cited for id in ids), node)


def scenarios(test: Test) -> list[Place]:
    """The scenarios whose records a test takes."""
    shared = (path for path in SUITES.glob("*.py") if not path.name.startswith("test_"))
    known = {name: place for path in (*shared, test.place.path) for name, place in _scenarios(path).items()}
    return [known[name] for name in test.arguments if name in known]


@cache
def _scenarios(path: Path) -> dict[str, Place]:
    if not path.exists():
        return {}
    return {
        node.name: Place(path, node.lineno, node.name)
        for node in tree(path).body
        if isinstance(node, ast.AsyncFunctionDef)
        and any("scenario" in _names(decorator) for decorator in node.decorator_list)
    }


def judges(test: Test) -> list[Place]:
    """The functions of ``conformance.checks`` that a test uses, in its own body or by helpers in its file."""
    imported, local = _imports(tree(test.place.path)), _definitions(test.place.path)
    found: dict[Place, None] = {}
    todo, seen = [test.node.name], set[str]()
    while todo:
        seen.add(name := todo.pop())
        for module, attribute in _used(local[name], imported):
            found |= dict.fromkeys(_defined(module, attribute))
        todo += [one for one in _names(local[name]) if one in local and one not in seen]
    return sorted(found)


def _imports(module: ast.Module) -> dict[str, str]:
    """Full names, by the names in the module."""
    return {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in module.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def _used(node: ast.AST, imported: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Modules of checks and the names of theirs that some code uses."""
    for one in ast.walk(node):
        full = ""
        if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name):
            full = f"{imported.get(one.value.id, '')}.{one.attr}"
        elif isinstance(one, ast.Name):
            full = imported.get(one.id, "")
        module, _, name = full.rpartition(".")
        if module.startswith("conformance.checks.") and module != _VOCABULARY:
            yield module, name


def _defined(module: str, name: str) -> list[Place]:
    path = ROOT.joinpath(*module.split(".")).with_suffix(".py")
    node = _definitions(path).get(name) if path.exists() else None
    return [Place(path, node.lineno, f"{path.stem}.{name}")] if node is not None else []


@cache
def _definitions(path: Path) -> dict[str, _Definition]:
    found: dict[str, _Definition] = {}
    for node in tree(path).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id: node for target in targets if isinstance(target, ast.Name)}
    return found


# -- the harness, and the servers that prove it --------------------------------------------------------------------


def mentions(requirement: str) -> list[Place]:
    """Where code of the harness names a requirement: whom it blames for a precondition, for the most part."""
    return [place for place in _constants() if place.name == requirement]


@cache
def _constants() -> list[Place]:
    """Ids of requirements, or what looks like one, in the code of the harness."""
    return [
        Place(path, node.lineno, node.value)
        for path in sorted(HARNESS.rglob("*.py"))
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isupper()
    ]


@dataclass(frozen=True)
class Server:
    """A server of the tests. ``breaks`` and ``also``: requirements that its decorator names."""

    place: Place
    breaks: frozenset[str]
    also: frozenset[str]


@cache
def faults() -> list[Server]:
    """The broken servers."""
    return [one for path in sorted(FAULTS.glob("of_*.py")) for one in _servers(path, "fault")]


@cache
def named_faults() -> dict[str, Place]:
    """By name: the broken servers, those too that are made from a table in which they are named."""
    return {
        name: Place(path, node.lineno, name)
        for path in sorted(FAULTS.glob("of_*.py"))
        for node in ast.walk(tree(path))
        for name in [getattr(node, "name", None) or getattr(node, "value", None)]
        if isinstance(node, ast.ClassDef | ast.Constant) and isinstance(name, str) and name.isidentifier()
    }


@cache
def legal_servers() -> list[Server]:
    """The odd servers that are right."""
    return [one for path in sorted(LEGAL.glob("of_*.py")) for one in _servers(path, "legal")]


def _servers(path: Path, decorator: str) -> Iterator[Server]:
    """Of classes that are decorated, and of those that are handed to a decorator later: ``fault("ID")(Server)``."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ClassDef):
            calls = [call for one in node.decorator_list for call in _calls(one, decorator)]
            yield from (_server(path, node.lineno, node.name, call) for call in calls)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Call):
            for call, server in zip(_calls(node.func, decorator), node.args, strict=False):
                if isinstance(server, ast.Name):
                    yield _server(path, node.lineno, server.id, call)


def _server(path: Path, line: int, name: str, call: ast.Call) -> Server:
    also = [ids for keyword in call.keywords for ids in _strings(ast.walk(keyword.value))]
    return Server(Place(path, line, name), frozenset(_strings(call.args)), frozenset(also))


def _calls(node: ast.AST, name: str) -> list[ast.Call]:
    called = node.func if isinstance(node, ast.Call) else None
    return [node] if isinstance(node, ast.Call) and isinstance(called, ast.Name) and called.id == name else []


def _names(node: ast.AST) -> list[str]:
    return [one.id for one in ast.walk(node) if isinstance(one, ast.Name)]


def _strings(nodes: Iterable[ast.AST]) -> list[str]:
    return [one.value for one in nodes if isinstance(one, ast.Constant) and isinstance(one.value, str)]

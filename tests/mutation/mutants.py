"""The reference server with one thing changed in its source; mutmut's operators say what can be changed, and how.

Of mutmut we take these, and its walk, which leaves annotations out. Its own runner puts the tests and what they test in
one process, and changes nothing outside of functions.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation import mutators
from mutmut.mutation.file_mutation import MutationVisitor
from mutmut.mutation.pragma_handling import IgnoredCode

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = Path("conformance", "reference")
STARTING = {"__init__", "__main__", "cli", "serve"}
"""Modules that only start the server and stop it."""
UNUSED = {"add_many", "check_key", "hang_up", "mint", "unverified"}
"""Methods that the command line and broken servers call, and no client."""

Operator = tuple[type[cst.CSTNode], Callable[[Any], Iterable[cst.CSTNode]]]


def _dropped(node: cst.Expr | cst.Raise) -> Iterator[cst.CSTNode]:
    """Nothing in place of a statement; docstrings stay."""
    if not (isinstance(node, cst.Expr) and isinstance(node.value, cst.BaseString)):
        yield cst.Pass()


def _none(node: cst.Call) -> Iterator[cst.CSTNode]:
    """None in place of one keyword argument; in place of others it breaks a call as bluntly as leaving the call out."""
    for argument in node.args:
        if argument.keyword is not None:
            yield node.with_deep_changes(argument, value=cst.Name("None"))


def _word(node: cst.SimpleString) -> Iterator[cst.CSTNode]:
    """Another name, key or value; what is said to people stays."""
    if " " not in node.value:
        yield from list(mutators.operator_string(node))[:1]


OPERATORS: Sequence[Operator] = (
    (cst.Expr, _dropped),
    (cst.Raise, _dropped),
    (cst.Call, _none),
    (cst.Call, mutators.operator_symmetric_string_methods_swap),
    (cst.SimpleString, _word),
    (cst.BaseNumber, mutators.operator_number),
    (cst.Name, mutators.operator_name),
    (cst.UnaryOperation, mutators.operator_remove_unary_ops),
    (cst.CSTNode, mutators.operator_keywords),
    (cst.CSTNode, mutators.operator_swap_op),
    (cst.IfExp, mutators.operator_if_exp),
)


@dataclass(frozen=True)
class Mutant:
    """One change: where, the whole changed file, and how it differs."""

    path: Path
    line: int
    source: str
    diff: str

    @property
    def place(self) -> str:
        return f"{self.path.name}:{self.line}"


def unchanged() -> Mutant:
    """The server as it is: what it fails cannot be laid at a mutant's door."""
    path = REFERENCE / "help_center.py"
    return Mutant(path, 0, (ROOT / path).read_text("utf-8"), "")


def mutants() -> list[Mutant]:
    """All of them, in the order of the source."""
    modules = sorted(path for path in (ROOT / REFERENCE).glob("*.py") if path.stem not in STARTING)
    return [mutant for path in modules for mutant in _of(path)]


def _of(path: Path) -> Iterator[Mutant]:
    original = path.read_text("utf-8")
    wrapper = MetadataWrapper(cst.parse_module(original))
    visitor = MutationVisitor(OPERATORS, IgnoredCode(set(), set(), set()))
    wrapper.visit(visitor)
    positions = wrapper.resolve(PositionProvider)
    seen = {original}
    for mutation in visitor.mutations:
        function = mutation.contained_by_top_level_function
        line = positions[mutation.original_node].start.line
        if (isinstance(function, cst.FunctionDef) and function.name.value in UNUSED) or _logs(original, line):
            continue
        changed = wrapper.module.deep_replace(mutation.original_node, mutation.mutated_node)
        assert isinstance(changed, cst.Module)
        if changed.code not in seen:
            seen.add(changed.code)
            yield Mutant(path.relative_to(ROOT), line, changed.code, _diff(original, changed.code))


def _logs(source: str, line: int) -> bool:
    return source.splitlines()[line - 1].lstrip().startswith(("log", "_quiet"))


def _diff(old: str, new: str) -> str:
    """The lines that differ."""
    lines = list(difflib.unified_diff(old.splitlines(), new.splitlines(), n=0, lineterm=""))
    return "\n".join(line for line in lines[2:] if not line.startswith("@@"))

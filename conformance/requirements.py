"""The catalogue: every clause of the document, with its level and what judges it."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from conformance.paths import CATALOGUE

DOCUMENT_DIGEST_KEY = "document"
FIRST_RELEASE = "0.1.0"


def version(release: str) -> tuple[int, ...]:
    """In an order. Raises ValueError for what is not a release."""
    return tuple(int(part) for part in release.split("."))


class Level(StrEnum):
    """MUST: can make a server non-conformant. SHOULD: reported, fails a run only with ``--level=should``.
    OBSERVATION: the document is silent; never pass or fail. CLIENT: binds clients or no one, cannot be tested."""

    MUST = "must"
    SHOULD = "should"
    OBSERVATION = "observation"
    CLIENT = "client"


class Profile(StrEnum):
    """How much a run does for each MUST. FULL: all there is. QUICK: it judges each once, with no search and no wait by
    design, for a merge request; what it finds is no verdict on the server."""

    FULL = "full"
    QUICK = "quick"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One clause. ``untestable`` is the written reason why no judgement cites it; ``reading`` says which readings
    exist and what the harness accepts; ``since`` is the release that began to judge it, or to judge it as strictly as
    now."""

    id: str
    section: str
    level: Level
    title: str
    statement: str
    reading: str = ""
    untestable: str = ""
    chapter: str = ""
    """Where docs/requirements.md lists it."""
    since: str = FIRST_RELEASE

    def belongs_to(self, release: str | None) -> bool:
        """Whether a release judges it; None: this one."""
        return release is None or version(self.since) <= version(release)

    @property
    def testable(self) -> bool:
        return not self.untestable


class Catalogue(Mapping[str, Requirement]):
    """All requirements by id, in the document's order. Raises ValueError on anything it does not know."""

    def __init__(self, path: Path = CATALOGUE) -> None:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        if not isinstance(data.get(DOCUMENT_DIGEST_KEY), str):
            raise ValueError(f"{path.name} lacks {DOCUMENT_DIGEST_KEY}: the SHA-256 of what it is made from")
        self.document: str = data.pop(DOCUMENT_DIGEST_KEY)
        self.document_date: str = data.pop("document_date", "")
        self._requirements = {name: _requirement(name, fields) for name, fields in data.items()}
        for one in self._requirements:
            inside = [other for other in self._requirements if one != other and one in other]
            if inside:
                raise ValueError(f"requirement id {one} is part of {inside[0]}: -k could not select it")

    def as_of(self, release: str | None) -> Mapping[str, Requirement]:
        """The requirements that a release judges; None: this one."""
        return {one.id: one for one in self.values() if one.belongs_to(release)}

    def __getitem__(self, name: str) -> Requirement:
        return self._requirements[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._requirements)

    def __len__(self) -> int:
        return len(self._requirements)


def _requirement(name: str, fields: Mapping[str, Any]) -> Requirement:
    try:
        wrong = [key for key, value in fields.items() if not isinstance(value, str)]
        if wrong:
            raise ValueError(f"{wrong[0]} is not a string")
        made = Requirement(id=name, **{**fields, "level": Level(fields["level"])})
        version(made.since)
        return made
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise ValueError(f"requirement {name} in {CATALOGUE.name}: {error}") from error


@cache
def catalogue() -> Catalogue:
    """The catalogue that comes with the harness."""
    return Catalogue()


def digest() -> str:
    """SHA-256 of the catalogue file: names the requirement set a verdict speaks of."""
    return hashlib.sha256(CATALOGUE.read_bytes()).hexdigest()


def requirement(*ids: str) -> pytest.MarkDecorator:
    """Mark a judgement with the requirements it judges. Unknown ids stop the run."""
    unknown = [name for name in ids if name not in catalogue()]
    if unknown or not ids:
        raise ValueError(f"unknown requirement {', '.join(unknown) or '(none)'}: add it to {CATALOGUE.name}")
    return pytest.mark.requirement(*ids)


def ids_of(item: pytest.Item) -> list[str]:
    """The requirements that a test judges."""
    return [str(name) for mark in item.iter_markers("requirement") for name in mark.args]

"""A fault: the reference server broken in exactly one way, and the requirements that this breaks."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import tests.faults
from conformance.reference.help_center import HelpCenter
from conformance.reference.store import Store
from conformance.reference.tokens import PublicKey, Verifier
from conformance.requirements import catalogue

HS256 = "HS256"

T = TypeVar("T", bound="type[HelpCenter] | type[Store] | type[Verifier]")


@dataclass(frozen=True)
class Fault:
    """``build(key)`` makes the broken server, which verifies tokens of ``algorithm`` by a secret or public key.
    ``breaks``: requirements that must fail; ``also``: further ones that the same fault may truly break, depending on
    what the run happens to see."""

    name: str
    build: Callable[[str | PublicKey], HelpCenter]
    breaks: frozenset[str]
    also: frozenset[str]
    algorithm: str
    does: str = ""
    """What it does, in a sentence, where its name does not say it all."""
    chapter: str = ""
    """Of the module it stands in, ``of_<chapter>``."""


FAULTS: dict[str, Fault] = {}


def fault(*breaks: str, also: tuple[str, ...] = (), algorithm: str = HS256) -> Callable[[T], T]:
    """Register a subclass of HelpCenter, Store or Verifier as a fault, named by its class."""
    unknown = [name for name in (*breaks, *also) if name not in catalogue()]
    if unknown or not breaks:
        raise ValueError(f"a fault breaks known requirements, not {unknown}")

    def register(broken: T) -> T:
        assert broken.__name__ not in FAULTS, broken.__name__
        build = _builder(broken, algorithm)
        does = inspect.cleandoc(broken.__doc__ or "").partition("\n\n")[0]
        chapter = broken.__module__.rpartition(".of_")[2]
        FAULTS[broken.__name__] = Fault(
            broken.__name__, build, frozenset(breaks), frozenset(also), algorithm, does, chapter
        )
        return broken

    return register


def _builder(broken: type, algorithm: str) -> Callable[[str | PublicKey], HelpCenter]:
    def build(key: str | PublicKey) -> HelpCenter:
        verifier = (broken if issubclass(broken, Verifier) else Verifier)(key, algorithm=algorithm)
        store = (broken if issubclass(broken, Store) else Store)()
        return (broken if issubclass(broken, HelpCenter) else HelpCenter)(verifier, store=store)

    return build


def cover(faults: Mapping[str, Fault]) -> list[str]:
    """Names of a few faults that together break every requirement that any of them breaks: again and again the one that
    breaks the most of what is left, and little else. And those that only another way of signing shows."""
    chosen = {name for name, fault in faults.items() if fault.algorithm != HS256}
    left = {one for name, fault in faults.items() if name not in chosen for one in fault.breaks}
    while left:
        best = max(faults, key=lambda name: (len(faults[name].breaks & left), -len(faults[name].also)))
        chosen.add(best)
        left -= faults[best].breaks
    return sorted(chosen)


def load_all() -> dict[str, Fault]:
    """Every fault of every module of this package that is named ``of_<chapter>``."""
    for module in pkgutil.iter_modules(tests.faults.__path__):
        if module.name.startswith("of_"):
            importlib.import_module(f"tests.faults.{module.name}")
    return FAULTS

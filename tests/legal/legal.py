"""A legal oddity: the reference server, different only where the document leaves room."""

from __future__ import annotations

import importlib
import itertools
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import tests.legal
from conformance.reference.help_center import HelpCenter
from conformance.reference.serve import Served
from conformance.reference.store import Store
from conformance.reference.tokens import Verifier
from conformance.requirements import Level, catalogue
from tests.faults.battery import SECRET, TIMEOUT, Certified, certify

T = TypeVar("T", bound="type[HelpCenter] | type[Store] | type[Verifier]")

SLOW_TIMEOUT = 1800
"""Seconds."""
SHARING = (
    ("order support", "ids", "dates", "payloads", "refusals", "rest", "texts"),
    ("history", "sockets", "environments gateways"),
    ("timing limits", "languages", "goodbyes"),
)
"""Topics whose oddities have nothing to do with each other: one server may have one of each. Those that do touch stand
in one string."""


@dataclass(frozen=True)
class Legal:
    """``options``: what somebody who certifies such a server has to pass. ``advice``: the SHOULDs that it fails, for
    the document suggests otherwise. ``slow``: its certification takes minutes."""

    odd: type[Any]
    options: tuple[str, ...]
    advice: frozenset[str]
    slow: bool = False

    @property
    def name(self) -> str:
        return str(self.odd.__name__)

    @property
    def topic(self) -> str:
        return str(self.odd.__module__).rpartition(".of_")[2]


LEGAL: dict[str, Legal] = {}


def legal(*, options: Iterable[str] = (), advice: Iterable[str] = (), slow: bool = False) -> Callable[[T], T]:
    """Register a subclass of HelpCenter, Store or Verifier as a legal oddity, named by its class. A HelpCenter may
    bring a store, a verifier and a way to be served: the class attributes STORE, VERIFIER and SERVED."""
    unknown = [name for name in advice if name not in catalogue() or catalogue()[name].level is not Level.SHOULD]
    if unknown:
        raise ValueError(f"advice is about SHOULDs, not {unknown}")

    def register(odd: T) -> T:
        assert odd.__name__ not in LEGAL, odd.__name__
        LEGAL[odd.__name__] = Legal(odd, tuple(options), frozenset(advice), slow)
        return odd

    return register


@dataclass(frozen=True)
class OddServer:
    """One server with one oddity, or with several that do not touch each other."""

    oddities: tuple[Legal, ...]

    @property
    def name(self) -> str:
        return "+".join(one.name for one in self.oddities)

    @property
    def advice(self) -> frozenset[str]:
        return frozenset().union(*(one.advice for one in self.oddities))

    def build(self, secret: str) -> HelpCenter:
        center: type[HelpCenter] = self._all_in_one(HelpCenter, "")
        verifier: type[Verifier] = self._all_in_one(Verifier, "VERIFIER")
        return center(verifier(secret), store=self._all_in_one(Store, "STORE")())

    def _all_in_one(self, base: type, attribute: str) -> type[Any]:
        """A subclass of all the oddities of a kind, those included that another kind brings with it."""
        odd = [one.odd for one in self.oddities]
        found = [o if issubclass(o, base) else getattr(o, attribute, None) for o in odd]
        return type(base.__name__, (*dict.fromkeys(o for o in found if o is not None), base), {})

    @property
    def options(self) -> tuple[str, ...]:
        return tuple(itertools.chain.from_iterable(one.options for one in self.oddities))

    @property
    def timeout(self) -> float:
        return SLOW_TIMEOUT if any(one.slow for one in self.oddities) else TIMEOUT

    @contextmanager
    def serve(self) -> Iterator[str]:
        """Its URL, on a free loopback port."""
        center = self.build(SECRET)
        with getattr(center, "SERVED", Served)(center.app) as server:
            yield server.url

    def certify(self, folder: Path, *more: str) -> Certified:
        """Serve it and certify it. ``folder``: where the reports go; ``more``: options."""
        with self.serve() as url:
            return certify(url, folder / self.name[:100], *more, *self.options, timeout=self.timeout)

    def accusations(self, certified: Certified) -> dict[str, str]:
        """What the certification held against the server beyond its advice, or did not look at, by requirement."""
        wrong = [one for status in ("failed", "error") for one in certified.ids(status)]
        unseen = [one for one in certified.ids("unverified") if catalogue()[one].level is Level.MUST]
        return {one: certified.reason(one) for one in {*wrong, *unseen} - self.advice}


def shared(oddities: Iterable[Legal]) -> list[OddServer]:
    """As few servers as have all these oddities between them, none with two of one topic."""
    by_topic: dict[str, list[Legal]] = {}
    for one in oddities:
        by_topic.setdefault(one.topic, []).append(one)
    rows = (row for topics in SHARING for row in _rows(by_topic, topics))
    return [OddServer(tuple(one for one in row if one is not None)) for row in rows]


def _rows(by_topic: Mapping[str, Sequence[Legal]], topics: Iterable[str]) -> Iterable[tuple[Legal | None, ...]]:
    columns = ([one for topic in touching.split() for one in by_topic.get(topic, ())] for touching in topics)
    return itertools.zip_longest(*columns)


def load_all() -> dict[str, Legal]:
    """Every oddity of every module of this package that is named ``of_<topic>``."""
    for module in pkgutil.iter_modules(tests.legal.__path__):
        if module.name.startswith("of_"):
            importlib.import_module(f"tests.legal.{module.name}")
    return LEGAL

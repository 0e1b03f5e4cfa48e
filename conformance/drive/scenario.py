"""Scenarios: short functions that drive a few devices and assert nothing; pytest sees each as a fixture.

A test that names a scenario among its arguments gets that scenario's transcript, ready to be judged. The scenario's
own parameters (all after ``stage``) are strings that the test parametrizes; with the name they are its key.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

import pytest

from conformance.requirements import ids_of

Drive = Callable[..., Awaitable[None]]


@dataclass(frozen=True)
class Scenario:
    """What to drive, and what it needs. ``users``: how many are lent to it. ``wave``: 1 for documented input, 2 for
    malformed input and bad tokens. ``brand_new``: its user never had contact before. ``rush``: first contacts of one
    user may overlap. ``basic``: driven whenever a law is judged. ``refused``: it ends in a refused connection, and
    only a few of these run at once. ``fewer``: it does with fewer users where there are not that many. ``alike``: its
    users are those of ``lookalikes.ALIKE``; it does with one where subjects are given."""

    name: str
    drive: Drive
    params: tuple[str, ...] = ()
    users: int = 1
    wave: int = 1
    brand_new: bool = False
    rush: bool = False
    basic: bool = False
    refused: bool = False
    fewer: bool = False
    alike: bool = False

    @property
    def doc(self) -> str:
        return inspect.getdoc(self.drive) or ""

    def key(self, values: Mapping[str, str]) -> str:
        """The name of the recording that these parameter values lead to."""
        inside = "-".join(values[name] for name in self.params)
        return f"{self.name}[{inside}]" if inside else self.name


@dataclass(frozen=True)
class Casting:
    """A scenario with the values of its parameters."""

    scenario: Scenario
    values: Mapping[str, str]

    @property
    def key(self) -> str:
        return self.scenario.key(self.values)


class Recordings:
    """What the scenario fixtures ask for transcripts; the plugin puts the real thing into the stash."""

    def record(self, casting: Casting, judges: Sequence[str]) -> Any:
        """The record of a scenario, for a test that judges these requirements."""
        raise NotImplementedError


_BASICS: dict[str, Scenario] = {}
RECORDINGS = pytest.StashKey[Recordings]()


@overload
def scenario(drive: Drive) -> Drive: ...
@overload
def scenario(
    *,
    users: int = 1,
    wave: int = 1,
    brand_new: bool = False,
    rush: bool = False,
    basic: bool = False,
    refused: bool = False,
    fewer: bool = False,
    alike: bool = False,
) -> Callable[[Drive], Drive]: ...
def scenario(
    drive: Drive | None = None,
    *,
    users: int = 1,
    wave: int = 1,
    brand_new: bool = False,
    rush: bool = False,
    basic: bool = False,
    refused: bool = False,
    fewer: bool = False,
    alike: bool = False,
) -> Any:
    """Make an ``async def drive(stage, *params)`` a scenario and a fixture of its name (see ``Scenario``)."""

    def made(drive: Drive) -> Any:
        params = tuple(inspect.signature(drive).parameters)[1:]
        made = Scenario(
            drive.__name__,
            drive,
            params,
            users,
            wave,
            brand_new=brand_new,
            rush=rush,
            basic=basic,
            refused=refused,
            fewer=fewer,
            alike=alike,
        )
        if basic:
            _BASICS[made.name] = made
        return pytest.fixture(_reader(made))

    return made if drive is None else made(drive)


def _reader(scenario: Scenario) -> Callable[..., Any]:
    def read(request: pytest.FixtureRequest, **values: str) -> Any:
        return request.config.stash[RECORDINGS].record(Casting(scenario, values), ids_of(request.node))

    parameter = inspect.Parameter
    names = ["request", *scenario.params]
    signature = inspect.Signature([parameter(name, parameter.POSITIONAL_OR_KEYWORD) for name in names])
    read.__signature__ = signature  # type: ignore[attr-defined]  # pytest asks it which fixtures and parameters to pass
    read.__name__ = scenario.name
    read.__doc__ = scenario.doc
    read.__module__ = scenario.drive.__module__
    read.scenario = scenario  # type: ignore[attr-defined]  # for castings_of
    return read


def castings_of(item: pytest.Item) -> list[Casting]:
    """The recordings that a test needs."""
    definitions = getattr(item, "_fixtureinfo").name2fixturedefs  # noqa: B009  pytest has no public way
    values = getattr(getattr(item, "callspec", None), "params", {})
    scenarios = [getattr(found[-1].func, "scenario", None) for found in definitions.values()]
    return [
        Casting(scenario, {name: values[name] for name in scenario.params})
        for scenario in scenarios
        if scenario is not None
    ]


def basics() -> list[Casting]:
    """The basic scenarios, which a law that is selected alone brings with it."""
    return [Casting(scenario, {}) for scenario in _BASICS.values()]

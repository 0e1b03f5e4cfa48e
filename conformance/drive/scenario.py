"""Scenarios: short functions that drive a few devices and assert nothing; pytest sees each as a fixture.

A test that names a scenario among its arguments gets that scenario's transcript, ready to be judged. The scenario's
own parameters (all after ``stage``) are strings that the test parametrizes; with the name they are its key.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack, overload

import pytest

from conformance.requirements import ids_of

Drive = Callable[..., Awaitable[None]]


class Needs(TypedDict, total=False):
    """What a scenario needs, and when it is driven: the fields of ``Scenario`` that ``@scenario`` takes."""

    users: int
    """How many are lent to it."""
    wave: int
    """1 for documented input, 2 for malformed input and bad tokens."""
    brand_new: bool
    """Its users never had contact before."""
    concurrent_first_contact: bool
    """First contacts of one user may overlap."""
    basic: bool
    """It is driven whenever a law is judged."""
    limit_concurrency: bool
    """It ends in a refused connection, and only a few of these run at once."""
    min_users: int
    """It does with so few users where there are not as many as it likes."""
    takes_seconds: bool
    """It waits for seconds by design, and begins before those that do not: then nothing waits for it at the end."""
    many_steps: bool
    """Many steps follow each other in it, and it begins before those with few: where the target is far away, it takes
    longer than they do. Of bad tokens, the simplest come first: then it is soon clear what a target dies of."""
    search: bool
    """It drives what Hypothesis generates."""
    extra: bool
    """Others show the same: a run that was saved before there was this one is judged without it."""
    returns: str
    """The scenario without parameters whose user comes back in it, when all others have begun."""
    alike: bool
    """Its users are those of ``similar_subjects.ALIKE``; it does with one where subjects are given."""


@dataclass(frozen=True)
class Scenario:
    """What to drive, and its ``Needs``."""

    name: str
    drive: Drive
    params: tuple[str, ...] = ()
    users: int = 1
    wave: int = 1
    brand_new: bool = False
    concurrent_first_contact: bool = False
    basic: bool = False
    limit_concurrency: bool = False
    min_users: int | None = None
    takes_seconds: bool = False
    many_steps: bool = False
    search: bool = False
    extra: bool = False
    returns: str | None = None
    alike: bool = False

    @property
    def doc(self) -> str:
        return inspect.getdoc(self.drive) or ""

    @property
    def quick(self) -> bool:
        """Whether it is recorded for the quick profile, too."""
        return not (self.search or self.takes_seconds)

    def key(self, values: Mapping[str, str]) -> str:
        """The name of the recording that these parameter values lead to."""
        inside = "-".join(values[name] for name in self.params)
        return f"{self.name}[{inside}]" if inside else self.name


@dataclass(frozen=True)
class ScenarioCall:
    """A scenario, and the values of its parameters."""

    scenario: Scenario
    values: Mapping[str, str]

    @property
    def key(self) -> str:
        return self.scenario.key(self.values)


class TranscriptProvider:
    """What the scenario fixtures ask for transcripts; the plugin puts the real thing into the stash."""

    def record(self, call: ScenarioCall, judges: Sequence[str]) -> Any:
        """The record of a scenario, for a test that judges these requirements."""
        raise NotImplementedError


_BASICS: dict[str, Scenario] = {}
TRANSCRIPTS = pytest.StashKey[TranscriptProvider]()


@overload
def scenario(drive: Drive, /) -> Drive: ...
@overload
def scenario(**needs: Unpack[Needs]) -> Callable[[Drive], Drive]: ...
def scenario(drive: Drive | None = None, /, **needs: Unpack[Needs]) -> Any:
    """Make an ``async def drive(stage, *params)`` a scenario and a fixture of its name."""

    def decorate(drive: Drive) -> Any:
        params = tuple(inspect.signature(drive).parameters)[1:]
        made = Scenario(drive.__name__, drive, params, **needs)
        if made.basic:
            _BASICS[made.name] = made
        return _fixture(made)

    return decorate if drive is None else decorate(drive)


def _fixture(scenario: Scenario) -> Any:
    """What pytest sees: a function with a signature that is made up, for that is what it asks which fixtures and
    parameters to pass; and with the scenario, for ``scenario_calls``."""

    def read(request: pytest.FixtureRequest, **values: str) -> Any:
        return request.config.stash[TRANSCRIPTS].record(ScenarioCall(scenario, values), ids_of(request.node))

    names = ("request", *scenario.params)
    parameters = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in names]
    read.__name__, read.__doc__, read.__module__ = scenario.name, scenario.doc, scenario.drive.__module__
    vars(read).update(__signature__=inspect.Signature(parameters), scenario=scenario)
    return pytest.fixture(read)


def scenario_calls(item: pytest.Item) -> list[ScenarioCall]:
    """The recordings that a test needs."""
    definitions = getattr(item, "_fixtureinfo").name2fixturedefs  # noqa: B009  pytest has no public way
    values = getattr(getattr(item, "callspec", None), "params", {})
    scenarios = [getattr(found[-1].func, "scenario", None) for found in definitions.values()]
    return [
        ScenarioCall(scenario, {name: values[name] for name in scenario.params})
        for scenario in scenarios
        if scenario is not None
    ]


def basics() -> list[ScenarioCall]:
    """The basic scenarios, which a law that is selected alone brings with it."""
    return [ScenarioCall(scenario, {}) for scenario in _BASICS.values()]

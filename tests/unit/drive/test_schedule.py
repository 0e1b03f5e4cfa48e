"""The order in which scenarios are recorded."""

from __future__ import annotations

from typing import Unpack

from conformance.drive.scenario import Needs, Scenario, ScenarioCall
from conformance.drive.schedule import new_users, phases, refused_at_once


async def _drive(*_: object) -> None:
    """Never driven here."""


def _call(name: str, **needs: Unpack[Needs]) -> ScenarioCall:
    return ScenarioCall(Scenario(name, _drive, **needs), {})


def _names(calls: list[ScenarioCall]) -> list[str]:
    return [call.scenario.name for call in calls]


def test_malformed_input_waits_for_all_documented_input_and_new_users_come_first_in_each_wave() -> None:
    calls = [
        _call("odd", wave=2),
        _call("plain"),
        _call("odd and new", wave=2, brand_new=True),
        _call("new", brand_new=True),
    ]
    assert [_names(phase) for phase in phases(calls)] == [["new"], ["plain"], ["odd and new"], ["odd"]]


def test_what_takes_long_begins_first_and_the_rest_keeps_its_order() -> None:
    calls = [_call("a"), _call("long", many_steps=True), _call("b"), _call("patient", takes_seconds=True), _call("c")]
    assert [_names(phase) for phase in phases(calls)] == [["patient", "long", "a", "b", "c"]]


def test_bad_tokens_in_many_steps_are_spread_behind_the_simplest() -> None:
    simple = [_call(f"{number}", wave=2, limit_concurrency=True) for number in range(1, 25)]
    calls = [_call(name, wave=2, limit_concurrency=True, many_steps=True) for name in ("long", "longer")]
    [names] = map(_names, phases([*calls, *simple, _call("back", wave=2, returns="1"), _call("odd", wave=2)]))
    assert [name for name in names if not name.isdigit()] == ["long", "longer", "odd", "back"]
    assert names.index("long") == 12
    assert names.index("longer") == 14


def test_a_bad_token_in_many_steps_is_not_lost_where_there_is_no_other() -> None:
    [names] = map(_names, phases([_call("long", wave=2, limit_concurrency=True, many_steps=True)]))
    assert names == ["long"]


def test_who_returns_comes_last() -> None:
    calls = [_call("back", wave=2, returns="a"), _call("odd", wave=2), _call("a")]
    assert [_names(phase) for phase in phases(calls)] == [["a"], ["odd", "back"]]


def test_no_more_bad_tokens_come_in_a_second_from_far_away() -> None:
    near, far = refused_at_once(0.0, apart=0.1), refused_at_once(0.1, apart=0.1)
    assert (near, far) == (8, 16)


def test_new_users_are_counted_over_the_phases_that_are_left() -> None:
    calls = [
        _call("new", brand_new=True, users=2),
        _call("newer", wave=2, brand_new=True, users=3),
        _call("plain", users=5),
    ]
    first, *rest = phases(calls)
    assert _names(first) == ["new"]
    assert new_users(rest) == 3

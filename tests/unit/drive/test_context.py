"""What scenarios of a run share, and how devices are given their routes."""

from __future__ import annotations

import dataclasses
import typing

import pytest

from conformance.drive.context import RunContext
from conformance.drive.device_options import DeviceArguments, DeviceOptions, Route
from conformance.record.timeouts import ACK
from conformance.redaction import Redactor


@pytest.fixture(name="run", scope="module")
def made() -> RunContext:
    return RunContext.create("http://127.0.0.1:9", {}, None, Redactor(), deadline=2.0, settle=0.1)


def test_what_is_far_away_is_waited_for_longer(run: RunContext) -> None:
    far = run.calibrated(0.1)
    assert (far.rtt, far.deadline, far.late, far.settle) == (0.1, 4.0, 17.0, pytest.approx(0.3))
    assert (run.rtt, run.deadline, run.late, run.settle) == (0.0, 2.0, 15.0, 0.1)


def test_timeouts_that_have_learned_nothing_leave_the_others_as_they_are(run: RunContext) -> None:
    run.timeout.came(ACK, 1.5)
    brief = run.untaught(deadline=1.0)
    assert (brief.deadline, brief.late, brief.timeout.slowest(ACK)) == (1.0, 15.0, 0.0)
    assert run.timeout.slowest(ACK) == 1.5
    assert brief.turns is run.turns


@pytest.mark.parametrize(
    ("options", "route", "takes_default_route"),
    [
        (DeviceOptions(), Route("header", "polling"), True),
        (DeviceOptions(option="bearer"), Route("bearer", "polling"), False),
        (DeviceOptions(transport="upgrade"), Route("header", "upgrade"), False),
    ],
)
def test_a_device_takes_the_default_route_unless_reported(
    options: DeviceOptions, route: Route, takes_default_route: bool
) -> None:
    assert (options.route(Route("header", "polling")), options.takes_default_route) == (route, takes_default_route)


def test_every_option_of_a_device_can_be_passed_by_its_name() -> None:
    fields = {field.name for field in dataclasses.fields(DeviceOptions)}
    assert fields == set(typing.get_type_hints(DeviceArguments))

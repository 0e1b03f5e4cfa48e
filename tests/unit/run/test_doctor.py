"""What the doctor says of a configuration, against a server in this process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.auth.tokens import KeyMinter
from conformance.auth.users import Minted, ReadyMade
from conformance.drive.device_options import Route
from conformance.drive.examination import Examination
from conformance.reference.serve import Served
from conformance.requirements import Level, catalogue
from conformance.run import doctor
from conformance.run.foresight import unverifiable
from tests.support.given import Given
from tests.support.hostile import SECRET, help_center

FOUND = Examination(route=Route(), rtt=0.001, looked_at=1, clock=0.4, lost=())


@pytest.fixture(scope="module")
def target() -> Iterator[str]:
    with Served(help_center().app) as server:
        yield server.url


def said(*arguments: str, folder: Path = Path("/nowhere"), **environment: str) -> tuple[int, list[str]]:
    lines: list[str] = []
    code = doctor.report(Given(folder, arguments), lines.append, environment)  # type: ignore[arg-type]
    return code, [" ".join(line.split()) for line in lines]


def test_a_configuration_that_works(target: str) -> None:
    code, lines = said(f"--target={target}", "--level=should", HELP_CENTER_JWT_SECRET=SECRET)
    assert code == 0
    assert lines[:5] == [
        "configuration",
        f"--target {target} command line",
        "--jwt-secret ‹hidden› $HELP_CENTER_JWT_SECRET",
        "--level should command line",
        "target",
    ]
    assert {"ok a token is accepted", "ok 6 polling sessions at once, each answered throughout"} <= set(lines)
    assert lines[-1] == f"READY: help-center-conformance certify {target} can judge every requirement"
    assert any(line.startswith("ok a Help Center: enters by auth over websocket, ") for line in lines)
    assert SECRET not in "".join(lines)
    assert not [line for line in lines if line.startswith(("WARNS", "FAILS"))]


def test_defaults_are_listed_where_they_are_asked_for(target: str) -> None:
    _, lines = said("-v", f"--target={target}", "--wait=soon")
    assert {"--deadline 5 default", "--insecure no default"} <= set(lines)


def test_what_will_stay_unverified_is_foretold(target: str) -> None:
    code, lines = said(f"--target={target}", f"--token={KeyMinter(SECRET).sign({'sub': 'someone'})}")
    assert code == 10
    assert lines[-1].startswith(
        "INCOMPLETE: 8 MUST would stay unverified, and a certification would end with exit code"
    )
    warned = "\n".join(line for line in lines if line.startswith("WARNS"))
    assert "--token on the command line can be read by every user" in warned
    for requirement in ("AUTH-EXPIRED", "TOKEN-REFRESHED", "ISOLATION-MESSAGES", "FIRST-CONTACT"):
        assert requirement in warned


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--target=TARGET", "--jwt-secret=of another"], "FAILS TARGET rejects the token over WebSocket, polling and"),
        (["--target=TARGET", "--wait=soon"], "FAILS --wait=soon is not a usable number"),
        (["--target=http://127.0.0.1:1", "--jwt-secret=s"], "FAILS http://127.0.0.1:1 cannot be reached"),
        ([], "FAILS pass the server's URL"),
    ],
)
def test_what_does_not_work_is_said_in_one_line(target: str, arguments: list[str], line: str) -> None:
    code, lines = said(*(argument.replace("TARGET", target) for argument in arguments))
    assert code == 4
    assert lines[-2].startswith(line.replace("TARGET", target))
    assert lines[-1] == "NOT READY: a certification would not begin (exit code 4)"


@pytest.mark.parametrize(
    ("clock", "line"),
    [
        (None, "note   answers have no usable Date: nothing is known of the target's clock"),
        (-0.5, "ok     the clocks agree (to a second or so)"),
        (12.2, "ok     the target's clock is 12 s ahead of this machine's"),
        (-90.0, "WARNS  the target's clock is 90 s behind this machine's: tokens that are minted here may count as "),
    ],
)
def test_clocks(clock: float | None, line: str) -> None:
    assert any(one.startswith(line) for one in doctor.findings(replace(FOUND, clock=clock)))


def test_rest_that_does_not_answer_at_last() -> None:
    lines = list(doctor.findings(replace(FOUND, clock=None, unanswered="ReadTimeout: not answered within 5.0 s")))
    assert lines[2] == "note   REST did not answer (ReadTimeout: not answered within 5.0 s)"


def test_sessions_that_are_lost() -> None:
    lines = list(doctor.findings(replace(FOUND, lost=["HTTP 400: Session ID unknown"] * 3)))
    assert lines[-1].startswith("WARNS  3 of 6 polling sessions ended at once (HTTP 400: Session ID unknown): ")


def test_proxies_of_the_environment_are_named(target: str) -> None:
    _, lines = said(f"--target={target}", HELP_CENTER_JWT_SECRET=SECRET, https_proxy="http://127.0.0.1:1")
    assert lines[-2] == "note HTTPS_PROXY of the environment is not used"


def test_what_is_allowed_or_waived_leaves_it_ready(target: str, tmp_path: Path) -> None:
    given = (f"--target={target}", f"--token={KeyMinter(SECRET).sign({'sub': 'someone'})}")
    code, lines = said(*given, "--allow-incomplete")
    assert (code, lines[-1].partition(" can ")[2]) == (
        0,
        "judge all but 8 MUST, as allowed (FIRST-CONTACT if these users are new to the target)",
    )
    names = [one for each in unverifiable(ReadyMade({"a": ["t"]}), refreshable=False) for one in each.requirements]
    entry = '[[waiver]]\nrequirement = "{}"\nreason = "one token"\nexpires = 9999-12-31\naccepts = "unverified"\n'
    (tmp_path / "waivers.toml").write_text("".join(map(entry.format, names)), encoding="utf-8")
    code, lines = said(*given, f"--waivers={tmp_path / 'waivers.toml'}")
    assert (code, lines[-1].partition(" can ")[2]) == (0, "judge every requirement")


def test_what_is_foretold_are_musts() -> None:
    reported = [one for each in unverifiable(ReadyMade({"a": ["t"]}), refreshable=False) for one in each.requirements]
    assert len(set(reported)) == len(reported) == 9
    assert {catalogue()[one].level for one in reported} == {Level.MUST}
    assert list(unverifiable(Minted(KeyMinter(SECRET)), refreshable=True)) == []

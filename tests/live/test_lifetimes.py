"""Tokens whose time is up: distinguished from refused ones, and no target fails for them."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.auth.expiry import expiry_of, format_utc
from conformance.auth.tokens import KeyMinter
from conformance.reference import BadToken, HelpCenter, Served, Verifier
from tests.support.checkout import CHAT, Checkout
from tests.support.hostile import SECRET

HOURS = 7200
LATE = f"""
import time
from types import SimpleNamespace

from hypothesis.strategies import just

from conformance.auth import expiry
from conformance.drive.search import explore
from conformance.checks.assertions import expect
from conformance.requirements import requirement
from conformance.drive.scenario import scenario


@scenario(wave=2)
async def late(stage):
    \"\"\"Two hours pass while a device is connected; REST is asked and another one connects with the same token.\"\"\"
    token = await stage.user.token()
    async with stage.device("phone", token=token) as phone:
        await phone.send_text("two hours pass")
        expiry.time = SimpleNamespace(time=lambda: time.time() + {HOURS})
    await stage.fetch(token=token)
    async with stage.device("tablet", token=token):
        pass


@scenario(wave=2)
async def later(stage):
    \"\"\"A device connects.\"\"\"
    async with stage.device("phone"):
        pass


@scenario(wave=2)
async def generated(stage):
    \"\"\"Devices connect, in a search that takes what cannot be done for a poor example.\"\"\"
    async def connect(_):
        async with stage.device("phone"):
            pass
    await explore(stage, just(1), connect, lambda: None)


@requirement("AUTH-BARE")
def test_late(late):
    expect(late.connection("tablet").greeted, "a greeting", "none")


@requirement("REST-OPEN")
def test_late_rest(late):
    expect(late.fetch().successful, "HTTP 2xx", late.fetch().outcome)


@requirement("CONN-STAYS")
def test_later(later):
    expect(later.connection().greeted, "a greeting", "none")


@requirement("SEND-MAX")
def test_generated(generated):
    pass
"""


class Clock(Verifier):
    """Its clock can be put forward."""

    ahead = 0.0

    def now(self) -> float:
        return super().now() + self.ahead


class Impatient(Clock):
    """Refuses every token once two hours have passed, whatever its time is."""

    def check_expiry(self, claims: dict[str, Any]) -> None:  # noqa: ARG002  it does not look
        if self.ahead:
            raise BadToken("Enough.")


class Aging(HelpCenter):
    """Two hours pass for it where somebody says so."""

    def validate(self, payload: object) -> str:
        text = super().validate(payload)
        if text == "two hours pass":
            vars(self.verifier)["ahead"] = HOURS
        return text


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return Checkout(tmp_path_factory.mktemp("lifetimes"), chat=CHAT.replace("REST-OPEN", "REST-SHAPE"), late=LATE)


@pytest.fixture
def clock() -> Clock:
    return Clock(SECRET)


@pytest.fixture
def target(clock: Clock) -> Iterator[str]:
    with Served(Aging(clock).app) as server:
        yield server.url


def token(**claims: Any) -> str:
    return KeyMinter(SECRET).sign({"sub": "ada", **claims})


def test_a_token_that_expires_during_the_run_fails_no_one(checkout: Checkout, target: str, tmp_path: Path) -> None:
    expiry = time.time() + 3600
    given = token(exp=int(expiry))
    run = checkout.run(f"--target={target}", f"--token={given}", f"--reports={tmp_path}")
    assert run.code == 10, run.output
    assert (run.status("SEND-TRIM"), run.status("REST-SHAPE")) == ("passed", "passed")
    line = f"the token of ada expired at {format_utc(int(expiry))}; pass one that lives longer"
    assert [run.reason(one) for one in ("AUTH-BARE", "REST-OPEN", "CONN-STAYS", "SEND-MAX")] == [line] * 4
    assert given.split(".")[1] not in run.output


@pytest.mark.parametrize(("verifier", "status"), [(Clock, "passed"), (Impatient, "failed")])
def test_a_token_that_lives_on_is_judged(
    checkout: Checkout, tmp_path: Path, verifier: type[Clock], status: str
) -> None:
    """The same run with a token that must not be refused then."""
    given = f"--token={token(exp=int(time.time() + 30 * 3600))}"
    with Served(Aging(verifier(SECRET)).app) as server:
        run = checkout.run(f"--target={server.url}", given, f"--reports={tmp_path}")
    assert (run.status("AUTH-BARE"), run.status("REST-OPEN")) == (status, status)
    assert run.code == {"passed": 0, "failed": 1}[status], run.output


def test_a_token_that_has_expired_already_ends_the_run(checkout: Checkout, target: str, tmp_path: Path) -> None:
    given = token(exp=1_700_000_000)
    run = checkout.run(f"--target={target}", f"--token={token()}", f"--token={given}", f"--reports={tmp_path}")
    assert run.code == 4
    assert run.line("ERROR") == "ERROR: token 2 of 2 (ada) expired at 2023-11-14 22:13:20 UTC: pass a fresh one"


def test_a_command_with_an_old_token_ends_the_run(checkout: Checkout, target: str, tmp_path: Path) -> None:
    run = checkout.run(
        f"--target={target}", f"--token-command=echo {token(exp=1_700_000_000)}", f"--reports={tmp_path}"
    )
    assert run.code == 4
    user = "the command's user"
    assert run.line("ERROR") == (
        f"ERROR: the token of {user} expired at 2023-11-14 22:13:20 UTC; pass one that lives longer"
    )


def test_a_target_whose_clock_is_ahead_may_find_a_token_too_old(
    checkout: Checkout, target: str, clock: Clock, tmp_path: Path
) -> None:
    clock.ahead = 59
    expiry = int(time.time() + 50)
    run = checkout.run(f"--target={target}", f"--token={token(exp=expiry)}", f"--reports={tmp_path}")
    assert run.code == 4
    assert run.line("ERROR") == (
        f"ERROR: {target} rejects the token over WebSocket, polling and REST: "
        f"the token of ada was refused shortly before it expires at "
        f"{format_utc(expiry)}; pass one that lives longer"
    )


def test_a_refused_token_is_no_expired_one(checkout: Checkout, target: str, tmp_path: Path) -> None:
    given = KeyMinter("another secret").sign({"sub": "ada", "exp": int(time.time() + 3600)})
    run = checkout.run(f"--target={target}", f"--token={given}", f"--reports={tmp_path}")
    assert run.code == 4
    assert (
        "rejects the token over WebSocket, polling and REST "
        "(REST: HTTP 401; /help-center: help_center:error {UNAUTHORIZED, " in run.line("ERROR")
    )


@pytest.mark.parametrize("exp", [True, "soon", None, float("inf"), 1e300, [1]])
def test_what_is_no_instant_never_comes(exp: object) -> None:
    assert expiry_of(token(exp=exp)) == math.inf


@pytest.mark.parametrize("opaque", ["opaque", "a.b.c", "e30.W10.c2ln"])
def test_an_opaque_token_does_not_tell(opaque: str) -> None:
    assert expiry_of(opaque) == math.inf


@pytest.mark.parametrize(("exp", "reads"), [(0, "1970-01-01 00:00:00"), (-5, "1970-01-01 00:00:00"), (2.5e11, "9892-")])
def test_any_instant_can_be_reported(exp: float, reads: str) -> None:
    assert format_utc(expiry_of(token(exp=exp))).startswith(reads)

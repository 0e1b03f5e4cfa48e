"""Users who are given may be known to the target, or not at all: what is said of their first contacts then."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.reference.help_center import HelpCenter
from conformance.reference.tokens import Verifier
from tests.faults.battery import SECRET, VERDICT_ONLY, certify_app, selection
from tests.faults.of_first_contact import RefusesWhoLosesTheRace

FIRST = "FIRST-CONTACT"
ONLY = (*selection([FIRST]), *VERDICT_ONLY)
USERS = "--users=ada,bob,cyd,dan,eve"


class TakesNobodyElse(HelpCenter):
    """Knows some users by name, and no others."""

    def user_of(self, token: object) -> str:
        user = super().user_of(token)
        if user in ("cyd", "eve"):
            raise self.unauthorized("There is no such user.")
        return user


class Sees(HelpCenter):
    """Notes whom it sees, in the order of their first contacts."""

    def __init__(self) -> None:
        super().__init__(Verifier(SECRET))
        self.seen: list[str] = []

    def user_of(self, token: object) -> str:
        user = super().user_of(token)
        self.seen += [user] if user not in self.seen else []
        return user


def test_new_users_are_kept_for_it(tmp_path: Path) -> None:
    server = Sees()
    certified = certify_app(server, tmp_path, USERS, *ONLY)
    assert FIRST in certified.ids("passed"), certified.output
    assert server.seen[0] == "ada"


def test_users_who_are_known_show_nothing(tmp_path: Path) -> None:
    server = HelpCenter(Verifier(SECRET))
    for user in ("bob", "cyd", "dan", "eve"):
        server.store.add_many(user, ["Hello?"])
    certified = certify_app(server, tmp_path, USERS, *ONLY)
    assert FIRST in certified.ids("unverified"), certified.output
    assert "these users were known: " in certified.reason(FIRST)


def test_users_whose_conversation_is_older_show_nothing(tmp_path: Path) -> None:
    server = HelpCenter(Verifier(SECRET))
    for user in ("bob", "cyd", "dan", "eve"):
        server.store.create(user)
    with server.store.db:
        server.store.db.execute("UPDATE conversations SET created_at = created_at - 3600000")
    certified = certify_app(server, tmp_path, USERS, *ONLY)
    assert "these users were known: " in certified.reason(FIRST), certified.output


def test_users_whom_the_target_does_not_take_are_no_failure(tmp_path: Path) -> None:
    certified = certify_app(TakesNobodyElse(Verifier(SECRET)), tmp_path, USERS, *ONLY)
    assert FIRST not in certified.failed, certified.output


@pytest.mark.parametrize("one", ["--users=ada", "--users=ada,bob"])
def test_what_too_few_users_show(one: str, tmp_path: Path) -> None:
    certified = certify_app(HelpCenter(Verifier(SECRET)), tmp_path, one, *ONLY)
    assert FIRST in certified.ids("unverified"), certified.output
    assert "users whom the target never saw" in certified.reason(FIRST)


def test_a_dozen_new_users_find_a_race(tmp_path: Path) -> None:
    users = ",".join(f"user-{number}" for number in range(12))
    certified = certify_app(RefusesWhoLosesTheRace(Verifier(SECRET)), tmp_path, f"--users={users}", *ONLY)
    assert FIRST in certified.failed, certified.output

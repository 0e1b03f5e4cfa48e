"""What two revisions of the harness say of a server is told briefly, and what was asked in vain at once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.revisions import CONFORMANT, main, said, together


def verdict(word: str, **statuses: str) -> dict[str, Any]:
    named = {name.replace("_", "-"): status for name, status in statuses.items()}
    return {"verdict": word, "requirements": [{"id": name, "status": status} for name, status in named.items()]}


def test_a_verdict_is_told_with_what_failed_and_how_much_stayed_open() -> None:
    broken = verdict("non-conformant", SEND_MAX="failed", ACK_CALLED="failed", REST_OPEN="unverified")
    assert said(broken, 1) == "non-conformant: ACK-CALLED SEND-MAX, 1 unverified"
    assert said(verdict("incomplete", REST_OPEN="unverified"), 3) == "incomplete: nothing failed, 1 unverified"


def test_who_conforms_may_have_got_advice() -> None:
    assert said(verdict("conformant", SEND_MAX="passed"), CONFORMANT) == "conformant"
    assert said(verdict("conformant", SEND_TWICE="failed"), CONFORMANT) == "conformant (advice: SEND-TWICE)"


def test_runs_that_said_the_same_are_counted() -> None:
    assert together(["conformant"] * 3) == "3 × conformant"
    assert together(["conformant", "no verdict", "conformant"]) == "2 × conformant; 1 × no verdict"


def test_an_unknown_server_is_named_before_anything_is_installed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["HEAD", "NoSuchServer"])
    assert ended.value.code == 2
    assert "no fault and no legal oddity: NoSuchServer" in capsys.readouterr().err

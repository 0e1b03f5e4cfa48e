"""What drives a visit, without a target: who stays away, and how polling becomes a WebSocket."""

from __future__ import annotations

import time

import gevent
import pytest

from conformance.auth.tokens import KeyMinter
from conformance.load import transports
from conformance.load.http import Address
from conformance.load.judge import Judge
from conformance.load.outcomes import Outcomes
from conformance.load.settings import Mix
from conformance.load.story import Person
from conformance.load.tally import Tally
from conformance.load.tokens import Tokens, options_of
from conformance.load.visit import Place, Visit
from conformance.transport.engineio import Handshake, parse_handshake

URL = "http://127.0.0.1:9"
OPENED = '0{"sid": "s", "upgrades": ["websocket"], "pingInterval": 25000, "pingTimeout": 20000, "maxPayload": 100000}'


def test_whose_token_is_about_to_expire_stays_away() -> None:
    token = KeyMinter("s").sign({"sub": "alice", "exp": int(time.time()) + 30})
    tokens = Tokens.of(options_of({"HELP_CENTER_TOKEN": token}, URL))
    tally = Tally()
    outcomes = Outcomes(lambda **_: pytest.fail("a request was made"), round, tally, 15.0)
    place = Place(Address(URL), tokens, Mix(), outcomes, Judge(tally, lambda _: None), lambda: False)
    Visit(place, Person("0badcafe", known_as="alice")).play()
    assert dict(tally.apart) == {"stayed away: the user's token is about to expire": 1}
    assert not tally.violated


class Log:
    """In place of a transport: which packets went over it."""

    def __init__(self, name: str, log: list[tuple[str, str]], *, answers: bool = True) -> None:
        self._name, self._log, self._answers = name, log, answers

    def open(self) -> Handshake:
        return parse_handshake(OPENED)

    def probed(self, sid: str) -> bool:
        assert sid == "s"
        return self._answers

    def wait_at_most(self, handshake: Handshake) -> None:
        assert handshake.sid == "s"

    def read(self) -> list[object]:
        self._log.append((self._name, "read"))
        return []

    def write(self, packet: str) -> None:
        self._log.append((self._name, packet))

    def close(self) -> None:
        self._log.append((self._name, "closed"))


@pytest.mark.parametrize(
    ("answers", "then"),
    [
        (True, [("websocket", "5"), ("websocket", "read"), ("websocket", "4later")]),
        (False, [("websocket", "closed"), ("polling", "read"), ("polling", "4later")]),
    ],
)
def test_polling_becomes_a_websocket_between_two_polls(
    monkeypatch: pytest.MonkeyPatch, answers: bool, then: list[tuple[str, str]]
) -> None:
    log: list[tuple[str, str]] = []
    moved: list[bool] = []
    monkeypatch.setattr(transports, "Polling", lambda *_: Log("polling", log))
    monkeypatch.setattr(transports, "WebSocket", lambda *_: Log("websocket", log, answers=answers))
    upgrade = transports.made("upgrade", Address(URL), moved.append)
    upgrade.open()
    upgrade.write("4first")
    gevent.wait()  # until the probe is over
    upgrade.read()
    upgrade.write("4later")
    assert log == [("polling", "4first"), *then]
    assert moved == [answers]

"""Records made by hand of connections that were lost."""

from __future__ import annotations

from conformance.record.transcript import Transcript
from tests.support.handmade import Handmade

ERROR = {"code": "UNAUTHORIZED", "message": "no"}
UNKNOWN = {"by": "target", "status": 400, "reason": "Session ID unknown"}
CUT = {"by": "network", "reason": "the connection ended without a close frame"}
REPLACED = {"by": "target", "code": 1012, "reason": "service restart"}


def began(made: Handmade, at: float = 0.0, *, wave: int = 1) -> Handmade:
    made.transcript.facts.update(began=at, deadline=5.0)
    made.transcript.wave = wave
    return made


def chat(key: str = "chat", at: float = 0.0, *, wave: int = 1) -> Handmade:
    made = began(Handmade(key), at, wave=wave)
    made.opens()
    made.greeted()
    return made


def refused(key: str = "refused", at: float = 0.0) -> Handmade:
    made = began(Handmade(key), at, wave=2)
    made.opens(good=False)
    return made


def cut(key: str, at: float) -> Transcript:
    made = chat(key, at)
    made.closed(**CUT)
    return made.transcript

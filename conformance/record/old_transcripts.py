"""Transcripts of the first format, which said in words what is now said in fields.

The words stand here, and nowhere else: what judges reads the fields.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from conformance.protocol import CONNECTED, ERROR, MESSAGE, Json
from conformance.record.token_kinds import BAD, FORGED, GOOD

_WAITING = {
    CONNECTED: "greeting",
    "the Engine.IO handshake": "handshake",
    "the CONNECT answer": "namespace",
    "the end of a refused connection": "refusal",
}
_NUMBERED = {
    r"the ack of send #(\d+)": "ack",
    r"the ack of a control of send #(\d+)": "control",
    rf"{MESSAGE} of send #(\d+)": "message_of",
    rf"{ERROR} of (\d+) texts": "errors",
}
_POINTS = {"example": "example", "all is quiet": "quiet"}
_USER_ID_IS = "userId is the claim "
_GONE = "the target stopped "


def header_of_today(header: Mapping[str, Json]) -> dict[str, Json]:
    """The header of a transcript of the first format, with the fields that it would have today."""
    unverified = str(header.get("unverified") or "")
    gone = unverified.removeprefix("the target ") if unverified.startswith(_GONE) else None
    return {**header, "gone": gone}


def data_of_today(kind: str, data: dict[str, Any]) -> dict[str, Any]:
    """The data of an entry of the first format, with the fields that it would have today."""
    if kind == "expired":
        return {**data, "waiting": _waiting(str(data.get("waiting")))}
    if kind in ("open", "http"):
        return {**data, **_token(str(data.get("token")))}
    return {**data, **_mark(str(data.get("label")))} if kind == "mark" else data


def _waiting(words: str) -> dict[str, Json]:
    if words in _WAITING:
        return {_WAITING[words]: True}
    for pattern, what in _NUMBERED.items():
        if found := re.fullmatch(pattern, words):
            return {what: int(found[1])}
    return {"message": words.removeprefix(f"{MESSAGE} ")} if words.startswith(f"{MESSAGE} ") else {words: True}


def _token(label: str) -> dict[str, Json]:
    kind = label.partition(":")[0]
    lifetime = re.fullmatch(r"token of (\d+) s", label)
    fields: dict[str, Json] = {"token_kind": kind if kind in (*BAD, FORGED) else GOOD}
    return {**fields, "lifetime": int(lifetime[1])} if lifetime else fields


def _mark(label: str) -> dict[str, Json]:
    if label.startswith(_USER_ID_IS):
        return {"claims": [name for name in label.removeprefix(_USER_ID_IS).split(", ") if name]}
    return {"point": _POINTS[label]} if label in _POINTS else {}

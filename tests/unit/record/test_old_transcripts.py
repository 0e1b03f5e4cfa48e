"""Transcripts of the first format are read as if they had been written today."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.record.transcript import FORMAT, Kind, Point, Transcript
from conformance.record.views import Record
from conformance.record.waits import (
    GREETING,
    HANDSHAKE,
    NAMESPACE_ANSWER,
    REFUSED_END,
    Awaited,
    ack_of,
    ack_of_control,
    described,
    errors_of,
    message_named,
    message_of,
)

CHANGED = "forged: the signature is cut off"


def loaded(path: Path, *entries: tuple[Kind, dict[str, Any]], **header: Any) -> Transcript:
    lines: list[Any] = [{"transcript": {"key": "chat", "scenario": "chat", **header}}]
    for number, (kind, data) in enumerate(entries):
        lines.append({"n": number, "at": 0, "kind": kind, "device": "phone", "connection": 1, "data": data})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return Transcript.load(path)


@pytest.mark.parametrize(
    "waiting",
    [
        GREETING,
        HANDSHAKE,
        NAMESPACE_ANSWER,
        REFUSED_END,
        ack_of(3),
        ack_of_control(3),
        message_of(3),
        message_named("b1946ac9-7ab2"),
        errors_of(4),
    ],
    ids=lambda waiting: next(iter(waiting)),
)
def test_what_was_waited_for_is_read_from_the_words(tmp_path: Path, waiting: Awaited) -> None:
    old = loaded(tmp_path / "chat.jsonl", (Kind.EXPIRED, {"waiting": described(waiting), "seconds": 15.0}))
    assert old.entries[0].get("waiting") == waiting


@pytest.mark.parametrize(
    ("label", "kind", "lifetime"),
    [("token", "good", None), ("token of 2 s", "good", 2), ("expired", "expired", None), (CHANGED, "forged", None)],
    ids=["good", "short", "expired", "forged"],
)
@pytest.mark.parametrize("of", [Kind.OPEN, Kind.HTTP])
def test_the_kind_of_a_token_is_read_from_its_label(
    tmp_path: Path, of: Kind, label: str, kind: str, lifetime: int | None
) -> None:
    entry = loaded(tmp_path / "chat.jsonl", (of, {"token": label, "good": True})).entries[0]
    assert (entry.get("token"), entry.get("token_kind"), entry.get("lifetime")) == (label, kind, lifetime)


def test_marks_are_known_by_their_labels(tmp_path: Path) -> None:
    labels = ("example", "all is quiet", "a step", "userId is the claim sub, uid", "userId is the claim ")
    old = loaded(tmp_path / "chat.jsonl", *((Kind.MARK, {"label": label}) for label in labels))
    assert [entry.get("point") for entry in old.entries] == [Point.EXAMPLE, Point.QUIET, None, None, None]
    assert [entry.get("claims") for entry in old.entries] == [None, None, None, ["sub", "uid"], []]
    assert len(Record(old).parts) == 1


@pytest.mark.parametrize(
    ("unverified", "gone"),
    [
        ("the target stopped answering at 3.0 s", "stopped answering at 3.0 s"),
        ("the target went down while this was on its way (see ACK-ONCE)", None),
        (None, None),
    ],
)
def test_whether_the_target_was_gone_is_read_from_the_reason(
    tmp_path: Path, unverified: str | None, gone: str | None
) -> None:
    assert loaded(tmp_path / "chat.jsonl", unverified=unverified).gone == gone


def test_a_transcript_of_today_is_not_read_by_its_words(tmp_path: Path) -> None:
    label, words = (Kind.MARK, {"label": "example"}), (Kind.OPEN, {"token": "token of 2 s", "token_kind": "good"})
    new = loaded(tmp_path / "chat.jsonl", label, words, format=FORMAT, unverified="the target stopped, they say")
    assert [entry.data for entry in new.entries] == [label[1], words[1]]
    assert new.gone is None


def test_a_format_of_tomorrow_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"its format is {FORMAT + 1}"):
        loaded(tmp_path / "chat.jsonl", format=FORMAT + 1)

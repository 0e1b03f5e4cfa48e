"""The very first contact: several devices of a user whom the target never saw before, at the same moment."""

from __future__ import annotations

from conformance.connections import described, ended
from conformance.errors import Deviation, Unverified
from conformance.judge import every, same
from conformance.payloads import History
from conformance.record import Connection, Fetch, Record
from conformance.refusals import BUSY


def let_in_with_others(connection: Connection, side_by_side: Record) -> None:
    """Deviate when a device was not greeted. A target that keeps one session for each user, as the record
    ``side_by_side`` of two devices shows, ends some for the sake of others: then one of them must have got in. Raises
    Unverified when nobody was greeted there."""
    if connection.greeted:
        return
    _ = side_by_side.connection().history
    end = ended(connection)
    coexist = all(other.greeted and ended(other) is None for other in side_by_side.connections)
    if not coexist and end is not None and any(other.greeted for other in connection.record.connections):
        return
    raise Deviation(
        "every device of a brand-new user to be greeted",
        f"{connection.title}: {described(end) if end is not None else 'no greeting'}",
        at=[connection.opened.serial, *(entry.serial for entry in connection.received()[:3])],
    )


def answered(fetch: Fetch, usual: Fetch) -> None:
    """Deviate when REST did not answer, though it does otherwise (``usual``)."""
    if fetch.successful and fetch.is_json:
        return
    _ = usual.history
    if fetch.status in BUSY:
        raise Unverified(f"REST was busy ({fetch.outcome})")
    raise Deviation("REST to answer while the user's devices connect", fetch.outcome, at=[fetch.entry.serial])


def one_conversation(record: Record) -> None:
    """Deviate when two roads of a user led to different conversations."""
    shown = [history for _, history in record.histories()]
    if len(shown) < 2:
        raise Unverified("fewer than two devices were let in", because="CONNECTED-SENT")
    first = shown[0]

    def judge(other: History) -> None:
        what = f"conversation.id in {other.where}"
        same(other.conversation.id, first.conversation.id, what, at=[first.at, other.at])

    every(shown[1:], judge)

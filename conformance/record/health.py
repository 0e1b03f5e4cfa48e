"""What a transcript says of the target's and the network's health: what was lost, and when nothing more came."""

from __future__ import annotations

import errno
from collections.abc import Iterator

from conformance.formatting import cut
from conformance.protocol import ERROR, UNAUTHORIZED
from conformance.record.rate_limits import SLOWER
from conformance.record.timeouts import ANSWER, ENGINE_HANDSHAKE
from conformance.record.transcript import FORGOTTEN, GATEWAY, Entry, Kind, Transcript
from conformance.record.views import Connection, Record
from conformance.record.waits import HANDSHAKE

RESTARTING = (1001, 1012)
"""Codes of a close frame: going away, service restart (RFC 6455 and its registry)."""
NO_FILES = f"[Errno {errno.EMFILE}]"
LONGEST_REASON = 160
FIRST_TRY, SECOND_TRY = " (first try)", " (second try)"
"""What the keys of recordings end with that were made again."""


def moment(transcript: Transcript, entry: Entry) -> float:
    """When an entry was recorded, in seconds since the run's recordings began."""
    return float(transcript.facts.get("began", 0.0)) + entry.at


def span(transcript: Transcript) -> tuple[float, float]:
    """From when until when a scenario was recorded."""
    began = float(transcript.facts.get("began", 0.0))
    return began, began + (transcript.entries[-1].at if transcript.entries else 0.0)


# -- what was lost -------------------------------------------------------------------------------------------------


def lost(transcript: Transcript) -> Entry | None:
    """The first end of a connection, or of a request, that may be the network's doing and not the scenario's: a
    connection that the device had not left, and with documented input the target had no reason to end."""
    record = Record(transcript)
    return next((e for e in transcript.of(Kind.CLOSED, Kind.RECEIVED, Kind.HTTP) if _is_loss(record, e)), None)


def _is_loss(record: Record, entry: Entry) -> bool:
    if entry.kind is not Kind.RECEIVED and _is_accident(record, entry):
        return True
    ended = entry.get("packet") == "DISCONNECT" or (entry.kind is Kind.CLOSED and entry.get("by") == "target")
    if not ended or record.transcript.wave != 1:
        return False
    connection = record.connection_of(entry)
    if connection is None or entry.serial > connection.left:
        return False
    return connection.good and connection.handshake_completed and connection.too_soon is None


def accidents(transcript: Transcript) -> list[Entry]:
    """Every end of a connection or request that the target may not have meant."""
    record = Record(transcript)
    return [e for e in transcript.of(Kind.CLOSED, Kind.HTTP) if _is_accident(record, e)]


def _is_accident(record: Record, entry: Entry) -> bool:
    if entry.kind is Kind.HTTP:
        return entry.get("by") == "network" or entry.get("status") in GATEWAY
    if entry.get("by") == "harness":
        return False
    connection = record.connection_of(entry)
    if connection is None or entry.serial > connection.left or (not connection.good and _refused(connection)):
        return False
    if not connection.handshake_completed:
        return _unopened(connection, entry)
    dismissed = any(end.serial < entry.serial for end in connection.received("DISCONNECT"))
    return _by_accident(entry) or (connection.good and entry.get("by") == "target" and not dismissed)


def _unopened(connection: Connection, closed: Entry) -> bool:
    found = closed.get("by") == "network" or closed.get("status") in GATEWAY
    return found and not _timed_out(connection, closed)


def _by_accident(closed: Entry) -> bool:
    forgotten = closed.get("status") in FORGOTTEN or closed.get("code") in RESTARTING
    return closed.get("by") == "network" or (closed.get("by") == "target" and forgotten)


def _refused(connection: Connection) -> bool:
    """Whether the target said no, and may end the connection as it likes."""
    return bool(connection.events(ERROR) or connection.received("DISCONNECT", "CONNECT_ERROR"))


def _timed_out(connection: Connection, closed: Entry) -> bool:
    """Whether it was the harness that waited no longer for a handshake."""
    if any(entry.kind is Kind.EXPIRED for entry in connection.entries):
        return True
    deadline = connection.record.transcript.facts.get("deadline")
    return deadline is not None and closed.at - connection.opened.at >= 0.9 * float(deadline)


def not_taken(transcript: Transcript) -> list[Entry]:
    """Every connection that the target did not take, or ended before it said a word."""
    record = Record(transcript)
    closed = ((record.connection_of(entry), entry) for entry in transcript.of(Kind.CLOSED))
    unopened = ((one, entry) for one, entry in closed if one is not None and not one.handshake_completed)
    return [entry for one, entry in unopened if entry.get("by") == "network" and not _timed_out(one, entry)]


def kept_out(transcript: Transcript) -> bool:
    """Whether a device was refused for its pace as often as it tried to connect."""
    record = Record(transcript)
    ends = {entry.device: entry for entry in transcript.of(Kind.CLOSED)}.values()
    last = ((record.connection_of(entry), entry) for entry in ends)
    return any(connection is not None and _is_limited(connection, end) for connection, end in last)


def _is_limited(connection: Connection, end: Entry) -> bool:
    by_status = end.get("status") in SLOWER and not connection.handshake_completed
    return by_status or (connection.good and connection.too_soon is not None)


def broken(transcript: Transcript) -> list[Entry]:
    """Every connection and request that the network ended: what a target leaves behind that has died."""
    return [e for e in transcript.of(Kind.CLOSED, Kind.HTTP) if e.get("by") == "network" and not e.get("status")]


def of_scenario(transcript: Transcript) -> str:
    """The key of the scenario that was recorded, whichever recording of it this is."""
    return transcript.key.removesuffix(FIRST_TRY).removesuffix(SECOND_TRY)


def said(loss: Entry) -> str:
    """For a person: which connection or request was lost, and how."""
    return f"{loss.device}: {cut(loss.get('reason') or loss.get('code') or loss.get('packet'), LONGEST_REASON)}"


def oversized(transcript: Transcript) -> str | None:
    """What of the target exceeded a limit of the harness, if anything did; for a person."""
    ends = transcript.of(Kind.CLOSED, Kind.HTTP)
    found = (f"{e.device}: the target {e.get('reason')}: raise --max-payload" for e in ends if e.get("oversized"))
    return next(found, None)


def out_of_files(transcript: Transcript) -> str | None:
    """What could not be opened for want of files of our own, if anything could not; for a person."""
    ends = (e for e in transcript.of(Kind.CLOSED, Kind.HTTP) if e.get("by") != "target" and not e.get("status"))
    lacking = (f"{e.device}: {e.get('reason')}: raise ulimit -n, or pass a lower --concurrency" for e in ends)
    return next((one for one in lacking if NO_FILES in one), None)


def is_of_socket_io_2(transcript: Transcript) -> bool:
    """Whether a connection spoke Engine.IO 3: by its handshake, or as Socket.IO 2 does, which enters the namespace "/"
    by itself."""
    entered = (e for e in transcript.of(Kind.RECEIVED) if e.get("packet") == "CONNECT" and e.get("namespace") == "/")
    return any(entered) or any(entry.get("engine_io") == 3 for entry in transcript.of(Kind.CLOSED))


# -- signs of life -------------------------------------------------------------------------------------------------


def unreached(transcript: Transcript) -> bool:
    """Whether the network kept every connection and request of the scenario from an answer since some moment."""
    ended = transcript.of(Kind.CLOSED, Kind.HTTP)
    if not ended:
        return False
    last = ended[-1]
    return last.get("by") == "network" or (last.kind is Kind.HTTP and last.get("status") == 0)


def answers(transcript: Transcript) -> Iterator[Entry]:
    """Every word of the Help Center itself on a connection or request with a good token, the last one first."""
    good = {entry.connection for entry in transcript.of(Kind.OPEN) if entry.get("good")}
    for entry in reversed(transcript.entries):
        heard = entry.kind is Kind.RECEIVED and entry.connection in good and entry.get("packet") != "CONNECT"
        fetched = entry.kind is Kind.HTTP and entry.get("good") and 0 < int(entry.get("status") or 0) < 500
        if heard or fetched:
            yield entry


def asked_for_patience(transcript: Transcript) -> set[int]:
    """The HTTP statuses by which requests and connections were kept out that are about the pace."""
    return {entry.get("status") for entry in transcript.of(Kind.CLOSED, Kind.HTTP)} & set(SLOWER)


def silent(transcript: Transcript) -> Entry | None:
    """The first wait that ended at its deadline since the target's last word, if there is one."""
    last = next(answers(transcript), None)
    since = -1 if last is None else last.serial
    waits = (entry for entry in transcript.entries if entry.serial > since and _in_vain(transcript, entry))
    return next(waits, None)


def _in_vain(transcript: Transcript, entry: Entry) -> bool:
    if entry.kind is Kind.HTTP:
        return entry.get("status") == 0 and entry.get("by") is None
    if entry.kind is Kind.CLOSED:
        connection = Record(transcript).connection_of(entry)
        return connection is not None and not connection.handshake_completed and _timed_out(connection, entry)
    return entry.kind is Kind.EXPIRED


def unanswered(transcript: Transcript) -> set[str]:
    """What had no answer in time that a target which is full may have wait: a new connection (``ENGINE_HANDSHAKE``), a
    request (``ANSWER``)."""
    waits = [entry for entry in transcript.of(Kind.EXPIRED, Kind.HTTP) if _in_vain(transcript, entry)]
    requests = {ANSWER for entry in waits if entry.kind is Kind.HTTP}
    return requests | {ENGINE_HANDSHAKE for entry in waits if entry.get("waiting") == HANDSHAKE}


def waited_in_vain(transcript: Transcript) -> bool:
    """Whether anything at all was waited for to the end."""
    return any(_in_vain(transcript, entry) for entry in transcript.of(Kind.EXPIRED, Kind.HTTP))


def turned_away(transcript: Transcript) -> bool:
    """Whether a good token was refused, or a connection with one ended by the target."""
    good = [connection for connection in Record(transcript).all_connections if connection.good]
    asked = (e.get("good") is True and e.get("status") in (401, 403) for e in transcript.of(Kind.HTTP))
    return any(map(_ended_or_refused, good)) or any(asked)


def _ended_or_refused(connection: Connection) -> bool:
    if connection.received("DISCONNECT", "CONNECT_ERROR"):
        return True
    ended = connection.closed is not None and connection.closed.get("by") == "target"
    return ended or any(UNAUTHORIZED in str(event.entry.get("args")) for event in connection.events(ERROR))


def accepts_no_token(record: Record, user: str) -> bool:
    """Whether the target accepted no token of a user, over any transport or REST, and said so."""
    connections = [connection for connection in record.connections if connection.user == user]
    fetches = [fetch for fetch in record.fetches if fetch.user == user]
    if any(connection.greeted for connection in connections) or any(fetch.successful for fetch in fetches):
        return False
    errors = [event.payload for connection in connections for event in connection.events(ERROR)]
    refused = any(isinstance(one, dict) and one.get("code") == UNAUTHORIZED for one in errors)
    return refused or any(fetch.status in (401, 403) for fetch in fetches)


def refused_in_words(transcript: Transcript) -> bool:
    """Whether the target refused a connection with a good token in words."""
    good = [connection for connection in Record(transcript).connections if connection.good]
    return any(connection.events(ERROR) or connection.received("CONNECT_ERROR") for connection in good)

"""Who judges what a judgement builds on: the requirement to which one that cannot be checked points.

The record only says what it lacks (``record.missing``). Here stand the reason, for people, and ``because``: so one bug
is blamed once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from conformance.checks.doubts import LONGER, is_acked, no_doubt
from conformance.checks.limits import busy, not_for_its_pace, not_limited
from conformance.errors import Deviation, Unverified, one_line
from conformance.formatting import preview
from conformance.protocol import CONNECTED, ERROR, UNAUTHORIZED
from conformance.record.descriptions import problem, said
from conformance.record.missing import Missing, Need
from conformance.record.payloads import MalformedPayload
from conformance.record.rate_limits import SLOWER, speaks_of_pace
from conformance.record.token_kinds import EXPIRED
from conformance.record.transcript import Doubt, Kind
from conformance.record.views import Connection, Fetch, Record, Send

SHAPES = {
    "connected": "CONNECTED-SHAPE",
    "message": "MESSAGE-SHAPE",
    "send-ack": "ACK-SHAPE",
    "error": "ERROR-SHAPE",
    "rest": "REST-SHAPE",
}
"""Who judges the shape of a payload, by its kind."""
OPTIONS = {"bearer": "AUTH-PREFIXED", "header": "AUTH-HEADER", "both": "AUTH-BOTH"}
"""Who judges the ways to present a token; AUTH-BARE is that of all others."""
NOT_AUTHORIZED = 401
"""The HTTP status of a handshake without what has to be in its header."""
NOT_FOUND = 404
"""The HTTP status of a conversation that is not there, or not yet."""


def explained(missing: Missing | MalformedPayload) -> Unverified | Deviation:
    """Why something is missing, and who judges that. A stimulus that was refused is a Deviation. What may still have
    been under way, and what a limit of rate kept away, comes first."""
    if isinstance(missing, MalformedPayload):
        return Unverified(f"a payload lacks what this needs: {one_line(missing)}", because=SHAPES[missing.shape])
    try:
        return _EXPLANATIONS[missing.need](missing)
    except Unverified as reason:
        return reason


# -- who judges it -----------------------------------------------------------------------------------------------


def of_greeting(connection: Connection) -> str | None:
    """The requirement that judges why a good connection was not greeted; None where it was."""
    if connection.greeted or not connection.good:
        return None
    if not connection.handshake_completed:
        end = connection.closed
        if end is not None and end.get("status") == NOT_AUTHORIZED and not connection.default_route:
            return OPTIONS.get(connection.option, "AUTH-BARE")
        return "CONN-WEBSOCKET" if connection.transport == "websocket" else "CONN-POLLING"
    if connection.received("CONNECT_ERROR"):
        return "CONN-NAMESPACE"
    if connection.events(ERROR) and (bad := _bad_before(connection)) is not None:
        return "TOKEN-REFRESHED" if bad.token_kind in EXPIRED else None
    if unauthorized(connection) and _let_in_before(connection):
        return "TOKEN-REFRESHED"
    if connection.forgotten:
        return "CONN-POLLING"
    if connection.refused_beside_another:
        return None if _asks_for_patience(connection) else "DEVICE-COEXIST"
    if connection.events(ERROR):
        return OPTIONS.get(connection.option, "AUTH-BARE")
    return None if _lost_unseen(connection) else "CONNECTED-SENT"


def _lost_unseen(connection: Connection) -> bool:
    """Whether it broke off, as may happen once, where CONNECTED-SENT does not look: on another route than the default
    one, or when its device came back."""
    end, earlier = connection.broken_off, (c for c in connection.record.connections if c.number < connection.number)
    seen = connection.default_route and not any(one.device == connection.device for one in earlier)
    return end is not None and end.get("by") == "network" and not seen


def unauthorized(connection: Connection) -> bool:
    """Whether the target said that its token is not a good one."""
    payloads = [event.payload for event in connection.events(ERROR)]
    return any(isinstance(one, dict) and one.get("code") == UNAUTHORIZED for one in payloads)


def _asks_for_patience(connection: Connection) -> bool:
    """Whether the target said that the connection came too soon."""
    return any(speaks_of_pace(event.payload) for event in connection.events(ERROR))


def _let_in_before(connection: Connection) -> bool:
    """Whether a connection of the user was greeted before, in the same way; most have a token of their own."""
    every = connection.record.connections
    before = [one for one in every if one.user == connection.user and one.number < connection.number]
    return any(one.good and one.greeted and one.option == connection.option for one in before)


def _bad_before(connection: Connection) -> Connection | None:
    """The last connection of the user before this one, if it presented a bad token."""
    every = connection.record.all_connections
    before = [one for one in every if one.user == connection.user and one.number < connection.number]
    bad = [one for one in before if not one.good]
    return bad[-1] if bad else None


def of_ack(send: Send) -> str | None:
    """The requirement that judges why no ack came: that of acks where the connection lasted."""
    if send.connection.ended_by_target is None:
        return "ACK-CALLED"
    if send.connection.displaced:
        return "DEVICE-COEXIST"
    return "CONN-STAYS" if send.record.transcript.wave == 1 and not send.connection.unjudged else None


def of_refusal(send: Send) -> str:
    """The requirement that judges why a plain text was refused: where one had been accepted on the connection, that of
    what came in between."""
    sends = (one for one in send.record.sends if one.connection is send.connection)
    before = [one for one in sends if one.number < send.number]
    taken = next((one.number for one in reversed(before) if one.plain and one.acks and one.accepted), None)
    wrong = [one for one in before if taken is not None and one.number > taken and not one.valid]
    if not wrong:
        return "SEND-PLAIN"
    payloads = all(len(one.args) == 1 and isinstance(one.args[0], dict) for one in wrong)
    return "REJECT-SURVIVED" if payloads else "REJECT-NO-OBJECT"


def of_the_end(record: Record) -> str | None:
    """The requirement that judges why a scenario ended early."""
    for connection in record.connections:
        expected = connection.opened.get("greet") and not connection.waits_outside
        if expected and (judge := of_greeting(connection)):
            return judge
    asked = [send for send in record.sends if send.asked and send.valid]
    if (silent := next((send for send in asked if not send.acks), None)) is not None:
        return of_ack(silent)
    return next((of_refusal(send) for send in asked if send.plain and not send.accepted), None)


# -- why it is missing -------------------------------------------------------------------------------------------


def ungreeted(connection: Connection) -> str:
    """That it was not greeted, and what the target said instead."""
    instead = said(connection.entries)
    return f"{connection.title} got no {CONNECTED}{f' but {instead}' if instead else ''}"


def _no_greeting(missing: Missing) -> Unverified:
    connection: Connection = missing.subject
    not_limited(connection)
    return Unverified(ungreeted(connection), because=of_greeting(connection))


def _no_ack(missing: Missing) -> Unverified:
    send: Send = missing.subject
    is_acked(send)
    end = said([end]) if (end := send.connection.ended_by_target) is not None else ""
    reason = f"send #{send.number} was not acked{f' before the connection ended: {end}' if end else ''}"
    return Unverified(reason, because=of_ack(send))


def _no_message(missing: Missing) -> Unverified | Deviation:
    """A refused plain text is judged by SEND-PLAIN; a stimulus is a Deviation; a closed conversation blames
    no requirement."""
    send: Send = missing.subject
    if send.connection.conversation_closed:
        return Unverified("the conversation is closed and takes no messages: lend the run another user")
    not_for_its_pace(send)
    if send.plain:
        answer = problem(send.answer.get("error")) if isinstance(send.answer, dict) else preview(send.answer)
        return Unverified(f"a plain text was refused with {answer}", because=of_refusal(send))
    expected, actual = "ack: {message: …} (the text is valid)", f"ack: {preview(send.answer)}"
    return Deviation(expected, actual, at=[send.entry.serial, send.acks[0].serial], unless="SEND-PLAIN")


def _no_echo(missing: Missing) -> Unverified:
    return Unverified(missing.reason, because="MESSAGE-ECHO")


def _no_conversation(missing: Missing) -> Unverified:
    fetch: Fetch = missing.subject
    no_doubt(fetch.entry, "the answer of REST")
    unknown = fetch.status == NOT_FOUND and fetch.before_any_socket
    lost = fetch.entry.get("by") == "network"  # it may be lost once, and REST-OPEN judges what is answered
    because = None if lost else "REST-FIRST" if unknown else "REST-OPEN"
    return busy(fetch) if fetch.status in SLOWER else Unverified(missing.reason, because=because)


def _no_part(missing: Missing) -> Unverified:
    record: Record = missing.subject
    in_doubt = [entry for entry in record.transcript.of(Kind.EXPIRED) if entry.get("doubt") == Doubt.SLOW]
    if in_doubt or record.transcript.limit is not None:
        return Unverified(f"{missing.reason}: {LONGER}")
    limit = _limit(record)
    if limit is not None:
        return Unverified(f"{missing.reason}; {limit}")
    return Unverified(missing.reason, because=of_the_end(record))


def _limit(record: Record) -> str | None:
    """The limit of rate that held out in the scenario."""
    try:
        for connection in record.connections:
            not_limited(connection)
        for send in record.sends:
            not_for_its_pace(send)
    except Unverified as limit:
        return limit.reason
    return None


_EXPLANATIONS: Mapping[Need, Callable[[Missing], Unverified | Deviation]] = {
    Need.GREETING: _no_greeting,
    Need.ACK: _no_ack,
    Need.MESSAGE: _no_message,
    Need.ECHO: _no_echo,
    Need.CONVERSATION: _no_conversation,
    Need.PART: _no_part,
}

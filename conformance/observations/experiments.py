"""What the experiments of the observations showed (see ``suites/test_observations.py``): one value, and one sentence.

Nothing here passes or fails. What could not be observed raises Unverified with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from conformance.checks.connection import ended
from conformance.checks.doubts import not_in_doubt
from conformance.checks.interruptions import sent_after_expiry
from conformance.checks.selectors import saved
from conformance.errors import Unverified
from conformance.observations.observed import ACCEPTED, REFUSED, ObservedValue, code_of, fate
from conformance.protocol import CONNECTED, ERROR, MESSAGE, SUPPORT, Json
from conformance.record.events import is_typing
from conformance.record.payloads import Message
from conformance.record.transcript import Entry, Kind
from conformance.record.views import Connection, Record, Send
from conformance.record.waits import REFUSED_END, ack_of, given_up

FURTHER_FIELDS = {"clientId": "c-1", "attachments": []}
UNKNOWN_EVENT = "help_center:read"
LIFETIME = 2
"""Seconds that a token lives which expires while connected."""
WELL_PAST = LIFETIME + 0.25
LONG_LIFETIME = 30 * 24 * 3600
"""Seconds that a token lives which outlives what some timers hold: 2³¹ milliseconds are 24.9 days."""
REPLY_WITHIN = 2.0
"""Seconds in which a reply of support is expected."""

# -- odd fields and events (section 3.2) -------------------------------------------------------------------------


def further_fields(record: Record) -> ObservedValue:
    send = record.send("further fields")
    if fate(send) != ACCEPTED:
        why = code_of(send) if send.acks else "by ending the connection"
        return ObservedValue("refused", f"refuses a send with further fields ({why})")
    kept = [name for name in FURTHER_FIELDS if name in _fields(send.message)]
    ending = f"gives back {' and '.join(kept)}" if kept else "drops them"
    return ObservedValue("kept" if kept else "ignored", f"accepts a send with further fields and {ending}")


def _fields(message: Message) -> Sequence[str]:
    return list(message.raw) if isinstance(message.raw, dict) else []


def unknown_event(record: Record) -> ObservedValue:
    connection = record.connection("phone")
    sent = next((e for e in connection.entries if e.kind is Kind.SENT and e.get("event") == UNKNOWN_EVENT), None)
    if sent is None:
        raise record.cut_short(UNKNOWN_EVENT)
    if connection.ended_by_target is not None:
        return ObservedValue("ended", "ends the connection over an event it does not know")
    if any(ack.get("id") == sent.get("id") for ack in connection.received("ACK", "BINARY_ACK")):
        return ObservedValue("acked", "acks an event it does not know")
    if connection.events(ERROR):
        return ObservedValue("error", f"answers an event it does not know with {ERROR}")
    return ObservedValue("ignored", "ignores an event it does not know, and never acks it")


# -- tokens (sections 2.2, 4.1 and 6) ----------------------------------------------------------------------------


def bearer_case(record: Record) -> ObservedValue:
    phone = record.connection("phone")
    if phone.greeted:
        return ObservedValue("accepted", "accepts the prefix in lower case")
    if _left_waiting(phone):
        return ObservedValue("unanswered", "neither accepts nor refuses the prefix in lower case")
    return ObservedValue("refused", "refuses the prefix in lower case")


def both_options(record: Record) -> ObservedValue:
    devices = {option: record.connection(f"good {option}") for option in ("auth.token", "header")}
    waiting = [option for option, device in devices.items() if not device.greeted and _left_waiting(device)]
    if waiting:
        what = " or ".join(waiting)
        return ObservedValue("unanswered", f"neither lets in nor refuses a client when only its {what} is good")
    auth, header = (device.greeted for device in devices.values())
    return {
        (True, False): ObservedValue("auth.token", "goes by auth.token, whatever the header says"),
        (False, True): ObservedValue("header", "goes by the Authorization header, whatever auth.token says"),
        (True, True): ObservedValue("either", "lets a client in when either of auth.token and header is good"),
        (False, False): ObservedValue("both", "lets no client in when only one of auth.token and header is good"),
    }[auth, header]


def _left_waiting(connection: Connection) -> bool:
    """Whether no error and no end came. Raises Unverified where they may still have been under way."""
    not_in_doubt(connection, REFUSED_END)
    return not connection.events(ERROR) and connection.ended_by_target is None


def expiry(record: Record) -> ObservedValue:
    phone = record.connection("phone")
    if phone.lasting:
        raise Unverified(
            "a token that expires soon needs users of our own: pass --jwt-secret or --jwt-key, and no --token"
        )
    late = record.connection("late phone")
    if late.greeted:
        raise Unverified("the token was still good for a new connection after its time (leeway, or another clock)")
    sent = sent_after_expiry(record)
    afterwards = [send for send in sent if send.acks]
    if phone.ended_by_target is not None and not afterwards:
        how = f" with {ERROR}" if phone.events(ERROR) else " without a word"
        return ObservedValue("ended", f"ends a connection{how} when its token expires")
    if not afterwards:
        return _unanswered(sent)
    if fate(afterwards[0]) == ACCEPTED:
        return ObservedValue("nothing", "lets a connection go on after its token has expired")
    return ObservedValue("refused", f"refuses what is sent after the token has expired ({code_of(afterwards[0])})")


def _unanswered(sent: Sequence[Send]) -> ObservedValue:
    """What became of what was sent on a connection that stayed, without an ack."""
    for send in sent:
        errors = [event for event in send.connection.events(ERROR) if event.entry.serial > send.entry.serial]
        if errors:
            how = f"by {ERROR} alone ({errors[0].problem.code})"
            return ObservedValue("refused", f"refuses what is sent after the token has expired {how}")
        not_in_doubt(send.connection, ack_of(send.number))
        if given_up(send.connection, ack_of(send.number)) is not None:
            what = "what is sent after the token has expired, nor ends the connection"
            return ObservedValue("ignored", f"neither answers {what}")
    raise Unverified("what was sent after the token had expired was not answered")


def long_token(record: Record) -> ObservedValue:
    phone = record.connection("phone")
    if not phone.greeted:
        if phone.events(ERROR):
            return ObservedValue("refused", "refuses a token of thirty days")
        raise record.cut_short("greeting")
    if ended(phone) is not None:
        return ObservedValue("ended", f"answers a token of thirty days with {CONNECTED}, and ends the connection then")
    if fate(record.send("second")) == ACCEPTED:
        return ObservedValue("accepted", "takes a token of thirty days")
    raise Unverified("what was sent with a token of thirty days was not accepted")


def user_id_claims(claims: Mapping[str, Json], greeting: Entry) -> list[str]:
    """The names of those claims of a token that say what ``conversation.userId`` of a greeting says."""
    args = greeting.get("args") or [None]
    conversation = args[0].get("conversation") if isinstance(args[0], dict) else None
    user_id = conversation.get("userId") if isinstance(conversation, dict) else None
    return sorted(name for name, value in claims.items() if isinstance(user_id, str) and str(value) == user_id)


def user_id(record: Record) -> ObservedValue:
    found = [mark.get("claims") for mark in record.transcript.of(Kind.MARK)]
    claims = next((claims for claims in found if claims is not None), None)
    if claims is None:
        raise record.cut_short("greeting")
    if not claims:
        return ObservedValue("none", "conversation.userId is none of the token's claims")
    named = ", ".join(claims)
    return ObservedValue("sub" if "sub" in claims else named, f"conversation.userId is the token's claim {named}")


# -- what comes unasked (sections 4.3, 4.4 and 9) ----------------------------------------------------------------


def support(record: Record, everything: Iterable[Record] = ()) -> ObservedValue:
    """Whether support replies by itself, to one message or to each, and how soon; where it does not, whether it was
    heard after a text in any other record."""
    waits = [_reply_after(send) for send in record.tagged("alone")]
    soon = [wait for wait in waits if wait is not None]
    if not soon:
        heard = [after for one in everything for send in saved(one) if (after := _support_after(send)) is not None]
        later = f"; elsewhere in the run support was heard {min(heard):.1f} s after a text" if heard else ""
        return ObservedValue("none", f"no reply of support came within {REPLY_WITHIN:g} s{later}")
    often = "each message" if len(soon) == len(waits) else "the first of two messages"
    when = f"{min(soon):.2f} s" if min(soon) >= 0.01 else "less than 0.01 s"
    coarse = f"{min(soon):.1f} s" if min(soon) >= 0.1 else "at once"  # so that two runs can be compared
    return ObservedValue(coarse, f"support replies by itself to {often}, {when} after it")


def _reply_after(send: Send) -> float | None:
    """Seconds between a message and the first message of support after it, in its connection."""
    event = send.event
    later = (e for e in send.connection.events(MESSAGE) if e.entry.serial > event.entry.serial)
    reply = next((e for e in later if e.message.sender == SUPPORT), None)
    return None if reply is None else reply.entry.at - event.entry.at


def _support_after(send: Send) -> float | None:
    """Seconds from the ack of a message to the first one of support after it, in its connection; whatever else is
    wrong with those."""
    acked = send.acks[0]
    later = (event for event in send.connection.events(MESSAGE) if event.entry.serial > acked.serial)
    said = (e for e in later if isinstance(e.payload, dict) and e.payload.get("sender") == SUPPORT)
    return next((event.entry.at - acked.at for event in said), None)


def error_routes(record: Record) -> ObservedValue:
    send = record.send("refused")
    if fate(send) != REFUSED:
        raise Unverified("an empty text was not refused", because="SEND-EMPTY")
    if send.connection.events(ERROR):
        return ObservedValue("ack and event", f"tells of a refused text in the ack and by {ERROR} too")
    return ObservedValue("ack", "tells of a refused text in the ack only, when there is one")


def typing_relay(record: Record) -> ObservedValue:
    heard = {name: _typing_at(record.connection(name)) for name in ("phone", "tablet")}
    if not any(heard.values()):
        return ObservedValue("nobody", "what a user types reaches none of the user's devices")
    who = "the user's other device" if not heard["phone"] else "the user's own devices"
    return ObservedValue("relayed", f"what a user types reaches {who}")


def _typing_at(connection: Connection) -> int:
    return sum(is_typing(event.entry) for event in connection.events())

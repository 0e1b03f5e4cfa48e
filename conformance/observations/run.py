"""What a whole run shows of a server's habits, where the document is silent: one value, and one sentence each."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from conformance.checks import retried
from conformance.checks.history_window import windows
from conformance.checks.selectors import good_connections
from conformance.errors import Unverified
from conformance.formatting import preview
from conformance.observations.observed import ObservedValue
from conformance.protocol import CONNECTED, MESSAGE, Json, is_a_time
from conformance.record.payloads import History
from conformance.record.transcript import Kind
from conformance.record.views import Connection, Everything, Fetch, Send
from conformance.schema import timestamps

_MOST = 3
"""How many ways of doing one thing are listed; the rest is counted."""


def _commonest(found: Iterable[str], nothing: str) -> list[str]:
    """The different ways, the commonest first. Raises Unverified when there are none."""
    counted = [way for way, _ in Counter(found).most_common()]
    if not counted:
        raise Unverified(nothing)
    more = [f"and {len(counted) - _MOST} more"] if len(counted) > _MOST else []
    return [*counted[:_MOST], *more]


# -- identifiers and instants (section 4) ------------------------------------------------------------------------


def dates(everything: Everything) -> ObservedValue:
    dresses = _commonest(map(timestamps.dress, _instants(everything)), "no instant was seen")
    return ObservedValue("; ".join(dresses), f"writes instants as: {'; '.join(dresses)}")


def _instants(everything: Everything) -> Iterator[str]:
    for record in everything:
        for send in record.accepted():
            yield send.message.created_at
        for _, history in record.histories():
            yield from _instants_of(history)


def _instants_of(history: History) -> Iterator[str]:
    conversation = history.conversation.raw
    for name in ("createdAt", "updatedAt"):
        if isinstance(conversation.get(name), str):
            yield conversation[name]
    yield from (message.created_at for message in history.messages[-1:])


_FORMS: Mapping[str, str] = {
    "UUID version 4": r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-4[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}",
    "UUID version 7": r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-7[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}",
    "UUID": r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
    "number": r"[0-9]+",
    "ObjectId": r"[0-9a-f]{24}",
    "ULID": r"[0-7][0-9A-HJKMNP-TV-Z]{25}",
    "cuid": r"c[0-9a-z]{24}",
}


def id_form(everything: Everything) -> ObservedValue:
    messages = (send.message.id for record in everything for send in record.accepted())
    conversations = (history.conversation.id for record in everything for _, history in record.histories())
    of_messages = " or ".join(_commonest(map(form, messages), "no message was acked"))
    of_conversations = " or ".join(_commonest(map(form, conversations), "no conversation was shown"))
    value = of_messages if of_messages == of_conversations else f"{of_messages}; {of_conversations}"
    return ObservedValue(value, f"ids of messages: {of_messages}; of conversations: {of_conversations}")


def form(identifier: str) -> str:
    """The kind of identifier that a text looks like."""
    for name, pattern in _FORMS.items():
        if re.fullmatch(pattern, identifier):
            return name
    return f"text of {len(identifier)} characters"


# -- history (sections 4.1 and 7) --------------------------------------------------------------------------------

_WHERE = {"greeting": "on connecting", "REST": "over REST"}


def window(everything: Everything) -> ObservedValue:
    """How many messages were shown at most, and whether older ones were left out."""
    longest: Counter[str] = Counter()
    cut: Counter[str] = Counter()
    for record in everything:
        for one in windows(record):
            found = cut if one.is_partial else longest
            found[one.channel] = max(found[one.channel], len(one.messages))
    if not longest and not cut:
        raise Unverified("no conversation was shown")
    depths = [
        _depth(channel, longest[channel], cut.get(channel))
        for channel in _WHERE
        if channel in longest or channel in cut
    ]
    value = "; ".join(dict.fromkeys(number for number, _ in depths))
    return ObservedValue(value, "; ".join(sentence for _, sentence in depths))


def _depth(channel: str, longest: int, cut: int | None) -> tuple[str, str]:
    if cut is not None:
        return f"last {cut}", f"shows the last {cut} messages {_WHERE[channel]}"
    return "all", f"shows all messages {_WHERE[channel]}, as far as seen (up to {longest})"


# -- events and the greeting (section 8) -------------------------------------------------------------------------


def early_events(everything: Everything) -> ObservedValue:
    """Clients put what the greeting shows in place of what they have heard, so what it does not show is gone."""
    joined = [c for record in everything for c in good_connections(record) if c.greeted and _chat_is_running(c)]
    if not joined:
        raise Unverified("no device joined a chat in which something was being sent")
    early = [heard for connection in joined if (heard := _before_the_greeting(connection))]
    if not early:
        return ObservedValue("none", "a device hears no message before its greeting")
    figure = f"{len(early)} of {len(joined)} devices that joined a running chat heard messages before their greeting"
    shown = [one for heard in early for one in heard]
    return ObservedValue("some", f"{figure}, which showed {sum(shown)} of those {len(shown)}")


def _chat_is_running(connection: Connection) -> bool:
    """Whether another device of the user sent something between the opening and the greeting of this one."""
    begin, end = connection.opened.serial, connection.events(CONNECTED)[0].entry.serial
    sends = (send for send in connection.record.sends if send.connection.user == connection.user)
    return any(s.entry.serial < end and (not s.acks or s.acks[0].serial > begin) for s in sends)


def _before_the_greeting(connection: Connection) -> list[bool]:
    """For each message that was heard before it, whether the greeting shows it."""
    greeting = connection.events(CONNECTED)[0]
    heard = [e for e in connection.events(MESSAGE) if e.entry.serial < greeting.entry.serial]
    visible = set(greeting.history.ids)
    return [event.message.id in visible for event in heard]


# -- acks (section 4.6) ------------------------------------------------------------------------------------------


def ack_order(everything: Everything) -> ObservedValue:
    orders = [order for record in everything for send in record.accepted() if (order := _order(send))]
    if not orders:
        raise Unverified("no accepted send was both acked and heard")
    first, share = Counter(orders).most_common(1)[0][0], max(Counter(orders).values()) / len(orders)
    other = {"ack": "event", "event": "ack"}[first]
    if share == 1:
        return ObservedValue(f"{first} first", f"the sender gets the {first} before the {other}")
    return ObservedValue("either", f"the sender mostly ({share:.0%}) gets the {first} before the {other}")


def _order(send: Send) -> str | None:
    heard = _event_of(send)
    return None if heard is None else ("ack" if send.acks[0].serial < heard else "event")


def _event_of(send: Send) -> int | None:
    message_id = send.message.id
    heard = (e for e in send.connection.events(MESSAGE) if isinstance(e.payload, dict))
    return next((e.entry.serial for e in heard if e.payload.get("id") == message_id), None)


_STEPS = (10, 30, 100, 300, 1000, 3000)
"""Milliseconds: the value is coarse, so that two runs of one server can be compared."""


def ack_latency(everything: Everything) -> ObservedValue:
    """From the write of a send to its ack. The run's own scenarios overlap, so this is not a benchmark."""
    attempts = [attempt for record in everything for send in record.accepted() for attempt in send.attempts[-1:]]
    took = sorted(attempt.acks[0].at - attempt.entry.at for attempt in attempts)
    if len(took) < 2:
        raise Unverified("fewer than two sends were acked")
    median, late = statistics.median(took) * 1000, statistics.quantiles(took, n=20, method="inclusive")[-1] * 1000
    step = next((step for step in _STEPS if median < step), None)
    value = f"median under {step} ms" if step else f"median over {_STEPS[-1]} ms"
    return ObservedValue(
        value, f"acks after {median:.0f} ms (median; 95 of 100 within {late:.0f} ms; {len(took)} sends)"
    )


def refused_at_first(everything: Everything) -> ObservedValue:
    """By the codes, the commonest first. What the retries of the driver hide, a user sees."""
    answered = [send for record in everything for send in retried.answered(record)]
    if not answered:
        raise Unverified("no valid text was acked")
    codes = Counter(code for send in answered if (code := retried.taken_again(send)) is not None)
    if not codes:
        return ObservedValue("none", "refuses no valid text at first that it takes later, but for a limit of rate")
    parts = ", ".join(f"{often} with {preview(code)}" for code, often in codes.most_common(_MOST))
    says = f"refused {codes.total()} of {len(answered)} valid texts and took them when they were sent again: {parts}"
    return ObservedValue("; ".join(sorted(code for code, _ in codes.most_common(_MOST))), says)


# -- connections (sections 1 and 2.2) ----------------------------------------------------------------------------

_TRANSPORTS = {"websocket": "WebSocket", "polling": "long-polling"}


def ping(everything: Everything) -> ObservedValue:
    handshakes = [entry for record in everything for entry in record.transcript.of(Kind.HANDSHAKE)]
    announced: dict[tuple[float, float], set[str]] = {}
    for entry in handshakes:
        beat = entry.get("pingInterval"), entry.get("pingTimeout")
        if all(map(is_a_time, beat)):
            announced.setdefault(beat, set()).add(_TRANSPORTS.get(str(entry.get("via")), ""))
    if not announced:
        raise Unverified("no handshake announced pings")
    ways = [f"every {every / 1000:g} s, {patience / 1000:g} s for the answer" for every, patience in sorted(announced)]
    if len(announced) > 1:
        over = (" or ".join(sorted(filter(None, announced[beat]))) for beat in sorted(announced))
        ways = [f"{way} (over {transports})" if transports else way for way, transports in zip(ways, over, strict=True)]
    noticed = max(every + patience for every, patience in announced) / 1000
    says = "pings" if len(announced) == 1 else "announces pings differently:"
    return ObservedValue(
        "; ".join(ways), f"{says} {'; '.join(ways)}: a dead connection is noticed within {noticed:g} s"
    )


def refusal_end(everything: Everything) -> ObservedValue:
    refused = [c for record in everything for c in record.connections if not c.good and c.handshake_completed]
    ways = _commonest(filter(None, map(_ending, refused)), "no connection was refused")
    return ObservedValue("; ".join(ways), f"ends a refused connection by {'; or by '.join(ways)}")


def _ending(connection: Connection) -> str | None:
    if connection.received("CONNECT_ERROR"):
        return "a connect error for the namespace"
    hung_up = connection.broken_off is not None and connection.broken_off.get("by") == "target"
    if connection.received("DISCONNECT"):
        return "a DISCONNECT packet and closing the transport" if hung_up else "a DISCONNECT packet"
    return "closing the transport" if hung_up else None


def rest_refusals(everything: Everything) -> ObservedValue:
    refused = [f for record in everything for f in record.fetches if not f.good and f.status and not f.successful]
    ways = _commonest(map(_answer, refused), "REST refused no request")
    return ObservedValue("; ".join(ways), f"REST answers a bad token with {'; or with '.join(ways)}")


def _answer(fetch: Fetch) -> str:
    return f"HTTP {fetch.status} and {_body(fetch.body, is_json=fetch.is_json)}"


def _body(body: Json, *, is_json: bool) -> str:
    if not is_json:
        return "no JSON" if body else "no body"
    if not isinstance(body, dict):
        return "JSON that is not an object"
    if {"code", "message"} <= set(body):
        return "an error as on the socket"
    return f"JSON with {', '.join(sorted(map(str, body))[:6])}" if body else "an empty JSON object"

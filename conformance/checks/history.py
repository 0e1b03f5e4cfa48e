"""Histories as they were shown, one after the other: who is in the conversation, and what must be in it by then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from conformance.checks.assertions import expect
from conformance.checks.blame import of_ack
from conformance.checks.history_window import HistoryWindow, windows
from conformance.checks.selectors import saved
from conformance.errors import Unverified
from conformance.formatting import numbers, preview
from conformance.record.matching import by_support
from conformance.record.payloads import History
from conformance.record.views import Record, Send

# -- one user, one conversation (section 4.1) --------------------------------------------------------------------


@dataclass(frozen=True)
class Pair:
    """Two histories to be compared."""

    one: HistoryWindow
    other: HistoryWindow

    @property
    def at(self) -> list[int]:
        return [self.one.history.at, self.other.history.at]


def returns(record: Record) -> Iterator[Pair]:
    """The first history of each user, with each that was asked for later. (What is shown to devices that come at the
    same moment is FIRST-CONTACT's.)"""
    return _with_the_first(windows(record))


def after_the_first_message(record: Record) -> Iterator[Pair]:
    """The same, of the histories that show a message: before that, a server may invent a conversation whenever it is
    asked, and save it with the first message."""
    return _with_the_first(window for window in windows(record) if window.length)


def _with_the_first(found: Iterable[HistoryWindow]) -> Iterator[Pair]:
    first: dict[str, HistoryWindow] = {}
    for window in found:
        reference = first.setdefault(window.user, window)
        if window.began >= reference.ended:
            yield Pair(reference, window)


def strangers(record: Record) -> Iterator[Pair]:
    """The first history of each user, with the first of each other user."""
    first: dict[str, HistoryWindow] = {}
    for window in windows(record):
        first.setdefault(window.user, window)
    found = list(first.values())
    return (Pair(one, other) for index, one in enumerate(found) for other in found[index + 1 :])


def user_id(window: HistoryWindow) -> str:
    return window.history.conversation.user_id


def conversation_id(window: HistoryWindow) -> str:
    return window.history.conversation.id


def agree_on(what: str, value: Callable[[HistoryWindow], str]) -> Callable[[Pair], None]:
    def judge(pair: Pair) -> None:
        one, other = value(pair.one), value(pair.other)
        expected = f"one {what} in {pair.one.history.where} and {pair.other.history.where}"
        expect(one == other, expected, lambda: f"{preview(one)} and {preview(other)}", at=pair.at)

    return judge


def differ_in(what: str, value: Callable[[HistoryWindow], str]) -> Callable[[Pair], None]:
    def judge(pair: Pair) -> None:
        one, other = value(pair.one), value(pair.other)
        expected = f"{pair.one.user} and {pair.other.user} to differ in {what}"
        expect(one != other, expected, lambda: f"{preview(one)} for both", at=pair.at)

    return judge


def of_its_conversation(window: HistoryWindow) -> None:
    """CONNECTED-OWN."""
    own = conversation_id(window)
    alike = window.history.conversation_ids() <= {own}
    wrong = [] if alike else [m for m in window.messages if m.conversation_id != own]
    expect(
        not wrong,
        lambda: f"only messages of the conversation {preview(own)}",
        lambda: ", ".join(f"{m.where} of {preview(m.conversation_id)}" for m in wrong[:3]),
        at=[window.history.at],
    )


def ids_once(window: HistoryWindow) -> None:
    """MESSAGE-ID, within one list."""
    ids = window.history.ids
    times = Counter(ids) if len(set(ids)) < len(ids) else Counter[str]()
    twice = sorted(name for name, often in times.items() if often > 1)
    expect(
        not twice,
        f"each id once in {window.history.where}",
        lambda: f"twice: {', '.join(twice[:3])}",
        at=[window.history.at],
    )


def no_id_is_shared(history: History) -> None:
    """Raise Unverified where two messages of a list, with texts of their own, have one id: MESSAGE-ID judges that."""
    texts: dict[str, str] = {}
    for message in history.messages if len(set(history.ids)) < len(history.ids) else ():
        if texts.setdefault(message.id, message.text) != message.text:
            raise Unverified(f"two messages in {history.where} have the id {message.id}", because="MESSAGE-ID")


# -- nothing is lost (sections 4.2 and 4.6) ----------------------------------------------------------------------


def kept(window: HistoryWindow) -> None:
    """SEND-KEPT."""
    lost = window.missing(window.sends_before)
    _nothing_lost(window, lost, at=[serial for send in lost[:1] for serial in send.at])


def kept_of(sends: Sequence[Send]) -> Callable[[HistoryWindow], None]:
    """The same, of sends that may have gone out on unjudged connections."""

    def judge(window: HistoryWindow) -> None:
        lost = window.missing([send for send in sends if send.acks[0].at <= window.began])
        _nothing_lost(window, lost, at=[serial for send in lost[:1] for serial in send.at])

    return judge


def kept_since(earlier: Record, everything: Iterable[Record]) -> Callable[[HistoryWindow], None]:
    """The same of what another scenario shows later to the user of one that sent its texts one after the other. Where
    users are few, others have followed. A target that was started again meanwhile may have kept them in memory."""
    gone = any(record.transcript.fatal or record.transcript.dropped for record in everything)
    sends = [] if gone else saved(earlier)

    def judge(window: HistoryWindow) -> None:
        first = next((place for place, send in enumerate(sends) if window.shows(send, sends)), len(sends))
        due = sends[first:] if window.length else sends
        _nothing_lost(window, [send for send in due if not window.shows(send, sends)], at=[])

    return judge


def _nothing_lost(window: HistoryWindow, lost: Sequence[Send], *, at: Sequence[int]) -> None:
    beside = "" if window.oldest is None else ", older ones among them"
    expect(
        not lost,
        f"{window.history.where} to show every message that was acked, or the last ones without a gap",
        lambda: f"send {numbers(send.number for send in lost)} missing among {window.length} messages{beside}",
        at=[*at, window.history.at],
    )


def listed_once(window: HistoryWindow) -> None:
    """RECONNECT-RESYNC, of plain texts that were sent once, and acked at the first try. Around an upgrade CONN-UPGRADE
    judges it; messages that share an id, MESSAGE-ID."""
    _ = window.history.ids
    ids = {send.number: _ids_of_text(window, str(send.text)) for send in window.sends_before if _sent_once(send)}
    twice = [(number, own) for number, own in ids.items() if len(own) > 1]
    expect(
        not twice,
        f"what was sent once to stand once in {window.history.where}",
        lambda: ", ".join(f"the text of send #{number} as {preview(sorted(own))}" for number, own in twice[:3]),
        at=[window.history.at],
    )


def _sent_once(send: Send) -> bool:
    alone = len(send.record.senders.get(str(send.text), ())) == 1
    return send.plain and alone and len(send.attempts) == 1 and send.connection.transport != "upgrade"


def _ids_of_text(window: HistoryWindow, text: str) -> set[str]:
    return {message.id for message in window.history.where_is("text", text) if not by_support(message)}


def in_order(window: HistoryWindow) -> None:
    """HISTORY-ORDER: of sends that followed the ack of another."""
    wrong = window.out_of_order(window.sends_before)
    expect(
        not wrong,
        f"{window.history.where} to have the oldest message first",
        lambda: f"send {', '.join(f'#{later.number} before #{earlier.number}' for earlier, later in wrong[:3])}",
        at=[window.history.at],
    )


def last_window(record: Record, channel: str) -> HistoryWindow:
    """The last greeting or REST body of a scenario that ran to its end."""
    if record.transcript.cut is None and (found := [window for window in windows(record) if window.channel == channel]):
        return found[-1]
    raise record.cut_short(f"last {channel}")


def after_many(least: int) -> Callable[[Record], Iterator[HistoryWindow]]:
    """The histories that were asked for after so many messages."""
    return lambda record: (window for window in windows(record) if len(window.sends_before) >= least)


def reaching_back(least: int) -> Callable[[HistoryWindow], None]:
    """HISTORY-DEPTH, of those."""
    return lambda window: deep(window, least)


def deep(window: HistoryWindow, least: int) -> None:
    """HISTORY-DEPTH, after as many messages were sent."""
    if len(window.sends_before) < least:
        unanswered = (send for send in window.record.sends if send.asked and send.valid and not send.acks)
        silent = next(unanswered, None)
        because = "SEND-PLAIN" if silent is None else of_ack(silent)
        raise Unverified(f"fewer than {least} messages were accepted", because=because)
    count = len(window.messages)
    if 0 < count < least:
        _without_gaps(window)
    expect(count >= least, f"{window.history.where} to reach back {least} messages", f"{count}", at=[window.history.at])


def _without_gaps(window: HistoryWindow) -> None:
    """Raise Unverified where messages are missing between others: those were lost, and it is not the list that is
    short."""
    lost = window.missing(window.sends_before)
    if lost:
        raise Unverified(
            f"{window.history.where} shows older messages than send #{lost[0].number}", because="SEND-KEPT"
        )

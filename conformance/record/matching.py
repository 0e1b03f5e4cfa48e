"""Which of the messages that the target showed is the message of a send."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from conformance.record.payloads import History, Message

if TYPE_CHECKING:
    from conformance.record.views import Record, Send


def pick(messages: Iterable[Message], send: Send) -> Message | None:
    """The message of this send: by id and text; else by a text that no other send and no other message has; else by the
    id, unless the text is another send's. What is not found may be older than what is shown: never guess."""
    name, text, own = send.message.id, send.message.text, str(send.text).strip()
    told = [message for message in messages if isinstance(message.raw, dict)]
    same = [message for message in told if message.raw.get("text") == text]
    both = next((message for message in same if message.raw.get("id") == name), None)
    if both is not None:
        return both
    senders = send.record.once(_senders)
    others = senders.get(own, set()) - {send.number}
    alone = [message for message in same if len(same) == 1 and not others and not by_support(message)]
    named = [m for m in told if m.raw.get("id") == name and not _of_another(m, send, senders) and not by_support(m)]
    return next(iter(alone or named), None)


def find(history: History, send: Send) -> Message | None:
    """The message of this send in a history."""
    _ = history.ids
    return pick([*history.where_is("id", send.message.id), *history.where_is("text", send.message.text)], send)


def _senders(record: Record) -> dict[str, set[int]]:
    """The numbers of the sends of each text, without the white space around it."""
    senders: dict[str, set[int]] = {}
    for send in record.sends:
        senders.setdefault(str(send.text).strip(), set()).add(send.number)
    return senders


def _of_another(message: Message, send: Send, senders: Mapping[str, set[int]]) -> bool:
    """Whether the text of a message is that of another send."""
    text = message.raw.get("text")
    return isinstance(text, str) and bool(senders.get(text, set()) - {send.number})


def by_support(message: Message) -> bool:
    return bool(message.raw.get("sender") == "support")

"""Which of the messages that the target showed is the message of a send."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from conformance.protocol import SUPPORT, Json
from conformance.record.payloads import History, Message


@dataclass(frozen=True)
class Sent:
    """What is known of the message of a send. ``id`` and ``text``: as its ack has them; ``own``: the text that went
    out, without the white space around it; ``senders``: the numbers of the sends of each such text; ``acked``: of those
    whose ack has this id and text."""

    number: int
    id: str
    text: str
    own: str
    senders: Mapping[str, Set[int]]
    acked: Mapping[tuple[str, str], Set[int]]

    def is_of_another(self, text: str) -> bool:
        """Whether another send has this text."""
        return bool(self.senders.get(text, set()) - {self.number})

    def is_acked_by_another(self, message: Message) -> bool:
        """Whether the ack of another send, and not that of this one, carries this message."""
        return bool(self.acked.get(_id_and_text(message.raw), set()) - {self.number})


def pick(messages: Iterable[Message], sent: Sent) -> Message | None:
    """The message of a send: by id and text; else by a text that no other send and no other message has, unless the ack
    of another send carries it; else by the id, unless the text is another send's. What is not found may be older than
    what is shown: never guess."""
    objects = [message for message in messages if isinstance(message.raw, dict)]
    same = [message for message in objects if message.raw.get("text") == sent.text]
    both = next((message for message in same if message.raw.get("id") == sent.id), None)
    if both is not None:
        return both
    alone = [one for one in same if not (sent.is_of_another(sent.own) or sent.is_acked_by_another(one))]
    alone = alone if len(same) == 1 else []
    named = [one for one in objects if one.raw.get("id") == sent.id and not _of_another(one, sent)]
    return next((one for one in (*alone, *named) if not by_support(one)), None)


def find(history: History, sent: Sent) -> Message | None:
    """The message of a send in a history."""
    _ = history.ids
    return pick([*history.where_is("id", sent.id), *history.where_is("text", sent.text)], sent)


def acked_by(answers: Iterable[tuple[int, Json]]) -> dict[tuple[str, str], set[int]]:
    """``Sent.acked``, of the answers in the acks of sends, by their numbers."""
    acked: dict[tuple[str, str], set[int]] = {}
    for number, answer in answers:
        if isinstance(answer, dict) and isinstance(message := answer.get("message"), dict):
            acked.setdefault(_id_and_text(message), set()).add(number)
    return acked


def _id_and_text(message: Mapping[str, Json]) -> tuple[str, str]:
    return str(message.get("id")), str(message.get("text"))


def _of_another(message: Message, sent: Sent) -> bool:
    text = message.raw.get("text")
    return isinstance(text, str) and sent.is_of_another(text)


def by_support(message: Message) -> bool:
    return bool(message.raw.get("sender") == SUPPORT)

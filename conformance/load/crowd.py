"""Isolation among all users of a run: nothing that reaches one of them is another's (section 3.1).

``checks.isolation`` compares what all users of a run received, which is too much to keep under load. Here every text
names its sender, and the ids of conversations are remembered for the users who were there last.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

from conformance.checks.history_window import HistoryWindow
from conformance.checks.isolation import Delivery
from conformance.checks.unique_words import words_in
from conformance.errors import Deviation
from conformance.load.story import Person

REMEMBERED = 20_000
"""Conversations and users whose owners are known, of one worker."""


class Crowd:
    """The users of one worker."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._owners: OrderedDict[tuple[str, str], str] = OrderedDict()
        """Who was first shown a ``conversationId`` or ``userId`` as its own, by the mark of the user."""

    def meets(self, person: Person, window: HistoryWindow) -> None:
        """CONNECTED-CONVERSATION and CONNECTED-USER: raises Deviation where another user was shown the same."""
        conversation = window.history.conversation
        for field, value in (("conversationId", conversation.id), ("userId", conversation.user_id)):
            owner = self._owners.setdefault((field, value), person.mark)
            self._owners.move_to_end((field, value))
            if owner != person.mark:
                raise Deviation(f"a {field} of its own for each user", f"{value} for two", at=[window.history.at])
        while len(self._owners) > self._remembered:
            self._owners.popitem(last=False)

    def nothing_foreign(self, person: Person, delivery: Delivery) -> None:
        """ISOLATION-MESSAGES and ISOLATION-HISTORY: raises Deviation for something of another user."""
        for what in self._foreign(person, delivery):
            raise Deviation(f"nothing of another user in {delivery.place}", what, at=[delivery.at])

    def _foreign(self, person: Person, delivery: Delivery) -> Iterator[str]:
        for words in sorted(words_in(delivery.value)):
            mark = words.split()[2]
            if mark != person.mark and mark.startswith(person.run) and len(mark) == len(person.mark):
                yield f'"{words}" of another user'
        if delivery.channel not in ("greeting", "REST"):  # of those, the ids of messages are CONNECTED-OWN's
            for field, value in sorted(delivery.ids):
                if self._owners.get((field, value), person.mark) != person.mark:
                    yield f"{field} {value} of another user"

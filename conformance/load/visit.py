"""One visit of one user: the document's recommended flow (section 5), with a drop and a return (section 6) and REST
(section 7)."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count

import gevent
from gevent.event import Event

from conformance import strict_json
from conformance.auth.expiry import expiry_of, remaining
from conformance.auth.tokens import Token
from conformance.load.device import Device, Text
from conformance.load.http import Address, Http
from conformance.load.judge import Judge
from conformance.load.outcomes import Outcomes
from conformance.load.settings import SETTLE, THINK, Mix
from conformance.load.story import USER, Person, Story
from conformance.load.tokens import Tokens
from conformance.protocol import REST_PATH
from conformance.record.rate_limits import BUSY, retry_after, speaks_of_pace, wanted_pause
from conformance.record.transcript import Kind
from conformance.record.waits import GREETING, ack_of, message_named, message_of
from conformance.transport.close_reason import TransportClosed

SLICE = 0.25
"""Seconds. While this process is not scheduled nothing can be read: no slice counts as more than twice as long."""
CHATTER = 3
"""How many times as long as the deadline a wait lasts at most, whatever else comes meanwhile."""
TRIES, PAUSE, LONGEST_PAUSE = 4, 0.5, 10.0
"""How often a text is sent while it is refused, and the seconds before the second time and before any other at most."""
LINGER = 0.3
"""Seconds that a user stays after the last answer: an answer of support is heard, and not only sent."""
LONGEST = 60.0
"""Seconds that a token lives at least when a visit begins: what expires meanwhile must not count."""
KEPT_HEADERS = ("content-type", "date", "retry-after")


@dataclass(frozen=True)
class Place:
    """What all visits of a worker share. ``ending``: whether the run is over, and visits should come to their end."""

    address: Address
    tokens: Tokens
    mix: Mix
    outcomes: Outcomes
    judge: Judge
    ending: Callable[[], bool]


class Visit:
    def __init__(self, place: Place, person: Person) -> None:
        self._place, self._person = place, person
        self._token: Token = place.tokens.token(person.subject)
        self.story = Story(person, place.tokens.redactor(self._token), late=place.outcomes.deadline, settle=SETTLE)
        self._texts: dict[str, Text] = {}
        self._devices: list[Device] = []
        self._http = Http(place.address, place.address.cookies)
        self._news = Event()
        self._heard = 0
        self._ack_ids = count()
        self._in_vain = False
        """Whether an ack was waited for in vain: nothing more is sent in this visit then."""

    def play(self) -> None:
        if remaining(expiry_of(self._token.value)) < LONGEST:
            self._place.outcomes.apart("stayed away: the user's token is about to expire")
            return
        try:
            self._play()
        finally:
            for device in self._devices:
                device.drop()
            self._http.close()
            self._place.judge.over(self.story)

    def _play(self) -> None:
        if random.random() < 0.25:  # noqa: S311  the app is launched: the conversation is loaded before the socket
            self._fetch()
        phone = self._device("phone")
        if not self._arrive(phone):
            return
        tablet = self._device("tablet")
        others = [tablet] if random.random() < 0.3 and self._arrive(tablet) else []  # noqa: S311
        self._think()
        phone.types(True)
        self._chat([phone])
        phone.types(False)
        self._think()
        self._chat([phone, *others, phone, phone])
        self._come_back(phone, others)
        self._fetch()
        gevent.sleep(LINGER)
        for device in (phone, *others):
            device.leave()

    def _come_back(self, phone: Device, others: Sequence[Device]) -> None:
        """The phone goes, with a goodbye or without one, misses something, and is back."""
        gevent.sleep(LINGER)
        (phone.drop if random.random() < 0.5 else phone.leave)()  # noqa: S311
        self._think()
        self._chat(others)
        if self._arrive(phone):
            self._place.outcomes.tally.counts["reconnect"] += 1
            self._think()
            self._chat([phone])

    def _device(self, name: str) -> Device:
        device = Device(name, self.story, self._place.outcomes, self._texts, self._wake)
        self._devices.append(device)
        return device

    def _think(self) -> None:
        if not self._place.ending():
            gevent.sleep(random.uniform(0.5, 1.5) * THINK)  # noqa: S311

    # -- waiting -----------------------------------------------------------------------------------------------

    def _wake(self) -> None:
        self._heard += 1
        self._news.set()

    def _until(self, found: Callable[[], bool]) -> float:
        """Wait until something is found, or nothing more comes. The seconds of silence."""
        silent = waited = 0.0
        heard, deadline = self._heard, self._place.outcomes.deadline
        while not found() and silent < deadline and waited < CHATTER * deadline:
            self._news.clear()
            began = time.monotonic()
            self._news.wait(SLICE)
            took = min(time.monotonic() - began, 2 * SLICE)
            waited, silent = waited + took, silent + took if heard == self._heard else 0.0
            heard = self._heard
        return silent

    # -- the flow ----------------------------------------------------------------------------------------------

    def _arrive(self, device: Device) -> bool:
        """Connect, and wait for the greeting."""
        [transport] = random.choices(list(self._place.mix.weights), list(self._place.mix.weights.values()))  # noqa: S311
        option = "auth" if random.random() < 0.8 else "header"  # noqa: S311
        if not device.connect(self._place.address, self._token, transport=transport, option=option):
            return False
        silent = self._until(lambda: device.greeted or device.refused or not device.there)
        if not device.greeted and not device.refused and device.there:
            device.gave_up(GREETING, silent)
        return device.greeted and device.there

    def _chat(self, senders: Sequence[Device]) -> None:
        """Each of these devices sends a text, all at once; the answers are waited for."""
        there = [device for device in senders if device.there and not self._in_vain]
        texts = [self._new(device) for device in there]
        for text in texts:
            self._send(text)
        silent = self._until(lambda: all(map(self._answered, texts)))
        for text in texts:
            self._try_again(text)
        if all(map(self._answered, texts)):
            silent = self._until(lambda: all(map(self._complete, texts)))
        for text in texts:
            self._note_what_is_missing(text, silent)

    def _new(self, device: Device) -> Text:
        self.story.sends += 1
        text = Text(device, self._person.words(), self.story.sends)
        self._texts[text.text] = text
        return text

    def _send(self, text: Text) -> None:
        text.device.send(text, next(self._ack_ids))

    def _try_again(self, text: Text) -> None:
        """While a text is refused, for its pace or for another reason that may pass."""
        pause = PAUSE
        while text.error is not None and text.attempt < TRIES and text.device.there:
            gevent.sleep(min(max(pause, wanted_pause(text.error) or 0.0), LONGEST_PAUSE))
            pause *= 2
            refused = text.error
            self._send(text)
            self._until(lambda: self._answered(text))
            if text.message_id is not None and not speaks_of_pace(refused):
                self._place.outcomes.apart("refused at first, and taken later")

    def _answered(self, text: Text) -> bool:
        return text.answer is not None or not text.device.there

    def _complete(self, text: Text) -> bool:
        """Whether all that must come of a text has come, wherever a device is still there to hear it."""
        if not self._answered(text):
            return False
        return text.error is not None or all(self._hears(device, text) for device in self._devices)

    def _hears(self, device: Device, text: Text) -> bool:
        listening = device.there and device.greeted
        return not listening or text.text in device.heard or text.message_id in device.heard

    def _note_what_is_missing(self, text: Text, silent: float) -> None:
        if not self._answered(text):
            self._in_vain = True
            text.device.gave_up(ack_of(text.number), silent)
        elif text.message_id is not None:
            for device in self._devices:
                if not self._hears(device, text):
                    own = device is text.device
                    device.gave_up(message_of(text.number) if own else message_named(text.message_id), silent)

    # -- REST --------------------------------------------------------------------------------------------------

    def _fetch(self) -> None:
        """The conversation over REST. An answer of a gateway is counted apart, and asked for again."""
        pause = PAUSE
        for _ in range(TRIES):
            began, at = time.monotonic(), self.story.now
            try:
                answer = self._http.ask("GET", REST_PATH, {"Authorization": f"Bearer {self._token.value}"})
            except TransportClosed as end:
                self._place.outcomes.failed("rest", time.monotonic() - began, end.reason.reason)
                return
            if answer.status not in BUSY:
                break
            self._place.outcomes.apart(f"REST answered {answer.status}")
            gevent.sleep(min(max(pause, retry_after(answer.headers) or 0.0), LONGEST_PAUSE))
            pause *= 2
        else:
            return
        self._place.outcomes.came("rest" if answer.ok else f"rest (HTTP {answer.status})", time.monotonic() - began)
        kept = {name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers}
        asked = {"user": USER, **self._token.notes, "tag": "fetch", "method": "GET", "path": REST_PATH, "began": at}
        text = self.story.redactor.text(answer.text)
        try:
            content = {"json": True, "body": strict_json.loads(text)}
        except (ValueError, RecursionError) as error:
            content = {"json": False, "reason": str(error), "body": text[:500]}
        self.story.add(Kind.HTTP, device="rest", status=answer.status, headers=kept, **asked, **content)

"""Which texts may be sent (section 4.5)."""

from __future__ import annotations

from conformance.reference.protocol import MAX_LENGTH, VALIDATION_ERROR, Event, Problem, is_utf8


class Rules:
    """Checks what a client sends; a part of `HelpCenter`. Every check raises `Problem`."""

    def payload_of(self, event: Event) -> object:
        """The first argument of an event; None when there is none. Further arguments do not matter."""
        return event.args[0] if event.args else None

    def validate(self, payload: object) -> str:
        """The text to save from the payload of a send."""
        text = self.text_of(payload)
        self.check_storable(text)
        text = self.trim(text)
        self.check_length(text)
        return text

    def text_of(self, payload: object) -> str:
        """The text as sent: the payload has to be an object, its `text` a string."""
        if not isinstance(payload, dict):
            raise self.invalid("The payload must be an object with a text.", rule="object")
        if "text" not in payload:
            raise self.invalid("A text is required.", rule="required")
        text = payload["text"]
        if not isinstance(text, str):
            raise self.invalid("The text must be a string.", rule="string")
        return text

    def check_storable(self, text: str) -> None:
        """Half of a surrogate pair can be neither stored nor sent on; U+0000 can."""
        if not is_utf8(text):
            raise self.invalid("The text is not valid Unicode.", rule="unicode")

    def trim(self, text: str) -> str:
        """The text without white space around it."""
        return text.strip()

    def length(self, text: str) -> int:
        """How many characters a text has; here, code points."""
        return len(text)

    def check_length(self, text: str) -> None:
        """1 to 2,000 characters, counted after trimming."""
        length = self.length(text)
        if length < 1:
            raise self.invalid("The text must not be empty.", rule="minimum", length=length, limit=1)
        if length > MAX_LENGTH:
            message = f"The text must not be longer than {MAX_LENGTH} characters."
            raise self.invalid(message, rule="maximum", length=length, limit=MAX_LENGTH)

    def invalid(self, message: str, *, rule: str, **facts: int) -> Problem:
        """A refusal of what was sent, with the broken rule in its details."""
        return Problem(VALIDATION_ERROR, message, details={"field": "text", "rule": rule, **facts})

"""Servers that take texts for something else, or have no room for some that are long (section 4.5)."""

from __future__ import annotations

import html
import json
import re
import unicodedata
import zlib

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import Event, Problem
from conformance.reference.store import Message
from tests.faults.fault import fault
from tests.faults.of_verbatim import Changes

JAVASCRIPT = {"constructor", "toString", "valueOf", "hasOwnProperty"}


class Fails(HelpCenter):
    """Fails on some texts; right as it stands."""

    def save(self, user: str, text: str, *, sender: str) -> Message:
        if sender == "user" and self.fails(text):
            raise ValueError(text)
        return super().save(user, text, sender=sender)

    def fails(self, text: str) -> bool:  # noqa: ARG002  for overrides
        return False


@fault("SEND-VERBATIM")
class LooksTextsUpInAnObject(Fails):
    """``replies[text]``, and calls what it finds."""

    def fails(self, text: str) -> bool:
        return text in JAVASCRIPT


@fault("SEND-FULL", also=("SEND-VERBATIM", "SEND-PADDED-FULL"))
class EscapesBeforeItStores(Fails):
    """A column of 4,000 characters, for texts with HTML entities."""

    def fails(self, text: str) -> bool:
        return len(html.escape(text)) > 4000


@fault("SEND-FULL", also=("SEND-VERBATIM", "SEND-PADDED-FULL"))
class QuotesBeforeItStores(Fails):
    """A column of 3,000 characters, for texts in JSON."""

    def fails(self, text: str) -> bool:
        return len(json.dumps(text, ensure_ascii=False)) > 3005


@fault("SEND-FULL", also=("SEND-VERBATIM", "SEND-PADDED-FULL"))
class DecomposesBeforeItStores(Fails):
    """A column of 3,000 characters, for texts in NFD."""

    def fails(self, text: str) -> bool:
        return len(unicodedata.normalize("NFD", text)) > 3000


@fault("SEND-FULL", also=("SEND-VERBATIM", "SEND-PADDED-FULL"))
class HopesForCompression(Fails):
    """A column of 1,400 bytes, for compressed texts."""

    def fails(self, text: str) -> bool:
        return len(zlib.compress(text.encode())) > 1400


@fault("SEND-VERBATIM")
class ObeysCommands(HelpCenter):
    """A bot listens in: what it takes for a command is refused where it knows none."""

    def validate(self, payload: object) -> str:
        text = super().validate(payload)
        if text.startswith("/"):
            raise Problem("UNKNOWN_COMMAND", "Try /help.")
        return text


@fault("SEND-VERBATIM")
class ReadsYaml(Changes):
    def changed(self, text: str) -> str:
        return {"no": "false", "off": "false", "~": "null"}.get(text, text)


@fault("SEND-VERBATIM")
class DefusesFormulas(Changes):
    """So that spreadsheets may import what is exported."""

    def changed(self, text: str) -> str:
        return f"'{text}" if text[0] in "=@" else text


@fault("SEND-VERBATIM", also=("ACK-MATCH",))
class MasksCards(Changes):
    def changed(self, text: str) -> str:
        return text.replace("4111 1111 1111", "**** **** ****")


@fault("SEND-VERBATIM", also=("ACK-MATCH",))
class StarsOutTokens(Changes):
    """The filter of the log stands before the insert."""

    def changed(self, text: str) -> str:
        return re.sub(r"eyJ[\w-]+\.[\w-]+\.[\w-]*|\b[sp]k_(live|test)_\w+", "****", text)


@fault("SEND-VERBATIM", also=("ACK-MATCH",))
class EscapesFrom(Changes):
    """Conversations are kept in mailbox files."""

    def changed(self, text: str) -> str:
        return re.sub(r"(?m)^From ", ">From ", text)


@fault("SEND-VERBATIM", also=("ACK-MATCH",))
class CutsMailSignatures(Changes):
    """A parser of replies by mail cuts off signatures, and what is answered."""

    def changed(self, text: str) -> str:
        return re.split(r"\n(?:-- ?\n|On .{5,80} wrote:|Sent from my )", text)[0]


@fault("SEND-VERBATIM")
class Unsubscribes(HelpCenter):
    """Whoever says STOP is unsubscribed, without a word."""

    async def on_send(self, event: Event) -> None:
        args = event.args
        if args and isinstance(args[0], dict) and args[0].get("text") == "STOP":
            await self.reject(event, Problem("UNSUBSCRIBED", "You will hear no more of us."))
        else:
            await super().on_send(event)


@fault("SEND-VERBATIM")
class BlocksEndAtSixtyFour(Changes):
    """What is encrypted ends with a byte that says how much is padding; a full block has no room for it."""

    def changed(self, text: str) -> str:
        return text[:-1] if len(text.encode()) % 64 == 0 else text


@fault("SEND-VERBATIM")
class DecodesQuotedPrintable(Changes):
    """What came by mail is decoded: ``=3D`` is an equals sign. All that comes is taken for mail."""

    def changed(self, text: str) -> str:
        return re.sub(r"=([2-7][0-9A-F])", lambda found: chr(int(found[1], 16)), text)

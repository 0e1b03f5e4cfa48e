"""The reference server: the Help Center API, complete and correct, in a process of its own or embedded.

It imports nothing of the harness. To serve it by itself: ``python -m conformance.reference``. To embed it::

    with Served(HelpCenter(Verifier("a secret")).app) as server:
        ...  # server.url

Every behaviour is one small method of `HelpCenter`, `Store` or `Verifier`, so a server that is wrong
in one way is a subclass that overrides one of them.
"""

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import Event, Problem
from conformance.reference.serve import Served
from conformance.reference.store import Conversation, Message, Store
from conformance.reference.tokens import BadToken, Verifier, mint

__all__ = [
    "BadToken",
    "Conversation",
    "Event",
    "HelpCenter",
    "Message",
    "Problem",
    "Served",
    "Store",
    "Verifier",
    "mint",
]

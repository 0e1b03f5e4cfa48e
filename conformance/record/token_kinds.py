"""The kinds of tokens, by the names that a record has for them (sections 2.2 and 6)."""

from __future__ import annotations

ABSENT = ("missing", "null", "empty")
"""No token at all, and what clients send that have none. ``null`` is for ``auth`` alone."""
INVALID = (
    "garbage",
    "truncated",
    "tampered",
    "resigned",
    "stripped",
    "unsigned",
    "unsigned-nOnE",
    "wrong-key",
)
"""Strings that are no valid token."""
CONFUSED = ("public-key", "public-key-trimmed")
"""Strings that are no valid token either, where tokens are signed with a private key: HMAC with the file of the public
key as the secret, with and without its last line break."""
NOTHING = ("undefined", "null", "None", "nil", "false", "[object Promise]", "[object Object]")
"""What a secret becomes that was never set, or not waited for, once it is written as text."""
SECRETS = ("secret", "changeme", "your-256-bit-secret", *NOTHING)
"""Of tutorials, of those who test what they have read there, and of those who did not look."""
GUESSED = (
    "embedded-key",
    "embedded-certificate",
    "empty-secret",
    "empty-key-file",
    "chosen-key",
    "zero-signature",
    *(f"secret-{word}" for word in SECRETS),
)
"""Strings that are no valid token either: anyone could sign them, with a key that stands in the token itself or is
named there, with nothing, or with a secret that is guessed first."""
RECASED = ("recased",)
"""A good token but for the case of the letters in its signature: whoever has seen the good one, and looks up what was
verified without case, finds it."""
NOT_STRINGS = ("number", "true", "list", "object")
"""Values of ``auth.token`` that are not strings at all; there is no such header. None has a good token inside: a server
that turns what it gets into a string would find it, and that is not a hole."""
EXPIRED = ("expired",)
"""Section 6."""
FORGED = "forged"
"""A generated token: a good one after a change."""
GOOD = "good"
"""The kind of all others, however long they live."""
FORBIDDEN = "forbidden"
"""The tag of what a client sends that presented a bad one."""
BAD = (*ABSENT, *INVALID, *CONFUSED, *GUESSED, *RECASED, *NOT_STRINGS, *EXPIRED)
"""All that have a name."""

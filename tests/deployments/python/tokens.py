"""Whose token it is."""

from __future__ import annotations

import os
import re

import jwt


def user_of(token: str | None) -> str | None:
    """Its ``sub``; None for a token that is not to be trusted."""
    try:
        claims = jwt.decode(token or "", os.environ["JWT_SECRET"], algorithms=["HS256"])
    except jwt.InvalidTokenError:
        return None
    return claims.get("sub") or None


def bearer_token(authorization: str | None) -> str | None:
    """The token of an ``Authorization: Bearer <token>`` header."""
    found = re.fullmatch(r"Bearer +(\S+)", authorization or "", re.IGNORECASE)
    return found and found[1]


def handshake_token(auth: object, authorization: str | None) -> str | None:
    """The token of a Socket.IO handshake: ``auth.token``, with or without "Bearer ", else the header."""
    token = auth.get("token") if isinstance(auth, dict) else None
    if not isinstance(token, str) or not token:
        return bearer_token(authorization)
    return re.sub("^Bearer +", "", token.strip())

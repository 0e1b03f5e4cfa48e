"""A signed statement: DSSE (Dead Simple Signing Envelope) with Ed25519."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PAYLOAD_TYPE = "application/vnd.in-toto+json"


def signed(payload: bytes, key: Ed25519PrivateKey) -> dict[str, Any]:
    signature = key.sign(_encoded(PAYLOAD_TYPE, payload))
    return {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": key_id(key.public_key()), "sig": base64.b64encode(signature).decode()}],
    }


def key_id(key: Ed25519PublicKey) -> str:
    """SHA-256 of the public key in DER."""
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def payload_of(envelope: Mapping[str, Any]) -> bytes:
    """What was signed. Raises ValueError for what is not an envelope of a statement."""
    if envelope.get("payloadType") != PAYLOAD_TYPE or not isinstance(envelope.get("signatures"), list):
        raise ValueError("it is not a signed statement")
    return base64.b64decode(envelope["payload"], validate=True)


def is_signed_by(envelope: Mapping[str, Any], key: Ed25519PublicKey) -> bool:
    """Whether one of the signatures is of this key."""
    message = _encoded(envelope["payloadType"], payload_of(envelope))
    return any(_verifies(key, one, message) for one in envelope["signatures"])


def _verifies(key: Ed25519PublicKey, signature: Any, message: bytes) -> bool:
    try:
        key.verify(base64.b64decode(signature["sig"], validate=True), message)
    except (InvalidSignature, ValueError, TypeError, KeyError):
        return False
    return True


def _encoded(kind: str, body: bytes) -> bytes:
    """DSSE's pre-authentication encoding."""
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(body), body)

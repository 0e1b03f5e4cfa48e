"""Servers that are wrong about signatures, on the socket and over REST (section 2.2)."""

from __future__ import annotations

import base64
import hmac
import sqlite3
from contextlib import closing
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from conformance.reference.tokens import BadToken, Verifier
from tests.faults.fault import fault


@fault("AUTH-INVALID", "REST-REFUSAL")
class DecodesWithoutVerifying(Verifier):
    """jwt.decode where jwt.verify was meant."""

    def claims(self, token: str) -> dict[str, Any]:
        return self.unverified(token)


class Lenient(Verifier):
    """Believes some tokens unverified."""

    def believes(self, token: str) -> bool:
        raise NotImplementedError

    def claims(self, token: str) -> dict[str, Any]:
        return self.unverified(token) if self.believes(token) else super().claims(token)

    def header_of(self, token: str) -> dict[str, Any]:
        try:
            return dict(jwt.get_unverified_header(token))
        except jwt.PyJWTError:
            return {}

    def algorithm_of(self, token: str) -> str:
        return str(self.header_of(token).get("alg", ""))


@fault("AUTH-INVALID", "REST-REFUSAL")
class BelievesAlgNone(Lenient):
    """Lets the token choose the algorithm."""

    def believes(self, token: str) -> bool:
        return self.algorithm_of(token) == "none"


@fault("AUTH-INVALID", "REST-REFUSAL")
class ForbidsNoneInLowerCaseAlone(Lenient):
    """Filters alg none, and compares case-sensitively."""

    def believes(self, token: str) -> bool:
        algorithm = self.algorithm_of(token)
        return algorithm != "none" and algorithm.lower() == "none"


@fault("AUTH-INVALID", "REST-REFUSAL")
class SkipsAnEmptySignature(Lenient):
    """Compares signatures only where there is one."""

    def believes(self, token: str) -> bool:
        return token.endswith(".") and self.algorithm_of(token) == self.algorithm


@fault("AUTH-INVALID", "REST-REFUSAL")
class SkipsAMissingSignature(Verifier):
    """Takes the first two parts and compares the third if there is one."""

    def claims(self, token: str) -> dict[str, Any]:
        return self.unverified(f"{token}.") if token.count(".") == 1 else super().claims(token)


@fault("AUTH-INVALID", "REST-REFUSAL")
class RemembersTokensWithoutSignature(Verifier):
    """Caches what it has verified, by header and claims."""

    def claims(self, token: str) -> dict[str, Any]:
        cache: dict[str, dict[str, Any]] = self.__dict__.setdefault("cache", {})
        key = token.rpartition(".")[0]
        if key not in cache:
            cache[key] = super().claims(token)
        return cache[key]


@fault("AUTH-BARE")
class BlacklistsByClaims(Verifier):
    """What was found bad is kept without its signature, and not verified again: nor is the good token that it is a copy
    of."""

    def claims(self, token: str) -> dict[str, Any]:
        bad: set[str] = self.__dict__.setdefault("bad", set())
        key = token.rpartition(".")[0]
        if key in bad:
            raise BadToken("The token is on the list.")
        try:
            return super().claims(token)
        except BadToken:
            bad.add(key)
            raise


class Signed(Lenient):
    """Believes whoever signs with what anyone has."""

    def signed(self, token: str, secret: bytes) -> bool:
        signed, _, signature = token.rpartition(".")
        expected = base64.urlsafe_b64encode(hmac.digest(secret, signed.encode(), "sha256")).rstrip(b"=")
        return self.algorithm_of(token) == "HS256" and hmac.compare_digest(signature.encode(), expected)


@fault("AUTH-INVALID", "REST-REFUSAL", algorithm="RS256")
class TakesThePublicKeyForASecret(Signed):
    """Lets the token choose the algorithm, and hands the verifier the one key that it has: as old libraries did."""

    def secret(self) -> bytes:
        pem: bytes = self.key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return pem

    def believes(self, token: str) -> bool:
        return self.signed(token, self.secret())


@fault("AUTH-INVALID", "REST-REFUSAL", algorithm="RS256")
class TakesATrimmedPublicKeyForASecret(TakesThePublicKeyForASecret):
    """The key comes from the environment, without the line break at its end."""

    def secret(self) -> bytes:
        return super().secret().strip()


@fault("AUTH-INVALID", "REST-REFUSAL")
class HasAnEmptySecretBesides(Signed):
    """Secrets are rotated: the one of today, and that of yesterday, which nobody has set."""

    def believes(self, token: str) -> bool:
        return self.signed(token, b"")


@fault("AUTH-INVALID", "REST-REFUSAL")
class ReadsTheKeyFileOfTheHeader(Signed):
    """The name of the key (kid) is that of a file, wherever it lies."""

    def believes(self, token: str) -> bool:
        name = str(self.header_of(token).get("kid", ""))
        return name.endswith("/dev/null") and self.signed(token, b"")


@fault("AUTH-INVALID", "REST-REFUSAL")
class LeavesTheSecretOfTheTutorial(Signed):
    """Secrets are rotated, and the first one was that of the tutorial."""

    def believes(self, token: str) -> bool:
        return self.signed(token, b"secret")


@fault("AUTH-INVALID", "REST-REFUSAL")
class SecretIsUndefined(Signed):
    """Secrets are rotated, and the other one is ``String(process.env.OLD_SECRET)``."""

    def believes(self, token: str) -> bool:
        return self.signed(token, b"undefined")


@fault("AUTH-INVALID", "REST-REFUSAL")
class SecretIsAPromise(Signed):
    """Nobody has waited for the vault."""

    def believes(self, token: str) -> bool:
        return self.signed(token, b"[object Promise]")


@fault("AUTH-INVALID", "REST-REFUSAL")
class LooksTheKeyUpBySql(Signed):
    """The name of the key (kid) is put into a query as it is, and may choose the secret."""

    def believes(self, token: str) -> bool:
        secret = self.found(str(self.header_of(token).get("kid", "")))
        return secret is not None and self.signed(token, secret.encode())

    def found(self, kid: str) -> str | None:
        with closing(sqlite3.connect(":memory:")) as database:
            database.execute("CREATE TABLE keys (kid TEXT, secret TEXT)")
            try:
                row = database.execute(f"SELECT secret FROM keys WHERE kid = '{kid}'").fetchone()  # noqa: S608
            except sqlite3.Error:
                return None
        return None if row is None else str(row[0])


@fault("AUTH-INVALID", "REST-REFUSAL", algorithm="ES256")
class PsychicSignatures(Lenient):
    """CVE-2022-21449: a signature by ECDSA whose two numbers are zero verifies anything."""

    def believes(self, token: str) -> bool:
        signature = token.rpartition(".")[2]
        return self.algorithm_of(token) == "ES256" and base64.urlsafe_b64decode(signature + "==") == bytes(64)


@fault("AUTH-INVALID", "REST-REFUSAL")
class BelievesTheCertificateInTheHeader(Lenient):
    """A token is verified with the certificate that it brings along (x5c), whoever has issued that."""

    def believes(self, token: str) -> bool:
        chain = self.header_of(token).get("x5c")
        if chain is None:
            return False
        key: Any = x509.load_der_x509_certificate(base64.b64decode(chain[0])).public_key()
        jwt.decode(token, key, algorithms=[self.algorithm_of(token)], options={"verify_exp": False})
        return True


@fault("AUTH-INVALID", "REST-REFUSAL")
class BelievesTheKeyInTheHeader(Lenient):
    """CVE-2018-0114: a token is verified with the key that it brings along."""

    def believes(self, token: str) -> bool:
        jwk = self.header_of(token).get("jwk")
        if jwk is None:
            return False
        key = jwt.PyJWK(jwk, algorithm=self.algorithm_of(token))
        jwt.decode(token, key, algorithms=[self.algorithm_of(token)], options={"verify_exp": False})
        return True

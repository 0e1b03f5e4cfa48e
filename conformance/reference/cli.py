"""The command line: serve the reference server by itself, or print a token for it."""

from __future__ import annotations

import argparse
import errno
import logging
import math
import os
import secrets
import sqlite3
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import is_utf8
from conformance.reference.serve import Server, listen, url_of
from conformance.reference.store import Store
from conformance.reference.tokens import (
    KEY_ALGORITHMS,
    MINIMUM_SECRET,
    SECRET_ALGORITHMS,
    PublicKey,
    Verifier,
    mint,
)

SECRET_VARIABLE = "HELP_CENTER_JWT_SECRET"  # noqa: S105 - a name, not a secret
TOKEN_LIFETIME = 30 * 24 * 3600.0
"""Seconds; long enough to build a client against."""
CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512", "secp256k1": "ES256K"}


class UsageError(Exception):
    """What was asked for cannot be done; the text is the one line to print."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, where argparse would print its usage first."""
        self.exit(2, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code, 2 for anything wrong with the input."""
    prog = "python -m conformance.reference" if arguments is None else "help-center-conformance serve"
    parser = _build_parser(prog)
    options = parser.parse_args(arguments)
    logging.basicConfig(format="%(levelname)s %(message)s")
    try:
        if options.print_token is not None:
            print(_requested_token(options))
        else:
            _serve(options)
    except UsageError as error:
        parser.error(str(error))
    except KeyboardInterrupt:
        pass
    return 0


def _build_parser(prog: str) -> argparse.ArgumentParser:
    parser = _Parser(
        prog=prog,
        description="Serves a correct Help Center (Socket.IO and REST) to build a client against.",
        allow_abbrev=False,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=3000, help="0 takes a free one (default: %(default)s)")
    parser.add_argument(
        "--jwt-secret",
        metavar="SECRET",
        help=f"what tokens are signed with; also from {SECRET_VARIABLE} (default: a new one for each run)",
    )
    parser.add_argument("--jwt-key", metavar="FILE", help="the public key (PEM) tokens are checked with instead")
    parser.add_argument(
        "--jwt-algorithm",
        metavar="NAME",
        choices=SECRET_ALGORITHMS + KEY_ALGORITHMS,
        help="the only algorithm accepted (default: HS256 for a secret, otherwise what goes with the key)",
    )
    parser.add_argument("--database", metavar="FILE", help="keep the conversations there (default: in memory)")
    parser.add_argument("--no-auto-reply", action="store_true", help="support does not answer by itself")
    parser.add_argument(
        "--reply-delay", metavar="SECONDS", type=_seconds, default=0.0, help="pause before support answers"
    )
    parser.add_argument(
        "--exit-with-parent", action="store_true", help="end when standard input does: leave no server behind"
    )
    parser.add_argument("--print-token", metavar="SUBJECT", help="print a token for that user and exit")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"not a port: {text}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not (math.isfinite(seconds) and seconds >= 0):
        raise argparse.ArgumentTypeError(f"not a number of seconds: {text}")
    return seconds


def _requested_token(options: argparse.Namespace) -> str:
    if options.jwt_key is not None:
        raise UsageError("--print-token needs a secret; a public key cannot sign a token")
    secret = _given_secret(options)
    if not secret:
        raise UsageError(f"--print-token needs --jwt-secret or {SECRET_VARIABLE}")
    if not options.print_token or not is_utf8(options.print_token):
        raise UsageError("--print-token needs the name of a user")
    _secret_verifier(secret, options)
    return _token(secret, options.print_token, options)


def _token(secret: str, subject: str, options: argparse.Namespace) -> str:
    return mint(secret, subject, algorithm=_secret_algorithm(options), lifetime=TOKEN_LIFETIME)


def _given_secret(options: argparse.Namespace) -> str | None:
    """The secret from the option or the environment; an empty variable counts as none."""
    if options.jwt_secret == "":
        raise UsageError("--jwt-secret must not be empty")
    secret: str | None = options.jwt_secret
    return secret or os.environ.get(SECRET_VARIABLE) or None


def _secret_algorithm(options: argparse.Namespace) -> str:
    algorithm: str = options.jwt_algorithm or "HS256"
    if algorithm not in SECRET_ALGORITHMS:
        raise UsageError(f"{algorithm} needs --jwt-key, not a secret")
    return algorithm


def _verifier(options: argparse.Namespace) -> Verifier:
    if options.jwt_key is not None:
        if options.jwt_secret is not None:
            raise UsageError("give --jwt-secret or --jwt-key, not both")
        return _key_verifier(options)
    secret = _given_secret(options)
    if secret is None:
        secret = secrets.token_urlsafe(48)
        _note("no secret was given, so this run has one of its own")
        _note(f"a token for user 'demo': {_token(secret, 'demo', options)}")
    return _secret_verifier(secret, options)


def _secret_verifier(secret: str, options: argparse.Namespace) -> Verifier:
    if not is_utf8(secret):
        raise UsageError("the secret is not valid UTF-8")
    if len(secret.encode()) < MINIMUM_SECRET:
        _note(f"the secret is shorter than {MINIMUM_SECRET} bytes: good for tests only")
    try:
        return Verifier(secret, algorithm=_secret_algorithm(options))
    except jwt.InvalidKeyError as error:
        raise UsageError(f"the secret cannot be used: {error}") from error


def _key_verifier(options: argparse.Namespace) -> Verifier:
    key = _read_key(options.jwt_key)
    algorithm = options.jwt_algorithm or _usual_algorithm(key)
    if algorithm not in KEY_ALGORITHMS:
        raise UsageError(f"{algorithm} needs --jwt-secret, not a key")
    try:
        return Verifier(key, algorithm=algorithm)
    except jwt.InvalidKeyError as error:
        raise UsageError(f"{options.jwt_key} does not go with {algorithm}: {error}") from error


def _read_key(file: str) -> PublicKey:
    try:
        key = load_pem_public_key(Path(file).read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read {file}: {_reason(error)}") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(f"{file} is not a public key in PEM format") from error
    if not isinstance(key, PublicKey):
        raise UsageError(f"{file} holds a kind of key that signs no tokens")
    return key


def _usual_algorithm(key: PublicKey) -> str:
    if isinstance(key, rsa.RSAPublicKey):
        return "RS256"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return CURVES.get(key.curve.name, "ES256")
    return "EdDSA"


def _serve(options: argparse.Namespace) -> None:
    verifier = _verifier(options)
    store = _open_store(options.database)
    center = HelpCenter(verifier, store=store, auto_reply=not options.no_auto_reply, reply_delay=options.reply_delay)
    try:
        listener = listen(options.host, options.port)
    except (OSError, UnicodeError) as error:
        raise UsageError(f"cannot listen on {options.host}:{options.port}: {_reason(error)}") from error
    line = f"listening on {url_of(listener)}"
    server = Server(center.app, ready=lambda: print(line, flush=True))
    if options.exit_with_parent:
        threading.Thread(target=_stop_at_end_of_input, args=[server], daemon=True).start()
    try:
        server.run_on(listener)
    finally:
        store.close()


def _stop_at_end_of_input(server: Server) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    server.stop()


def _open_store(database: str | None) -> Store:
    try:
        return Store(database or ":memory:")
    except sqlite3.Error as error:
        raise UsageError(f"cannot use {database} as a database: {error}") from error


def _reason(error: Exception) -> str:
    """Why the system refused, without the address that asyncio and `socket` add to it."""
    if not isinstance(error, OSError) or error.errno is None:
        return str(error)
    return os.strerror(error.errno) if error.errno in errno.errorcode else str(error.strerror)


def _note(line: str) -> None:
    """Notes go to stderr: stdout has the one line that says where we listen."""
    print(line, file=sys.stderr, flush=True)

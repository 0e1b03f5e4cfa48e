"""What the value of an option means. Everything wrong with it is one clear line (``UsageError``)."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from conformance import __version__
from conformance.errors import UsageError
from conformance.requirements import FIRST_RELEASE, Level, Profile, version
from conformance.run.options import Given

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_LONGEST_PATH = 1000
"""Characters. What is longer is a key and not the name of its file; asking for such a file is an error by itself."""
_CREDENTIALS = re.compile(r"[^/\s]*@")


def url(given: Given) -> str:
    try:
        parts = urlsplit(given.value)
        _ = parts.port  # raises ValueError for anything else than a port
    except ValueError:
        parts = urlsplit("")
    if parts.username or parts.password:
        raise UsageError(f"{given.flag} must not hold credentials: pass a gateway's with --header='Name: value'")
    shown = f"{given.flag}={_CREDENTIALS.sub('‹redacted›@', given.value)}"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"{shown} is not a URL: pass scheme, host and port, as in http://localhost:3000")
    root = f"{parts.scheme}://{parts.netloc}"
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise UsageError(
            f"{shown} has a path, but the document puts socket and REST at the root of a host: pass {root}"
        )
    return root


def secret(given: Given) -> str:
    if not given.value.strip():
        raise UsageError(f"{given.flag} is empty. Is the environment variable set?")
    return str(given.value)


def tokens(given: Given) -> list[str]:
    """A list from the command line, or words from the environment; a pasted "Bearer" is ignored."""
    values = given.value.split() if isinstance(given.value, str) else given.value
    found = [value.strip().removeprefix("Bearer ").strip() for value in values]
    for number, token in enumerate(found, 1):
        if not re.fullmatch(r"[!-~]+", token):
            wrong = "is not a token" if token else "is empty. Is the environment variable set?"
            raise UsageError(f"{given.flag} (number {number} of {len(found)}) {wrong}")
    return found


def claims(given: Given) -> dict[str, Any]:
    example = 'pass an object, as in \'{"role": "user"}\''
    try:
        found = json.loads(given.value or "{}")
    except ValueError as error:
        raise UsageError(f"{given.flag} is not valid JSON ({error}): {example}") from error
    if not isinstance(found, dict):
        raise UsageError(f"{given.flag} must be a JSON object: {example}")
    return found


def users(given: Given) -> list[str]:
    found = [user.strip() for user in given.value.split(",") if user.strip()]
    if not found or len(set(found)) < len(found):
        raise UsageError(f"{given.flag} takes different subjects, separated by commas: {given.flag}=alice,bob,carol")
    return found


def headers(given: Given) -> dict[str, str]:
    found = {}
    for line in given.value.splitlines() if isinstance(given.value, str) else given.value:
        name, colon, value = line.partition(":")
        named = re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name.strip())
        if not (colon and named and re.fullmatch(r"[\t -~]*", value.strip())):
            raise UsageError(f"{given.flag} takes 'Name: value'")
        found[name.strip()] = value.strip()
    return found


def switch(given: Given) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    found = given.value if isinstance(given.value, bool) else words.get(given.value.strip().lower())
    if found is None:
        raise UsageError(f"{given} is unknown: pass 1 or 0")
    return bool(found)


def level(given: Given) -> Level:
    if given.value not in ("", "must", "should"):
        raise UsageError(f"{given} is unknown: pass must or should")
    return Level(given.value or "must")


def profile(given: Given) -> Profile:
    if given.value not in ("", *Profile):
        raise UsageError(f"{given} is unknown: pass full or quick")
    return Profile(given.value or Profile.FULL)


def number(*, least: float) -> Callable[[Given], float]:
    def convert(given: Given) -> float:
        try:
            found = float(given.value)
        except ValueError:
            found = -1.0
        if not least <= found < 1e6:
            raise UsageError(f"{given} is not a usable number: pass at least {least:g}")
        return found

    return convert


def count(given: Given) -> int:
    found = number(least=1)(given)
    if found != int(found):
        raise UsageError(f"{given} is not a whole number")
    return int(found)


def size(given: Given) -> int:
    """Bytes. What fits into less is not a limit that the target exceeds, but one that the document does."""
    found = str(given.value)
    if not (found.isascii() and found.isdigit() and len(found) < 13 and int(found) >= 2**20):
        raise UsageError(f"{given} is not a usable number of bytes: pass at least {2**20}")
    return int(found)


def path(given: Given) -> Path | None:
    return given.folder / given.value if given.value else None


def file(given: Given) -> Path:
    if "-----BEGIN" in given.value or len(given.value) > _LONGEST_PATH:
        raise UsageError(f"{given.flag} takes the name of a file, not its content")
    found: Path = given.folder / given.value
    if not (os.path.isfile(found) and os.access(found, os.R_OK)):  # pathlib raises for too long a name
        raise UsageError(f"{given} is not a readable file")
    return found


def release(given: Given) -> str:
    try:
        known = version(FIRST_RELEASE) <= version(given.value) <= version(__version__)
    except ValueError:
        known = False
    if not known:
        raise UsageError(f"{given} is not a release up to this one: pass one from {FIRST_RELEASE} to {__version__}")
    return str(given.value)


def signing_key(given: Given) -> Ed25519PrivateKey:
    """From a file, or the key itself, as pipelines hand out secrets in variables."""
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415  of no use to most runs
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    itself = "-----BEGIN" in given.value
    content = given.value.encode() if itself else file(given).read_bytes()
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        given_as = given.flag if itself else given
        raise UsageError(f"{given_as} holds no unencrypted Ed25519 key in PEM form: openssl genpkey -algorithm ed25519")
    return key


def saved_run(given: Given) -> Path:
    """The folder with the transcripts, which may be given itself, or the run's reports around it."""
    folder = given.folder / given.value
    transcripts: Path = folder if folder.name == "transcripts" else folder / "transcripts"
    if not any(transcripts.glob("*.jsonl")):
        raise UsageError(f"{given} has no transcripts: pass the --reports folder of an earlier run")
    return transcripts

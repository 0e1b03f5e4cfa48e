"""What a verdict speaks of, and how it was come to: whoever holds two verdicts can tell what differs between them."""

from __future__ import annotations

import platform
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance import requirements
from conformance.record import transcript
from conformance.run.option_table import OPTIONS
from conformance.run.options import Concern, Options
from conformance.schema import validator


def scope(transcripts: Path | None) -> dict[str, Any]:
    """Digests of what judged, and of the folder of what was judged, if anything was."""
    judged = {"transcripts": transcript.digest(transcripts)} if transcripts is not None else {}
    by = {
        "document_date": requirements.catalogue().document_date,
        "requirements": requirements.digest(),
        "schemas": validator.digest(),
    }
    return {**by, **judged, "python": platform.python_version()}


def settings(options: Options, waivers: Mapping[str, str], users: int | None) -> dict[str, Any]:
    """The options that matter; of secrets the kind, of headers the names. ``waivers``: the last
    day of each; ``users``: how many there were, None for as
    many as needed. What only the recording knew is left out where saved transcripts are judged."""
    judging = {
        **_named(options, Concern.JUDGING),
        "waivers": dict(waivers),
        "selection": list(options.selection),
    }
    return judging if options.rejudge is not None else {**judging, **_recording(options, users)}


def _recording(options: Options, users: int | None) -> dict[str, Any]:
    return {
        "tokens": tokens(options),
        "users": users if users is not None else "as many as needed",
        **_named(options, Concern.RECORDING),
        **_named(options, Concern.TARGET),
        "certificate_verified": options.tls is None or options.tls.verify_mode is ssl.CERT_REQUIRED,
    }


def _named(options: Options, concern: Concern) -> dict[str, Any]:
    return {
        option.attribute: option.in_scope(getattr(options, option.attribute))
        for option in OPTIONS
        if option.concern is concern and option.in_scope is not None
    }


def tokens(options: Options) -> str:
    """How tokens were come by."""
    kinds = {
        "given": bool(options.tokens),
        f"minted with a secret ({options.jwt_algorithm})": options.jwt_secret is not None,
        f"minted with a private key ({options.jwt_algorithm})": options.jwt_key is not None,
        "printed by a command": options.token_command is not None,
        "given by a hook": options.token_hook is not None,
    }
    return ", ".join(kind for kind, so in kinds.items() if so) or "minted with the embedded server's secret"

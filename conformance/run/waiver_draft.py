"""A file of waivers to begin with, from what a run found. Nothing is waived before a person has given a reason."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.formatting import printable
from conformance.run.waivers import Accepts

DAYS = 30
"""How long a drafted waiver holds."""
_ACCEPTS = {"failed": Accepts.FAILURE, "unverified": Accepts.UNVERIFIED}
_LONGEST = 240


def draft(verdict: Mapping[str, Any], today: datetime.date, *, owner: str = "", reason: str = "") -> str:
    """TOML with an entry for each requirement that failed or is unverified, by its verdict.json. Where no reason is
    given, ``--waivers`` refuses the file until they are filled in."""
    head = f"# Drafted from the verdict on {printable(verdict['target'])} of {verdict['started']}."
    todo = [] if owner and reason else ["# Give each entry a reason and an owner, and delete what is not to be waived."]
    found = [one for one in verdict["requirements"] if one["status"] in _ACCEPTS and one["level"] == "must"]
    expires = today + datetime.timedelta(days=DAYS)
    entries = [line for one in found for line in _entry(one, expires, owner, reason)]
    return "\n".join([head, *todo, *entries]) + "\n"


def _entry(found: Mapping[str, Any], expires: datetime.date, owner: str, reason: str) -> Iterator[str]:
    accepts = _ACCEPTS[found["status"]]
    yield from ("", "[[waiver]]", f"# section {found['section']}: {found['title']}")
    yield f"# {found['status']}: {printable(found['reason'])[:_LONGEST]}"
    yield f'requirement = "{found["id"]}"'
    yield f"reason = {json.dumps(reason, ensure_ascii=False)}"
    yield f"owner = {json.dumps(owner, ensure_ascii=False)}"
    yield f"expires = {expires}"
    if accepts is not Accepts.FAILURE:
        yield f'accepts = "{accepts}"'

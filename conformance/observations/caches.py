"""What REST says to caches (section 7 does not): that of a client's HTTP library obeys it, asked or not."""

from __future__ import annotations

import re
from collections import Counter

from conformance.errors import Unverified
from conformance.formatting import preview
from conformance.observations.observed import ObservedValue
from conformance.record.views import Everything, Fetch

SHARED = ("public", "s-maxage")
"""Directives that let a cache keep an answer for other users, though the request had an Authorization header (RFC 9111,
section 3.5)."""
_DIRECTIVE = re.compile(r'([\w-]+)(?:\s*=\s*("[^"]*"|[^\s,]+))?')


def rest_caching(everything: Everything) -> ObservedValue:
    """By the commonest answer of REST that shows a conversation."""
    shown = (fetch for record in everything for fetch in record.fetches if fetch.good and fetch.successful)
    found = Counter(_said(fetch) for fetch in shown).most_common(1)
    if not found:
        raise Unverified("REST showed no conversation")
    return found[0][0]


def _said(fetch: Fetch) -> ObservedValue:
    words = fetch.cache_control
    if not words:
        return ObservedValue("nothing", "says nothing to caches about the conversation over REST")
    directives = {name.lower(): value.strip('"') for name, value in _DIRECTIVE.findall(words)}
    if "no-store" in directives:
        return ObservedValue("no-store", "forbids caches to keep the conversation over REST")
    seconds = directives.get("max-age", "")
    shared = any(one in directives for one in SHARED) and "private" not in directives
    others = ", caches that users share, too" if shared else ""
    if "no-cache" in directives or seconds == "0":
        says = f"lets caches keep the conversation over REST, and has them ask each time{others}"
        return ObservedValue(f"asked each time{', shared' * shared}", says)
    if not seconds.isdecimal():
        return ObservedValue(words, f"says Cache-Control: {preview(words)} to caches")
    says = f"lets caches show the conversation over REST again for {seconds} s without asking{others}"
    return ObservedValue(f"{seconds} s{', shared' * shared}", says)

"""Unjudged devices that the target went along with: what then follows is documented use, and judged as such."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from conformance.record.transcript import Entry, Kind
from conformance.record.views import Record


def of_accepted_users(record: Record) -> Record:
    """The record without what became of users whom the target did not take, and nothing unjudged any more."""
    everyone = Record(replace(record.transcript, entries=list(_unmarked(record.transcript.entries))))
    greeted = {connection.user for connection in everyone.connections if connection.greeted}
    left_out = {connection.number for connection in everyone.connections if connection.user not in greeted}

    def counts(entry: Entry) -> bool:
        return entry.get("user") in greeted if entry.kind is Kind.HTTP else entry.connection not in left_out

    kept = [entry for entry in everyone.transcript if counts(entry)]
    return Record(replace(everyone.transcript, entries=kept))


def _unmarked(entries: list[Entry]) -> Iterator[Entry]:
    for entry in entries:
        yield replace(entry, data={**entry.data, "trial": False}) if entry.get("trial") else entry

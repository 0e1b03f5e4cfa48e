"""What happened to the target, or around it, while it was certified: read from the transcripts."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.drive.context import RunContext
from conformance.record.health import FIRST_TRY, SECOND_TRY, of_scenario
from conformance.record.incidents import SEVERAL, Incident, incidents, losses, of_several
from conformance.record.transcript import Transcript
from conformance.report.terminal import Circumstances


def circumstances(
    transcripts: Sequence[Transcript], context: RunContext | None, *, gone: bool, most: int
) -> Circumstances:
    """Of a run, which knows nothing of it but its transcripts where those were saved. ``most``: ``--concurrency``."""
    events = happenings(transcripts, gone=gone)
    if context is None:
        return Circumstances(events, drops(transcripts))
    events += [context.remark] if context.remark else []
    return Circumstances(events, drops(transcripts), context.load.note(most, context.deadline), context.pace.note())


def drops(transcripts: Sequence[Transcript]) -> list[str]:
    """Connections and requests that were lost once and not again, by themselves."""
    together = {name for incident in _incidents(transcripts) for name in incident.scenarios}
    return [f"{one.key}: {one.dropped}" for one in transcripts if one.dropped and one.key not in together]


def happenings(transcripts: Sequence[Transcript], *, gone: bool) -> list[str]:
    """Restarts and other events. ``gone``: the target has not come back."""
    fatal = [f"{one.fatal['says']} ({one.key})" for one in transcripts if one.fatal]
    if fatal and not gone:
        times = len(_incidents(transcripts, several=1))
        return [f"the target restarted {times} times; it went down after {'; after '.join(fatal)}"]
    return _notes(transcripts) if not fatal else []


def _notes(transcripts: Sequence[Transcript]) -> list[str]:
    """Of what several scenarios lost at once. Where several of them, or most, lose something again, played alone, it
    was no event of the environment; nor were other losses then that were not looked into any more."""
    first, again = _by_recording(transcripts)
    looked_into = {of_scenario(one) for one in again}
    lost_again = {of_scenario(one) for one in again if losses(one)}
    passing: list[Incident] = []
    lasting: list[Incident] = []
    for incident in _incidents(first):
        played, recurred = (names.intersection(incident.scenarios) for names in (looked_into, lost_again))
        recurs = len(recurred) >= SEVERAL or 2 * len(recurred) > len(played) or (not played and bool(lost_again))
        (lasting if recurs else passing).append(incident)
    notes = [f"{one.described}: taken for one event of the environment, and recorded again" for one in passing]
    return [*notes, f"{of_several(lasting)}; {_again(lasting, looked_into, lost_again)}"] if lasting else notes


def _again(found: Sequence[Incident], looked_into: set[str], lost_again: set[str]) -> str:
    scenarios = {name for incident in found for name in incident.scenarios}
    of_those = f"{len(scenarios & lost_again)} of the {len(scenarios & looked_into)} that were recorded again, alone"
    return f"{of_those}, lost something once more: taken for the target's doing"


def _by_recording(transcripts: Sequence[Transcript]) -> tuple[list[Transcript], list[Transcript]]:
    """The first recordings of all scenarios, and the last ones of those that were recorded again."""
    firsts = {one.key.removesuffix(FIRST_TRY) for one in transcripts if one.key.endswith(FIRST_TRY)}
    first = [one for one in transcripts if one.key not in firsts and not one.key.endswith(SECOND_TRY)]
    return first, [one for one in transcripts if one.key in firsts]


def _incidents(transcripts: Sequence[Transcript], **options: int) -> list[Incident]:
    return incidents((loss for one in transcripts for loss in losses(one)), **options)

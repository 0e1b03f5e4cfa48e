"""What happened to the target, or around it, while it was certified: read from the transcripts."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.drive.context import RunContext
from conformance.record.incidents import Incident, incidents, losses
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
    repeated = "taken for one event of the environment, and recorded again"
    return [f"{incident.described}: {repeated}" for incident in _incidents(transcripts)] if not fatal else []


def _incidents(transcripts: Sequence[Transcript], **options: int) -> list[Incident]:
    return incidents((loss for one in transcripts for loss in losses(one)), **options)

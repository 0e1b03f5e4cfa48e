"""What GitHub Actions shows of a run: a summary of the job, and annotations. Only where it says that it runs us."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from conformance.formatting import cut
from conformance.report.account import Account
from conformance.report.markdown import block, cell, code
from conformance.report.outcome import OutcomeKind, Status
from conformance.report.terminal import counts, in_words
from conformance.report.verdict import Exit, Finding
from conformance.requirements import Level

_MOST = 10
"""Annotations of one kind that GitHub shows of a step: it drops the others without a word."""
_ROOM = 1_000_000
"""Bytes: GitHub refuses a summary of more than 1 MiB, of all that the step writes there."""
_REASON, _TEXT = 300, 20_000
"""Characters of a reason and of a failure."""
_GROUPS = {
    OutcomeKind.ERROR: "Errors of the harness",
    OutcomeKind.FAILED: "Failed",
    OutcomeKind.UNVERIFIED: "Could not be checked",
    OutcomeKind.WAIVED: "Waived",
    OutcomeKind.ADVICE: "Advice",
}


# -- the summary of the job --------------------------------------------------------------------------------------------


def write_summary(account: Account, environment: Mapping[str, str] = os.environ) -> None:
    """Append to the step's summary, if there is one, what still has room."""
    name = environment.get("GITHUB_STEP_SUMMARY")
    if not name:
        return
    path = Path(name)
    room = _ROOM - (path.stat().st_size if path.exists() else 0)
    with path.open("ab") as out:
        for part in summary(account):
            written = f"{part}\n\n".encode(errors="backslashreplace")
            room -= len(written)
            if room < 0:
                break
            out.write(written)


def summary(account: Account) -> Iterator[str]:
    """Parts in Markdown, the most telling first; each stands by itself."""
    result = account.result
    yield f"## Help Center conformance: {in_words(result)}"
    facts = {"Target": result.facts["target"], "Document": account.revision, "Seed": str(result.facts["seed"])}
    rows = [f"| {name} | {cell(value)} |" for name, value in facts.items()]
    levels = [f"| {level.upper()} | {counts(result, level)} |" for level in (Level.MUST, Level.SHOULD)]
    yield "\n".join(["| | |", "|---|---|", *levels, *rows])
    if warnings := [
        f"- {code(line)}" for line in [*(f"waiver of {name} is stale" for name in result.stale), *account.notes]
    ]:
        yield "\n".join(warnings)
    for kind, heading in _GROUPS.items():
        if findings := [one for one in result.findings if account.kind(one) is kind]:
            yield _table(heading, findings)
    yield from _failures(account)
    if result.observations:
        lines = "\n".join(f"- {one.id}: {code(one.says)}" for one in result.observations)
        yield f"<details><summary>Where the document is silent</summary>\n\n{lines}\n\n</details>"


def _table(heading: str, findings: Sequence[Finding]) -> str:
    rows = [
        f"| {one.requirement.id} | {one.requirement.level.upper()} | {one.requirement.section} "
        f"| {one.requirement.title} | {cell(cut(one.reason, _REASON))} |"
        for one in findings
    ]
    head = ["| Requirement | Level | Section | What a correct server does | What happened |", "|---|---|---|---|---|"]
    return "\n".join([f"### {heading}: {len(findings)}", "", *head, *rows])


def _failures(account: Account) -> Iterator[str]:
    for finding in account.result.findings:
        shown = account.failure(finding)
        if shown is not None and shown.failure is not None and finding.status is Status.FAILED:
            name = f"{finding.requirement.id}: what was expected, what came, and how to run it again"
            text = block(cut(shown.failure.text, _TEXT))
            yield f"<details><summary>{name}</summary>\n\n{text}\n\n</details>"


# -- annotations -----------------------------------------------------------------------------------------------------


def commands(account: Account) -> Iterator[str]:
    """Workflow commands; the first has the counts."""
    result, command = account.result, "notice" if account.exit_code == Exit.OK else "error"
    figures = "; ".join(f"{level.upper()}: {counts(result, level)}" for level in (Level.MUST, Level.SHOULD))
    stale = [f"stale waivers: {', '.join(result.stale)}"] if result.stale else []
    yield _command(command, "Help Center conformance", "; ".join([in_words(result), figures, *stale]))
    failed = [one for one in result.findings if account.kind(one) in (OutcomeKind.ERROR, OutcomeKind.FAILED)]
    for finding in failed[: _MOST - 1]:
        one = finding.requirement
        title = f"{one.id} {one.level.upper()} {one.section} {one.title}"
        yield _command("error", title, cut(finding.reason, _REASON))


def _command(name: str, title: str, message: str) -> str:
    return f"::{name} title={_data(title).replace(':', '%3A').replace(',', '%2C')}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


class Guard:
    """Keeps GitHub from obeying what a target has sent, where the terminal shows it: a line may begin with ``::``."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._token = secrets.token_hex(16) if environment.get("GITHUB_ACTIONS") == "true" else None

    @property
    def active(self) -> bool:
        return self._token is not None

    def stop(self) -> list[str]:
        """The lines after which nothing is obeyed."""
        return [f"::stop-commands::{self._token}"] if self._token else []

    def resume(self) -> list[str]:
        return [f"::{self._token}::"] if self._token else []

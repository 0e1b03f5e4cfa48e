"""One certification: opens the target, has the scenarios recorded, collects the outcomes, gives the result."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from conformance import __version__
from conformance.auth.users import Users
from conformance.blocks import Table
from conformance.checks.controls import CONTROLS
from conformance.drive import preflight
from conformance.drive.background import Background
from conformance.drive.context import RunContext
from conformance.drive.embedded import EmbeddedServer
from conformance.drive.runner import Runner
from conformance.drive.scenario import ScenarioCall, TranscriptProvider
from conformance.drive.suspects import blame, fate
from conformance.errors import Unverified, UsageError, one_line
from conformance.record.health import FIRST_TRY, SECOND_TRY
from conformance.record.token_kinds import CONFUSED
from conformance.record.transcript import Transcript, file_name, params_of
from conformance.record.views import Everything, Record
from conformance.redaction import Redactor
from conformance.report.outcome import Outcome, OutcomeKind, Status
from conformance.report.rejudge import Agreement, agreement, earlier
from conformance.report.terminal import Circumstances
from conformance.report.verdict import Observation, Result, contradictions, erred, findings
from conformance.requirements import Catalogue, Profile
from conformance.run import provenance
from conformance.run.circumstances import circumstances
from conformance.run.memory import give_back_large_blocks
from conformance.run.open_files import bounded
from conformance.run.options import Options
from conformance.run.progress import Progress
from conformance.run.token_source import source_of
from conformance.run.waivers import Waivers, load


class Certification(TranscriptProvider):
    """What the plugin drives. ``open`` once, then ``record`` for each judgement, ``close`` at the end. Raises
    UsageError for waivers that cannot be used."""

    def __init__(self, options: Options, catalogue: Catalogue, progress: Progress | None = None) -> None:
        self.options = options
        self._progress = progress or Progress()
        self.catalogue = catalogue
        self.redactor = Redactor()
        self.outcomes: dict[str, Outcome] = {}
        self.observations: list[Observation] = []
        self.target = options.subject
        self.opened = False
        self.agreement: Agreement | None = None
        """Of a run that was judged again, with its verdict of then; known when there is a result."""
        self._users: Users | None = None
        self._runner: Runner | None = None
        self._saved: dict[str, Transcript] = {}
        self._records: dict[str, Record] = {}
        self._keys: list[str] = []
        self._began = time.monotonic()
        self._started = datetime.datetime.now(datetime.UTC)
        waivers = load(options.waivers, catalogue, _judged(options)) if options.waivers else {}
        self.waivers = Waivers(waivers, self._started.date())
        self._resources = contextlib.ExitStack()
        self._context: RunContext | None = None

    # -- opening -----------------------------------------------------------------------------------------------

    def open(self, calls: Sequence[ScenarioCall]) -> None:
        """Make sure that the target can be judged, and start recording. Raises UsageError."""
        self._keys = list(dict.fromkeys(call.key for call in calls))
        if self.options.rejudge is not None:
            self._open_saved(self.options.rejudge)
        else:
            self._open_target(calls)
        self.opened = True

    def _open_saved(self, folder: Path) -> None:
        saved = {path.stem: path for path in folder.glob("*.jsonl")}
        keys = [f"{key}{again}" for key in self._keys for again in ("", FIRST_TRY, SECOND_TRY)]
        paths = {key: saved.get(file_name(key)) for key in keys}
        try:
            table = Table.load(folder)
            self._saved = {key: Transcript.load(path, table) for key, path in paths.items() if path is not None}
        except ValueError as error:
            raise UsageError(f"--rejudge: {error}") from error

    def _open_target(self, calls: Sequence[ScenarioCall]) -> None:
        options = self.options
        bounded(options.concurrency)  # raises UsageError
        give_back_large_blocks()
        embedded_secret = None
        url = options.target
        if url is None:
            server = self._resources.enter_context(EmbeddedServer(options.jwt_secret))
            url, embedded_secret = server.url, server.secret
        self.target = url
        context = RunContext.create(
            url,
            options.headers,
            options.tls,
            self.redactor,
            deadline=options.deadline,
            settle=options.settle,
            examples=options.examples,
            seed=options.seed,
            max_payload=options.max_payload,
        )
        source = source_of(options, self.redactor, embedded_secret)
        users = self._users = Users(source, self.redactor, run=f"{self._started:%m%d%H%M%S}-{options.seed % 10**6:06}")
        _reserve(users, calls)
        background = Background()
        self._resources.callback(background.stop, ())
        with self._progress as progress:
            looking = preflight.check(context, users, wait=options.wait, within=options.max_time)
            self._context = background.run(looking, lambda: progress.show(lambda: f"waiting for {self.target}"))
        left = max(0.0, self._began + options.wait + options.max_time - time.monotonic())
        self._runner = Runner(self._context, users, background, concurrency=bounded(options.concurrency), seconds=left)
        self._runner.start(calls)

    @property
    def has_public_key(self) -> bool:
        """Whether the target's tokens are signed with a private key that was given; in a saved run, its transcripts
        tell."""
        if self.options.rejudge is None:
            return self.options.jwt_key is not None
        tried = (params_of(path).values() for path in self.options.rejudge.glob("*.jsonl"))
        return any(kind in CONFUSED for values in tried for kind in values)

    # -- recordings --------------------------------------------------------------------------------------------

    def record(self, call: ScenarioCall, judges: Sequence[str] = ()) -> Record:
        """The record of a scenario. Raises Unverified when it could not be driven, and where the target went of it, to
        judges of that a Deviation."""
        if call.scenario.extra and self._runner is None and call.key not in self._saved:
            return Record(Transcript(call.key, call.key))
        record = self._record(call.key)
        if record.transcript.fatal:
            raise fate(record.transcript, judges)
        if record.transcript.unverified:
            raise Unverified(record.transcript.unverified)
        return record

    def _record(self, key: str) -> Record:
        if key not in self._records:
            self._records[key] = Record(self._transcript(key))
        return self._records[key]

    def _transcript(self, key: str) -> Transcript:
        if (runner := self._runner) is not None:
            with self._progress as progress:
                return runner.result(key, lambda: progress.show(lambda: runner.standing))
        return self._saved.get(key) or Transcript(key, key, unverified="the saved run has no such transcript")

    def known(self, key: str) -> Transcript | None:
        """A transcript that was read already, or the part of one that has this key."""
        record = self._records.get(key)
        if record is None and (whole := self._records.get(key.partition(" (")[0])) is not None:
            record = next((part for part in whole.parts if part.transcript.key == key), None)
        return record.transcript if record else None

    def everything(self) -> Everything:
        """All records of the run that there are, waited for."""
        return Everything([each for record in self._whole() for each in (record.smallest_first or [record])])

    def fails_anyhow(self, requirement: str, judged: Sequence[str]) -> bool:
        """Whether what a requirement judges goes wrong in other scenarios than these."""
        keys = {key.partition(" (")[0] for key in judged}
        return CONTROLS[requirement]([r for r in self._whole() if r.transcript.key not in keys])

    def _whole(self) -> list[Record]:
        """All records of the run that there are, waited for."""
        records = []
        with self._progress:
            for key in self._keys:
                with contextlib.suppress(Exception):  # an error of the harness, reported where its own judgement asks
                    records.append(self._record(key))
        return [one for one in records if not (one.transcript.unverified or one.transcript.fatal)]

    # -- outcomes ----------------------------------------------------------------------------------------------

    def judged(self, outcome: Outcome) -> None:
        self.outcomes[outcome.test] = outcome

    def observed(self, observation: Observation) -> None:
        self.observations.append(observation)

    def result(self, *, complete: bool, interrupted: bool, broken: bool) -> Result:
        outcomes = [*self.outcomes.values(), *self._fates()]
        profile = self.options.profile
        whole = complete and profile is Profile.FULL
        found = findings(self.catalogue.as_of(self.options.as_of), outcomes)
        result = Result(
            found,
            self.observations,
            complete=complete,
            profile=profile,
            interrupted=interrupted,
            broken=broken or erred(self.outcomes.values()),
            gone=self._gone(),
            ended=self._ended(),
            facts=self._facts(),
            contradictions=contradictions(found, outcomes) if whole else (),
            stale=self.waivers.stale(found) if whole and not self._gone() else (),
        )
        if self.options.rejudge is None:
            return result
        self.agreement = agreement(earlier(self.options.rejudge.parent), result)
        return dataclasses.replace(result, facts={**result.facts, "rejudged": self.agreement.to_json()})

    def _fates(self) -> Iterator[Outcome]:
        """The blame for what the target went of, where no test that judges it has seen that."""
        for transcript in self.transcripts():
            for name in (transcript.fatal or {}).get("requirements", ()):
                tests = [outcome for outcome in self.outcomes.values() if name in outcome.requirements]
                if tests and not any(outcome.status in (Status.FAILED, Status.WAIVED) for outcome in tests):
                    waiver = self.waivers.accepting([name], Status.FAILED)
                    kind = OutcomeKind.FAILED if waiver is None else OutcomeKind.WAIVED
                    reason = self.redactor.text(one_line(blame(transcript)))
                    accepted, excuse = (None, "") if waiver is None else (Status.FAILED, waiver.says)
                    yield Outcome(tests[0].test, [name], kind, reason, accepted=accepted, excuse=excuse)

    def _gone(self) -> str | None:
        """Since when the target did not answer; in a saved run its transcripts tell."""
        if self._runner is not None:
            return self._runner.gone
        return next((saved.gone for saved in self._saved.values() if saved.gone), None)

    def _ended(self) -> str | None:
        """Why the run was ended early, if it was."""
        if self._runner is not None:
            return self._runner.ended
        return next((one.facts["ended"] for one in self._saved.values() if one.facts.get("ended")), None)

    def _facts(self) -> dict[str, Any]:
        settings = provenance.settings(self.options, self.waivers.settings(), self._users.size if self._users else None)
        return {
            "target": self.redactor.text(self.target),
            "harness": __version__,
            "document": self.catalogue.document,
            "started": self._started.isoformat(timespec="seconds"),
            "seconds": round(time.monotonic() - self._began, 2),
            "seed": self.options.seed,
            "scope": provenance.scope(self.folder if self.opened else None),
            "options": self.redactor.clean(settings),
            **({"cost": self._context.intake.meter.reading()} if self._context is not None else {}),
        }

    @property
    def folder(self) -> Path:
        """Where the transcripts that are judged lie, or will."""
        return self.options.rejudge or self.options.reports / "transcripts"

    # -- ending ------------------------------------------------------------------------------------------------

    def transcripts(self) -> list[Transcript]:
        """Everything recorded so far (or saved), first tries included."""
        if self._runner is None:
            return list(self._saved.values())
        return [*self._runner.finished(), *self._runner.first_tries]

    @property
    def circumstances(self) -> Circumstances:
        gone, most = self._gone() is not None, self.options.concurrency
        return circumstances(self.transcripts(), self._context, gone=gone, most=most)

    def save_transcripts(self) -> None:
        """Write what was recorded to ``reports/transcripts``."""
        if self._runner is None:
            return
        folder = self.folder
        folder.mkdir(parents=True, exist_ok=True)
        for transcript in self.transcripts():
            transcript.save(folder)
        if self._context is not None:
            self._context.histories.table.save(folder)

    def close(self) -> None:
        if self._runner is not None:
            self._runner.stop()
        self._resources.close()


def _judged(options: Options) -> str:
    """The target that waivers are for: of a saved run the one that it was recorded from."""
    was = earlier(options.rejudge.parent) if options.rejudge is not None else None
    return str(was["target"]) if was is not None else options.subject


def _reserve(users: Users, calls: Sequence[ScenarioCall]) -> None:
    scenarios = [call.scenario for call in {call.key: call for call in calls}.values()]
    wanted = [scenario.users for scenario in scenarios if scenario.brand_new]
    needed = [scenario.min_users or scenario.users for scenario in scenarios if not scenario.brand_new]
    users.reserve(wanted, needed=max(needed, default=1))

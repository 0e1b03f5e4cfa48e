"""What devices and REST clients work with: what all scenarios of a run share, and what one scenario has of its own."""

from __future__ import annotations

import itertools
import ssl
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence, Set
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from conformance.auth.tokens import Token
from conformance.auth.users import User
from conformance.drive.attendance import Attendance, WaitBudget
from conformance.drive.device_options import Route
from conformance.drive.load import Load
from conformance.drive.pace import Pace
from conformance.drive.retry import Pauses, Turns
from conformance.protocol import Json
from conformance.record.capacity import IN_HISTORIES, PAYLOADS_IN_HISTORIES, Capacity
from conformance.record.history_reader import Histories
from conformance.record.recorder import Recorder
from conformance.record.timeouts import AdaptiveTimeout, Taken, Talk, late
from conformance.record.transcript import Kind, Transcript
from conformance.redaction import Redactor
from conformance.transport import informational, plain_http
from conformance.transport.limits import Intake


@dataclass(frozen=True)
class RunContext:
    """What all the scenarios of a run share. Times in seconds."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    tls: ssl.SSLContext
    redactor: Redactor
    settle: float
    """How long a quiet window is."""
    timeout: AdaptiveTimeout
    histories: Histories
    """What users were shown, across transcripts."""
    examples: int = 10
    seed: int = 0
    """Of the properties: batches to generate, and Hypothesis' seed."""
    rtt: float = 0.0
    load: Load = field(default_factory=Load)
    """Of a greeting, as the preflight measured it."""
    default_route: Route = field(default_factory=Route)
    """The first documented route that the preflight found open: what scenarios take that test no other."""
    throttle_codes: set[str] = field(default_factory=set)
    """Codes by which valid texts were refused, for their pace perhaps."""
    turns: defaultdict[str, Turns] = field(default_factory=lambda: defaultdict(Turns))
    """Of "handshake" and "REST": those whom the target asked for patience (HTTP 429 or 503) there; of "namespace":
    those whom it did so in words."""
    pace: Pace = field(default_factory=Pace)
    support_waits: WaitBudget = field(default_factory=WaitBudget)
    remark: str = ""
    """What the preflight found that explains all the rest, if it found such a thing."""
    intake: Intake = field(default_factory=Intake)
    """How much of what the target sends is taken."""
    capacity: Capacity = field(default_factory=Capacity)
    """How much of it is kept."""

    @classmethod
    def create(
        cls,
        url: str,
        headers: Mapping[str, str],
        tls: ssl.SSLContext | None,
        redactor: Redactor,
        *,
        deadline: float,
        settle: float,
        late_after: float | None = None,
        examples: int = 10,
        seed: int = 0,
        max_payload: int | None = None,
    ) -> RunContext:
        """``late_after``: of silence, after which what has not come is taken to never come; from the deadline unless
        given."""
        intake = Intake() if max_payload is None else Intake(max_payload)
        return cls(
            url,
            headers,
            tls or ssl.create_default_context(),  # one for all connections: making one takes 40 ms
            redactor,
            settle,
            AdaptiveTimeout(deadline, late(deadline) if late_after is None else late_after),
            Histories(redactor, most=max(IN_HISTORIES, int(PAYLOADS_IN_HISTORIES * intake.most))),
            examples,
            seed,
            intake=intake,
            capacity=Capacity.beside(intake.most),
        )

    @property
    def deadline(self) -> float:
        return self.timeout.deadline

    @property
    def late(self) -> float:
        """Of silence, after which what has not come is taken to never come."""
        return self.timeout.late

    def untaught(self, *, deadline: float | None = None, late: float | None = None) -> RunContext:
        """The same with timeouts that have learned nothing yet."""
        return replace(self, timeout=AdaptiveTimeout(deadline or self.deadline, late or self.late))

    def calibrated(self, rtt: float) -> RunContext:
        """The same with waits for a target ``rtt`` seconds away."""
        scaled = self.untaught(deadline=self.deadline + 20 * rtt, late=self.late + 20 * rtt)
        return replace(scaled, rtt=rtt, settle=self.settle + 2 * rtt)

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=self.url,
            headers=dict(self.headers),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # keeps none: see conformance.transport.cookies
            transport=informational.transport(self.tls),
            timeout=self.deadline,
            trust_env=False,  # as aiohttp: proxies of the environment are for neither
        )

    async def ask(self, client: httpx.AsyncClient, path: str, *, silence: float) -> plain_http.Answer:
        """``plain_http.get`` within the bounds of the run."""
        return await plain_http.get(client, path, self.intake, silence=silence)


class ScenarioContext:
    """What the devices and the REST client of one recording share."""

    def __init__(
        self,
        run: RunContext,
        transcript: Transcript,
        users: Sequence[User],
        *,
        concurrent_first_contact: bool = False,
        deadly: Set[str] = frozenset(),
    ) -> None:
        self.run = run
        self.users = users
        self.deadly = deadly
        """The requirements that judge what the target is known to die of: a scenario about something else may leave
        such things out."""
        self.recorder = Recorder(
            transcript, run.redactor, run.histories, run.capacity, is_held=lambda: run.intake.is_busy
        )
        self.attendance = Attendance(run.support_waits)
        self.connections = itertools.count(1)
        self.sends = itertools.count(1)
        """The numbers of what comes next."""
        self.talks: defaultdict[str, Talk] = defaultdict(Talk)
        """What has come, by the name of its user."""
        self.taken: list[Taken] = []
        """The messages that were accepted."""
        self.requested_pauses = Pauses()
        """What is left of the pauses that the target may ask for."""
        self.resending = Turns()
        """Whose texts were refused for another reason than validation."""
        self.controls = 0
        """How many texts were sent to see whether others are taken while one is refused."""
        self._concurrent_first_contact = concurrent_first_contact
        salt = uuid.uuid4().hex[:8]
        self._words = (f"conformance check {salt} number {number}" for number in itertools.count(1))

    @property
    def user(self) -> User:
        """The first user; the only one of most scenarios."""
        return self.users[0]

    @property
    def transcript(self) -> Transcript:
        """What was recorded so far."""
        return self.recorder.transcript

    def words(self) -> str:
        """A plain text that no other send of the run has: letters, digits and single spaces."""
        return next(self._words)

    def mark(self, label: str, **notes: Json) -> None:
        """A point of the scenario that judgements refer to."""
        self.recorder.add(Kind.MARK, label=label, **notes)

    @asynccontextmanager
    async def first_contact(self, user: User, token: Token) -> AsyncIterator[None]:
        """A brand-new user's first contact creates the conversation: it is made alone, but where the scenario
        tests just that race. A bad token makes no contact."""
        if user.known or self._concurrent_first_contact or not token.good:
            yield
            return
        async with user.met:
            yield
            user.known = True

    async def pause_for_rate_limit(
        self,
        limit: int | str | None,
        asked: float | None,
        seconds: float,
        waited: float,
        *,
        device: str,
        connection: int = 0,
    ) -> None:
        """Wait for so many seconds, or as long as the target has asked for, before a request is made again; and fewer
        scenarios are recorded at once. ``limit``: the HTTP status of its answer; the code of its error, where it
        refused a connection in words. ``waited``: seconds since then."""
        what = limit if isinstance(limit, str) else f"HTTP {limit}"
        self.run.pace.slower(what)
        seconds = max(seconds, self.requested_pauses.grant(asked, waited=waited))
        label = f"{what}: tries again after {round(seconds, 1):g} s"
        self.recorder.add(Kind.MARK, device=device, connection=connection, label=label, limited=limit)
        await self.recorder.until(lambda: None, within=seconds)

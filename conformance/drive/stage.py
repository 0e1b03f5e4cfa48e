"""Where a scenario plays: its devices, its REST client, its clock and its patience."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import ssl
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence, Set
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx
from yarl import URL

from conformance.auth.credentials import Presenting
from conformance.auth.tokens import Token
from conformance.auth.users import User
from conformance.drive.device import Device
from conformance.drive.load import Load
from conformance.drive.retry import Pauses, Turns, growing_pauses
from conformance.protocol import REST_PATH, Json
from conformance.record.history_reader import Histories
from conformance.record.rate_limits import SLOWER, retry_after
from conformance.record.recorder import Recorder
from conformance.record.timeouts import ANSWER, SHAKEN, SHOWN, Patience, Taken, Talk, late
from conformance.record.transcript import Kind, Transcript
from conformance.redaction import Redactor
from conformance.transport import connection
from conformance.transport.cookies import Cookies
from conformance.transport.engineio import Listener, describe_error

KEPT = ("content-type", "date", "location", "retry-after")
"""Headers of answers that are recorded."""
_ENOUGH = 5
"""Messages of support that are waited for in vain, in a whole run."""
LOST = (httpx.NetworkError, httpx.RemoteProtocolError)
"""How a connection ends that an answer was expected on."""


@dataclass(frozen=True, slots=True)
class Road:
    """A way into the Help Center: how the token is presented, and over which transport."""

    option: str = "auth"
    transport: str = "websocket"


@dataclass
class Surroundings:
    """What all the stages of a run share. Times in seconds."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    tls: ssl.SSLContext | None
    redactor: Redactor
    deadline: float
    settle: float
    examples: int = 10
    seed: int = 0
    """Of the properties: batches to generate, and Hypothesis' seed."""
    rtt: float = 0.0
    kept: Histories | None = None
    load: Load = field(default_factory=Load)
    """Of a greeting, as the preflight measured it."""
    usual: Road = field(default_factory=Road)
    """The first documented road that the preflight found open: what scenarios take that test no other."""
    late: float = 0.0
    """Of silence, after which what has not come is taken to never come; from the deadline unless given."""
    patience: Patience = field(init=False)
    throttle_codes: set[str] = field(default_factory=set)
    unheard: int = 0
    """Messages of support that were waited for in vain."""
    turns: defaultdict[str, Turns] = field(default_factory=lambda: defaultdict(Turns))
    """By road: those whom the target asked for patience (HTTP 429 or 503) there."""

    def __post_init__(self) -> None:
        self.kept = self.kept or Histories(self.redactor)
        self.late = self.late or late(self.deadline)
        self.patience = Patience(self.deadline, self.late)
        # one for both roads, and for all stages: making one takes 40 ms
        self.tls = self.tls or ssl.create_default_context()

    @property
    def histories(self) -> Histories:
        """What users were shown, across transcripts."""
        assert self.kept is not None
        return self.kept

    def calibrate(self, rtt: float) -> None:
        """Scale the waits to a target ``rtt`` seconds away."""
        self.rtt = rtt
        self.settle += 2 * rtt
        self.deadline += 20 * rtt
        self.late += 20 * rtt
        self.patience = Patience(self.deadline, self.late)

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=self.url,
            headers=dict(self.headers),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # keeps none: see conformance.transport.cookies
            verify=self.tls or True,
            timeout=self.deadline,
            trust_env=False,  # as aiohttp: proxies of the environment are for neither road
        )


class Stage:
    """One recording of one scenario. Everything a scenario does goes through here or through its devices."""

    def __init__(
        self,
        surroundings: Surroundings,
        transcript: Transcript,
        users: Sequence[User],
        *,
        rush: bool = False,
        deadly: Set[str] = frozenset(),
    ) -> None:
        self._surroundings = surroundings
        self.deadly = deadly
        """The requirements that judge what the target is known to die of: a scenario about something else may leave
        such things out."""
        self._rush = rush
        self._connections = 0
        self._sends = 0
        self._words = 0
        self._salt = uuid.uuid4().hex[:8]
        self._client: httpx.AsyncClient | None = None
        self._cookies: defaultdict[str, Cookies] = defaultdict(lambda: Cookies.beside(surroundings.headers))
        """By user: of REST."""
        self.devices: list[Device] = []
        self.talks: defaultdict[str, Talk] = defaultdict(Talk)
        """What has come, by the name of its user."""
        self.taken: list[Taken] = []
        self.granted = Pauses()
        self.controls = 0
        """How many texts were sent to see whether others are taken while one is refused."""
        self.resending = Turns()
        """Whose texts were refused for another reason than validation."""
        self.users = users
        self.recorder = Recorder(transcript, surroundings.redactor, surroundings.histories)

    @property
    def user(self) -> User:
        """The first user; the only one of most scenarios."""
        return self.users[0]

    @property
    def transcript(self) -> Transcript:
        """What was recorded so far."""
        return self.recorder.transcript

    @property
    def examples(self) -> int:
        return self._surroundings.examples

    @property
    def seed(self) -> int:
        return self._surroundings.seed

    @property
    def settle(self) -> float:
        return self._surroundings.settle

    @property
    def deadline(self) -> float:
        return self._surroundings.deadline

    @property
    def usual(self) -> Road:
        return self._surroundings.usual

    @property
    def patience(self) -> Patience:
        return self._surroundings.patience

    @property
    def throttle_codes(self) -> set[str]:
        return self._surroundings.throttle_codes

    def turns(self, road: str) -> Turns:
        return self._surroundings.turns[road]

    # -- devices -----------------------------------------------------------------------------------------------

    def device(
        self,
        name: str = "phone",
        *,
        user: User | None = None,
        token: Token | None = None,
        option: str | None = None,
        transport: str | None = None,
        greet: bool = True,
        trial: bool = False,
        presented: Presenting | None = None,
    ) -> Device:
        """A device of ``user`` (the first one unless given), by ``option`` (see ``device.presenting``), over
        ``transport`` (websocket, polling, or upgrade: polling that will move); by the usual road unless given.
        ``async with`` connects it and waits for its greeting unless ``greet`` is false. A ``trial`` is of something
        that the document is silent on: no law judges its connections and sends."""
        device = Device(
            self,
            name,
            user or self.user,
            token=token,
            option=option,
            transport=transport,
            greet=greet,
            trial=trial,
            presented=presented,
        )
        self.devices.append(device)
        return device

    def wire(self, listener: Listener, headers: Mapping[str, str]) -> connection.Connection:
        return connection.Connection(
            self._surroundings.url,
            listener,
            headers={**self._surroundings.headers, **headers},
            tls=self._surroundings.tls,
            deadline=self.patience.of(SHAKEN),
        )

    @asynccontextmanager
    async def first_contact(self, user: User, token: Token) -> AsyncIterator[None]:
        """A brand-new user's first contact creates the conversation: it is made alone, but where the scenario
        tests just that race. A bad token makes no contact."""
        if user.known or self._rush or not token.good:
            yield
            return
        async with user.met:
            yield
            user.known = True

    async def close(self) -> None:
        """Let go of everything, whatever state the scenario left it in. Raises what went wrong in the harness."""
        endings = await asyncio.gather(*(device.close() for device in self.devices), return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()
        for error in endings:
            if error is not None:
                raise error

    # -- what support says -------------------------------------------------------------------------------------

    def present(self, user: User) -> list[tuple[Device, int]]:
        """The user's devices that are there, each with the number of its connection."""
        return [(device, device.connection) for device in self.devices if device.user is user and device.present]

    async def announced(self, there: Sequence[tuple[Device, int]], listed: Sequence[Json]) -> None:
        """Wait until what a history shows of support was emitted to one of the devices that were there before it was
        asked for, and still are; unless the run has seen often enough that it is not."""
        devices = [device for device, connection in there if device.present and device.connection == connection]
        unheard = {one: device for device in devices for one in device.presence.new(listed)}
        waited = unheard if self._surroundings.unheard < _ENOUGH else {}
        heard = await asyncio.gather(*(device.until_said(one, devices) for one, device in waited.items()))
        self._surroundings.unheard += heard.count(False)
        for device in devices:
            device.since = listed

    # -- REST --------------------------------------------------------------------------------------------------

    async def fetch_until(self, found: Callable[[Json], object], *, tag: str = "fetch") -> None:
        """Ask REST again and again until it shows something, no longer than for anything else that must come."""
        began = self.recorder.now
        pauses = itertools.chain((0.1, 0.2, 0.4, 0.8), itertools.repeat(1.0))
        while not found(await self.fetch(tag=tag)):
            waited = self.recorder.now - began
            if waited > self.patience.of(SHOWN):
                self.patience.gave_up(SHOWN, waited)
                return
            await self.recorder.until(lambda: None, within=next(pauses))
        self.patience.came(SHOWN, self.recorder.now - began)

    async def warm_up(self, connections: int) -> None:
        """Open connections for as many requests of REST, so that they reach the target at the same moment."""
        self._client = self._client or self._surroundings.client()
        with contextlib.suppress(httpx.HTTPError):
            await self.together(*(self._client.get("/") for _ in range(connections)))
        self.mark(f"{connections} HTTP connections are open")

    async def fetch(
        self,
        *,
        user: User | None = None,
        token: Token | None = None,
        tag: str = "fetch",
        trial: bool = False,
        once: bool = False,
    ) -> Json:
        """The conversation over REST (section 7); its body, None when there is none. HTTP 429 and 503 are
        tried again, unless it is asked ``once``. ``trial``: as of a device."""
        who = user or self.user
        presented = token or await who.token()
        notes: dict[str, Json] = {"user": who.name, **presented.notes, "tag": tag}
        notes |= {"trial": True} if trial else {}
        there = self.present(who) if presented.good and not trial else []
        headers = {} if presented.absent else {"Authorization": f"Bearer {presented.value}".strip()}
        async with self.first_contact(who, presented):
            exchange = await self._request(who, headers)
            if exchange["status"] in SLOWER and not once:
                exchange = await self.turns("REST").retry(
                    lambda: self._request(who, headers),
                    last=exchange,
                    refused=lambda exchange: exchange["status"] in SLOWER,
                    pause=self._pause_before_asking_again,
                    pauses=growing_pauses(self.deadline),
                )
            self.talks[who.name].add(answer=exchange["status"] != 0)
            body = self._exchanged(notes | exchange)
        listed = body.get("messages") if isinstance(body, dict) else None
        if isinstance(listed, list):
            await self.announced(there, listed)
        return body

    async def _pause_before_asking_again(self, exchange: Mapping[str, Json], seconds: float) -> None:
        asked = retry_after(exchange["headers"])
        await self.pause_for_rate_limit(exchange["status"], asked, seconds, device="rest")

    def _exchanged(self, exchange: dict[str, Json]) -> Json:
        try:
            return self.recorder.add(Kind.HTTP, device="rest", **exchange).get("body")
        except RecursionError:
            exchange |= {"json": False, "body": "JSON that is nested too deep"}
            return self.recorder.add(Kind.HTTP, device="rest", **exchange).get("body")

    async def _request(self, user: User, headers: Mapping[str, str]) -> dict[str, Json]:
        """One exchange as ``Kind.HTTP`` records it."""
        began = self.recorder.now
        asked = {"method": "GET", "path": REST_PATH, "began": began}
        try:
            answer = await self._answer(headers, self._cookies[user.name])
        except (httpx.HTTPError, ValueError) as error:
            why = self._why_unanswered(error, self.recorder.now - began)
            return asked | why | {"status": 0, "reason": describe_error(error), "headers": {}, "body": None}
        self.patience.came(ANSWER, self.recorder.now - began)
        kept = {name: answer.headers[name] for name in KEPT if name in answer.headers}
        return asked | {"status": answer.status_code, "headers": kept} | self._content(answer, user.subject)

    def _why_unanswered(self, error: Exception, silence: float) -> dict[str, Json]:
        if isinstance(error, httpx.TimeoutException):
            doubt = self.patience.gave_up(ANSWER, silence)
            return {"doubt": str(doubt)} if doubt else {}
        return {"by": "network"} if isinstance(error, LOST) else {}

    async def _answer(self, headers: Mapping[str, str], cookies: Cookies) -> httpx.Response:
        """The answer to one request. A connection that was idle may end just as it is used again, and nothing comes:
        the request is then made again, as by every client (RFC 9110, section 9.2.2), until it had one of its own."""
        self._client = self._client or self._surroundings.client()
        url = URL(self._surroundings.url) / REST_PATH.lstrip("/")
        while True:
            steps: list[str] = []

            async def trace(step: str, _: object, steps: list[str] = steps) -> None:
                steps.append(step)

            try:
                sent = {**headers, **cookies.header(url)}
                wait = self.patience.of(ANSWER)
                answer = await self._client.get(REST_PATH, headers=sent, timeout=wait, extensions={"trace": trace})
                cookies.take(answer.headers.get_list("set-cookie"), url)
                return answer
            except LOST as error:
                if "connection.connect_tcp.started" in steps or _answered(steps, error):
                    raise
                label = f"an idle connection had ended ({describe_error(error)}): asks again"
                self.recorder.add(Kind.MARK, device="rest", label=label)

    def _content(self, answer: httpx.Response, subject: str) -> dict[str, Json]:
        """``{"json": True, "body": …}``, or the beginning of a body that is no JSON, with the reason why."""
        try:
            return {"json": True, "body": self.recorder.read(answer.content, of=subject)}
        except (ValueError, RecursionError) as error:
            body = self.recorder.brief(answer.content.decode("utf-8", "replace"), 500)
            return {"json": False, "reason": f"{error}; {len(answer.content):,} bytes in all", "body": body}

    # -- numbers and words -------------------------------------------------------------------------------------

    def next_connection(self) -> int:
        self._connections += 1
        return self._connections

    def next_send(self) -> int:
        self._sends += 1
        return self._sends

    def words(self) -> str:
        """A plain text that no other send of the run has: letters, digits and single spaces."""
        self._words += 1
        return f"conformance check {self._salt} number {self._words}"

    async def pause_for_rate_limit(
        self, status: int | None, asked: float | None, seconds: float, *, device: str, connection: int = 0
    ) -> None:
        """Wait for so many seconds, or as long as an HTTP answer with this status has asked for, before a request is
        made again."""
        seconds = max(seconds, self.granted.granted(asked))
        label = f"HTTP {status}: tries again after {seconds:g} s"
        self.recorder.add(Kind.MARK, device=device, connection=connection, label=label, limited=status)
        await self.recorder.until(lambda: None, within=seconds)

    def mark(self, label: str, **notes: Json) -> None:
        """A point of the scenario that judgements refer to."""
        self.recorder.add(Kind.MARK, label=label, **notes)

    async def together(self, *work: Any) -> None:
        """Do several things at once; the first failure ends them all, and the scenario."""
        tasks = [asyncio.ensure_future(one) for one in work]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _answered(steps: Sequence[str], error: Exception) -> bool:
    """Whether anything came before the connection was lost (``steps`` as httpcore calls them)."""
    began = "http11.receive_response_headers.complete" in steps
    return began or (isinstance(error, httpx.RemoteProtocolError) and "without sending a response" not in str(error))

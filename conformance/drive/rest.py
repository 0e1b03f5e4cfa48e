"""The conversation over REST (section 7), asked for and recorded."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypedDict

import httpx
from yarl import URL

from conformance.auth.tokens import Token
from conformance.auth.users import User
from conformance.drive.context import ScenarioContext
from conformance.drive.retry import growing_pauses
from conformance.drive.stale_reads import REST, catch_up, lacks, shown_everywhere, until
from conformance.drive.together import together
from conformance.protocol import REST_PATH, Json
from conformance.record.rate_limits import SLOWER, retry_after
from conformance.record.timeouts import ANSWER
from conformance.record.transcript import Kind
from conformance.transport import plain_http
from conformance.transport.close_reason import describe_error
from conformance.transport.cookies import Cookies
from conformance.transport.limits import TooMuch

KEPT = ("cache-control", "content-type", "date", "etag", "location", "retry-after")
"""Headers of answers that are recorded."""
LOST = (httpx.NetworkError, httpx.RemoteProtocolError)
"""How a connection ends that an answer was expected on."""


class FetchArguments(TypedDict, total=False):
    """The keyword arguments of ``RestClient.fetch``."""

    user: User | None
    token: Token | None
    tag: str
    unjudged: bool
    once: bool
    cookies: Cookies | None
    query: Mapping[str, str] | None
    bare: bool
    unless: str | None


@dataclass(frozen=True)
class _Question:
    """What is asked for, as often as it takes."""

    subject: str
    token: Token
    cookies: Cookies
    path: str
    scheme: str
    unless: str | None

    @property
    def headers(self) -> dict[str, str]:
        known = {} if self.unless is None else {"If-None-Match": self.unless}
        return known if self.token.absent else known | {"Authorization": f"{self.scheme}{self.token.value}".strip()}


class RestClient:
    """Asks for the conversations of one scenario's users."""

    def __init__(self, context: ScenarioContext) -> None:
        self._context = context
        self._client: httpx.AsyncClient | None = None
        self._cookies: defaultdict[str, Cookies] = defaultdict(lambda: Cookies.beside(context.run.headers))
        """By user."""
        self.etag: str | None = None
        """Of the last answer, where it had one."""

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    # -- asking ------------------------------------------------------------------------------------------------

    async def fetch(
        self,
        *,
        user: User | None = None,
        token: Token | None = None,
        tag: str = "fetch",
        unjudged: bool = False,
        once: bool = False,
        cookies: Cookies | None = None,
        query: Mapping[str, str] | None = None,
        bare: bool = False,
        unless: str | None = None,
    ) -> Json:
        """The conversation; the answer's body, None when there is none. HTTP 429 and 503 are tried again, unless it is
        asked ``once``. ``unjudged``, ``cookies``: as of a device; those of the user unless given. ``query``: what is
        added to the URL. ``bare``: the token stands in the header without ``Bearer``. ``unless``: the ``ETag`` of an
        answer that a cache has; one with the same need not be sent again."""
        who = user or self._context.user
        presented = token or await who.token()
        notes: dict[str, Json] = {"user": who.name, **presented.notes, "tag": tag}
        notes |= {"trial": True} if unjudged else {}
        attendance = self._context.attendance
        there = attendance.present(who) if presented.good and not unjudged else []
        known = attendance.newest(who) if presented.good and not (unjudged or once) else None
        path = str(URL(REST_PATH) % (query or {}))
        jar, scheme = cookies or self._cookies[who.name], "" if bare else "Bearer "
        question = _Question(who.subject, presented, jar, path, scheme, unless)
        async with self._context.first_contact(who, presented):
            exchange = await self._exchange(question, once=once)
            if known is not None and lacks(exchange, known):
                await catch_up(self._context, exchange, known, partial(self._exchange, question, once=once))
                if not lacks(exchange, known):
                    again = partial(self._exchange, question, once=True)
                    exchange = await shown_everywhere(self._context, exchange, known, again)
            self._context.talks[who.name].add(answer=exchange["status"] != 0)
            body = self._recorded(notes | exchange)
        listed = body.get("messages") if isinstance(body, dict) else None
        if isinstance(listed, list):
            await attendance.announced(there, listed)
        return body

    async def fetch_changed(self, etag: str, *, tag: str) -> None:
        """Ask, as a cache does that has the answer with this ``ETag``, again and again until the target sends another
        one, no longer than for anything else that must come. Unjudged, but for whether it does."""

        async def attempt() -> bool:
            return isinstance(await self.fetch(tag=tag, unjudged=True, unless=etag), dict)

        await until(self._context, attempt)

    async def fetch_until(self, found: Callable[[Json], object], *, tag: str = "fetch") -> None:
        """Ask again and again until something is shown, no longer than for anything else that must come. What the first
        answer shows was not waited for, whatever else that was waiting for."""

        async def attempt() -> bool:
            return bool(found(await self.fetch(tag=tag)))

        if not await attempt():
            await until(self._context, attempt)

    async def warm_up(self, connections: int) -> None:
        """Open connections for as many requests, so that they reach the target at the same moment."""
        client, run = self._connected(), self._context.run
        with contextlib.suppress(httpx.HTTPError, ValueError):
            await together(*(run.ask(client, "/", silence=run.deadline) for _ in range(connections)))
        self._context.mark(f"{connections} HTTP connections are open")

    def _connected(self) -> httpx.AsyncClient:
        self._client = self._client or self._context.run.client()
        return self._client

    # -- one exchange ------------------------------------------------------------------------------------------

    async def _exchange(self, question: _Question, *, once: bool) -> dict[str, Json]:
        """What came of a request at last. ``since``: when one that was tried again was first made; what came later may
        be missing, for it was not waited for."""
        exchange = await self._request(question)
        if exchange["status"] not in SLOWER or once:
            return exchange
        run = self._context.run
        since = {"since": exchange["began"]}
        return since | await run.turns["REST"].retry(
            lambda: self._request(question),
            last=exchange,
            refused=lambda exchange: exchange["status"] in SLOWER,
            pause=self._pause,
            pauses=growing_pauses(run.deadline),
        )

    async def _pause(self, exchange: Mapping[str, Json], seconds: float, waited: float) -> None:
        asked = retry_after(exchange["headers"])
        await self._context.pause_for_rate_limit(exchange["status"], asked, seconds, waited, device=REST)

    def _recorded(self, exchange: dict[str, Json]) -> Json:
        """The body, as it was recorded."""
        recorder = self._context.recorder
        try:
            return recorder.add(Kind.HTTP, device=REST, **exchange).get("body")
        except RecursionError:
            exchange |= {"json": False, "body": "JSON that is nested too deep"}
            return recorder.add(Kind.HTTP, device=REST, **exchange).get("body")

    async def _request(self, question: _Question) -> dict[str, Json]:
        """One exchange as ``Kind.HTTP`` records it."""
        recorder = self._context.recorder
        began = recorder.now
        asked = {"method": "GET", "path": question.path, "began": began}
        try:
            answer = await self._answer(question)
        except (httpx.HTTPError, ValueError) as error:
            why = self._why_unanswered(error, recorder.now - began)
            return asked | why | {"status": 0, "reason": describe_error(error), "headers": {}, "body": None}
        self.etag = answer.headers.get("etag")
        self._context.run.timeout.came(ANSWER, recorder.now - began)
        kept = {name: answer.headers[name] for name in KEPT if name in answer.headers}
        return asked | {"status": answer.status, "headers": kept} | self._content(answer, question.subject)

    def _why_unanswered(self, error: Exception, silence: float) -> dict[str, Json]:
        if isinstance(error, httpx.TimeoutException):
            doubt = self._context.run.timeout.gave_up(ANSWER, silence)
            return {"doubt": str(doubt)} if doubt else {}
        return {"by": "network"} if isinstance(error, LOST) else {}

    async def _answer(self, question: _Question) -> plain_http.Answer:
        """The answer to one request. A connection that was idle may end just as it is used again, and nothing comes:
        the request is then made again, as by every client (RFC 9110, section 9.2.2), until it had one of its own."""
        client, run = self._connected(), self._context.run
        url = URL(run.url) / REST_PATH.lstrip("/")
        headers, cookies = question.headers, question.cookies
        while True:
            steps: list[str] = []

            async def trace(step: str, _: object, steps: list[str] = steps) -> None:
                steps.append(step)

            try:
                sent = {**headers, **cookies.header(url)}
                answer = await plain_http.get(
                    client,
                    question.path,
                    run.intake,
                    silence=run.timeout.of(ANSWER),
                    prolonged=1 if run.timeout.is_short(ANSWER) else plain_http.PROLONGED,
                    headers=sent,
                    extensions={"trace": trace},
                )
                cookies.take(answer.set_cookies, url)
                return answer
            except LOST as error:
                if "connection.connect_tcp.started" in steps or _answered(steps, error):
                    raise
                label = f"an idle connection had ended ({describe_error(error)}): asks again"
                self._context.recorder.add(Kind.MARK, device=REST, label=label)

    def _content(self, answer: plain_http.Answer, subject: str) -> dict[str, Json]:
        """``{"json": True, "body": …}``, or the beginning of a body that is not JSON, with the reason why."""
        recorder = self._context.recorder
        if isinstance(answer.content, TooMuch):
            found: dict[str, Json] = {"json": False, "reason": str(answer.content), "body": None}
            ours = 200 <= answer.status < 300  # the body of another status is only quoted
            return found | ({"oversized": answer.content.limit} if ours else {})
        try:
            return {"json": True, "body": recorder.read(answer.content, of=subject)}
        except (ValueError, RecursionError) as error:
            body = recorder.brief(answer.content.decode("utf-8", "replace"), 500)
            return {"json": False, "reason": f"{error}; {len(answer.content):,} bytes in all", "body": body}


def _answered(steps: Sequence[str], error: Exception) -> bool:
    """Whether anything came before the connection was lost (``steps`` as httpcore calls them)."""
    began = "http11.receive_response_headers.complete" in steps
    return began or (isinstance(error, httpx.RemoteProtocolError) and "without sending a response" not in str(error))

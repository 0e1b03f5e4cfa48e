"""The users of a run: where their tokens come from, and who is lent to which scenario."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from conformance.auth.bad_tokens import Basis, bad_token
from conformance.auth.expiry import alive
from conformance.auth.forged_tokens import Change, Words
from conformance.auth.tokens import Minter, Token, good_claims, issued_now, living_claims
from conformance.errors import Unverified
from conformance.inputs.similar_subjects import ALIKE, claims_for
from conformance.record.token_kinds import FORGED
from conformance.redaction import Redactor


class Source(Protocol):
    """Where good tokens come from. ``subjects`` is None when there are as many users as one likes."""

    minter: Minter | None

    @property
    def subjects(self) -> Sequence[str] | None: ...

    async def token(self, subject: str, *, fresh: bool) -> str:
        """A good token; a ``fresh`` one differs from those given before. Raises Unverified when there is none."""


@dataclass
class Minted:
    """Tokens signed with the target's own key, for made-up subjects or for known ones."""

    minter: Minter | None
    extra_claims: Mapping[str, Any] = field(default_factory=dict)
    known: Sequence[str] | None = None

    @property
    def subjects(self) -> Sequence[str] | None:
        return self.known

    async def token(self, subject: str, *, fresh: bool) -> str:  # noqa: ARG002  a minted token is always fresh
        return self.mint(subject)

    def mint(self, subject: str) -> str:
        assert self.minter is not None
        return self.minter.sign(good_claims(subject, self.extra_claims))


@dataclass(repr=False)
class ReadyMade:
    """Tokens given on the command line, grouped by user: the second one of a user is a refreshed one."""

    tokens: Mapping[str, Sequence[str]]
    minter: Minter | None = None

    @property
    def subjects(self) -> Sequence[str] | None:
        return list(self.tokens)

    async def token(self, subject: str, *, fresh: bool) -> str:
        own = self.tokens[subject]
        if fresh and len(own) < 2:
            raise Unverified("a refreshed token needs a second token of the same user (--token) or a signing key")
        return own[1 if fresh else 0]


@dataclass
class User:
    """One user, lent to one scenario at a time. ``name`` is what reports say; the subject is the token's."""

    name: str
    subject: str
    source: Source
    redactor: Redactor
    brand_new: bool
    """Whether it was made up for this run. A user who was given may be new to the target too: only the target knows."""
    met: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held during the very first contact, which creates the conversation."""
    known: bool = False
    expiry: float = math.inf
    """When the first of the tokens expires that the scenario was given (seconds since 1970)."""
    lacking: Unverified | None = None
    """Why there was no good token when the scenario asked for one."""
    trait: str = ""
    """Of look-alikes: in what the subject differs from that of the first one."""
    turned_away: bool = False
    """Whether the target took none of its good tokens: it is neither blamed elsewhere nor lent again."""

    async def token(self, *, fresh: bool = False) -> Token:
        """A good token of this user. Raises Unverified when there is none, or its time is up."""
        try:
            value = await self.source.token(self.subject, fresh=fresh)
            expiry = alive(value, self.subject)
        except Unverified as reason:
            self.lacking = self.lacking if fresh else reason  # a scenario may do without a fresh one
            raise
        self.expiry = min(self.expiry, expiry)
        return self._made(value, "token")

    async def bad(self, kind: str, *, of: Token | None = None) -> Token:
        """A bad token of one of the ``token_kinds``, made from a good one (``of``, if the target is to have seen it).
        Raises Unverified when it cannot be made."""
        basis = Basis((of or await self.token()).value, self.source.minter)
        token = bad_token(kind, basis)
        if isinstance(token.value, str) and token.value != "not-a-token":
            self.redactor.register(token.value, f"{kind} token of {self.name}")
        return token

    async def forged(self, change: Change) -> Token:
        """A good token after a change that makes it none."""
        value = change((await self.token()).value)
        if not isinstance(change, Words):
            self.redactor.register(value, f"forged token of {self.name}")
        return Token(value, f"{FORGED}: {change}", good=False, kind=FORGED)

    async def living(self, seconds: int) -> Token:
        """A good token that expires in ``seconds``: sooner, or much later, than those of ``token``."""
        value = self._signed(lambda claims: living_claims(claims, seconds))
        return self._made(value, f"token of {seconds} s", lifetime=seconds)

    async def just_issued(self) -> Token:
        """A good token with ``iat`` at this moment: a target whose clock is behind ours may refuse it."""
        return self._made(self._signed(issued_now), "token that was just issued")

    def _signed(self, change: Callable[[dict[str, Any]], dict[str, Any]]) -> str:
        """A token with the claims of a good one, but for a change of its times."""
        if self.source.minter is None or not isinstance(self.source, Minted):
            raise Unverified(
                "a token of another lifetime needs users of our own: pass --jwt-secret or --jwt-key, and no --token"
            )
        return self.source.minter.sign(change(good_claims(self.subject, self.source.extra_claims)))

    async def short_lived(self, seconds: int) -> Token:
        """As ``living``, or any good token where none of another lifetime can be signed."""
        try:
            return await self.living(seconds)
        except Unverified:
            return await self.token()

    def _made(self, value: str, label: str, *, lifetime: int | None = None) -> Token:
        self.redactor.register(value, f"{label} of {self.name}")
        return Token(value, label, lifetime=lifetime)


class Users:
    """Lends users to scenarios. With a finite pool, scenarios wait their turn, and those not used yet are kept
    for those that need a user whom the target never saw."""

    def __init__(self, source: Source, redactor: Redactor, *, run: str) -> None:
        self.source = source
        self._redactor = redactor
        self._subjects = (f"conformance-{run}-{number}" for number in itertools.count(1))
        self._free = None if source.subjects is None else [self._user(s, brand_new=False) for s in source.subjects]
        self._untouched: list[User] = []
        self._expected = 0
        """Scenarios that still want some of those."""
        self._needed = 1
        """Users that another scenario needs at least."""
        self.size = None if self._free is None else len(self._free)
        self._changed = asyncio.Condition()

    def _user(self, subject: str, *, brand_new: bool) -> User:
        return User("user", subject, self.source, self._redactor, brand_new)

    # -- those whom the target never saw -----------------------------------------------------------------------

    def reserve(self, wanted: Sequence[int], *, needed: int = 1) -> None:
        """Keep users untouched for scenarios that want so many of them; as many again where there are enough, as
        scenarios may be recorded again. One is left for a look at the target. ``needed``: how many users the others
        need at least."""
        if self._free is not None:
            spared = max(len(self._free) - 2 * sum(wanted), 1) if wanted else len(self._free)
            self._free, self._untouched = self._free[:spared], self._free[spared:]
            self._expected, self._needed = len(wanted), needed

    @property
    def untouched(self) -> Sequence[User]:
        return self._untouched

    async def release(self, *, keep: int) -> None:
        """Lend the untouched to everybody, but for some that are still wanted."""
        if self._free is not None and self.size is not None:
            keep = max(0, min(keep, self.size - self._needed))
            async with self._changed:
                self._free.extend(self._untouched[keep:])
                del self._untouched[keep:]
                self._changed.notify_all()

    # -- lending -----------------------------------------------------------------------------------------------

    @property
    def at_hand(self) -> int | None:
        """How many can be lent right now; None where there are as many as one likes."""
        return None if self._free is None else len(self._free)

    @asynccontextmanager
    async def lease(
        self,
        count: int,
        *,
        brand_new: bool = False,
        min_users: int | None = None,
        alike: bool = False,
        returning: User | None = None,
    ) -> AsyncIterator[list[User]]:
        """``count`` different users, exclusively; down to ``min_users`` where there are not that many; with ``alike``,
        ``similar_subjects.ALIKE``, or one where subjects are given; or one who was lent before. Raises Unverified when
        there are too few."""
        most = max(self.size, min_users) if min_users is not None and self.size is not None else count
        if returning is not None:
            users = [await self._taken_again(returning)]
        else:
            users = await self._look_alikes() if alike else await self._take(min(count, most), brand_new=brand_new)
        for number, user in enumerate(users, 1):
            user.name = f"user {number}{user.trait and f' ({user.trait})'}"
            user.expiry, user.lacking = math.inf, None
        try:
            yield users
        finally:
            await self._give_back(users)

    async def _taken_again(self, user: User) -> User:
        if (free := self._free) is not None:
            async with self._changed:
                await self._changed.wait_for(lambda: user in free or user.turned_away)
                if user.turned_away:
                    raise Unverified(f"the target takes no token of {user.subject}")
                free.remove(user)
        return user

    async def _look_alikes(self) -> list[User]:
        source = self.source
        if self._free is not None or not isinstance(source, Minted):
            return await self._take(1, brand_new=False)
        subject = next(self._subjects)
        users = []
        for (trait, change), plain in zip(ALIKE.items(), _related(subject, len(ALIKE)), strict=True):
            own = Minted(source.minter, claims_for(source.extra_claims, plain))
            users.append(User("user", change(subject), own, self._redactor, brand_new=True, trait=trait))
        return users

    async def _take(self, count: int, *, brand_new: bool) -> list[User]:
        if self._free is None or self.size is None:
            return [self._user(subject, brand_new=True) for subject in _related(next(self._subjects), count)]
        if brand_new:
            return self._take_untouched(count)
        free = self._free
        async with self._changed:
            await self._changed.wait_for(lambda: len(free) >= count or count > (self.size or 0))
            if len(free) < count:
                raise Unverified(f"{count} users are needed: pass a --token for each, --users, or a signing key")
            return [free.pop(0) for _ in range(count)]

    def _take_untouched(self, count: int) -> list[User]:
        """A fair share of them: one of those that stand beside each other in the list, which may be much alike."""
        share = self._untouched[:: max(1, self._expected)][:count]
        self._untouched = [user for user in self._untouched if user not in share]
        self._expected -= 1
        if not share:
            advice = "pass --jwt-secret or --jwt-key without --users, or more users whom it never saw"
            raise Unverified(f"this needs users whom the target never saw: {advice}")
        return share

    async def _give_back(self, users: list[User]) -> None:
        if self._free is not None and self.size is not None:
            async with self._changed:
                self._free.extend(user for user in users if not user.turned_away)
                self.size -= sum(user.turned_away for user in users)
                self._changed.notify_all()


def _related(subject: str, count: int) -> list[str]:
    """Subjects that begin alike, the first with all of another: a room or query that compares less than whole ids
    mixes these users up."""
    return [subject, *(f"{subject}-{number}" for number in range(2, count + 1))]

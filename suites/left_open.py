"""Scenarios that several chapters judge, of clients of whom the document leaves open whether their token is good."""

from __future__ import annotations

from dataclasses import replace

from conformance.auth.credentials import Presenting
from conformance.drive.scenario import scenario
from conformance.drive.stage import Stage


@scenario(wave=2, limit_concurrency=True)
async def lower_case_bearer(stage: Stage) -> None:
    """A good token is presented in auth.token after the prefix in lower case."""
    token = replace(await stage.user.token(), good=False)
    async with stage.device(token=token, option="lower-case", unjudged=True):
        pass


@scenario(wave=2, limit_concurrency=True)
async def two_tokens(stage: Stage) -> None:
    """Two devices present two tokens each: good in auth.token and bad in the header, and the other way round."""
    token = replace(await stage.user.token(), good=False)
    good, bad = token.value, (await stage.user.bad("garbage")).value
    for name, auth, header in (("good auth.token", good, bad), ("good header", bad, good)):
        presented = Presenting({"token": auth}, {"Authorization": f"Bearer {header}"})
        async with stage.device(name, token=token, presented=presented, unjudged=True):
            pass

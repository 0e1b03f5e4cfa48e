"""Says whether a configuration works against a target, and what will stay unverified; certifies nothing."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import pytest

from conformance.auth.users import ReadyMade, Source, Users
from conformance.drive.background import Background
from conformance.drive.context import RunContext
from conformance.drive.examination import SESSIONS, Examination, examine
from conformance.errors import TargetUnusable, Unverified, UsageError
from conformance.redaction import Redactor
from conformance.report.outcome import Status
from conformance.requirements import catalogue
from conformance.run.foresight import Unverifiable, unverifiable
from conformance.run.option_table import OPTIONS
from conformance.run.options import Option, Options
from conformance.run.options_parser import parse
from conformance.run.settings import Settings, settings
from conformance.run.token_source import source_of
from conformance.run.waivers import Waivers, load

READY, UNUSABLE, INCOMPLETE = 0, 4, 10
"""Exit codes: a certification can come to a verdict; it cannot begin; it would end incomplete."""
CLOCK = 30.0
"""Seconds that clocks may be apart before tokens are refused for it."""
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
Say = Callable[[str], None]


def report(config: pytest.Config, say: Say, environment: Mapping[str, str] | None = None) -> int:
    """Print what there is to say, line by line, the conclusion last. Returns the exit code."""
    environment = os.environ if environment is None else environment
    redactor = Redactor()
    try:
        given, _ = settings(config, environment)
        say("configuration")
        for line in configuration(given, defaults=config.option.verbose > 0):
            say(f"  {line}")
        options = parse(config, environment)
        if options.target is None:
            raise UsageError("pass the server's URL: there is nothing else to look at")
        say("target")
        source = source_of(options, redactor, None)
        found = _examined(options, source, redactor)
        waivers = load(options.waivers, catalogue(), options.target) if options.waivers else {}
    except (UsageError, TargetUnusable, Unverified) as error:
        say(f"  FAILS  {redactor.text(' '.join(str(error).split()))}")
        say("NOT READY: a certification would not begin (exit code 4)")
        return UNUSABLE
    missing = foreseeable(source, Waivers(waivers, datetime.datetime.now(datetime.UTC).date()))
    for line in [*findings(found), *notes(options, environment), *foreseen(missing)]:
        say(f"  {redactor.text(line)}")
    code, conclusion = concluded(missing, options)
    say(conclusion)
    return code


# -- the configuration -------------------------------------------------------------------------------------------


def configuration(given: Settings, *, defaults: bool) -> Iterator[str]:
    """Each option that was given, its value, and where that comes from; with ``defaults`` the others, too."""
    for option in OPTIONS:
        setting = given.get(option.flag)
        if setting is None and not defaults:
            continue
        value = _default(option) if setting is None else _shown(option, setting.given.value)
        origin = "default" if setting is None else setting.origin
        yield f"{option.flag:<18} {value:<30} {origin}".rstrip()


def _shown(option: Option, value: object) -> str:
    if option.secret:
        return "‹hidden›"
    return "yes" if value is True else str(value)


def _default(option: Option) -> str:
    if option.default is False:
        return "no"
    return f"{option.default:g}" if isinstance(option.default, float) else str(option.default or "-")


# -- the target --------------------------------------------------------------------------------------------------


def _examined(options: Options, source: Source, redactor: Redactor) -> Examination:
    assert options.target is not None
    context = RunContext.create(
        options.target,
        options.headers,
        options.tls,
        redactor,
        deadline=options.deadline,
        settle=options.settle,
        max_payload=options.max_payload,
    )
    looking = examine(context, Users(source, redactor, run="doctor"), wait=options.wait, within=options.max_time)
    background = Background()
    try:
        return background.run(looking)
    finally:
        background.stop(())


def findings(found: Examination) -> Iterator[str]:
    """A line for each thing that was looked at."""
    route = found.route
    yield f"ok     a Help Center: enters by {route.option} over {route.transport}, {1000 * found.rtt:.1f} ms away"
    yield f"ok     {'a token is' if found.looked_at == 1 else f'tokens of {found.looked_at} users are'} accepted"
    yield f"note   REST did not answer ({found.unanswered})" if found.unanswered else _clock(found.clock)
    if found.lost:
        yield (
            f"WARNS  {len(found.lost)} of {SESSIONS} polling sessions ended at once ({found.lost[0]}): with several "
            "servers behind a load balancer, sessions have to be sticky"
        )
    else:
        yield f"ok     {SESSIONS} polling sessions at once, each answered throughout"


def _clock(ahead: float | None) -> str:
    if ahead is None:
        return "note   answers have no usable Date: nothing is known of the target's clock"
    if abs(ahead) < CLOCK:
        return "ok     the clocks agree (to a second or so)" if abs(ahead) < 2 else f"ok     {_apart(ahead)}"
    return f"WARNS  {_apart(ahead)}: tokens that are minted here may count as expired, or as not valid yet"


def _apart(ahead: float) -> str:
    return f"the target's clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} this machine's"


def notes(options: Options, environment: Mapping[str, str]) -> Iterator[str]:
    """About what stands around the run."""
    yield from (f"WARNS  {warning}" for warning in options.warnings)
    proxies = [name for name in _PROXIES if environment.get(name) or environment.get(name.lower())]
    if proxies:
        yield f"note   {', '.join(proxies)} of the environment {'is' if len(proxies) == 1 else 'are'} not used"
    if options.insecure:
        yield "WARNS  --insecure: the target's certificate is not verified"


def foreseeable(source: Source, waivers: Waivers) -> list[Unverifiable]:
    """What a run with these tokens cannot judge, and no waiver accepts."""
    refreshable = not isinstance(source, ReadyMade) or any(len(own) > 1 for own in source.tokens.values())
    found = []
    for one in unverifiable(source, refreshable=refreshable):
        left = [name for name in one.requirements if waivers.accepting([name], Status.UNVERIFIED) is None]
        if left:
            found.append(replace(one, requirements=tuple(left)))
    return found


def foreseen(missing: Sequence[Unverifiable]) -> Iterator[str]:
    """What will stay unverified, and what to pass."""
    for one in missing:
        known = "" if one.certain else " (where the target knows these users)"
        yield f"WARNS  will stay unverified{known}: {', '.join(one.requirements)}: {one.remedy}"


def concluded(missing: Sequence[Unverifiable], options: Options) -> tuple[int, str]:
    """The exit code, and the line that says what a certification would come to."""
    command = f"help-center-conformance certify {options.target}"
    certain = [name for one in missing if one.certain for name in one.requirements]
    if certain and not options.allow_incomplete:
        return INCOMPLETE, (
            f"INCOMPLETE: {len(certain)} MUST would stay unverified, and a certification would end with exit code "
            f"{INCOMPLETE}: pass what is said above, waive them, or allow it with --allow-incomplete"
        )
    but = f"all but {len(certain)} MUST, as allowed" if certain else "every requirement"
    perhaps = [name for one in missing if not one.certain for name in one.requirements]
    aside = f" ({', '.join(perhaps)} if these users are new to the target)" if perhaps else ""
    return READY, f"READY: {command} can judge {but}{aside}"

"""The options of a run, from command line and environment. Everything wrong is one clear line (``UsageError``)."""

from __future__ import annotations

import os
import secrets
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.errors import UsageError
from conformance.hooks import NAME, TokenHook
from conformance.report.rejudge import earlier
from conformance.requirements import Profile
from conformance.run.option_table import OPTIONS
from conformance.run.options import Option, Options, default_algorithm
from conformance.run.selection import selection
from conformance.run.settings import COMMAND_LINE, Settings, of_environment, settings, warnings
from help_center_conformance import has_our_settings

REJUDGED = "rejudged"
"""The folder, inside of that of an earlier run, that gets its verdict when it is judged again."""


def parse(config: pytest.Config, environment: Mapping[str, str] | None = None) -> Options:
    """The options of this run. Raises UsageError."""
    found, hook = settings(config, os.environ if environment is None else environment)
    folder = Path(config.invocation_params.dir)
    options = _options(found, hook, folder, seed=_seed(config), words=selection(config))
    return replace(options, by_command=has_our_settings(config))


def parse_environment(environment: Mapping[str, str], folder: Path) -> Options:
    """The options of a process that has no command line of ours, as workers under load. Raises UsageError."""
    return _options(of_environment(environment, folder), None, folder, seed=0)


def _options(found: Settings, hook: TokenHook | None, folder: Path, *, seed: int, words: Sequence[str] = ()) -> Options:
    fields = {option.attribute: _value(option, found) for option in OPTIONS}
    options = Options(
        **{
            **fields,
            "jwt_algorithm": fields["jwt_algorithm"] or default_algorithm(fields["jwt_key"]),
            "reports": _reports(found, folder),
            "profile": _profile(fields["profile"], fields["rejudge"]),
        },
        token_hook=hook,
        tls=_tls(fields["ca_bundle"], insecure=fields["insecure"]),
        seed=seed,
        selection=words,
        warnings=warnings(found),
        ambient=frozenset(flag for flag, one in found.items() if one.origin != COMMAND_LINE),
    )
    _check(options)
    return options


def _value(option: Option, found: Settings) -> Any:
    setting = found.get(option.flag)
    return option.default if setting is None else option.convert(setting.given)


def reports_of(config: pytest.Config) -> Path:
    """The folder of the reports of a run whose other options may be wrong. Raises UsageError."""
    return _reports(settings(config, os.environ)[0], Path(config.invocation_params.dir))


def _reports(found: Settings, folder: Path) -> Path:
    """What judges an earlier run again leaves that run's own reports alone."""
    values = {option.flag: _value(option, found) for option in OPTIONS if option.flag in ("--reports", "--rejudge")}
    given: Path | None = values["--reports"]
    judged: Path | None = values["--rejudge"]
    if judged is None:
        return given or folder / "reports"
    reports = given or judged.parent / REJUDGED
    if reports.resolve() in (judged.resolve(), judged.parent.resolve()):
        given_as = found["--reports"].given
        raise UsageError(f"{given_as} would overwrite the run that is judged again: pass another, or none")
    return reports


def _seed(config: pytest.Config) -> int:
    """Hypothesis' own option; drawn here when absent, so that it can be printed."""
    given = config.getoption("hypothesis_seed", None)
    if isinstance(given, (int, str)) and str(given).lstrip("-").isdigit():
        return int(given)
    return secrets.randbelow(2**32)


def _profile(given: Profile, judged: Path | None) -> Profile:
    """As given; but where an earlier run of the quick profile is judged again, there is no more to judge."""
    was = earlier(judged.parent) if judged is not None else None
    recorded = (was or {}).get("options", {}).get("profile", given)
    return Profile.QUICK if recorded == Profile.QUICK else given


def _tls(bundle: Path | None, *, insecure: bool) -> ssl.SSLContext | None:
    try:
        context = ssl.create_default_context(cafile=str(bundle) if bundle else None)
    except ssl.SSLError as error:
        raise UsageError(f"--ca-bundle={bundle} holds no certificates ({error.reason})") from error
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context if bundle or insecure else None


def _check(options: Options) -> None:
    """Options that do not go together. Raises UsageError."""
    sources = {
        "--token": bool(options.tokens),
        "--jwt-secret": options.jwt_secret is not None,
        "--jwt-key": options.jwt_key is not None,
        "--token-command": options.token_command is not None,
    }
    given = [flag for flag, is_given in sources.items() if is_given]
    if len(given) > 1 and not set(given) <= {"--token", "--jwt-secret", "--jwt-key"}:
        raise UsageError(f"{' and '.join(given)} exclude each other: pass one source of tokens")
    if options.jwt_secret is not None and options.jwt_key is not None:
        raise UsageError("--jwt-secret and --jwt-key exclude each other: pass the one that signs the target's tokens")
    if options.target is None and options.rejudge is None and set(given) - {"--jwt-secret"}:
        raise UsageError(f"{given[0]} needs --target=URL: the embedded server takes tokens of its own")
    if options.target and options.rejudge:
        raise UsageError("--rejudge judges saved transcripts and takes no --target: pass one of the two")
    if options.target and not given and options.token_hook is None:
        raise UsageError(
            "no way to get a token: set HELP_CENTER_JWT_SECRET to what signs the target's tokens, or pass "
            "--jwt-key=FILE, --token-command=CMD or --token=JWT, or start pytest where a conftest.py implements "
            f"{NAME} (docs/tokens.md)"
        )
    if options.jwt_claims and not (options.jwt_secret or options.jwt_key):
        raise UsageError("--jwt-claims is for minted tokens: pass --jwt-secret or --jwt-key with it")

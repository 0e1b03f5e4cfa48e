"""The pytest plugin. ``help_center_conformance`` loads it where a certification may be asked for; a conftest of a team
may name it, too. In a run of somebody else's tests it does nothing: options are registered where the command line has
some, and what certifies is imported where our suites are asked for. Hence the imports inside of functions."""

from __future__ import annotations

import copy
import signal
import sys
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import pytest

from conformance.paths import INSTALLED, ROOT, SUITES
from help_center_conformance import (
    TokenHookSpec,
    add_settings,
    check_package,
    has_our_settings,
    names_suites,
    theirs_first,
)

LOADER = "help_center_conformance"
SESSION, SURROUNDINGS = "help-center-session", "help-center-surroundings"
NOTES = pytest.StashKey[list[str]]()
"""About options on the command line that are another plugin's."""


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    if not pluginmanager.hasplugin(LOADER):  # which has declared it
        pluginmanager.add_hookspecs(TokenHookSpec)


# -- options -----------------------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Nothing is added before it is wanted, but where it would be too late: a conftest that loads this plugin by itself
    is read while ``pytest_load_initial_conftests`` is under way."""
    if pluginmanager.hasplugin(LOADER):
        return
    add_settings(parser)
    known = getattr(pluginmanager.get_plugin("pytestconfig"), "known_args_namespace", None)
    if getattr(known, "confcutdir", None) is not None:
        from conformance.run import option_names  # noqa: PLC0415

        option_names.add_full(parser)
        option_names.add_short(parser, option_names.free(parser))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Generator[None, Any, Any]:
    """Add our options where some are used: by their short names when all other plugins have added theirs."""
    alone, wants_help = has_our_settings(early_config), bool(early_config.known_args_namespace.help)
    if alone:
        _load_neighbours(early_config.pluginmanager)
    elif not _may_be_ours(early_config, parser, args):
        return (yield)
    from conformance.run import option_names  # noqa: PLC0415

    used = option_names.used(args)
    if not (used or wants_help or alone):
        return (yield)
    option_names.add_full(parser)
    # pytest has read the command line without our options, and taken their values for paths
    args_in_full = option_names.in_full(args, option_names.free(parser))
    early_config.known_args_namespace = parser.parse_known_args(args_in_full, namespace=copy.copy(early_config.option))
    if alone and not early_config.known_args_namespace.file_or_dir:
        early_config.known_args_namespace.file_or_dir = [str(SUITES)]  # not where pytest was started, with its conftest
    with theirs_first(early_config):
        result = yield
    early_config.stash[NOTES] = option_names.finish(parser, used, everything=wants_help)
    return result


def _load_neighbours(manager: pytest.PytestPluginManager) -> None:
    """The plugins that a certification needs, where pytest loads none by itself."""
    for name in ("metadata", "html", "hypothesispytest"):
        manager.load_setuptools_entrypoints("pytest11", name)


def _may_be_ours(config: pytest.Config, parser: pytest.Parser, args: Sequence[str]) -> bool:
    """Whether something on the command line is known to no plugin so far."""
    if config.known_args_namespace.help:
        return True
    if not any(arg.startswith(("--", "@")) for arg in args):
        return False
    _, unknown = parser.parse_known_and_unknown_args(list(args), namespace=copy.copy(config.option))
    return bool(unknown) or any(arg.startswith("@") for arg in args)


def pytest_report_header(config: pytest.Config) -> list[str]:
    ours = any(name.startswith("conformance_") and value for name, value in vars(config.option).items())
    notes = config.stash.get(NOTES, None) or []
    return notes if ours or config.pluginmanager.hasplugin(SESSION) else []


# -- is this a certification? ------------------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_cmdline_main(config: pytest.Config) -> Generator[None, Any, Any]:
    """Point pytest at the suites, and load what certifies."""
    _aim(config)
    if names_suites(config):
        _load(config)
    return (yield)


def _load(config: pytest.Config) -> None:
    check_package()
    try:
        from conformance.run import session, surroundings  # noqa: PLC0415

        session.begin(config)
        config.pluginmanager.register(surroundings.Surroundings(), SURROUNDINGS)
        config.pluginmanager.register(session, SESSION)
    except KeyboardInterrupt:  # which pytest handles from here on
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # it may be pressed twice
        print("interrupted before anything was judged", file=sys.stderr)
        raise SystemExit(pytest.ExitCode.INTERRUPTED) from None


def _aim(config: pytest.Config) -> None:
    """No paths given: the suites are meant, wherever pytest found its rootdir."""
    ours = any(getattr(config.option, f"conformance_{name}", None) for name in ("target", "rejudge"))
    at_home = Path(config.invocation_params.dir).resolve() == ROOT
    asked = ours or at_home or has_our_settings(config)
    if config.args_source is not pytest.Config.ArgsSource.ARGS and asked:
        config.args = [str(SUITES)]
        if INSTALLED or config.rootpath != ROOT:
            config._inicache["cache_dir"] = str(_cache(config))
        _name_alike(config)


def _name_alike(config: pytest.Config) -> None:
    """Judgements have the same names wherever pytest was started: as seen from the suites' own folder."""
    config._rootpath = ROOT
    config.cwd_relative_nodeid = lambda nodeid: nodeid  # type: ignore[method-assign]


def pytest_sessionstart(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and session.config.pluginmanager.hasplugin(SESSION):
        reporter.startpath = session.config.rootpath  # from where it writes the names of files


def _cache(config: pytest.Config) -> Path:
    """For pytest's cache: not beside somebody's keys, to which a path option pulled the rootdir; and neither where we
    are installed nor among the failures of somebody's own tests."""
    return Path(config.invocation_params.dir, ".pytest_cache", "help-center") if INSTALLED else ROOT / ".pytest_cache"


def pytest_configure(config: pytest.Config) -> None:
    """Markers of the suites, which our own tests import."""
    if config.rootpath == ROOT or config.pluginmanager.hasplugin(SESSION):
        config.addinivalue_line("markers", "requirement(*ids): the requirements that a judgement judges")
        config.addinivalue_line("markers", "public_key: judged only where tokens are signed with a private key")

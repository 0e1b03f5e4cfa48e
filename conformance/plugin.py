"""The pytest plugin, which is loaded wherever the project is installed. In a run of somebody else's tests it does
nothing: options are registered where the command line has some, and what certifies is imported where our suites are
asked for. Hence the imports inside of functions."""

from __future__ import annotations

import copy
from collections.abc import Generator, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from conformance import hooks
from conformance.paths import ROOT, SUITES

SESSION = "help-center-session"
NOTES = pytest.StashKey[list[str]]()
"""About options on the command line that are another plugin's."""


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(hooks)


# -- options -----------------------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Nothing is added before it is wanted, but where it would be too late: a conftest that loads this plugin is read
    while ``pytest_load_initial_conftests`` is under way."""
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
    if not _may_be_ours(early_config, parser, args):
        return (yield)
    from conformance.run import option_names  # noqa: PLC0415

    wants_help = bool(early_config.known_args_namespace.help)
    used = option_names.used(args)
    if not used and not wants_help:
        return (yield)
    option_names.add_full(parser)
    # pytest has read the command line without our options, and taken their values for paths
    args_in_full = option_names.in_full(args, option_names.free(parser))
    early_config.known_args_namespace = parser.parse_known_args(args_in_full, namespace=copy.copy(early_config.option))
    result = yield
    early_config.stash[NOTES] = option_names.finish(parser, used, everything=wants_help)
    return result


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
    if _names_suites(config):
        from conformance.run import session  # noqa: PLC0415

        session.begin(config)
        config.pluginmanager.register(session, SESSION)
    return (yield)


def _aim(config: pytest.Config) -> None:
    """No paths given: the suites are meant, wherever pytest found its rootdir."""
    ours = any(getattr(config.option, f"conformance_{name}", None) for name in ("target", "rejudge"))
    at_home = Path(config.invocation_params.dir).resolve() == ROOT
    if config.args_source is not pytest.Config.ArgsSource.ARGS and (ours or at_home):
        config.args = [str(SUITES)]
        if config.rootpath != ROOT:  # a path option pulled it elsewhere: leave no cache beside somebody's keys
            config._inicache["cache_dir"] = str(ROOT / ".pytest_cache")


def _names_suites(config: pytest.Config) -> bool:
    folder = Path(config.invocation_params.dir)
    paths = [(folder / arg.split("::")[0]).resolve() for arg in config.args]
    return any(path == SUITES or SUITES in path.parents or _leads_to_suites(config, path) for path in paths)


def _leads_to_suites(config: pytest.Config, path: Path) -> bool:
    """Whether pytest gets from a folder to the suites: not into a virtual environment, where they may be installed."""
    if path not in SUITES.parents or not SUITES.is_dir():
        return False
    between = [folder for folder in (SUITES, *SUITES.parents) if path in folder.parents]
    avoided = config.getini("norecursedirs")
    return not any(
        (folder / "pyvenv.cfg").exists() or any(fnmatch(folder.name, pattern) for pattern in avoided)
        for folder in between
    )


def pytest_configure(config: pytest.Config) -> None:
    """Markers of the suites, which our own tests import."""
    if config.rootpath == ROOT or config.pluginmanager.hasplugin(SESSION):
        config.addinivalue_line("markers", "requirement(*ids): the requirements that a judgement judges")
        config.addinivalue_line("markers", "public_key: judged only where tokens are signed with a private key")

"""What pytest loads wherever the harness is installed, and next to nothing. The package ``conformance`` is imported
where a certification is asked for, and nowhere else: a team may have a package of that name, and other things to do.

PYTEST_DONT_REWRITE: the console command has imported it before pytest does, and a warning of that would help no one."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import pytest

HERE = Path(__file__).resolve().parent
"""Where ``conformance`` lies, too."""
PLUGIN = "conformance.plugin"
PREFIX = "--help-center-"
NAMES = (
    "target",
    "token",
    "jwt-secret",
    "jwt-key",
    "jwt-algorithm",
    "token-command",
    "jwt-claims",
    "users",
    "reports",
    "level",
    "profile",
    "as-of",
    "allow-incomplete",
    "wait",
    "header",
    "deadline",
    "settle",
    "concurrency",
    "examples",
    "max-time",
    "max-payload",
    "waivers",
    "signing-key",
    "rejudge",
    "ca-bundle",
    "insecure",
)
"""Of our options; conformance/run/option_table.py says what they mean."""
_FLAGS = {f"--{name}" for name in NAMES}


class TokenHookSpec:
    """The hook that a team implements in a conftest.py of its own (docs/tokens.md)."""

    @pytest.hookspec(firstresult=True)
    def pytest_help_center_token(self, config: pytest.Config, user: str) -> str | None:
        """A good token of ``user``, who is one of --users; each call makes a new one. An implementation without the
        parameter ``user`` has tokens of one user. Never called twice at once, and not from the main thread."""


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(TokenHookSpec)


def pytest_addoption(parser: pytest.Parser) -> None:
    add_settings(parser)


def add_settings(parser: pytest.Parser) -> None:
    """Options may stand in an ini file, where pytest calls every name unknown that is not registered."""
    for name in NAMES:
        kind: Literal["linelist", "string"] = "linelist" if name == "header" else "string"
        parser.addini(f"help_center_{name.replace('-', '_')}", f"help-center conformance: as --{name}", type=kind)


# -- is a certification asked for? -------------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Generator[None, Any, Any]:
    """By an option of ours that no other plugin knows so far; or by our settings."""
    manager, wants_help = early_config.pluginmanager, bool(early_config.known_args_namespace.help)
    if manager.hasplugin(PLUGIN) or not (wants_help or has_our_settings(early_config) or _may_be_ours(parser, args)):
        return (yield)
    try:
        plugin = load(manager)
        return (yield from plugin.pytest_load_initial_conftests(early_config, parser, args))
    except KeyboardInterrupt:  # pytest answers it with a traceback, before there is a session
        print("help-center: interrupted", file=sys.stderr)
        raise SystemExit(int(pytest.ExitCode.INTERRUPTED)) from None


def has_our_settings(config: pytest.Config) -> bool:
    """Whether pytest was given our ini file in place of a team's, as ``help-center-conformance`` does."""
    given = config.known_args_namespace.inifilename
    return given is not None and bool(Path(config.invocation_params.dir, given).resolve() == paths().SETTINGS)


def _may_be_ours(parser: pytest.Parser, args: Sequence[str]) -> bool:
    flags = {argument.partition("=")[0] for argument in (args[: args.index("--")] if "--" in args else args)}
    if any(flag.startswith((PREFIX, "@")) for flag in flags):
        return True
    return any(is_free(parser, flag) for flag in flags & _FLAGS)


def is_free(parser: pytest.Parser, flag: str) -> bool:
    """Whether no other plugin has registered an option of this name so far."""
    try:
        _, unknown = parser.parse_known_and_unknown_args([flag, "value"])
    except (pytest.UsageError, argparse.ArgumentError, SystemExit):  # somebody's own, which takes no such value
        return False
    return flag in unknown


@pytest.hookimpl(wrapper=True)
def pytest_cmdline_main(config: pytest.Config) -> Generator[None, Any, Any]:
    """By where pytest was started, or by the paths that it was given."""
    if config.pluginmanager.hasplugin(PLUGIN) or not (config.rootpath == paths().ROOT or names_suites(config)):
        return (yield)
    return (yield from load(config.pluginmanager).pytest_cmdline_main(config))


def names_suites(config: pytest.Config) -> bool:
    """Whether pytest collects our suites."""
    folder, suites = Path(config.invocation_params.dir), paths().SUITES
    given = [(folder / arg.split("::")[0]).resolve() for arg in config.args]
    return any(path == suites or suites in path.parents or _leads_to(suites, path, config) for path in given)


def _leads_to(suites: Path, path: Path, config: pytest.Config) -> bool:
    """Whether pytest gets from a folder to the suites: not into a virtual environment, where they may be installed."""
    if path not in suites.parents or not suites.is_dir():
        return False
    between = [folder for folder in (suites, *suites.parents) if path in folder.parents]
    avoided = config.getini("norecursedirs")
    return not any(
        (folder / "pyvenv.cfg").exists() or any(fnmatch(folder.name, pattern) for pattern in avoided)
        for folder in between
    )


# -- what certifies ----------------------------------------------------------------------------------------------


@cache
def paths() -> ModuleType:
    """conformance/paths.py, without the package around it."""
    spec = importlib.util.spec_from_file_location(f"{__name__}_paths", HERE / "conformance" / "paths.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load(manager: pytest.PytestPluginManager) -> ModuleType:
    """Import and register the plugin. Raises pytest.UsageError where a package of the same name is in its place."""
    sys.path.insert(0, str(HERE))  # before a folder of that name in which pytest was started
    try:
        plugin = importlib.import_module(PLUGIN)
    except ModuleNotFoundError:
        check_package()
        raise
    finally:
        sys.path.remove(str(HERE))
    manager.register(plugin, PLUGIN)
    return plugin


def check_package() -> None:
    """Raises pytest.UsageError where ``conformance`` is not ours."""
    found = sys.modules.get("conformance")
    where = [] if found is None else [Path(one).resolve() for one in getattr(found, "__path__", [found.__file__])]
    if where and HERE / "conformance" not in where:
        raise pytest.UsageError(
            f"help-center: {where[0]} has the name of our package, and was imported first: "
            "use help-center-conformance certify, which leaves this project's plugins and conftest out"
        )


@contextmanager
def theirs_first(config: pytest.Config) -> Iterator[None]:
    """Within, a conftest may import a package that has the name of ours: it is not known yet whose run this is."""
    folders = {config.rootpath, Path(config.invocation_params.dir)} - {HERE}
    ours = {}
    if any((folder / name).exists() for folder in folders for name in ("conformance", "conformance.py")):
        ours = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == "conformance"}
    yield
    if "conformance" not in sys.modules:
        sys.modules.update(ours)

"""The command line: what it takes, and what it means. Everything wrong with it is one clear line (``Unusable``)."""

from __future__ import annotations

import json
import os
import re
import secrets
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from conformance.errors import Unusable
from conformance.hooks import NAME, TokenHook, token_hook
from conformance.requirements import Level
from conformance.run.selection import selection

GROUP = "help-center conformance"
REJUDGED = "rejudged"
"""The folder, inside of that of an earlier run, that gets its verdict when it is judged again."""


def add(parser: pytest.Parser) -> None:
    """Register our options, under one heading."""
    group = parser.getgroup(GROUP, f"{GROUP} (certify a server that speaks the Help Center chat API)")
    for flag, settings in _OPTIONS.items():
        group.addoption(flag, dest=dest(flag), **settings)


def dest(flag: str) -> str:
    return "conformance_" + flag.lstrip("-").replace("-", "_")


def _variable(flag: str) -> str:
    return "HELP_CENTER_" + flag.lstrip("-").replace("-", "_").upper()


_LONGEST_PATH = 1000
"""Characters. What is longer is a key and not the name of its file; asking for such a file is an error by itself."""
_EXCLUSIVE = ("--jwt-secret", "--jwt-key", "--token-command")
"""Of these one is given: what the command line says of one silences the environment on the others."""


def _text(metavar: str, text: str, **more: Any) -> dict[str, Any]:
    return {"metavar": metavar, "help": text, "default": None, **more}


def _flag(text: str) -> dict[str, Any]:
    return {"action": "store_true", "default": False, "help": text}


_OPTIONS: dict[str, dict[str, Any]] = {
    "--target": _text("URL", "the server to certify: scheme, host and port (default: the embedded reference server)"),
    "--token": _text("JWT", "a ready-made token; repeat it for each user [HELP_CENTER_TOKEN]", action="append"),
    "--jwt-secret": _text("S", "the HMAC secret that the target trusts, to mint tokens [HELP_CENTER_JWT_SECRET]"),
    "--jwt-key": _text("FILE", "a private key (PEM) to mint tokens with [HELP_CENTER_JWT_KEY]"),
    "--jwt-algorithm": _text("ALG", "its algorithm (default HS256; RS256 with a key) [HELP_CENTER_JWT_ALGORITHM]"),
    "--token-command": _text("CMD", "a command that prints a token for the user {user} [HELP_CENTER_TOKEN_COMMAND]"),
    "--jwt-claims": _text("JSON", 'extra claims for minted tokens; "{user}" becomes the subject'),
    "--users": _text("A,B,C", "subjects that exist on the target, when it does not know others"),
    "--reports": _text("DIR", "where the reports and transcripts go (default reports/; with --rejudge DIR/rejudged)"),
    "--level": _text("must|should", "the lowest level whose failures fail the run (default must)"),
    "--allow-incomplete": _flag("unverified MUSTs do not fail the run"),
    "--wait": _text("S", "wait up to S seconds for a target that is just being deployed"),
    "--header": _text("'N: v'", "an extra header for a gateway in front of the target (repeatable)", action="append"),
    "--concurrency": _text("N", "how many scenarios are recorded at once (default 24)"),
    "--deadline": _text("S", "how long to wait for what must come (default 5, scaled by the round trip)"),
    "--settle": _text("S", "how long silence must last to count as silence (default 0.3, scaled likewise)"),
    "--examples": _text("N", "how many batches each property generates (default 10)"),
    "--waivers": _text("FILE", "known failures that do not fail the run (TOML; each with a reason and a last day)"),
    "--rejudge": _text(
        "DIR", "judge the transcripts of an earlier run again, without a server: does its verdict hold?"
    ),
    "--ca-bundle": _text("FILE", "certificates (PEM) to trust for https"),
    "--insecure": _flag("do not verify the target's certificate"),
}


_DEFAULTS = {"--wait": 0.0, "--deadline": 5.0, "--settle": 0.3, "--concurrency": 24, "--examples": 10}


def default(flag: str) -> float:
    """What an option with a number is where it is not given."""
    return _DEFAULTS[flag]


@dataclass(frozen=True)
class Options:
    """The command line and environment of a run, checked. Times are in seconds. What may be secret is not printed."""

    target: str | None
    tokens: Sequence[str] = field(repr=False)
    jwt_secret: str | None = field(repr=False)
    jwt_key: Path | None
    jwt_algorithm: str
    token_command: str | None = field(repr=False)
    token_hook: TokenHook | None
    jwt_claims: Mapping[str, Any] = field(repr=False)
    users: Sequence[str] | None
    reports: Path
    level: Level
    allow_incomplete: bool
    wait: float
    headers: Mapping[str, str] = field(repr=False)
    concurrency: int
    deadline: float
    settle: float
    examples: int
    waivers: Path | None
    rejudge: Path | None
    ca_bundle: Path | None
    insecure: bool
    tls: ssl.SSLContext | None
    seed: int
    selection: Sequence[str] = ()
    """The words of the command line that select judgements; none: all are meant."""

    @property
    def subject(self) -> str:
        """What is judged."""
        if self.rejudge is not None:
            return f"saved transcripts in {self.rejudge}"
        return self.target or "the embedded reference server"

    @property
    def headline(self) -> str:
        """What this run is about, for pytest's header."""
        notes = [f"seed {self.seed}"] if self.rejudge is None else []
        notes += [f"tokens by {NAME}"] if self.token_hook is not None else []
        notes += [f"level {self.level}"] if self.level is not Level.MUST else []
        notes += ["incomplete allowed"] if self.allow_incomplete else []
        notes += [f"waivers from {self.waivers}"] if self.waivers else []
        return ", ".join([f"certifying {self.subject}", *notes, f"reports to {self.reports}"])


def read(config: pytest.Config, environment: Mapping[str, str] | None = None) -> Options:
    """The options of this run. Raises Unusable."""
    return _Reader(config, os.environ if environment is None else environment).options()


class _Reader:
    def __init__(self, config: pytest.Config, environment: Mapping[str, str]) -> None:
        self._config = config
        self._environment = environment
        self._folder = Path(config.invocation_params.dir)
        self._hook = self._token_hook()

    def _token_hook(self) -> TokenHook | None:
        """A team's hook is for targets. It goes before the environment, and the command line before it."""
        given = any(self._get(flag) is not None for flag in ("--token", *_EXCLUSIVE))
        return None if given or self._get("--target") is None else token_hook(self._config)

    def _from_environment(self, flag: str) -> str | None:
        """Empty is absent."""
        return None if self._hook is not None else self._environment.get(_variable(flag)) or None

    def _get(self, flag: str) -> Any:
        return self._config.getoption(dest(flag))

    def _secret(self, flag: str) -> str | None:
        """An option that may come by the environment; the command line goes before."""
        value: str | None = self._get(flag)
        if value is not None and not value.strip():
            raise Unusable(f"{flag} is empty: is the variable set that it should come from?")
        exclusive = flag in _EXCLUSIVE and any(self._get(other) is not None for other in _EXCLUSIVE)
        return value if value is not None or exclusive else self._from_environment(flag)

    def options(self) -> Options:
        key = self._file("--jwt-key", self._secret("--jwt-key"))
        algorithm = self._secret("--jwt-algorithm") or ("RS256" if key else "HS256")
        options = Options(
            target=self._target(),
            tokens=self._tokens(),
            jwt_secret=self._secret("--jwt-secret"),
            jwt_key=key,
            jwt_algorithm=algorithm,
            token_command=self._secret("--token-command"),
            token_hook=self._hook,
            jwt_claims=self._claims(),
            users=self._users(),
            reports=self._reports(),
            level=self._level(),
            allow_incomplete=self._get("--allow-incomplete"),
            wait=self._number("--wait", least=0.0),
            headers=self._headers(),
            concurrency=self._count("--concurrency"),
            deadline=self._number("--deadline", least=0.1),
            settle=self._number("--settle", least=0.0),
            examples=self._count("--examples"),
            waivers=self._file("--waivers", self._get("--waivers")),
            rejudge=self._rejudge(),
            ca_bundle=self._file("--ca-bundle", self._get("--ca-bundle")),
            insecure=self._get("--insecure"),
            tls=self._tls(),
            seed=self._seed(),
            selection=selection(self._config),
        )
        return self._consistent(options)

    def _consistent(self, options: Options) -> Options:
        sources = {
            "--token": bool(options.tokens),
            "--jwt-secret": options.jwt_secret is not None,
            "--jwt-key": options.jwt_key is not None,
            "--token-command": options.token_command is not None,
        }
        given = [flag for flag, is_given in sources.items() if is_given]
        if len(given) > 1 and not set(given) <= {"--token", "--jwt-secret", "--jwt-key"}:
            raise Unusable(f"{' and '.join(given)} exclude each other: pass one source of tokens")
        if options.jwt_secret is not None and options.jwt_key is not None:
            raise Unusable(
                "--jwt-secret and --jwt-key exclude each other: pass the one the target's tokens are signed with"
            )
        if options.target is None and options.rejudge is None and set(given) - {"--jwt-secret"}:
            raise Unusable(f"{given[0]} needs --target=URL: the embedded server takes tokens of its own")
        if options.target and options.rejudge:
            raise Unusable("--rejudge judges saved transcripts and takes no --target: pass one of the two")
        if options.target and not given and options.token_hook is None:
            raise Unusable(
                "no way to get a token: pass --token=JWT, --jwt-secret=S, --jwt-key=FILE or --token-command=CMD, "
                f"or start pytest where a conftest.py implements {NAME} (docs/tokens.md)"
            )
        if options.jwt_claims and not (options.jwt_secret or options.jwt_key):
            raise Unusable("--jwt-claims is for minted tokens: pass --jwt-secret or --jwt-key with it")
        return options

    def _target(self) -> str | None:
        given = self._get("--target")
        if given is None:
            return None
        try:
            url = urlsplit(given)
            _ = url.port  # raises ValueError for what is no port
        except ValueError:
            url = urlsplit("")
        if url.username or url.password:
            raise Unusable("--target must not hold credentials: pass a gateway's by --header='Name: value'")
        given = re.sub(r"[^/\s]*@", "‹redacted›@", given)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise Unusable(f"--target={given} is no URL: pass scheme, host and port, as in http://localhost:3000")
        if url.path.strip("/") or url.query or url.fragment:
            raise Unusable(
                f"--target={given} has a path: the document puts socket and REST at the root of a host; "
                f"pass {url.scheme}://{url.netloc}"
            )
        return f"{url.scheme}://{url.netloc}"

    def _tokens(self) -> list[str]:
        given = self._get("--token")
        tokens = (self._from_environment("--token") or "").split() if given is None else given
        tokens = [token.strip().removeprefix("Bearer ").strip() for token in tokens]
        for number, token in enumerate(tokens, 1):
            if not re.fullmatch(r"[!-~]+", token):
                what = "is empty: is the variable set that it should come from?" if not token else "is no token"
                raise Unusable(f"--token (number {number} of {len(tokens)}) {what}")
        return tokens

    def _claims(self) -> dict[str, Any]:
        given = self._get("--jwt-claims")
        try:
            claims = json.loads(given or "{}")
        except ValueError as error:
            raise Unusable(
                f'--jwt-claims is no JSON ({error}): pass an object, as in \'{{"role": "user"}}\''
            ) from error
        if not isinstance(claims, dict):
            raise Unusable('--jwt-claims must be a JSON object, as in \'{"role": "user"}\'')
        return claims

    def _users(self) -> list[str] | None:
        given = self._get("--users")
        if given is None:
            return None
        users = [user.strip() for user in given.split(",") if user.strip()]
        if not users or len(set(users)) < len(users):
            raise Unusable("--users takes different subjects, separated by commas: --users=alice,bob,carol")
        return users

    def _headers(self) -> dict[str, str]:
        headers = {}
        for line in self._get("--header") or ():
            name, colon, value = line.partition(":")
            named = re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name.strip())
            if not (colon and named and re.fullmatch(r"[\t -~]*", value.strip())):
                raise Unusable("--header takes 'Name: value'")
            headers[name.strip()] = value.strip()
        return headers

    def _level(self) -> Level:
        given = self._get("--level") or "must"
        if given not in ("must", "should"):
            raise Unusable(f"--level={given} is unknown: pass must or should")
        return Level(given)

    def _number(self, flag: str, *, least: float) -> float:
        given = self._get(flag)
        try:
            number = default(flag) if given is None else float(given)
        except ValueError:
            number = -1.0
        if not least <= number < 1e6:
            raise Unusable(f"{flag}={given} is no number that fits: pass at least {least:g}")
        return number

    def _count(self, flag: str) -> int:
        number = self._number(flag, least=1)
        if number != int(number):
            raise Unusable(f"{flag}={self._get(flag)} is no whole number")
        return int(number)

    def _file(self, flag: str, given: str | None) -> Path | None:
        if given is None:
            return None
        if "-----BEGIN" in given or len(given) > _LONGEST_PATH:
            raise Unusable(f"{flag} takes the name of a file, not what stands in it")
        path: Path = self._folder / given
        if not (os.path.isfile(path) and os.access(path, os.R_OK)):  # pathlib raises for too long a name
            raise Unusable(f"{flag}={given} is no file that can be read")
        return path

    def _rejudge(self) -> Path | None:
        given = self._get("--rejudge")
        if given is None:
            return None
        path: Path = self._folder / given
        folder = path if path.name == "transcripts" else path / "transcripts"
        if not any(folder.glob("*.jsonl")):
            raise Unusable(f"--rejudge={given} holds no transcripts: pass the --reports folder of an earlier run")
        return folder

    def _reports(self) -> Path:
        """What judges an earlier run again leaves that run's own reports alone."""
        given, judged = self._get("--reports"), self._rejudge()
        if judged is None:
            return self._folder / (given or "reports")
        reports: Path = self._folder / given if given else judged.parent / REJUDGED
        if reports.resolve() in (judged.resolve(), judged.parent.resolve()):
            raise Unusable(f"--reports={given} would overwrite the run that is judged again: pass another, or none")
        return reports

    def _tls(self) -> ssl.SSLContext | None:
        bundle = self._file("--ca-bundle", self._get("--ca-bundle"))
        try:
            context = ssl.create_default_context(cafile=str(bundle) if bundle else None)
        except ssl.SSLError as error:
            raise Unusable(f"--ca-bundle={bundle} holds no certificates ({error.reason})") from error
        if self._get("--insecure"):
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context if bundle or self._get("--insecure") else None

    def _seed(self) -> int:
        """Hypothesis' own option; drawn here when absent, so that it can be printed."""
        given = self._config.getoption("hypothesis_seed", None)
        if isinstance(given, (int, str)) and str(given).lstrip("-").isdigit():
            return int(given)
        return secrets.randbelow(2**32)

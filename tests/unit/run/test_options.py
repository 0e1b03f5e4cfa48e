"""The command line, read without running anything: what options mean."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import help_center_conformance
from conformance.errors import UsageError
from conformance.report.verdict import Result
from conformance.requirements import Level, Profile
from conformance.run.option_table import OPTIONS
from conformance.run.options import Options
from conformance.run.options_parser import parse
from tests.support.given import SECRET, TARGET, Given, read, refused
from tests.support.handmade import FACTS

# -- what is meant -------------------------------------------------------------------------------------------------


def test_nothing_given_means_the_embedded_server() -> None:
    given = read(folder=Path("/somewhere"))
    assert given.target is None
    assert given.subject == "the embedded reference server"
    assert (given.level, given.allow_incomplete, given.reports) == (Level.MUST, False, Path("/somewhere/reports"))
    assert (given.deadline, given.settle, given.concurrency, given.examples, given.wait) == (5.0, 0.3, 24, 10, 0.0)


@pytest.mark.parametrize("url", ["http://localhost:3000", "http://localhost:3000/", "http://localhost:3000//"])
def test_a_trailing_slash_does_not_matter(url: str) -> None:
    assert read(f"--target={url}", SECRET).target == "http://localhost:3000"


@pytest.mark.parametrize("url", ["https://api.example.com", "http://[::1]:3000", "http://10.0.0.1"])
def test_targets(url: str) -> None:
    assert read(f"--target={url}", SECRET).target == url


@pytest.mark.parametrize(
    ("arguments", "headline"),
    [
        (["--hypothesis-seed=7"], "certifying the embedded reference server, seed 7, reports to /run/reports"),
        (
            [TARGET, SECRET, "--hypothesis-seed=7", "--level=should", "--allow-incomplete", "--reports=out"],
            "certifying http://localhost:3000, seed 7, level should, incomplete allowed, reports to /run/out",
        ),
    ],
)
def test_the_headline_says_what_the_run_is_about(arguments: list[str], headline: str) -> None:
    assert read(*arguments, folder=Path("/run")).headline == headline


def test_the_loader_knows_all_options() -> None:
    assert [f"--{name}" for name in help_center_conformance.NAMES] == [option.flag for option in OPTIONS]


def test_a_seed_is_drawn_where_none_is_given() -> None:
    assert read("--hypothesis-seed=12").seed == 12
    assert 0 <= read().seed < 2**32


def test_secrets_come_by_the_environment_too() -> None:
    assert read(TARGET, HELP_CENTER_JWT_SECRET="s").jwt_secret == "s"
    assert read(TARGET, HELP_CENTER_TOKEN=" one\ttwo ").tokens == ["one", "two"]
    assert read(TARGET, HELP_CENTER_TOKEN_COMMAND="mint").token_command == "mint"
    assert read(TARGET, HELP_CENTER_JWT_SECRET="s", HELP_CENTER_JWT_ALGORITHM="HS512").jwt_algorithm == "HS512"


def test_the_command_line_goes_before_the_environment() -> None:
    assert read(TARGET, "--jwt-secret=mine", HELP_CENTER_JWT_SECRET="theirs").jwt_secret == "mine"
    given = read(TARGET, "--jwt-secret=mine", HELP_CENTER_TOKEN_COMMAND="mint", HELP_CENTER_JWT_KEY="/no/key")
    assert (given.jwt_secret, given.token_command, given.jwt_key) == ("mine", None, None)


def test_everything_may_come_by_the_environment(tmp_path: Path) -> None:
    variables = {
        "TARGET": "http://localhost:3000/",
        "JWT_SECRET": "s",
        "JWT_CLAIMS": '{"role": "user"}',
        "USERS": "alice,bob",
        "REPORTS": "out",
        "LEVEL": "should",
        "ALLOW_INCOMPLETE": "yes",
        "INSECURE": "0",
        "WAIT": "60",
        "HEADER": "A: 1\nB: 2",
        "EXAMPLES": "4",
    }
    given = read(folder=tmp_path, **{f"HELP_CENTER_{name}": value for name, value in variables.items()})
    assert (given.target, given.jwt_secret, given.jwt_claims) == ("http://localhost:3000", "s", {"role": "user"})
    assert (given.users, given.reports, given.level) == (["alice", "bob"], tmp_path / "out", Level.SHOULD)
    assert (given.allow_incomplete, given.insecure, given.wait, given.examples) == (True, False, 60.0, 4)
    assert given.headers == {"A": "1", "B": "2"}


def test_the_environment_goes_before_the_ini_file(tmp_path: Path) -> None:
    (tmp_path / "waivers.toml").touch()
    ini = {"help_center_level": "should", "help_center_wait": "9", "help_center_waivers": "waivers.toml"}
    config = Given(Path("/elsewhere"), (TARGET, SECRET, "--deadline=7"), ini={**ini, "help_center_deadline": "8"})
    config.inipath = tmp_path / "pytest.ini"
    given = parse(config, {"HELP_CENTER_WAIT": "10"})  # type: ignore[arg-type]
    assert (given.level, given.wait, given.deadline, given.waivers) == (
        Level.SHOULD,
        10.0,
        7.0,
        tmp_path / "waivers.toml",
    )


def test_of_settings_that_exclude_each_other_the_weaker_one_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "transcripts").mkdir()
    (tmp_path / "transcripts" / "chat.jsonl").touch()
    given = read(f"--rejudge={tmp_path}", HELP_CENTER_TARGET="http://localhost:3000", HELP_CENTER_JWT_SECRET="s")
    assert (given.target, given.rejudge) == (None, tmp_path / "transcripts")


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("of the target\n", encoding="utf-8")
    given = read(TARGET, folder=tmp_path, HELP_CENTER_JWT_SECRET_FILE="secret")
    assert (given.jwt_secret, list(given.warnings)) == ("of the target", [])
    reported = refused(TARGET, folder=tmp_path, HELP_CENTER_JWT_SECRET_FILE="nothing")
    assert reported == f"HELP_CENTER_JWT_SECRET_FILE={tmp_path / 'nothing'} cannot be read: FileNotFoundError"


def test_a_secret_on_the_command_line_is_warned_about_and_not_shown() -> None:
    (warning,) = read(TARGET, "--jwt-secret=hidden").warnings
    assert warning.startswith("--jwt-secret on the command line can be read by every user of this machine")
    assert "set HELP_CENTER_JWT_SECRET, or HELP_CENTER_JWT_SECRET_FILE" in warning
    assert "hidden" not in warning


def test_a_secret_in_an_ini_file_is_refused_and_not_shown() -> None:
    config = Given(Path("/nowhere"), (TARGET,), ini={"help_center_token": "hidden"})
    with pytest.raises(UsageError) as caught:
        parse(config, {})  # type: ignore[arg-type]
    assert str(caught.value).startswith(
        "help_center_token: an ini file is not the place for a secret: set HELP_CENTER_TOKEN"
    )
    assert "hidden" not in str(caught.value)


def test_a_switch_is_1_or_0() -> None:
    assert refused(TARGET, SECRET, HELP_CENTER_INSECURE="maybe") == "HELP_CENTER_INSECURE=maybe is unknown: pass 1 or 0"


def test_a_pasted_bearer_prefix_is_no_part_of_a_token() -> None:
    assert read(TARGET, "--token=Bearer abc ").tokens == ["abc"]


def test_paths_are_meant_from_where_pytest_was_started(tmp_path: Path) -> None:
    (tmp_path / "waivers.toml").touch()
    given = read("--waivers=waivers.toml", "--reports=out", folder=tmp_path)
    assert (given.waivers, given.reports) == (tmp_path / "waivers.toml", tmp_path / "out")


def test_what_may_be_secret_is_not_printed() -> None:
    given = read(TARGET, "--jwt-secret=hidden", "--token=hidden", "--header=A: hidden", '--jwt-claims={"a": "hidden"}')
    assert "hidden" not in repr(given)
    assert "hidden" not in repr(read(TARGET, "--token-command=mint hidden"))


def test_what_is_judged_again_gets_a_folder_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "old" / "transcripts").mkdir(parents=True)
    (tmp_path / "old" / "transcripts" / "chat.jsonl").touch()
    assert read("--rejudge=old", folder=tmp_path).reports == tmp_path / "old" / "rejudged"
    assert read("--rejudge=old/transcripts", folder=tmp_path).reports == tmp_path / "old" / "rejudged"
    assert read("--rejudge=old", "--reports=new", folder=tmp_path).reports == tmp_path / "new"
    reported = refused("--rejudge=old", "--reports=new/../old", folder=tmp_path)
    assert reported.startswith("--reports=new/../old would overwrite the run that is judged again")


def test_headers() -> None:
    given = read(TARGET, SECRET, "--header=X-Gateway: a:b", "--header", "Empty:")
    assert given.headers == {"X-Gateway": "a:b", "Empty": ""}


def test_no_option_is_part_of_another_plugins() -> None:
    """pytest-timeout, pytest-replay and pytest-base-url have these."""
    assert not {"--timeout", "--replay", "--base-url", "--quiet", "--strict"} & {option.flag for option in OPTIONS}


def test_every_option_has_its_field_and_secrets_are_not_printed() -> None:
    known = {field.name: field for field in dataclasses.fields(Options)}
    assert {option.attribute for option in OPTIONS} <= set(known)
    assert {one.attribute for one in OPTIONS if one.secret} == {name for name, one in known.items() if not one.repr}


# -- the key of statements -------------------------------------------------------------------------------------------


def pem(key: PrivateKeyTypes) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_a_signing_key_is_a_file_or_stands_in_its_variable(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    (tmp_path / "key.pem").write_text(pem(key), encoding="ascii")
    by_file = read("--signing-key=key.pem", folder=tmp_path).signing_key
    by_variable = read(HELP_CENTER_SIGNING_KEY=pem(key)).signing_key
    assert by_file is not None
    assert by_variable is not None
    assert by_file.public_key() == by_variable.public_key() == key.public_key()


def test_another_kind_of_signing_key_is_refused() -> None:
    wrong = pem(ec.generate_private_key(ec.SECP256R1()))
    reported = refused(HELP_CENTER_SIGNING_KEY=wrong)
    assert (
        reported
        == "HELP_CENTER_SIGNING_KEY holds no unencrypted Ed25519 key in PEM form: openssl genpkey -algorithm ed25519"
    )
    assert refused("--signing-key=/nope") == "--signing-key=/nope is not a readable file"


# -- an earlier set of requirements ----------------------------------------------------------------------------------


def test_the_profile_is_full_unless_it_is_quick() -> None:
    assert (read().profile, read("--profile=quick").profile) == (Profile.FULL, Profile.QUICK)
    assert read(HELP_CENTER_PROFILE="quick").headline.startswith("certifying the embedded reference server, seed ")
    assert "profile quick" in read(HELP_CENTER_PROFILE="quick").headline
    assert refused("--profile=fast") == "--profile=fast is unknown: pass full or quick"


@pytest.mark.parametrize(
    ("options", "given", "profile"),
    [
        ({"profile": "quick"}, (), Profile.QUICK),
        ({"profile": "full"}, (), Profile.FULL),
        ({"profile": "full"}, ("--profile=quick",), Profile.QUICK),
        ({}, (), Profile.FULL),
    ],
    ids=["quick", "full", "less of a full run", "a run of an older release"],
)
def test_a_saved_run_is_judged_by_its_profile(
    tmp_path: Path, options: dict[str, str], given: tuple[str, ...], profile: Profile
) -> None:
    (tmp_path / "transcripts").mkdir()
    (tmp_path / "transcripts" / "chat.jsonl").touch()
    Result([], facts={**FACTS, "options": options}).write(tmp_path)
    assert read(f"--rejudge={tmp_path}", *given).profile is profile


def test_a_run_may_be_as_of_an_earlier_release() -> None:
    assert read("--as-of=0.1.0").as_of == "0.1.0"
    for wrong in ("0.0.9", "99.0.0", "latest", ""):
        assert refused(f"--as-of={wrong}").startswith(
            f"--as-of={wrong} is not a release up to this one: pass one from "
        )

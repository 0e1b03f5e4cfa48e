"""The files of `schemas/`."""

import json
import re
import shutil

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from conformance.paths import SCHEMAS
from conformance.schema import validator
from conformance.schema.validator import fits, mismatches
from tests.unit.schema.examples import (
    FILES,
)


def test_there_is_a_file_for_every_payload():
    payloads = {"conversation", "message", "connected", "typing-event", "error", "send", "typing", "send-ack"}
    assert set(validator.names()) == payloads | {"instant", "verdict"}


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_a_schema(name):
    Draft202012Validator.check_schema(FILES[name])
    assert FILES[name]["$schema"] == Draft202012Validator.META_SCHEMA["$id"]


@pytest.mark.parametrize("name", FILES)
def test_a_file_says_what_it_describes(name):
    schema = FILES[name]
    assert schema["$id"].endswith(f"/schemas/{name}.json")
    assert schema["title"]
    assert schema["description"]
    assert schema["examples"]


@pytest.mark.parametrize("name", sorted(FILES.keys() - {"verdict"}))
def test_a_file_names_its_section(name):
    assert re.match(r"Sections? [0-9]\.[0-9]", FILES[name]["$comment"])


@pytest.mark.parametrize("name", FILES)
def test_a_reference_names_a_file_beside_it(name):
    references = re.findall(r'"\$ref": "([^"#]+)', json.dumps(FILES[name]))
    assert all((SCHEMAS / reference).is_file() for reference in references)


@pytest.mark.parametrize("name", FILES)
def test_the_files_suffice_without_the_harness(name):
    registry = [Resource.from_contents(schema) for schema in FILES.values()] @ Registry()
    validator = Draft202012Validator(FILES[name], registry=registry)
    assert all(validator.is_valid(item) for item in FILES[name]["examples"])
    assert not validator.is_valid("\n")


@pytest.mark.parametrize("name", FILES)
def test_the_examples_fit(name):
    assert all(fits(name, item) for item in FILES[name]["examples"])
    assert [mismatches(name, item) for item in FILES[name]["examples"]] == [[]] * len(FILES[name]["examples"])


def test_the_readme_lists_every_file():
    readme = (SCHEMAS / "README.md").read_text("utf-8")
    assert set(re.findall(r"^\| `([a-z-]+)\.json`", readme, re.MULTILINE)) == FILES.keys()


def test_the_digest_changes_with_the_files(tmp_path):
    copy = shutil.copytree(SCHEMAS, tmp_path / "copy")
    assert validator.digest(copy) == validator.digest()
    (copy / "send.json").write_text("{}")
    assert validator.digest(copy) != validator.digest()
    assert re.fullmatch("[0-9a-f]{64}", validator.digest())

"""Saving and loading transcripts, and the names of their files."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.record.transcript import Kind, Transcript, file_name
from tests.support.handmade import Handmade, message

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters()), inner, max_size=3),
    max_leaves=8,
)


def test_a_transcript_survives_its_file(tmp_path: Path) -> None:
    chat = Handmade("chat[left-1]")
    chat.opens()
    chat.greeted()
    chat.says("hello")
    chat.fetches({"conversation": {}, "messages": []})
    chat.closed()
    chat.transcript.params = {"side": "left", "times": "1"}
    chat.transcript.doc, chat.transcript.cut, chat.transcript.facts = "Two\nlines", "phone: nothing", {"rtt": 0.01}
    assert Transcript.load(chat.transcript.save(tmp_path)) == chat.transcript


@settings(derandomize=True, database=None, deadline=None, max_examples=60)
@given(st.lists(JSON, max_size=4))
def test_any_json_survives_the_file(tmp_path_factory: pytest.TempPathFactory, args: list[object]) -> None:
    chat = Handmade()
    chat.event("help_center:message", *args)
    assert Transcript.load(chat.transcript.save(tmp_path_factory.mktemp("saved"))) == chat.transcript


@pytest.mark.parametrize(
    "text",
    ["\ud800", "a\udc00b", "\u2028\u2029\x85\x1e", "one\ntwo\r\n", "\0", "\U0001f600"],
    ids=["high", "low", "line-ends", "newlines", "nul", "emoji"],
)
def test_odd_characters_survive_the_file(tmp_path: Path, text: str) -> None:
    chat = Handmade()
    chat.event("help_center:message", {"text": text, text: 1})
    path = chat.transcript.save(tmp_path)
    assert Transcript.load(path).entries[0].get("args") == [{"text": text, text: 1}]
    assert len(path.read_text("ascii").split("\n")) == 3  # header, entry, end: one line each, whatever is in them


def test_a_huge_history_survives_the_file_quickly(tmp_path: Path) -> None:
    chat = Handmade()
    chat.greeted([message("x" * 200, id=f"m{number}") for number in range(20_000)])
    began = time.process_time()
    assert Transcript.load(chat.transcript.save(tmp_path)) == chat.transcript
    assert time.process_time() - began < 5


def test_the_file_is_json_lines_with_a_header(tmp_path: Path) -> None:
    chat = Handmade()
    chat.mark("here")
    header, entry = map(json.loads, chat.transcript.save(tmp_path).read_text("utf-8").splitlines())
    assert header["transcript"]["key"] == "chat"
    assert entry == {"n": 0, "at": 0.0, "kind": "mark", "device": "", "connection": 0, "data": {"label": "here"}}


def test_entries_are_picked_by_kind_and_connection() -> None:
    chat = Handmade()
    chat.opens("phone")
    chat.opens("tablet")
    chat.mark("later")
    assert [entry.device for entry in chat.transcript.of(Kind.OPEN)] == ["phone", "tablet"]
    assert [entry.connection for entry in chat.transcript.of(Kind.OPEN, Kind.HANDSHAKE, connection=2)] == [2, 2]


# -- what is not a transcript -----------------------------------------------------------------------------------------

HEADER = '{"transcript": {"key": "chat", "scenario": "chat"}}\n'
ENTRY = '{"n": 0, "at": 0, "kind": "mark", "device": "", "connection": 0, "data": {}}\n'


def test_the_least_that_is_a_transcript(tmp_path: Path) -> None:
    path = tmp_path / "chat.jsonl"
    path.write_text(HEADER + ENTRY)
    assert len(Transcript.load(path).entries) == 1


@pytest.mark.parametrize(
    "content",
    [
        "",
        "\n",
        "no JSON\n",
        "[]\n",
        "null\n",
        '"transcript"\n',
        '{"transcript": null}\n',
        '{"transcript": [1, 2]}\n',
        '{"transcript": {}}\n',
        '{"transcript": {"key": 5, "scenario": "chat"}}\n',
        '{"transcript": {"key": "chat", "scenario": "chat", "invented": 1}}\n',
        '{"transcript": {"key": "chat", "scenario": "chat", "entries": []}}\n',
        HEADER + "no JSON\n",
        HEADER + "null\n",
        HEADER + "{}\n",
        HEADER + ENTRY.replace('"mark"', '"invented"'),
        HEADER + ENTRY.replace('"at": 0', '"at": "now"'),
        HEADER + ENTRY.replace('"data": {}', '"data": []'),
        HEADER + ENTRY.replace('"n": 0', '"n": null'),
        HEADER + ENTRY.replace('"device": ""', '"device": 1'),
        HEADER + ENTRY.replace('"connection": 0', '"connection": "1"'),
        HEADER + ENTRY.replace("{}", '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}"),
        HEADER + ENTRY[:40],
    ],
)
def test_anything_else_is_refused_with_the_name_of_the_file(tmp_path: Path, content: str) -> None:
    path = tmp_path / "chat.jsonl"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"chat\.jsonl is not a transcript of this harness"):
        Transcript.load(path)


def test_a_file_that_is_no_text_is_refused_too(tmp_path: Path) -> None:
    path = tmp_path / "chat.jsonl"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="is not a transcript of this harness"):
        Transcript.load(path)


# -- file names ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("plain_chat", "plain_chat"),
        ("comes_back[closed-websocket]", "comes_back-closed-websocket"),
        ("comes_back[closed-websocket] (first try)", "comes_back_closed-websocket_first_try-4f9bbc1279de"),
    ],
)
def test_usual_keys_have_names_that_read_like_them(key: str, name: str) -> None:
    assert file_name(key) == name


PAIRS_THAT_READ_ALIKE = [
    ("padded[left]", "padded_left"),
    ("padded[left]", "padded-left"),
    ("padded[left]", "padded[LEFT]"),
    ("padded[ä]", "padded[ö]"),
    ("padded[a b]", "padded[a_b]"),
    ("padded[a/b]", "padded[a:b]"),
    ("padded[]", "padded"),
    ("padded[" + "x" * 300 + "]", "padded[" + "x" * 300 + "y]"),
    ("padded[\ud800]", "padded[\ud801]"),
]


@pytest.mark.parametrize(("one", "other"), PAIRS_THAT_READ_ALIKE)
def test_different_keys_have_different_files_on_any_file_system(one: str, other: str) -> None:
    assert file_name(one).casefold() != file_name(other).casefold()


@settings(derandomize=True, database=None, deadline=None, max_examples=300)
@given(st.text(st.characters(), max_size=300))
def test_a_name_is_safe_whatever_the_key(key: str) -> None:
    name = file_name(key)
    assert name.isascii()
    assert not set(name) & set('<>:"/\\|?*[] ')
    assert not name.startswith(".")
    assert not name.endswith(".")
    assert 0 < len(name) < 120

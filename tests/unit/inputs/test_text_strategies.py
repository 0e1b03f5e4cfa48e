"""Generated texts: their labels agree with every reading of the document, and shrinking ends where it should."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.checks.generated import comes_back, is_refused, last_batch, smallest_deviation
from conformance.errors import Deviation, Unverified
from conformance.inputs import text_strategies
from conformance.inputs.text_strategies import WHITE, described, label, units
from conformance.protocol import LARGEST
from conformance.record.transcript import Kind
from conformance.record.views import Send
from conformance.transport.socketio_packets import Sending
from tests.support.handmade import Handmade, message

MANY = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=300,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)

# -- what the languages trim -----------------------------------------------------------------------------------------

SEPARATORS = {c for c in map(chr, range(0x110000)) if unicodedata.category(c) in ("Zs", "Zl", "Zp")}
FIVE = set("\t\n\v\f\r")
TRIMS = {
    "python str.strip": {c for c in map(chr, range(0x110000)) if c.isspace()},
    "java String.trim": {chr(code) for code in range(0x21)},
    "java String.strip": (SEPARATORS - set("\u00a0\u2007\u202f")) | FIVE | set("\x1c\x1d\x1e\x1f"),
    "kotlin trim": SEPARATORS | FIVE | set("\x1c\x1d\x1e\x1f"),
    "javascript trim": SEPARATORS | FIVE | {"\ufeff"},
    "go strings.TrimSpace": SEPARATORS | FIVE | {"\x85"},
    "rust trim": SEPARATORS | FIVE | {"\x85"},
    "swift whitespacesAndNewlines": SEPARATORS | FIVE | {"\x85", "\u200b"},
    "c# Trim": SEPARATORS | FIVE | {"\x85"},
    "c# Trim of .NET 3.5": SEPARATORS | FIVE | set("\x85\u200b\ufeff\u180e"),
    "ruby strip": FIVE | set(" \0"),
    "php trim": set(" \t\n\r\v\0"),
}


@pytest.mark.parametrize("language", TRIMS)
def test_every_language_trims_our_white_space(language: str) -> None:
    assert set(WHITE) <= TRIMS[language]


def readings(text: str) -> dict[str, str]:
    """The text as each language leaves it."""
    return {language: text.strip("".join(trimmed)) for language, trimmed in TRIMS.items()}


# -- labels ----------------------------------------------------------------------------------------------------------


@MANY
@given(text_strategies.valid_texts | text_strategies.padded_texts)
def test_a_valid_text_is_valid_in_every_reading(text: str) -> None:
    assert label(text) == "valid"
    assert set(readings(text).values()) == {text.strip(WHITE)}
    core = text.strip(WHITE)
    assert 1 <= len(core) <= units(core) <= units(text) <= 2000  # graphemes: at least one, no more than code points
    text.encode("utf-8")  # no half of a surrogate pair
    assert "\0" not in text


@MANY
@given(text_strategies.blank_texts)
def test_a_blank_text_is_blank_in_every_reading(text: str) -> None:
    assert label(text) == "blank"
    assert set(readings(text).values()) == {""}


@MANY
@given(text_strategies.long_texts)
def test_a_long_text_is_long_in_every_reading(text: str) -> None:
    assert label(text) == "long"
    assert set(readings(text).values()) == {text}
    counted_as_one = [unicodedata.normalize(form, text) for form in ("NFC", "NFKC")]
    assert min(len(text), units(text), *map(len, counted_as_one)) > 2000
    assert not any(unicodedata.combining(c) or unicodedata.category(c)[0] not in "LN" for c in set(text))
    assert len(text.encode()) < 20_000  # frame limits are legal


@MANY
@given(st.text(st.characters(), max_size=20) | st.text("a \t\0\ud800\u00a0\ufeff\U0001f600", max_size=2500))
def test_a_label_is_only_given_where_all_readings_agree(text: str) -> None:
    cores = set(readings(text).values())
    if label(text) == "blank":
        assert cores == {""}
    if label(text) == "valid":
        assert len(cores) == 1
        assert all(1 <= len(core) <= units(core) <= 2000 for core in cores)
    if label(text) == "long":
        assert all(len(core) > 2000 for core in cores)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "blank"),
        (" \t\r\n", "blank"),
        ("a", "valid"),
        (" a ", "valid"),
        ("a" * 2000, "valid"),
        ("a" * 2001, "long"),
        (" " * 100 + "a" * 1950, None),  # limit before or after trimming
        (" " * 3000, "blank"),
        ("\U0001f600" * 1000, "valid"),
        ("\U0001f600" * 1001, None),  # 1,001 characters or 2,002
        ("e\u0301" * 1001, None),
        ("\u1112\u1161\u11ab" * 700, None),  # 2,100 code points, 700 syllables
        ("a\u00a0", None),
        ("\ufeffa", None),
        ("\u200ba", None),
        ("a\0b", None),
        ("a\ud800b", None),
        ("\u0301a", None),
    ],
)
def test_labels(text: str, expected: str | None) -> None:
    assert label(text) == expected


@settings(MANY, max_examples=40)
@given(text_strategies.valid_batches, text_strategies.invalid_batches)
def test_batches_are_of_one_kind_and_short(valid: list[str], invalid: tuple[str, ...]) -> None:
    assert {label(text) for text in valid} == {"valid"}
    assert {label(text) for text in invalid} <= {"blank", "long"}
    assert 1 <= len(valid) <= text_strategies.BATCH
    assert 1 <= len(invalid) <= text_strategies.BATCH


# -- for a person ----------------------------------------------------------------------------------------------------


@MANY
@given(st.text(st.characters(), max_size=200))
def test_a_described_text_is_ascii_on_one_line(text: str) -> None:
    assert described(text).isascii()
    assert described(text).isprintable()


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("", "'' (0 code points, 0 UTF-16 units)"),
        ("\U0001f600\u0660", "'\\U0001f600\\u0660' (2 code points, 3 UTF-16 units)"),
        ("a" * 2000 + "b", f"'{'a' * 50}' ... '{'a' * 19}b' (2,001 code points, 2,001 UTF-16 units)"),
    ],
)
def test_described(text: str, reads: str) -> None:
    assert described(text) == reads


# -- judging ---------------------------------------------------------------------------------------------------------


def chat(*pairs: tuple[str, object]) -> Handmade:
    """What was sent, and the text that was saved (None: refused)."""
    made = Handmade()
    made.opens()
    made.greeted()
    for text, saved in pairs:
        made.mark("batch")
        if saved is None:
            made.emits({"text": text}, tag="generated")
            made.ack({"error": {"code": "VALIDATION_ERROR", "message": "no"}})
        else:
            made.says(text, saved=message(saved, id=text), tag="generated")
    return made


def verdict(made: Handmade) -> str:
    try:
        smallest_deviation(made.record.sends, comes_back)
    except Deviation as deviation:
        return deviation.actual
    return "fine"


@pytest.mark.parametrize(
    ("sent", "saved", "actual"),
    [
        ("hello", "hello", "fine"),
        (" hello\n", "hello", "fine"),
        ("hello", "hallo", "'hallo' (5 code points, 5 UTF-16 units)"),
        (" hello", " hello", "fine"),  # SEND-TRIM judges that
        ("hello", None, "an error"),
        ("", None, "fine"),  # shrunk into a text that need not be accepted
        ("a\u00a0", "a", "fine"),
    ],
)
def test_a_valid_text_comes_back(sent: str, saved: str | None, actual: str) -> None:
    assert verdict(chat((sent, saved))).splitlines()[0] == actual


def test_of_several_deviating_texts_the_smallest_is_reported() -> None:
    made = chat(("bbbb", "x"), ("c", "x"), ("b", "x"), ("a", "a"), ("aaa", None))
    lines = verdict(made).splitlines()
    assert lines[1] == "the smallest of 3 such: 'b' (1 code points, 1 UTF-16 units)"  # refusals may be SEND-PLAIN's


def test_what_is_misshapen_or_unverified_hides_no_deviation_and_is_none() -> None:
    made = chat(("a", 5))
    with pytest.raises(Unverified, match="a payload lacks what this needs"):
        smallest_deviation(made.record.sends, comes_back)
    made.emits({"text": "b"}, tag="generated")
    made.says("c", saved=message("x", id="c"))
    assert "'c'" in verdict(made)
    with pytest.raises(Unverified):
        smallest_deviation([send for send in made.record.sends if send.text == "b"], comes_back)


@pytest.mark.parametrize(("text", "saved", "holds"), [("", None, True), (" ", " ", False), ("a" * 2001, "a", False)])
def test_a_blank_or_long_text_is_refused(text: str, saved: str | None, holds: bool) -> None:
    (send,) = chat((text, saved)).record.sends
    if holds:
        is_refused(send)
    else:
        with pytest.raises(Deviation):
            is_refused(send)


def test_a_text_that_became_valid_need_not_be_refused() -> None:
    (send,) = chat(("a", "a")).record.sends
    is_refused(send)


def test_the_last_batch_is_what_came_after_the_last_mark() -> None:
    made = chat(("a", "a"), ("b", "b"))
    made.add(Kind.MARK, device="rest", connection=0, label="HTTP 429: tries again after 0.1 s")
    made.says("c")
    sends: list[Send] = last_batch(made.transcript).sends
    assert [send.text for send in sends] == ["b", "c"]
    assert sends[0].message.text == "b"


@pytest.mark.parametrize("text", ["\n\U0001f3fb", " \uff9ex", "x\u0e33", "\u0d4e "])
def test_what_joins_white_space_is_called_nothing(text: str) -> None:
    """Swift takes it for one character with the space, and trims both or none."""
    assert label(text) is None


@MANY
@given(text_strategies.valid_texts)
def test_the_packet_of_a_valid_text_is_none_that_is_too_large(text: str) -> None:
    packet = Sending(2, data=["help_center:send", {"text": text}], namespace="/help-center", id=1000)
    assert len(str(packet.encode()).encode()) <= LARGEST


def test_control_characters_without_end_are_not_asked_for() -> None:
    assert text_strategies.label("a" + "\x01" * 1500 + "a") == "valid"
    assert text_strategies.label("a" + "\x01" * 1900 + "a") is None

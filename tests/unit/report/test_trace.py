"""What a person reads when a judgement fails: the shape of a failure, word for word."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.checks.assertions import check_all, expect, expect_equal, expect_schema
from conformance.errors import Deviation, one_line
from conformance.formatting import preview, printable
from conformance.record.transcript import Kind
from conformance.report import trace
from conformance.report.failure import text
from conformance.requirements import catalogue
from tests.support.handmade import Handmade, message

AGAIN = "pytest --target=http://127.0.0.1:3000 -k SEND-MAX"


def deviation_of(judge: Any, *args: Any, **named: Any) -> Deviation:
    with pytest.raises(Deviation) as caught:
        judge(*args, **named)
    return caught.value


# -- the whole story -----------------------------------------------------------------------------------------------


def too_long() -> Handmade:
    made = Handmade("too_long")
    made.opens()
    made.greeted()
    made.says("a" * 2001, saved=message("a" * 2001))
    return made


def test_a_failure_reads_as_the_style_guide_shows() -> None:
    made = too_long()
    send = made.record.send()
    deviation = Deviation("ack: {error: {code, message}}", f"ack: {preview(send.answer)}", at=send.at)
    story = text([catalogue()["SEND-MAX"]], deviation, made.transcript, AGAIN)
    assert story == (
        "SEND-MAX   MUST   section 4.5   a text of more than 2,000 characters is refused\n"
        "  Whatever exceeds 2,000 characters after trimming is refused, not shortened.\n"
        "\n"
        "  Expected  ack: {error: {code, message}}\n"
        '  Actual    ack: {message: {id: "b1946ac9-7ab2", conversationId: "c1", sender: "user", text:\n'
        '              "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…" (2,001 characters), createdAt:\n'
        '              "2026-01-01T00:00:01Z"}}\n'
        "\n"
        "  Wire      too_long: phone (user 1)             > sent   < received   * look here\n"
        "    0.000 > opens websocket        good token, by auth\n"
        "    0.001 < handshake              over websocket\n"
        '    0.002 > CONNECT /help-center {token: "‹token of user 1›"}\n'
        '    0.003 < CONNECT /help-center {sid: "s1"}\n'
        "    0.004 < help_center:connected  0 messages\n"
        "  * 0.005 > help_center:send #1    text of 2,001 characters\n"
        "    0.006 < help_center:message    b1946ac9-… user text of 2,001 characters\n"
        "  * 0.007 < ack #1                 {message: b1946ac9-… user text of 2,001 characters}\n"
        "\n"
        "  Again     pytest --target=http://127.0.0.1:3000 -k SEND-MAX"
    )


def test_a_failure_of_several_requirements_names_them_all() -> None:
    both = [catalogue()["SEND-MAX"], catalogue()["SEND-TRIM"]]
    heads = [line for line in text(both, Deviation("a", "b"), None, AGAIN).splitlines() if "section 4.5" in line]
    assert [line.split()[0] for line in heads] == ["SEND-MAX", "SEND-TRIM"]


def test_several_mismatches_stand_on_lines_of_their_own() -> None:
    payload = message(id="", createdAt="yesterday", sender="bot", text=5)
    deviation = deviation_of(expect_schema, "message", payload, "help_center:message")
    story = text([catalogue()["MESSAGE-SHAPE"]], deviation, None, "pytest").splitlines()
    assert story[3:8] == [
        "  Expected  help_center:message to fit schemas/message.json",
        '  Actual    id  expected a non-empty string, got ""',
        "            sender  expected one of 'user', 'support', got \"bot\"",
        "            text  expected a string, got 5",
        '            createdAt  expected an ISO 8601 instant, got "yesterday"',
    ]
    assert one_line(deviation) == (
        'expected help_center:message to fit schemas/message.json; got id  expected a non-empty string, got ""; '
        "sender  expected one of 'user', 'support', got \"bot\"; text  expected a string, got 5; "
        'createdAt  expected an ISO 8601 instant, got "yesterday"'
    )


def test_thousands_of_mismatches_are_counted() -> None:
    body = {"conversation": {}, "messages": [{}] * 1000}
    reported = deviation_of(expect_schema, "connected", body, "the REST body").actual.splitlines()
    assert len(reported) == 21
    assert reported[-1] == "and 4,985 more"


def test_long_lines_are_continued_further_right() -> None:
    story = text([catalogue()["SEND-MAX"]], Deviation("one " * 40, "two\nthree"), None, AGAIN).splitlines()
    assert [line[:16] for line in story[3:7]] == [
        "  Expected  one ",
        "              on",
        "  Actual    two",
        " " * 12 + "thre",
    ]
    assert max(map(len, story)) <= 110


def test_a_deviation_without_words_still_has_its_lines() -> None:
    assert "  Actual    nothing" in text([catalogue()["SEND-MAX"]], Deviation("a", ""), None, AGAIN)
    assert one_line(Deviation("a", "")) == "expected a; got nothing"


# -- several deviations in one -------------------------------------------------------------------------------------


def judged(reported: Deviation | None) -> None:
    if reported is not None:
        raise reported


def test_the_deviations_of_a_law_are_reported_one_by_one() -> None:
    first = Deviation("one ack", "2 for send #1", at=[3], transcript="chat")
    same_place = Deviation("one ack", "0 for send #2", at=[9], transcript="chat")
    elsewhere = Deviation("one ack for send #1", "none", at=[5], transcript="burst")
    joined = deviation_of(check_all, [first, None, same_place, elsewhere], judged)
    assert joined.actual.splitlines() == [
        "2 for send #1",
        "0 for send #2",
        "none (expected one ack for send #1) (in burst)",
    ]
    assert (joined.expected, joined.at, joined.transcript) == ("one ack", (3, 9), "chat")


def test_many_deviations_of_a_law_are_counted() -> None:
    many = [Deviation("a", f"b{number}") for number in range(1007)]
    assert deviation_of(check_all, many, judged).actual.splitlines() == ["b0", "b1", "b2", "b3", "b4", "and 1,002 more"]


# -- texts that look alike -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("actual", "expected", "reported"),
    [
        ("a" * 999 + "b" + "a" * 999, "a" * 1999, 'differs at character 1000: "baaaaaaa" for "aaaaaaaa"'),
        ("a" * 1999, "a" * 2000, 'differs at character 2000: the end for "a"'),
        ("Zoe\u0308", "Zo\u00eb", 'differs at character 3: "e\u0308" for "\u00eb"'),
        ("a\u00a0b", "a b", 'differs at character 2: "\\u00a0b" for " b"'),
        ("", "a", 'differs at character 1: the end for "a"'),
    ],
)
def test_where_two_texts_part_is_reported(actual: str, expected: str, reported: str) -> None:
    assert reported in deviation_of(expect_equal, actual, expected, "the text").actual


def test_other_values_are_shown_as_they_are() -> None:
    deviation = deviation_of(expect_equal, 3, 4, "the number of messages")
    assert (deviation.expected, deviation.actual) == ("the number of messages to be 4", "3")
    expect(True, "anything", "anything")


@pytest.mark.parametrize(
    ("value", "reads"),
    [
        ("hello", '"hello"'),
        ("a\n\u202eb\ud800", '"a\\n\\u202eb\\ud800"'),
        ("\U0001f600 ß", '"\\ud83d\\ude00 ß"'),
        ("x" * 200, '"' + "x" * 119 + '…" (200 characters)'),
        ({"text": "x" * 200}, '{text: "' + "x" * 40 + '…" (200 characters)}'),
        ({"a b": [1, 2.5, None, True]}, '{"a b": [1, 2.5, null, true]}'),
        ([[[[[["deep"]]]]]], '[[[[[["deep"]]]]]]'),
        (
            {"conversation": {"id": "c1"}, "messages": [message()] * 9},
            '{conversation: {id: "c1"}, messages: [{…}, {…}, {…}, {…}, {…}, …]}',
        ),
        (None, "null"),
    ],
)
def test_a_value_reads_on_one_short_line(value: object, reads: str) -> None:
    assert preview(value) == reads


def test_what_a_terminal_would_obey_or_refuse_is_escaped() -> None:
    assert printable("a\x1b[31m\r\u2028\udfff\nß \U0001f600") == "a\\u001b[31m\\r\\u2028\\udfff\nß \U0001f600"
    assert Deviation("\ud800", "\x07").expected == "\\ud800"


# -- the record around it --------------------------------------------------------------------------------------------


def test_devices_are_named_where_there_are_several() -> None:
    made = Handmade()
    made.opens("phone")
    made.fetches({"conversation": {}, "messages": [{}]})
    made.opens("tablet", user="user 2", transport="polling", good=False, option="bearer")
    made.closed("target", status=400, reason="bad\n request")
    made.opens("phone")
    assert trace.participants(made.transcript) == "phone (user 1), tablet (user 2), rest"
    reported = [line for line in trace.lines(made.transcript) if "CONNECT" not in line and "handshake" not in line]
    assert reported == [
        "    0.000 phone   > opens websocket                good token, by auth",
        "    0.004 rest    = GET /api/help-center/messages  200 1 message",
        "    0.005 tablet  > opens polling                  bad token: expired, by bearer",
        "    0.009 tablet  x closed by the target           status 400, bad request",
        "    0.010 phone#2 > opens websocket                good token, by auth",
    ]


def test_every_kind_of_entry_has_its_words() -> None:
    made = Handmade()
    made.opens()
    made.mark("batch")
    made.add(Kind.ENGINE, direction="<", packet="ping", via="websocket")
    made.emits({"text": "hello"}, attempt=2)
    made.event("help_center:error", {"code": "X", "message": "no"}, namespace="/")
    made.event(None)
    made.event(None, data={"help_center:message": 1})
    made.event("other", 1, 2, 3, 4)
    made.ack({"error": {"code": "X"}})
    made.ack(id=77)
    made.packet(Kind.SENT, "RAW", text="2[")
    made.add(Kind.GARBLED, text="x\x00", why="no packet")
    made.add(Kind.EXPIRED, waiting={"ack": 1}, seconds=2.5)
    made.packet(Kind.RECEIVED, "DISCONNECT")
    made.fetches(None, status=0, json=False, good=False, token="expired", reason="ConnectError: refused")
    reported = [line[10:] for line in trace.lines(made.transcript)[4:]]
    assert reported == [
        "      - batch",
        'phone > help_center:send #1 (try 2)  "hello"',
        'phone < help_center:error in the namespace /  {code: "X", message: "no"}',
        "phone < null                         (no argument)",
        'phone < EVENT                        no array with an event\'s name: {"help_center:message": 1}',
        "phone < other                        1, 2, 3, …",
        'phone < ack #1                       {error: {code: "X"}}',
        "phone < ack of id 77, which was not asked for  (no argument)",
        'phone > raw                          "2["',
        'phone < garbled                      no packet: "x\\u0000"',
        "phone ! waited 2.5 s in vain for the ack of send #1",
        "phone < DISCONNECT /help-center",
        "rest  = GET /api/help-center/messages with a bad token (expired)  no answer, ConnectError: refused",
    ]


def test_a_long_record_is_shown_around_what_matters() -> None:
    made = Handmade()
    made.opens()
    for number in range(100):
        made.mark(f"mark {number}")
    reported = trace.lines(made.transcript, [54, 94])
    assert [line for line in reported if "*" in line] == ["  * 0.054 - mark 50", "  * 0.094 - mark 90"]
    assert [line.strip() for line in reported].count("…") == 1
    assert len(reported) <= 20
    assert "mark 50" in reported[3]


def test_without_a_place_the_end_of_a_long_record_is_shown() -> None:
    made = Handmade()
    for number in range(100):
        made.mark(f"mark {number}")
    assert trace.lines(made.transcript)[-1].endswith("mark 99")


def test_times_stay_aligned_past_ten_seconds() -> None:
    made = Handmade()
    for _ in range(2):
        made.mark("here")
    entries = made.transcript.entries
    object.__setattr__(entries[1], "at", 12.3)
    assert trace.lines(made.transcript) == ["     0.000 - here", "    12.300 - here"]


def test_an_empty_record_has_no_lines() -> None:
    made = Handmade("nothing")
    assert trace.lines(made.transcript) == []
    wire = text([catalogue()["SEND-MAX"]], Deviation("a", "b"), made.transcript, AGAIN).splitlines()[6]
    assert wire.split() == ["Wire", "nothing", ">", "sent", "<", "received"]

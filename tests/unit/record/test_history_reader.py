"""Long histories: whatever is shared, what is read is what was sent; and what repeats costs little."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from conformance.blocks import SIZE, Blocks, Table, joined
from conformance.record.history_reader import Histories
from conformance.record.payloads import History, MalformedPayload
from conformance.record.transcript import Entry, Kind, Transcript, digest
from conformance.redaction import Redactor
from conformance.schema import validator

Json = Any
LONG = 600


def message(number: int, **more: Json) -> Json:
    text = f'message {number}: "quoted" }},{{ [ok] \\ 请帮 😀 \u2028'
    return {"id": f"m-{number}", "conversationId": "c", "sender": "user", "text": text, **more} | {
        "createdAt": f"2026-01-01T00:00:{number % 60:02}Z"
    }


def greeting(messages: Sequence[Json], **more: Json) -> Json:
    conversation = {"id": "c", "userId": "u", "status": "open", "createdAt": "2026-01-01T00:00:00Z"}
    conversation["updatedAt"] = f"2026-01-01T00:00:{len(messages) % 60:02}Z"
    return ["help_center:connected", {"conversation": conversation, "messages": list(messages), **more}]


def listed(value: Json) -> Json:
    return (value[1] if isinstance(value, list) else value)["messages"]


WRITTEN: dict[str, Callable[[Json], str | bytes]] = {
    "compact": lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False),
    "spaced": json.dumps,
    "indented": lambda value: json.dumps(value, indent=2),
    "bytes": lambda value: json.dumps(value, ensure_ascii=False).encode(),
    "sorted": lambda value: json.dumps(value, sort_keys=True),
}


def growing(rng: random.Random) -> Iterator[list[Json]]:
    """Oldest first, a few more each time."""
    length = LONG
    for _ in range(12):
        yield [message(number) for number in range(length)]
        length += rng.choice([0, 0, 1, 3, 300])


def shrinking(rng: random.Random) -> Iterator[list[Json]]:
    """Answers overtake each other: a shorter list comes after a longer one."""
    for _ in range(12):
        yield [message(number) for number in range(LONG + rng.randrange(40))]


def sliding(rng: random.Random) -> Iterator[list[Json]]:
    """The last part of a conversation."""
    last = 2 * LONG
    for _ in range(12):
        yield [message(number) for number in range(last - LONG, last)]
        last += rng.choice([0, 1, 5, 250, 2 * LONG])


def newest_first(rng: random.Random) -> Iterator[list[Json]]:
    for messages in (growing if rng.random() < 0.5 else sliding)(rng):
        yield messages[::-1]


def edited(rng: random.Random) -> Iterator[list[Json]]:
    """Somewhere a message is changed, taken out, doubled or moved."""
    messages = [message(number) for number in range(LONG)]
    for number in range(14):
        yield list(messages)
        place = rng.randrange(len(messages))
        change = rng.randrange(5)
        if change == 0:
            messages[place] = message(place, text=f"edited {number}")
        elif change == 1:
            del messages[place]
        elif change == 2:
            messages.insert(place, messages[rng.randrange(len(messages))])
        elif change == 3:
            messages[place] = rng.choice([{"id": 7}, {}, {"id": "m-1", "extra": {"deep": [{"er": {}}]}}])
        else:
            messages.append(message(5000 + number, attachments=[], meta={"a": [1, True, 1.0]}))


def odd(rng: random.Random) -> Iterator[list[Json]]:
    """Now and then something in the list is not a message at all."""
    for _ in range(10):
        messages: list[Json] = [message(number) for number in range(LONG)]
        if rng.random() < 0.5:
            messages.insert(rng.randrange(LONG), rng.choice([None, 3, "m", ["m"], True]))
        yield messages


def changing_types(rng: random.Random) -> Iterator[list[Json]]:
    """In Python, 1 equals True and 1.0: in JSON it does not."""
    for _ in range(8):
        yield [message(number, read=rng.choice([1, True, 1.0])) for number in range(LONG)]


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize(
    "kind", [growing, shrinking, sliding, newest_first, edited, odd, changing_types], ids=lambda kind: kind.__name__
)
@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_read_is_what_was_sent(written: str, kind: Callable[..., Any], seed: int) -> None:
    histories = Histories(Redactor())
    for step, messages in enumerate(kind(random.Random(seed))):
        value: Json = greeting(messages, unread=step)
        value = value if step % 3 else value[1]
        text = WRITTEN[written](value)
        assert json.dumps(histories.read(text, of="user 1")) == json.dumps(json.loads(text))


@pytest.mark.parametrize(
    "text",
    [
        '{"messages":[%s],"messages":[]}',
        '{"messages":[],"messages":[%s]}',
        '{"pinned":{"messages":[%s]},"messages":[%s]}',
        '{"recent":[%s],"messages":[%s]}',
        '{"messages":[%s],"recent":[%s]}',
        '["\\"messages\\":[",{"messages":[%s]}]',
        '[{"messages":[%s]},{"messages":[%s]}]',
    ],
)
def test_lists_in_odd_places_are_read_as_they_are(text: str) -> None:
    histories = Histories(Redactor())
    inside = ",".join(json.dumps(message(number)) for number in range(LONG))
    histories.read(f'{{"messages":[{inside}]}}', of="user 1")
    whole = text.replace("%s", inside)
    for _ in range(2):
        assert json.dumps(histories.read(whole, of="user 1")) == json.dumps(json.loads(whole))


@pytest.mark.parametrize("broken", ["%s", "%s]}]}", '%s,{"id":]}', "%s,NaN]}", '%s{"id":"x"}]}', "%s,,{}]}"])
def test_what_is_no_json_is_refused_whatever_is_known(broken: str) -> None:
    histories = Histories(Redactor())
    inside = '{"messages":[' + ",".join(json.dumps(message(number)) for number in range(LONG))
    histories.read(f"{inside}]}}", of="user 1")
    with pytest.raises(ValueError, match=r"JSON|Expecting|Extra data|Illegal"):
        histories.read(broken.replace("%s", inside), of="user 1")


def test_what_repeats_is_kept_once() -> None:
    histories = Histories(Redactor())
    read = [
        listed(histories.read(json.dumps(greeting([message(n) for n in range(LONG + more)])), of="user 1"))
        for more in (0, 1, 1, 2)
    ]
    assert all(isinstance(one, Blocks) for one in read)
    assert len(histories.table.messages) == LONG + 2
    assert read[0].blocks[: LONG // SIZE] == read[3].blocks[: LONG // SIZE]
    assert read[3].runs == [(0, LONG + 2)]


def test_what_is_shared_is_bounded() -> None:
    histories = Histories(Redactor(), most=10**6)
    shown = [[message(number + LONG * look) for number in range(LONG)] for look in range(12)]
    read = [listed(histories.read(json.dumps(greeting(messages)), of="user 1")) for messages in shown]
    kinds = [isinstance(one, Blocks) for one in read]
    assert kinds == sorted(kinds, reverse=True)
    assert 1 < kinds.count(True) < len(kinds)
    assert read == shown
    grown = listed(histories.read(json.dumps(greeting(shown[kinds.count(True) - 1] + shown[-1])), of="user 1"))
    assert grown == shown[kinds.count(True) - 1] + shown[-1]
    assert len(histories.table.messages) == LONG * kinds.count(True)


def test_secrets_are_taken_out_of_what_is_shared() -> None:
    redactor = Redactor()
    redactor.register("secret-of-the-run", "secret")
    histories = Histories(redactor)
    for more in (0, 1):
        texts = [message(number, text=f"{number} secret-of-the-run") for number in range(LONG + more)]
        messages = listed(histories.read(json.dumps(greeting(texts)), of="user 1"))
        assert {one["text"].partition(" ")[2] for one in messages} == {"‹secret›"}
        assert redactor.clean(messages) is messages


# -- on disk -------------------------------------------------------------------------------------------------------


def saved(folder: Path, lists: Sequence[Sequence[Json]]) -> Transcript:
    histories = Histories(Redactor())
    transcript = Transcript("chat", "chat")
    for serial, messages in enumerate(lists):
        name, payload = histories.read(json.dumps(greeting(messages)), of="user 1")
        data = {"packet": "EVENT", "event": name, "args": [payload]} if serial % 2 else {"body": payload, "json": True}
        kind = Kind.RECEIVED if serial % 2 else Kind.HTTP
        transcript.entries.append(Entry(serial, 0.5, kind, "phone", 1, data))
    transcript.save(folder)
    histories.table.save(folder)
    return transcript


def test_a_transcript_comes_back_as_it_was(tmp_path: Path) -> None:
    transcript = saved(tmp_path, list(growing(random.Random(3))))
    loaded = Transcript.load(tmp_path / "chat.jsonl")
    assert loaded == transcript
    assert all(isinstance(listed(entry.get("body") or entry.get("args")[0]), Blocks) for entry in loaded)


def test_what_repeats_takes_no_room(tmp_path: Path) -> None:
    saved(tmp_path, [[message(number) for number in range(LONG)]] * 50)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 60_000


def test_the_digest_covers_what_is_shared(tmp_path: Path) -> None:
    saved(tmp_path, [[message(number) for number in range(LONG)]])
    before = digest(tmp_path)
    table = Table()
    table.add([message(number + 1) for number in range(LONG)])
    table.save(tmp_path)
    assert digest(tmp_path) != before


@pytest.mark.parametrize("run", [[0, LONG + 1], [-1, 4], [5, 3], ["a", 2], [1], None])
def test_a_transcript_with_other_histories_is_refused(tmp_path: Path, run: Json) -> None:
    saved(tmp_path, [[message(number) for number in range(LONG)]])
    path = tmp_path / "chat.jsonl"
    path.write_text(path.read_text().replace(f"[[0, {LONG}]]", json.dumps([run])))
    with pytest.raises(ValueError, match=r"chat\.jsonl is not a transcript"):
        Transcript.load(path)


@pytest.mark.parametrize("content", [b"", b"no gzip", b"\x1f\x8b\x08\x00"])
def test_a_broken_table_is_refused(tmp_path: Path, content: bytes) -> None:
    saved(tmp_path, [[message(number) for number in range(LONG)]])
    (tmp_path / "histories.jsonl.gz").write_bytes(content)
    with pytest.raises(ValueError, match=r"transcript|table"):
        Transcript.load(tmp_path / "chat.jsonl")


# -- judged --------------------------------------------------------------------------------------------------------


def history(messages: Sequence[Json]) -> tuple[History, History]:
    """The same history, read in blocks and as it is."""
    histories = Histories(Redactor())
    text = json.dumps(greeting(messages))
    payloads = (histories.read(text, of="user 1")[1], json.loads(text)[1])
    one, other = (History(payload, "greeting", 1, "connected") for payload in payloads)
    return one, other


def test_a_history_in_blocks_says_the_same() -> None:
    one, other = history([message(number % 500, n=number) for number in range(LONG)])
    assert one.ids == other.ids
    assert one.all("text") == other.all("text")
    assert one.conversation_ids() == other.conversation_ids() == {"c"}
    assert one.where_is("id", "m-3") == other.where_is("id", "m-3") == [one.messages[3], one.messages[503]]
    assert list(one.messages) == list(other.messages)
    assert one.messages[-3:] == other.messages[-3:]
    assert [one.messages.place_of(m) for m in one.messages] == list(range(LONG))


def test_a_message_without_a_field_is_misshapen_wherever_it_stands() -> None:
    for one in history([message(number) for number in range(LONG)] + [{"id": 3}]):
        with pytest.raises(MalformedPayload, match=rf"messages\[{LONG}\]\.id"):
            _ = one.ids


@pytest.mark.parametrize("wrong", [{"id": "x"}, message(1, sender="bot"), {**message(1), "createdAt": "today"}])
def test_a_misfit_among_thousands_is_found(wrong: Json) -> None:
    fine, _ = history([message(number) for number in range(LONG)])
    misfit, _ = history([*(message(number) for number in range(LONG)), wrong, message(LONG)])
    assert validator.fits("connected", fine.raw)
    assert not validator.fits("connected", misfit.raw)


def test_misfits_in_blocks_are_reported_as_in_any_list() -> None:
    wrong = [{"id": "x", "a": {}}, {**message(1), "sender": "bot"}, {**message(1), "createdAt": 5, "id": ""}]
    one, other = history([*wrong, *(message(number) for number in range(LONG)), *wrong])
    assert isinstance(one.raw["messages"], Blocks)
    reported = validator.mismatches("connected", other.raw | {"conversation": {}})
    assert validator.mismatches("connected", one.raw | {"conversation": {}}) == reported
    assert len(reported) > 10


def test_runs_that_follow_each_other_are_one() -> None:
    assert joined([(0, 3), (3, 5), (7, 7), (7, 9), (1, 2)]) == [(0, 5), (7, 9), (1, 2)]

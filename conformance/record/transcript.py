"""What crossed the wire during one scenario: plain data, saved as JSON Lines, judged as often as one likes."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from conformance.blocks import FILE, Blocks, Run, Table
from conformance.protocol import Json
from conformance.record.old_transcripts import data_of_today, header_of_today

FORMAT = 2
"""The format of the transcripts that are written; those of the first one do not say which they have."""
GATEWAY = (502, 504)
"""HTTP statuses of a gateway that found no server behind it (503 asks for patience, and is tried again)."""
FORGOTTEN = (400, 404, 410, 503, *GATEWAY)
"""HTTP statuses of a poll whose session no node knows: the node that knew it was replaced."""

_LONGEST_NAME = 100
"""Characters of a readable file name: file systems take 255 bytes, some archives fewer."""


class Point(StrEnum):
    """Marks that judgements look for (the field ``point``)."""

    EXAMPLE = "example"
    """One of several programs in the transcript begins."""
    QUIET = "quiet"
    """Every outcome of a program was waited for, and a quiet window has passed."""


class Kind(StrEnum):
    """What an entry records. The fields of ``Entry.data`` are listed for each."""

    OPEN = "open"
    """A connection attempt begins: user, token (a label), token_kind (one of ``token_kinds``), lifetime (seconds;
    absent: as long as any), good (whether the token should be accepted),
    option ("auth" | "bearer" | "header" | "none" | …), transport ("websocket" | "polling" | "upgrade"), trial (that
    no law judges it; absent: false)."""
    HANDSHAKE = "handshake"
    """The Engine.IO handshake: upgrades, pingInterval, pingTimeout (ms), maxPayload (bytes)."""
    SENT = "sent"
    RECEIVED = "received"
    """A Socket.IO packet: packet (its name), namespace, id, event, args, via (transport). A sent
    ``help_center:send`` also has: send (its number), attempt, tag, plain, valid."""
    ENGINE = "engine"
    """An Engine.IO packet: direction (">" | "<"), packet, via. Or the answer to a POST that says in another way than
    HTTP 200 that it was taken: its status, besides."""
    GARBLED = "garbled"
    """Something received that is not a packet: text, why."""
    CLOSED = "closed"
    """The transport ended: by ("target" | "harness" | "network"), code, status, reason."""
    HTTP = "http"
    """A finished REST exchange: user, token, token_kind, lifetime, good, tag, trial, method, path, status, headers,
    body, began (seconds), since (seconds: when it was asked for at first; absent: then). ``status`` is 0 when no answer
    came (reason says why; by is "network" when the connection was lost)."""
    EXPIRED = "expired"
    """A wait that was given up: waiting (for what; see ``waits``), seconds (of silence), doubt (a ``Doubt``; absent:
    none)."""
    CLIENT = "client"
    """What the handlers of a client library were called with on a recorded connection: saw ("connect" | "event" |
    "ack" | "disconnect" | "error"), and of an event its name (event) and args, of an ack send, attempt and args, of
    an error what the library said (reason). ``call``: that the args are what ``call`` returned."""
    MARK = "mark"
    """A point of the scenario: label (for people), point (a ``Point``; absent: none of them), claims (names of the
    token's claims that equal ``conversation.userId``)."""


class Doubt(StrEnum):
    """Why what was given up may still have been under way."""

    UNPRECEDENTED = "unprecedented"
    """It was not waited for to the end: another one of its kind had been, in vain, and none had come in the run. No
    doubt for whoever judges that such a thing comes at all."""
    SLOW = "slow"
    """Others of its kind had come after a silence nearly as long."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the record. ``at`` is in seconds since the scenario began; ``device`` is the name the scenario
    gave; ``connection`` counts the transcript's connections from 1 (0: none)."""

    serial: int
    at: float
    kind: Kind
    device: str
    connection: int
    data: Mapping[str, Json]

    def get(self, field_name: str, default: Json = None) -> Json:
        return self.data.get(field_name, default)

    def to_json(self) -> Json:
        """``histories``: what lists of messages are made of that stand in the table of the run, by their paths; they
        are empty here."""
        head = {"n": self.serial, "at": round(self.at, 6), "kind": str(self.kind), "device": self.device}
        data, histories = dict(self.data), []
        for path in _long_lists(data):
            data, runs = _without(data, path)
            histories.append([path, runs])
        line = {**head, "connection": self.connection, "data": data}
        return {**line, "histories": histories} if histories else line

    @classmethod
    def from_json(cls, line: Json, table: Table | None = None) -> Entry:
        """Raises LookupError, TypeError or ValueError for what ``to_json`` did not make."""
        data = line["data"]
        for path, runs in line.get("histories", ()):
            owner = data
            for step in path[:-1]:
                owner = owner[step]
            owner[path[-1]] = (table or Table()).view([(int(begin), int(end)) for begin, end in runs])
        entry = cls(line["n"], line["at"], Kind(line["kind"]), line["device"], line["connection"], data)
        typed = isinstance(entry.device, str) and isinstance(entry.data, dict) and isinstance(entry.at, (int, float))
        if not (typed and isinstance(entry.serial, int) and isinstance(entry.connection, int)):
            raise TypeError("an entry with fields of other types")
        return entry


def _long_lists(data: Mapping[str, Json]) -> list[list[Json]]:
    """The paths of the lists that are made of blocks: in an argument of an event, or in a body."""
    args = data.get("args")
    payloads = [(["args", place], one) for place, one in enumerate(args if isinstance(args, list) else ())]
    payloads += [(["body"], data.get("body")), (["data"], data.get("data"))]
    found = ((path, one) for path, one in payloads if isinstance(one, dict) and isinstance(one.get("messages"), Blocks))
    return [[*path, "messages"] for path, _ in found]


def _without(data: Json, path: Sequence[Json]) -> tuple[Json, Sequence[Run]]:
    """A copy in which the list at the end of a path is empty; and the runs of the list."""
    if not path:
        return [], data.runs
    copy = data.copy()
    copy[path[0]], runs = _without(data[path[0]], path[1:])
    return copy, runs


@dataclass(slots=True)
class Transcript:
    """The record of one scenario.

    ``cut`` says why the scenario ended before its end (None: it did not); ``limit`` after how many seconds it was ended
    because it took too long; ``unverified`` says why it was never
    driven at all (no second user, no signing key); ``gone`` since when the target did not answer any more, when the
    recording ended; ``dropped`` says which connection or request was lost in a first
    recording and not in this one. ``fatal`` says what the target went of, where it was this scenario: ``says``, ``at``
    (the entry's serial number) and ``requirements`` (those that judge such a thing, the first is blamed). ``subjects``
    says who the users are, across transcripts. ``facts`` are the run's measures that judgements may need (round trip,
    deadlines, and in ``began`` the second of the run in which the scenario began).
    """

    key: str
    scenario: str
    params: dict[str, str] = field(default_factory=dict)
    doc: str = ""
    wave: int = 1
    users: list[str] = field(default_factory=list)
    subjects: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Json] = field(default_factory=dict)
    cut: str | None = None
    limit: float | None = None
    unverified: str | None = None
    gone: str | None = None
    dropped: str | None = None
    fatal: dict[str, Json] | None = None
    entries: list[Entry] = field(default_factory=list)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def of(self, *kinds: Kind, connection: int | None = None) -> list[Entry]:
        return [e for e in self.entries if e.kind in kinds and (connection is None or e.connection == connection)]

    @property
    def marks(self) -> list[Entry]:
        """The scenario's own: what devices and REST note besides has their name."""
        return [entry for entry in self.of(Kind.MARK) if not entry.device]

    def save(self, folder: Path) -> Path:
        """Write the transcript as JSON Lines: a header, then one entry a line."""
        path = folder / f"{file_name(self.key)}.jsonl"
        with path.open("w", encoding="utf-8") as out:
            out.writelines(json.dumps(line) + "\n" for line in self._lines())
        return path

    def _lines(self) -> Iterable[Json]:
        header = {
            name: getattr(self, name)
            for name in (
                "key",
                "scenario",
                "params",
                "doc",
                "wave",
                "users",
                "subjects",
                "facts",
                "cut",
                "limit",
                "unverified",
                "gone",
                "dropped",
                "fatal",
            )
        }
        yield {"transcript": {"format": FORMAT, **header}}
        yield from (entry.to_json() for entry in self.entries)

    @classmethod
    def load(cls, path: Path, table: Table | None = None) -> Transcript:
        """Read a saved transcript; ``table``: the one beside it, unless it was read already. Raises ValueError, with
        the file's name, on anything else."""
        table = table or Table.load(path.parent)
        try:
            with path.open(encoding="utf-8") as lines:
                header = dict(json.loads(next(lines))["transcript"])
                if not isinstance(header.get("key"), str):
                    raise TypeError("its header has no key")
                written = header.pop("format", 1)
                if written not in (1, FORMAT):
                    raise ValueError(f"its format is {written}, and this harness reads those up to {FORMAT}")
                if written == FORMAT:
                    return cls(**header, entries=[Entry.from_json(json.loads(line), table) for line in lines])
                old = [Entry.from_json(_of_today(json.loads(line)), table) for line in lines]
                return cls(**header_of_today(header), entries=old)
        except StopIteration:
            raise ValueError(f"{path} is not a transcript of this harness (it is empty)") from None
        except (LookupError, TypeError, ValueError, RecursionError) as error:
            raise ValueError(f"{path} is not a transcript of this harness ({error})") from error


def params_of(path: Path) -> Mapping[str, str]:
    """The parameters of the scenario whose transcript is saved there; none where it cannot be read."""
    try:
        with path.open(encoding="utf-8") as lines:
            return dict(json.loads(next(lines))["transcript"]["params"])
    except (StopIteration, LookupError, TypeError, ValueError, RecursionError):
        return {}


def _of_today(line: Json) -> Json:
    """A line of the first format as it would be written today."""
    data = line["data"]
    return {**line, "data": data_of_today(line["kind"], data)} if isinstance(data, dict) else line


def digest(folder: Path) -> str:
    """One SHA-256 over all transcripts of a folder, in the order of their names, and the histories that they share."""
    whole = hashlib.sha256()
    for path in sorted([*folder.glob("*.jsonl"), *folder.glob(FILE)]):
        contents = path.read_bytes()
        whole.update(f"{path.name} {len(contents)}\n".encode() + contents)
    return whole.hexdigest()


def file_name(key: str) -> str:
    """A file name for a scenario's key: readable, safe on every file system, and another one for every other key."""
    plain = re.fullmatch(r"(?P<name>[a-z0-9_]+)(?:\[(?P<values>[a-z0-9_.+-]*[a-z0-9_+-])\])?", key)
    if plain and len(key) <= _LONGEST_NAME:
        return "-".join(part for part in plain.groups() if part)
    readable = re.sub(r"[^A-Za-z0-9_.+-]+", "_", key)[:_LONGEST_NAME].strip("_.")
    return f"{readable}-{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def only(args: Json) -> Json:
    """The one argument of an event or ack; None where there are none or several."""
    return args[0] if isinstance(args, list) and len(args) == 1 else None


def first(args: Json) -> Json:
    """The first argument of an event or ack; None where there is none."""
    return args[0] if isinstance(args, list) and args else None

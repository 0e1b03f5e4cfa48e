"""Long lists of messages, cut into blocks that many lists share.

A user with a long history is shown nearly the same list again and again. Each message is kept once, in a table of the
run; a list is made of runs of the table, and a run of blocks. What is asked about a block is worked out once, however
many lists it is in.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from conformance.protocol import Json

T = TypeVar("T")
Run = tuple[int, int]
"""Where some messages begin in the table, and where they end (exclusive)."""

SIZE = 256
"""Messages of a whole block."""
FILE = "histories.jsonl.gz"
"""What the table is called beside the transcripts that refer to it: a message a line."""


class Block:
    """Some messages that stand one after the other. They must not be changed."""

    __slots__ = ("_facts", "messages")

    def __init__(self, messages: Sequence[Json]) -> None:
        self.messages = messages
        self._facts: dict[Callable[[Sequence[Json]], Any], Any] = {}

    def fact(self, find: Callable[[Sequence[Json]], T]) -> T:
        """What a function makes of the messages, worked out once."""
        if find not in self._facts:
            self._facts[find] = find(self.messages)
        found: T = self._facts[find]
        return found


class Blocks(list[Json]):
    """A list of messages that knows its blocks. It must not be changed either."""

    __slots__ = ("blocks", "runs")

    def __init__(self, blocks: Sequence[Block], runs: Sequence[Run]) -> None:
        super().__init__(message for block in blocks for message in block.messages)
        self.blocks = blocks
        self.runs = runs


def blocks_of(messages: Sequence[Json]) -> Sequence[Block]:
    """The blocks of a list; any other list is one of its own."""
    return messages.blocks if isinstance(messages, Blocks) else (Block(messages),)


class Table:
    """All the messages of long histories, in the order in which they were first shown."""

    def __init__(self) -> None:
        self.messages: list[Json] = []
        self._blocks: dict[Run, Block] = {}

    def add(self, messages: Iterable[Json]) -> Run:
        """Keep further messages; where they stand."""
        begin = len(self.messages)
        self.messages.extend(messages)
        return begin, len(self.messages)

    def view(self, runs: Sequence[Run]) -> Blocks:
        """The list that these runs make. Raises ValueError where the table has no such messages."""
        return Blocks([self._block(piece) for run in runs for piece in self._pieces(run)], runs)

    def _pieces(self, run: Run) -> Iterator[Run]:
        """A run, cut wherever a block ends."""
        begin, end = run
        if not 0 <= begin <= end <= len(self.messages):
            raise ValueError(f"no messages {begin} to {end} among {len(self.messages)}")
        while begin < end:
            cut = min(end, (begin // SIZE + 1) * SIZE)
            yield begin, cut
            begin = cut

    def _block(self, piece: Run) -> Block:
        found = self._blocks.get(piece)
        if found is None:
            found = self._blocks[piece] = Block(self.messages[slice(*piece)])
        return found

    def save(self, folder: Path) -> None:
        """Write the table beside the transcripts; nothing where there are no messages."""
        path = folder / FILE
        path.unlink(missing_ok=True)
        if self.messages:
            with path.open("wb") as out, gzip.GzipFile("", "wb", 4, out, mtime=0) as packed:
                packed.writelines(
                    f"{json.dumps(message, separators=(',', ':'))}\n".encode() for message in self.messages
                )

    @classmethod
    def load(cls, folder: Path) -> Table:
        """The table of saved transcripts; an empty one where there is none. Raises ValueError for anything else."""
        table, path = cls(), folder / FILE
        if not path.exists():
            return table
        try:
            with gzip.open(path) as lines:
                table.add(json.loads(line) for line in lines)
        except (ValueError, OSError, EOFError, RecursionError) as error:
            raise ValueError(f"{path} is not a table of histories ({error})") from error
        return table


def joined(runs: Iterable[Run]) -> list[Run]:
    """The same runs, those that follow each other made one."""
    found: list[Run] = []
    for begin, end in runs:
        if found and found[-1][1] == begin:
            found[-1] = (found[-1][0], end)
        elif begin < end:
            found.append((begin, end))
    return found

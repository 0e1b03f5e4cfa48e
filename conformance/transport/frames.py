"""WebSocket frames in what a target sends, counted by their heads (RFC 6455, section 5.2)."""

from __future__ import annotations

FINAL, KIND, MASKED, LENGTH = 0x80, 0x0F, 0x80, 0x7F
CONTROL = 8
"""The first kind of frame that may stand between those of a message."""
LONGER = {126: 2, 127: 8}
"""Bytes in which the length stands, by what stands in its place."""


class Frames:
    """Of one connection, from its first byte. ``unfinished``: of the message whose last frame has not come yet."""

    def __init__(self) -> None:
        self.unfinished = 0
        self._head = bytearray()
        """The bytes of a head that has not come as a whole."""
        self._skip = 0
        """Bytes of the last frame that have not come yet."""

    def feed(self, data: bytes, limit: int) -> bool:
        """Count on. Whether there were no more than so many frames in one message."""
        if self._head:
            data, self._head = bytes(self._head) + data, bytearray()
        at = self._skip
        while at < len(data):
            begin, size = at, _size(data, at)
            if size is None:
                self._head += data[begin:]
                at = len(data)
                break
            at += size
            if data[begin] & KIND < CONTROL:
                self.unfinished = 0 if data[begin] & FINAL else self.unfinished + 1
                if self.unfinished > limit:
                    return False
        self._skip = at - len(data)
        return True


def _size(data: bytes, at: int) -> int | None:
    """Of the frame that begins there, head and all; None where the head is not whole."""
    if at + 2 > len(data):
        return None
    mark = data[at + 1] & LENGTH
    more = LONGER.get(mark, 0)
    if at + 2 + more > len(data):
        return None
    length = int.from_bytes(data[at + 2 : at + 2 + more], "big") if more else mark
    return 2 + more + (4 if data[at + 1] & MASKED else 0) + length

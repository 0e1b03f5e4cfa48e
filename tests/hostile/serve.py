"""``python -m tests.hostile.serve NAME``: serve one target, print its URL, until standard input ends."""

from __future__ import annotations

import sys

from tests.hostile.target import load_all

if __name__ == "__main__":
    with load_all()[sys.argv[1]].served() as url:
        print(url, flush=True)
        sys.stdin.read()

"""The longest texts are as long as may be however characters are counted, and whole texts are their own families'."""

from __future__ import annotations

import json

import pytest

from conformance import meanings, verbatim
from conformance.longest import LONGEST_TEXTS
from conformance.protocol import LONGEST
from conformance.texts import merged


@pytest.mark.parametrize("name", LONGEST_TEXTS)
def test_every_language_agrees_on_the_length(name: str) -> None:
    text = LONGEST_TEXTS[name].sent
    assert len(text) == LONGEST == len(text.encode("utf-16-le")) // 2
    assert text == text.strip()
    assert "\r" not in text  # with a line feed it is one grapheme
    assert len(json.dumps(text, ensure_ascii=False).encode()) <= 6002


def test_the_texts_differ() -> None:
    tables = [*meanings.FAMILIES.values(), *verbatim.FAMILIES.values(), LONGEST_TEXTS]
    texts = [text.sent for text in merged(tables).values()]
    assert len(texts) == sum(map(len, tables)) == len(set(texts))
    assert all(text == text.strip() for text in texts)

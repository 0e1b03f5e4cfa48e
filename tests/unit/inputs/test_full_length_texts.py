"""The longest texts are as long as may be however characters are counted, and whole texts are their own families'."""

from __future__ import annotations

import json

import pytest

from conformance.inputs import misleading_texts, unicode_texts
from conformance.inputs.full_length_texts import LONGEST_TEXTS
from conformance.inputs.texts import merged
from conformance.protocol import LONGEST
from tests.legal.of_texts import TRIMS


@pytest.mark.parametrize("name", LONGEST_TEXTS)
def test_every_language_agrees_on_the_length(name: str) -> None:
    text = LONGEST_TEXTS[name].sent
    assert len(text) == LONGEST == len(text.encode("utf-16-le")) // 2
    assert text == text.strip()
    assert "\r" not in text  # with a line feed it is one grapheme
    assert len(json.dumps(text, ensure_ascii=False).encode()) <= 6002


def test_the_texts_differ() -> None:
    tables = [*misleading_texts.FAMILIES.values(), *unicode_texts.FAMILIES.values(), LONGEST_TEXTS]
    texts = [text.sent for text in merged(tables).values()]
    assert len(texts) == sum(map(len, tables)) == len(set(texts))
    assert all(text == text.strip() for text in texts)


@pytest.mark.parametrize("language", TRIMS)
def test_no_language_trims_what_has_a_meaning(language: str) -> None:
    texts = merged([*misleading_texts.FAMILIES.values(), *unicode_texts.FAMILIES.values(), LONGEST_TEXTS]).values()
    assert [text.about for text in texts if TRIMS[language](text.sent) != text.saved] == []

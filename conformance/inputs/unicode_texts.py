"""Texts that careless servers change: every one has to come back as it was sent (SEND-VERBATIM). Pure data.

Written with escapes wherever a look at the source would not tell what is there. A family is what one connection sends;
it is kept short, so that a server that shows the last part of a conversation shows most of it.
"""

from __future__ import annotations

from collections.abc import Mapping

from conformance.inputs.texts import Text, Texts

EMOJI: Texts = {
    "emoji": Text("thanks \U0001f600 a lot", "an emoji in the middle, four bytes of UTF-8"),
    "emoji-alone": Text("\U0001f44d\U0001f389", "nothing but emoji"),
    "emoji-skin-tone": Text("\U0001f44b\U0001f3fd hello", "an emoji with a skin tone"),
    "emoji-family": Text(
        "my \U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 travels", "emoji joined by ZWJ"
    ),
    "emoji-flag": Text("from \U0001f1e9\U0001f1ea to \U0001f1ef\U0001f1f5", "flags: pairs of regional indicators"),
    "emoji-flag-of-tags": Text(
        "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f rules",
        "a flag spelled in tag characters",
    ),
    "emoji-keycap": Text("press 1\ufe0f\u20e3 now", "digit, variation selector, combining keycap"),
    "emoji-heart": Text("I \u2764\ufe0f and I \u2764\ufe0e it", "one symbol in emoji and in text style"),
    "astral-letter": Text("let \U0001d49c be a set", "a mathematical letter beyond the BMP"),
    "astral-ideograph": Text("\U00020bb7\U000291bd", "ideographs beyond the BMP"),
}

COMPOSITION: Texts = {
    "composed": Text("Zo\u00eb caf\u00e9", "accents composed (NFC)"),
    "decomposed": Text("Zoe\u0308 cafe\u0301", "accents as combining marks (NFD)"),
    "marks-out-of-order": Text("a\u0307\u0323 q\u0323\u0307", "combining marks that normalising would swap"),
    "hangul-syllables": Text("\ud55c\uad6d\uc5b4", "Hangul as syllables"),
    "hangul-jamo": Text("\u1112\u1161\u11ab\u1100\u116e\u11a8", "Hangul as jamo"),
    "angstrom-sign": Text("1 \u212b, 2 \u2126, 3 \u212a", "signs that NFC replaces by letters"),
    "ligature": Text("o\ufb03ce \ufb01le", "ligatures that NFKC takes apart"),
    "full-width": Text("\uff21\uff22\uff23\uff11\uff12\uff13 \uff76\uff85", "full-width and half-width forms"),
    "superscript": Text("x\u00b2 \u2460 \u2122 \u00bd", "characters that NFKC turns into plain ones"),
    "compatibility-ideograph": Text("\uf900\ufa0e", "ideographs that normalising replaces"),
    "marks-stacked": Text("Z\u0351\u036b\u0343a\u0316\u0317\u0318\u0319 lgo", "letters with three marks and more"),
    "full-width-punctuation": Text(
        "\u4f60\u597d\uff0c\u771f\u7684\uff1f\uff08\u662f\uff1a\u662f\uff1b\uff09\u597d\uff01", "full-width punctuation"
    ),
    "wave-dash": Text("5\u301c6 \uff5e 7\u22128 \uff0d 9", "dashes that Shift_JIS mixes up"),
    "shift-jis-dashes": Text("a \u2014 b \u2015 c \u2016 d \u2225 e", "dashes and bars that it mixes up, too"),
    "shift-jis-signs": Text(
        "1 \u00a2 \uffe0 2 \u00a3 \uffe1 3 \u00ac \uffe2 4 \u00a6 \uffe4 5 \u00a5 \uffe5 6 \u203e \uffe3",
        "signs that Shift_JIS and EUC-JP mix up",
    ),
}

INVISIBLE: Texts = {
    "zero-width-space": Text("zero\u200bwidth", "a zero-width space inside"),
    "non-joiner": Text("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "Persian with a zero-width non-joiner"),
    "joiner": Text("\u0915\u094d\u200d\u0937", "Devanagari with a zero-width joiner"),
    "direction-marks": Text("a\u200f\u05d0\u05d1\u200eb", "right-to-left and left-to-right marks"),
    "direction-isolates": Text("a \u2067\u05d0\u05d1\u05d2\u2069 b \u202bc\u202c d", "bidi isolates and embeddings"),
    "soft-hyphen": Text("Donau\u00addampf", "a soft hyphen"),
    "byte-order-mark": Text("a\ufeffb", "U+FEFF inside"),
    "word-joiner": Text("1\u2060234", "a word joiner"),
    "line-separator": Text("one\u2028two", "U+2028, a line end in old JavaScript"),
    "paragraph-separator": Text("one\u2029two", "U+2029"),
    "private-use": Text("a\ue000b\U000f0000c", "private use characters"),
    "replacement-character": Text("a\ufffdb", "U+FFFD itself"),
    "ignorable": Text(
        "\u845b\U000e0100\u57ce a\u034fb x\u3164y", "a grapheme joiner, a filler, an ideograph's variant"
    ),
}

WHITE_INSIDE: Texts = {
    "line-feed-inside": Text("first line\nsecond line", "a line feed inside"),
    "line-break-inside": Text("first line\r\nsecond line", "carriage return and line feed inside"),
    "carriage-return-inside": Text("first line\rsecond line", "a carriage return inside"),
    "empty-lines-inside": Text("first\n\n\n\nsecond", "empty lines inside"),
    "tab-inside": Text("name\tvalue", "a tab inside"),
    "spaces-inside": Text("wide    open  space", "runs of spaces inside"),
    "indented": Text("if x:\n    y\n\tz  \nend", "white space at the ends of inner lines"),
    "no-break-space": Text("10\u00a0000\u202f\u20ac", "no-break spaces inside"),
    "ideographic-space": Text("\u4f60\u597d\u3000\u518d\u89c1", "an ideographic space inside"),
}

MARKUP: Texts = {
    "html": Text("<b>bold</b> <br/> 1 < 2 > 0", "HTML tags"),
    "script": Text("<script>alert('x')</script>", "nothing but a script element"),
    "entities": Text("fish &amp; chips &lt;3 &#39;now&#39; & more", "HTML entities and a bare ampersand"),
    "quotes": Text('she said "it\'s" `so`', "quotes of three kinds"),
    "backslashes": Text("C:\\temp\\new\\u0041 \\n \\\\server", "backslashes that look like escapes"),
    "sql": Text("Robert'); DROP TABLE messages;--", "SQL"),
    "percent": Text("100%s %d%% %(name)s %20 %C3%A9", "format strings and percent escapes"),
    "templates": Text("${7*7} {{7*7}} #{7*7} {0} <%= 7 %> $1", "template placeholders"),
    "replacements": Text("it costs $$5, $& and $' or $`", "what some replace functions take for patterns"),
    "markdown": Text("**bold** _it_ `code` [a](b) # no\n- item", "Markdown"),
    "shortcode": Text("nice :smile: :-) <3 (c) -- ...", "what becomes emoji or typography elsewhere"),
    "url": Text("see https://example.com/a?b=c&d=%20e#f and www.example.com", "URLs"),
    "mention": Text("@everyone #1 someone@example.com +49 170 0000000", "what becomes links elsewhere"),
}

WORDS: Texts = {
    "null-word": Text("null", "the word null"),
    "true-word": Text("true", "the word true"),
    "false-word": Text("false", "the word false"),
    "undefined-word": Text("undefined", "the word undefined"),
    "nan-word": Text("NaN", "the word NaN"),
    "leading-zeros": Text("007", "a number with leading zeros"),
    "exponent": Text("1e5", "a number with an exponent"),
    "decimal": Text("1.50", "a number with a last zero"),
    "long-number": Text("12345678901234567890", "a number too large for a double"),
    "date-word": Text("2026-03-01T09:30:00.000Z", "an instant, which JSON revivers like"),
    "json-object": Text('{"text": "inner", "n": 1}', "a JSON object"),
    "json-string": Text('"quoted"', "a JSON string"),
    "json-array": Text('["a", 1.0]', "a JSON array"),
    "prototype": Text("__proto__", "a name that JavaScript objects have"),
}

LETTERS: Texts = {
    "mixed-case": Text("MiXeD CaSe iPhone McDonald", "upper and lower case"),
    "odd-case": Text("\u0130stanbul \u0131\u015f\u0131k stra\u00dfe \u017ft \u1e9e", "letters whose case folds oddly"),
    "greek": Text("\u039f\u0394\u039f\u03a3 \u03bf\u03b4\u03cc\u03c2", "Greek with a final sigma"),
    "arabic": Text(
        "\u0645\u0631\u062d\u0628\u0627 123 \u0661\u0662\u0663", "right-to-left letters and two kinds of digits"
    ),
    "hebrew": Text("\u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd", "Hebrew with points"),
    "devanagari": Text("\u0928\u092e\u0938\u094d\u0924\u0947 \u0915\u094d\u0937", "Devanagari with conjuncts"),
    "thai": Text("\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35\u0e04\u0e23\u0e31\u0e1a", "Thai, which has no spaces"),
    "cyrillic": Text("\u041f\u0440\u0438\u0432\u0435\u0442, \u0451\u043b\u043a\u0430", "Cyrillic"),
    "typographic": Text(
        "\u201cit\u2019s\u201d \u2013 \u2026 \u00ab\u20ac\u00bb", "typographic punctuation and a euro sign"
    ),
    "rude": Text("damn, this app is crap", "words that some filters star out"),
    "arabic-letters": Text(
        "\u0643\u064a\u0641 \u0623\u0625\u0622 \u0639\u0644\u0649 \u0645\u062f\u0631\u0633\u0629",
        "Arabic yeh, kaf, alefs",
    ),
    "arabic-vowels": Text(
        "\u0645\u064f\u062d\u064e\u0645\u0651\u064e\u062f \u0645\u0640\u0640\u0631\u062d\u0628\u0627",
        "Arabic vowel signs and a stretched word",
    ),
    "persian": Text("\u06cc\u06a9 \u06a9\u062a\u0627\u0628 \u06f4\u06f5\u06f6", "Persian yeh, kaf and digits"),
    "look-alikes": Text(
        "\u0440\u0430y\u0440\u0430l and p\u0251ypal", "letters of other scripts that look like Latin ones"
    ),
}

FAMILIES: Mapping[str, Texts] = {
    "emoji": EMOJI,
    "composition": COMPOSITION,
    "invisible": INVISIBLE,
    "white-inside": WHITE_INSIDE,
    "markup": MARKUP,
    "words": WORDS,
    "letters": LETTERS,
}

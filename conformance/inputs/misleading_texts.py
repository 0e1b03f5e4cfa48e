"""Texts that careless programs take for something other than text: every one has to come back as it was sent
(SEND-VERBATIM). Pure data. Each stands alone, as a whole text; a family is what one connection sends."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.inputs.texts import ASCII, Text, Texts, of_length

MEMBERS: Texts = {
    "constructor": Text("constructor", "a member of every JavaScript object"),
    "to-string": Text("toString", "another one"),
    "value-of": Text("valueOf", "another one"),
    "has-own-property": Text("hasOwnProperty", "another one"),
    "define-getter": Text("__defineGetter__", "another one, of old"),
    "prototype-word": Text("prototype", "a member of functions"),
    "to-json": Text("toJSON", "what serializers look for"),
    "then": Text("then", "what makes an object a promise"),
    "length": Text("length", "a member of arrays and strings"),
    "class": Text("__class__", "a member of every Python object"),
    "text-word": Text("text", "the name of the field"),
    "error-word": Text("error", "the name of the other outcome"),
    "support-word": Text("support", "the name of the other sender"),
    "disconnect-word": Text("disconnect", "a name that Socket.IO keeps for itself"),
}

COMMANDS: Texts = {
    "slash-start": Text("/start", "a command of bots"),
    "slash-unknown": Text("/shrug no such command", "a command that no bot knows"),
    "stop": Text("STOP", "what ends a subscription by SMS"),
    "help": Text("HELP", "what asks for help by SMS"),
    "unsubscribe": Text("Unsubscribe", "the same by mail"),
    "agent": Text("agent", "what calls a person"),
    "bang": Text("!close", "a command of chat bots"),
    "ping": Text("ping", "what is answered by pong"),
    "quit": Text("QUIT", "what ends a line protocol"),
    "dot": Text(".", "what ends a mail"),
    "end-of-file": Text("EOF", "what ends a document in a script"),
    "modem": Text("+++ATH0", "what ended a call"),
    "event-name": Text("help_center:send", "the name of the event"),
    "packet": Text('42/help-center,["help_center:error",{}]', "a packet of Socket.IO"),
}

NUMBERS: Texts = {
    "infinity": Text("Infinity", "a number in JavaScript"),
    "minus-infinity": Text("-inf", "a number in C and Python"),
    "minus-zero": Text("-0", "a zero with a sign"),
    "plus-one": Text("+1", "a number with a plus sign"),
    "hexadecimal": Text("0x10", "a number to base 16"),
    "binary": Text("0b11", "a number to base 2"),
    "octal": Text("0o17", "a number to base 8"),
    "overflow": Text("1e400", "a number too large for a double"),
    "underflow": Text("1e-400", "a number too small for a double"),
    "past-2-53": Text("9007199254740993", "a whole number that a double rounds"),
    "big-int": Text("10n", "a number in JavaScript, and a word elsewhere"),
    "underscored": Text("1_000", "a number in Python and Java"),
    "grouped": Text("1,234.50", "a number with a comma"),
    "bare-point": Text(".5", "a number without a zero"),
    "arabic-digits": Text("\u0661\u0662", "digits of another script"),
    "percent-number": Text("100%", "a number with a unit"),
}

NOTHINGS: Texts = {
    "zeros": Text("0.0", "what some languages take for nothing"),
    "no": Text("no", "false in YAML"),
    "off": Text("off", "false in forms"),
    "f": Text("f", "false in PostgreSQL"),
    "none": Text("None", "nothing in Python"),
    "nil": Text("nil", "nothing in Ruby and Go"),
    "null-capitals": Text("NULL", "nothing in SQL"),
    "sql-null": Text("\\N", "nothing in a dump of MySQL or PostgreSQL"),
    "not-available": Text("#N/A", "nothing in a spreadsheet"),
    "dash": Text("-", "nothing in a table"),
    "tilde": Text("~", "nothing in YAML"),
    "object-object": Text("[object Object]", "what comes of printing an object"),
    "empty-object": Text("{}", "an empty object"),
    "empty-array": Text("[]", "an empty array"),
    "empty-string": Text('""', "an empty string in quotes"),
    "escaped-zero": Text("\\u0000 \\x00 %00", "how U+0000 is written"),
}

TEMPLATES: Texts = {
    "mustache": Text("{{7*7}}", "a template of Jinja, Angular, Vue and others"),
    "mustache-name": Text("{{ user.name }}", "a template with a name that is not there"),
    "dollar-brace": Text("${7*7}", "a template of JavaScript and Java"),
    "lookup": Text("${jndi:dns://127.0.0.1/a}", "a lookup in logs"),
    "erb": Text("<%= 7*7 %>", "a template of Ruby"),
    "tag": Text("{% now %}", "a tag of Django"),
    "format": Text("%s", "a format of C"),
    "format-write": Text("%n%n", "a format that writes"),
    "format-name": Text("{user}", "a format of Python"),
    "format-index": Text("{0}", "a format of Java and .NET"),
    "open-brace": Text("{", "a format that is broken"),
    "plural": Text("{n, plural, one {#} other {#s}}", "a message of ICU"),
    "parameter": Text(":name ? $1 @p1", "parameters of SQL"),
    "shell": Text("$(echo 7) `echo 7` $HOME %PATH%", "what shells expand"),
    "backreference": Text("$1 \\1 $& $$", "what replacing expands"),
}

_TOKEN = ".".join(("eyJhbGciOiJub25lIn0", "eyJzdWIiOiJub3RoaW5nIn0", "c2lnbmF0dXJl"))
_API_KEY = "_".join(("sk", "live", "0123456789abcdefghijklmn"))
"""In pieces: scanners of source code take them for true."""

ADDRESSES: Texts = {
    "url-alone": Text("https://example.com/?a=1&b=%202#c", "nothing but a URL"),
    "url-without-scheme": Text("//example.com", "a URL without a scheme, or a comment"),
    "url-local": Text("http://127.0.0.1:9/", "a URL that should not be fetched for a preview"),
    "javascript-url": Text("javascript:alert(1)", "a URL that runs"),
    "data-url": Text("data:text/plain;base64,SGVsbG8=", "a URL that holds a file"),
    "mail-alone": Text("someone@example.com", "nothing but an address"),
    "mail-with-name": Text("Some One <someone@example.com>", "an address that looks like a tag"),
    "phone": Text("+1 (555) 010-0123", "a phone number"),
    "card": Text("4111 1111 1111 1111", "a card number"),
    "iban": Text("DE89370400440532013000", "an account number"),
    "social-security": Text("078-05-1120", "a number that filters know"),
    "ip": Text("192.168.000.001", "an address with zeros"),
    "uuid": Text("00000000-0000-0000-0000-000000000000", "an id of nothing"),
    "mention-alone": Text("@here", "whom all chats call"),
    "hashtag": Text("#help", "a channel"),
    "password": Text("password: hunter2", "what secret scanners star out"),
    "url-tracking": Text("HTTP://Example.com:80/a/../?utm_source=b&fbclid=c", "a URL that is shortened elsewhere"),
    "token": Text(_TOKEN, "what looks like a JWT, and is good for nothing"),
    "api-key": Text(f"api_key={_API_KEY}", "what looks like a key for payments"),
}

LANGUAGES: Texts = {
    "json-error": Text('{"error":{"code":"X","message":"y"}}', "JSON, an error"),
    "json-operator": Text('{"$ne":null}', "JSON, an operator of MongoDB"),
    "json-number": Text("{1:2}", "nearly JSON"),
    "xml": Text('<?xml version="1.0"?><a>b</a>', "XML"),
    "cdata": Text("<![CDATA[x]]>", "XML, character data"),
    "yaml": Text("key: [1, 2", "YAML that is broken"),
    "query": Text("text=other&text[]=more", "a form"),
    "sql-or": Text("' OR '1'='1", "SQL, a condition"),
    "sql-comment": Text("--", "SQL, a comment"),
    "sql-wildcards": Text("%_[a]", "SQL, wildcards"),
    "regex": Text("^(a+)+$", "a regular expression"),
    "regex-broken": Text("*[(", "a regular expression that is broken"),
    "html-comment": Text("<!-- hidden -->", "HTML, a comment"),
    "html-entity": Text("&nbsp;&lt;&#65;&amp;amp;", "HTML, entities alone"),
    "terminal": Text("in \x1b[31mred\x1b[0m", "colours of a terminal"),
    "base64": Text("SGVsbG8gd29ybGQ=", "base64"),
    "mail-from": Text("From here on\nFrom now on, too", "lines that a mailbox file marks"),
    "mail-signature": Text("It works.\n-- \nZoe", "a mail with a signature"),
    "mail-device": Text("It does.\nSent from my iPhone", "a mail with another one"),
    "mail-reply": Text("Yes.\nOn 1 March 2026, Support wrote:\n> Does it?", "a mail with what it answers"),
    "mail-encoded": Text("a=3Db and x=41", "what mails write in place of other characters"),
    "mail-subject": Text("Re: Re: Fwd: my order", "the subject of a mail"),
}

NOTATIONS: Texts = {
    "formula": Text("=1+1", "a formula of a spreadsheet"),
    "formula-plus": Text("+1+1", "another one"),
    "formula-at": Text("@SUM(A1:A9)", "another one"),
    "month": Text("MARCH1", "a name that spreadsheets take for a date"),
    "date": Text("01/02/03", "a date, of one country or another"),
    "date-iso": Text("2026-03-01", "a date"),
    "time": Text("24:00", "a time"),
    "instant": Text("2024-01-15T10:00:00Z", "an instant without a fraction"),
    "instant-offset": Text("2024-01-15T10:00:00.5+02:00", "an instant in another zone"),
    "instant-local": Text("2024-01-15T10:00", "an instant without a zone"),
    "instant-sql": Text("2024-01-15 10:00:00", "an instant as databases write it"),
    "instant-basic": Text("20240115T100000Z", "an instant without punctuation"),
    "instant-mail": Text("Mon, 15 Jan 2024 10:00:00 GMT", "an instant as mails and HTTP have it"),
    "instant-dotnet": Text("/Date(1705312800000)/", "an instant as .NET wrote it in JSON"),
    "duration": Text("PT1H", "an hour in ISO 8601"),
    "fraction": Text("1/2 1st (tm) -> ...", "what becomes typography elsewhere"),
    "smiley": Text(":+1: :) :D ;-) <3", "what becomes emoji elsewhere"),
    "heading": Text("# heading", "Markdown, a heading"),
    "quote": Text("> quote", "Markdown, a quotation"),
    "list-item": Text("1. item\n2. item\n10. item", "Markdown, a list that is numbered anew"),
    "rule": Text("---", "Markdown, a rule; YAML, a document"),
    "fence": Text("```js\ncode\n```", "Markdown, code"),
    "path": Text("../../etc/passwd", "a path that leads out"),
    "device-name": Text("C:\\CON", "a name that Windows keeps for itself"),
    "exclamations": Text("Help!!! Anybody??? No....", "repeated punctuation"),
    "stretched": Text("sooooo loooong", "letters that are repeated"),
    "shouted": Text("PLEASE HELP ME NOW", "nothing but capitals"),
    "spaced-punctuation": Text("i said : no ,wait !ok ?", "what typographers put in order"),
}

ROUND = (16, 64, 128, 255, 256, 512, 1000, 1024)
SIZES: Texts = {f"{n}-bytes": Text(of_length(ASCII, n), f"{n} bytes, where buffers or columns end") for n in ROUND}

FAMILIES: Mapping[str, Texts] = {
    "members": MEMBERS,
    "commands": COMMANDS,
    "numbers": NUMBERS,
    "nothings": NOTHINGS,
    "templates": TEMPLATES,
    "addresses": ADDRESSES,
    "languages": LANGUAGES,
    "notations": NOTATIONS,
    "sizes": SIZES,
}

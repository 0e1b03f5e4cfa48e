"""What is wrong with a payload, in words: one `Mismatch` for each thing a validator complains of."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from jsonschema import ValidationError

from conformance.formatting import bare, shortened

_TYPES = {
    "array": "an array",
    "boolean": "a boolean",
    "integer": "an integer",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "a string",
}


@dataclass(frozen=True)
class Mismatch:
    """One way in which a payload differs from its schema.

    `path` says where ("messages[3].createdAt", "" for the payload itself), `expected` what the schema
    asks for, `actual` what came, shortened.
    """

    path: str
    expected: str
    actual: str

    def __str__(self) -> str:
        return f"{self.path or 'the payload'}  expected {self.expected}, got {self.actual}"


def described(errors: Iterable[ValidationError]) -> list[Mismatch]:
    """What a validator found, in its order; complaints that read the same become one."""
    return list(dict.fromkeys(mismatch for error in errors for mismatch in _explained(error)))


def _explained(error: ValidationError) -> Iterator[Mismatch]:
    schema: Any = error.schema
    value: Any = error.instance
    path = tuple(error.absolute_path)
    if title := _own_title(schema):
        yield Mismatch(_dotted(path), title, shortened(value))
    elif error.validator == "required":
        for name in (name for name in schema["required"] if name not in value):
            yield Mismatch(_dotted((*path, name)), "present", "missing")
    elif error.validator == "additionalProperties":
        for name in (name for name in value if name not in schema["properties"]):
            yield Mismatch(_dotted((*path, name)), "no such field", shortened(value[name]))
    else:
        yield Mismatch(_dotted(path), _expectation(error), shortened(value))


def _own_title(schema: Any) -> str | None:
    """The title of anything but a payload says what was expected better than its keywords do."""
    return None if schema.get("type") == "object" else schema.get("title")


def _expectation(error: ValidationError) -> str:
    wording = _WORDINGS.get(str(error.validator))
    return wording(error.validator_value) if wording else error.message


def _type_wording(types: str | list[str]) -> str:
    return " or ".join(_TYPES[name] for name in ([types] if isinstance(types, str) else types))


def _enum_wording(values: list[str]) -> str:
    return "one of " + ", ".join(f"'{value}'" for value in values)


_WORDINGS: dict[str, Callable[[Any], str]] = {
    "type": _type_wording,
    "enum": _enum_wording,
    "const": lambda value: f"'{value}'",
    "minLength": lambda least: "a non-empty string" if least == 1 else f"a string of {least} or more",
    "minimum": lambda least: f"a number not below {least}",
    "uniqueItems": lambda _: "no item twice",
}


def _dotted(path: Iterable[str | int]) -> str:
    """A path as a programmer writes it: messages[3].createdAt."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{bare(step)}" if text else bare(step)
    return text

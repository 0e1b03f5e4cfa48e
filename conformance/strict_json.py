"""JSON as clients in JavaScript read it, where Python's reader is more lenient: NaN and Infinity are none, and bytes
are UTF-8 and nothing else (RFC 8259, and ``Response.json()``). No number is infinite: it could not be written again.
"""

from __future__ import annotations

import json
import math
import sys

from conformance.protocol import Json


def loads(text: str | bytes) -> Json:
    """The value of a text. Raises ValueError or RecursionError where it is none."""
    return _DECODER.decode(text if isinstance(text, str) else text.decode("utf-8-sig", "surrogatepass"))


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def finite(digits: str) -> float:
    """A number with a fraction or an exponent. One beyond floats is the largest of them, where JavaScript reads
    infinity, which no JSON can hold."""
    number = float(digits)
    return number if math.isfinite(number) else math.copysign(sys.float_info.max, number)


_DECODER = json.JSONDecoder(parse_constant=_refused, parse_float=finite)

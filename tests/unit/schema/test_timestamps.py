"""Instants in all the dresses of ISO 8601."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from dateutil.parser import isoparse
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.paths import SCHEMAS
from conformance.schema import timestamps
from conformance.schema.timestamps import dress, parse, seconds_apart
from conformance.schema.validator import fits

DETERMINISTIC = settings(derandomize=True, deadline=None, database=None, max_examples=500)
PATTERN = json.loads((SCHEMAS / "instant.json").read_text("utf-8"))["pattern"]

READ = {
    # Calendar dates, extended and basic, and both together
    "2026-03-01T09:30:15Z": "2026-03-01T09:30:15+00:00",
    "20260301T093015Z": "2026-03-01T09:30:15+00:00",
    "2026-03-01T093015Z": "2026-03-01T09:30:15+00:00",
    "20260301T09:30:15Z": "2026-03-01T09:30:15+00:00",
    # Week and ordinal dates
    "2026-W09-7T09:30:15Z": "2026-03-01T09:30:15+00:00",
    "2026W097T093015Z": "2026-03-01T09:30:15+00:00",
    "2020-W53-5": "2021-01-01T00:00:00",
    "2026-060T09:30:15Z": "2026-03-01T09:30:15+00:00",
    "2026060T093015Z": "2026-03-01T09:30:15+00:00",
    "2024-366": "2024-12-31T00:00:00",
    # Precision
    "2026-03-01": "2026-03-01T00:00:00",
    "20260301": "2026-03-01T00:00:00",
    "2026-03-01T09Z": "2026-03-01T09:00:00+00:00",
    "2026-03-01T09:30Z": "2026-03-01T09:30:00+00:00",
    "2026-03-01T09,5Z": "2026-03-01T09:30:00+00:00",
    "2026-03-01T09:30.25Z": "2026-03-01T09:30:15+00:00",
    "20260301T0930.25": "2026-03-01T09:30:15",
    "2026-03-01T09:30:15.1Z": "2026-03-01T09:30:15.100000+00:00",
    "2026-03-01T09:30:15.123Z": "2026-03-01T09:30:15.123000+00:00",
    "2026-03-01T09:30:15,123Z": "2026-03-01T09:30:15.123000+00:00",
    "2026-03-01T09:30:15.123456Z": "2026-03-01T09:30:15.123456+00:00",
    "2026-03-01T09:30:15.123456789Z": "2026-03-01T09:30:15.123456+00:00",
    "2026-03-01T09:30:15." + "9" * 5000 + "Z": "2026-03-01T09:30:15.999999+00:00",
    # Zones
    "2026-03-01T09:30:15": "2026-03-01T09:30:15",
    "2026-03-01T09:30:15+00:00": "2026-03-01T09:30:15+00:00",
    "2026-03-01T09:30:15-00:00": "2026-03-01T09:30:15+00:00",
    "2026-03-01T09:30:15+05:30": "2026-03-01T09:30:15+05:30",
    "2026-03-01T09:30:15-0330": "2026-03-01T09:30:15-03:30",
    "2026-03-01T09:30:15.5+02": "2026-03-01T09:30:15.500000+02:00",
    "2026-03-01T09:30:15\u221203:00": "2026-03-01T09:30:15-03:00",
    "2026-03-01t09:30:15z": "2026-03-01T09:30:15+00:00",
    # The edges of the clock and the calendar
    "2026-02-28T24:00:00Z": "2026-03-01T00:00:00+00:00",
    "2026-02-28T24:00:00.000Z": "2026-03-01T00:00:00+00:00",
    "2026-02-28T24Z": "2026-03-01T00:00:00+00:00",
    "2016-12-31T23:59:60Z": "2017-01-01T00:00:00+00:00",
    "2017-01-01T05:29:60.5+05:30": "2017-01-01T05:30:00.500000+05:30",
    "2024-02-29T00:00:00Z": "2024-02-29T00:00:00+00:00",
    "0001-01-01T00:00:00Z": "0001-01-01T00:00:00+00:00",
}

MISSHAPEN = {
    "empty": "",
    "epoch-seconds": "1772357415",
    "epoch-milliseconds": "1772357415000",
    "rfc-2822": "Sun, 01 Mar 2026 09:30:15 GMT",
    "javascript": "Sun Mar 01 2026 09:30:15 GMT+0000 (Coordinated Universal Time)",
    "asctime": "Sun Mar  1 09:30:15 2026",
    "sql": "2026-03-01 09:30:15",
    "sql-with-zone": "2026-03-01 09:30:15Z",
    "locale": "3/1/2026, 9:30:15 AM",
    "day-first": "01-03-2026T09:30:15Z",
    "slashes": "2026/03/01T09:30:15Z",
    "short-month": "2026-3-01T09:30:15Z",
    "half-extended-date": "2026-0301T09:30:15Z",
    "half-extended-time": "2026-03-01T09:3015Z",
    "short-year": "26-03-01T09:30:15Z",
    "long-year": "+002026-03-01T09:30:15Z",
    "year": "2026",
    "month": "2026-03",
    "week": "2026-W09",
    "eighth-day-of-a-week": "2026-W09-8",
    "no-time": "2026-03-01T",
    "zone-of-a-date": "2026-03-01Z",
    "empty-fraction": "2026-03-01T09:30:15.Z",
    "two-fractions": "2026-03-01T09:30.5:15.5Z",
    "short-zone": "2026-03-01T09:30:15+2",
    "two-zones": "2026-03-01T09:30:15Z+00:00",
    "named-zone": "2026-03-01T09:30:15 UTC",
    "java": "2026-03-01T09:30:15+01:00[Europe/Berlin]",
    "arabic-digits": "\u0662\u0660\u0662\u0666-03-01T09:30:15Z",
    "wide-digits": "\uff12\uff10\uff12\uff16-03-01T09:30:15Z",
    "line-feed": "2026-03-01T09:30:15Z\n",
    "leading-space": " 2026-03-01T09:30:15Z",
    "quoted": '"2026-03-01T09:30:15Z"',
    "surrogate": "2026-03-01T09:30:15Z\ud800",
    "nul": "2026-03-01T09:30:15Z\x00",
    "words": "just now",
    "duration": "PT5M",
    "interval": "2026-03-01/2026-03-02",
}

UNREAL = [
    "2026-00-01T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-01-00T00:00:00Z",
    "2026-02-29T00:00:00Z",
    "2026-04-31",
    "2026-000",
    "2026-366",
    "2026-W00-1",
    "2025-W53-1",
    "0000-01-01T00:00:00Z",
    "2026-03-01T25:00:00Z",
    "2026-03-01T24:00:01Z",
    "2026-03-01T24:00:00.001Z",
    "2026-03-01T09:60:00Z",
    "2026-03-01T09:30:60Z",
    "2026-03-01T23:59:61Z",
    "2026-03-01T23:59:60+01:00",
    "2026-03-01T09:30:00+24:00",
    "2026-03-01T09:30:00+01:60",
    "9999-12-31T24:00:00Z",
]


@pytest.mark.parametrize(("text", "meaning"), READ.items(), ids=lambda text: text[:40])
def test_an_instant_is_read(text, meaning):
    assert parse(text).isoformat() == meaning
    assert fits("instant", text)


@pytest.mark.parametrize("text", MISSHAPEN.values(), ids=MISSHAPEN)
def test_another_format_is_refused(text):
    assert parse(text) is None
    assert not fits("instant", text)
    assert dress(text) == "not ISO 8601"


@pytest.mark.parametrize("text", UNREAL)
def test_a_moment_that_never_comes_is_refused(text):
    assert re.fullmatch(PATTERN, text)
    assert parse(text) is None
    assert not fits("instant", text)
    assert dress(text) == "shaped like ISO 8601, but no real instant"


def test_the_schema_and_the_reader_share_one_pattern():
    anonymous = re.sub(r"\?P<\w+>", "?:", timestamps._INSTANT.pattern)
    assert f"^{anonymous}$" == PATTERN


@DETERMINISTIC
@given(st.from_regex(PATTERN, fullmatch=True) | st.from_regex("[0-9TWZtwz+:.,\n\u2212-]{4,30}", fullmatch=True))
def test_the_reader_reads_what_the_schema_lets_through(text):
    assert (parse(text) is not None) == fits("instant", text)
    assert parse(text) is None or re.fullmatch(PATTERN, text)


@DETERMINISTIC
@given(st.text())
def test_no_text_is_too_strange(text):
    assert (parse(text) is not None) == fits("instant", text)
    assert dress(text)


ZONES = st.none() | st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(timezones=ZONES)


@DETERMINISTIC
@given(MOMENTS)
def test_what_python_writes_is_read_back(moment):
    assert parse(moment.isoformat()) == moment
    assert parse(moment.isoformat().lower().replace(".", ",")) == moment
    assert parse(moment.strftime(f"{moment.year:04}%m%dT%H%M%S.%f%z")) == moment
    assert parse(f"{moment.year:04}{moment:-%jT%H:%M:%S.%f%z}") == moment


@DETERMINISTIC
@given(MOMENTS, st.sampled_from(["hours", "minutes", "seconds", "milliseconds"]))
def test_a_library_reads_the_same(moment, precision):
    text = moment.isoformat(timespec=precision)
    assert parse(text) == isoparse(text)


@pytest.mark.parametrize(
    ("one", "other", "seconds"),
    [
        ("2026-03-01T09:30:00Z", "2026-03-01T09:30:00.000+00:00", 0.0),
        ("2026-03-01T09:30:00Z", "2026-03-01T11:30:00+02:00", 0.0),
        ("2026-03-01T09:30:00Z", "2026-03-01T09:29:59.750Z", 0.25),
        ("2026-03-01T09:29:59.750Z", "2026-03-01T09:30:00Z", 0.25),
        ("2026-03-01T09:30:00", "2026-03-01T09:30:01", 1.0),
        ("2026-03-01T09:30:00", "2026-03-01T09:30:00Z", 0.0),
        ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", 315538070279.0),
        ("2026-03-01T09:30:00Z", "just now", None),
        ("2026-13-01T09:30:00Z", "2026-03-01T09:30:00Z", None),
    ],
)
def test_seconds_apart(one, other, seconds):
    assert seconds_apart(one, other) == seconds


def test_a_zone_makes_a_moment_aware():
    assert parse("2026-03-01T09:30:00Z") == datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    assert parse("2026-03-01T09:30:00").tzinfo is None


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("2026-03-01T09:30:15.123Z", "UTC with Z, milliseconds"),
        ("2026-03-01T09:30:15.123456+00:00", "offset +00:00, microseconds"),
        ("2026-03-01T09:30:15.123456789Z", "UTC with Z, nanoseconds"),
        ("2026-03-01T09:30:15+02:00", "offset +02:00, no fraction"),
        ("2026-03-01T09:30:15.1-0330", "offset -0330, 1 fraction digit"),
        ("2026-03-01T09:30:15.12", "no offset, 2 fraction digits"),
        ("2026-03-01T09:30Z", "UTC with Z, to the minute"),
        ("2026-03-01T09.5Z", "UTC with Z, to a fraction of the hour"),
        ("2026-03-01", "no offset, date only"),
        ("20260301T093015Z", "UTC with Z, no fraction, basic format"),
        ("2026-W09-7T09:30:15,5Z", "UTC with Z, 1 fraction digit, week date, decimal comma"),
        ("2026-060t09:30:15z", "UTC with z, no fraction, ordinal date, lower case"),
    ],
)
def test_the_dress_of_an_instant(text, style):
    assert dress(text) == style

"""Times as kubectl prints them: relative ages, how often within them, and dates.

Ages are seconds before the evidence was taken. kubectl rounds them (a "3h" is up to an hour
younger), so they order events and tell minutes from days, no more.
Source: kubernetes/apimachinery pkg/util/duration/duration.go (HumanDuration), v0.30;
kubernetes/kubectl pkg/describe/describe.go (translateMicroTimestampSince), v0.30.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone

from diagnose.text.regex import regex
from diagnose.values import dataclass

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "y": 31_536_000}
# A number and its unit, once or several times; bounded, since it stands inside of other patterns.
AGE = r"(?:\d{1,6}(?:\.\d{1,3})?(?:ms|[smhdy])){1,5}"
UNTOLD = r"(?:<unknown>|<invalid>|<none>|\.\.\.|…)"
SPAN = rf"(?:{AGE}|{UNTOLD})(?:\s{{1,3}}\(x\d{{1,9}} over (?:{AGE}|{UNTOLD})\))?"
ONE = regex(r"(?<!\d)(\d++(?:\.\d++)?)(ms|[smhdy])")
WHOLE = regex(AGE)
PARTS = regex(
    rf"(?P<last>{AGE}|{UNTOLD})"
    rf"(?:\s{{1,3}}\(x(?P<count>\d{{1,9}}) over (?P<first>{AGE}|{UNTOLD})\))?"
)
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"
MONTH = {name: number for number, name in enumerate(MONTHS.split(), 1)}
# RFC 1123 with a numeric zone is what describe prints; RFC 3339 what the API holds.
DATE = (
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d"
    r" (?:[+-]\d{4}|[A-Z]{1,5})|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d))"
)
RFC_1123 = regex(
    r"[A-Z][a-z]{2}, (?P<day>\d{1,2}) (?P<month>[A-Z][a-z]{2}) (?P<year>\d{4}) "
    r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d) (?:(?P<sign>[+-])(?P<zone>\d{4})|[A-Z]+)"
)
RFC_3339 = regex(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)",
)


@dataclass(frozen=True)
class Span:
    """When something was seen last and first, and how often; None where it is not told."""

    last_s: float | None = None
    first_s: float | None = None
    count: int = 1


def seconds(text: str) -> float | None:
    """Return the seconds of an age such as 5d2h; None for <unknown> and what is no age."""
    text = text.strip()
    if not WHOLE.fullmatch(text):
        return None
    return sum(
        float(number) * (0.001 if unit == "ms" else UNITS[unit])
        for number, unit in ONE.findall(text)
    )


def span(text: str) -> Span:
    """Return what `2m (x5 over 3m)` tells; a lone age was seen once."""
    found = PARTS.fullmatch(text.strip())
    if found is None:
        return Span()
    last = seconds(found["last"])
    if found["count"] is None:
        return Span(last, last)
    return Span(last, seconds(found["first"]), max(int(found["count"]), 1))


def instant(text: str) -> datetime | None:
    """Return the time of a date in either form, aware; a zone by name counts as UTC."""
    text = text.strip()
    try:
        if found := RFC_1123.fullmatch(text):
            offset = timedelta()
            if found["zone"]:
                offset = timedelta(hours=int(found["zone"][:2]), minutes=int(found["zone"][2:]))
            zone = timezone(-offset if found["sign"] == "-" else offset)
            return datetime(
                int(found["year"]),
                MONTH[found["month"]],
                int(found["day"]),
                int(found["hour"]),
                int(found["minute"]),
                int(found["second"]),
                tzinfo=zone,
            )
        if found := RFC_3339.fullmatch(text):
            fraction = f".{(found[2] or '0')[:6]:<06}"
            return datetime.fromisoformat(f"{found[1]}{fraction}{found[3]}")
    except (ValueError, KeyError):
        return None
    return None


def latest(times: Iterable[datetime | None]) -> datetime | None:
    """Return the latest of the times that are known."""
    return max((one for one in times if one is not None), default=None)


def before(reference: datetime | None, time: datetime | None) -> float | None:
    """Return how many seconds a time lies before the reference, at least 0."""
    if reference is None or time is None:
        return None
    return max((reference - time).total_seconds(), 0.0)


def at(reference: datetime | None, age_s: float | None) -> datetime | None:
    """Return the time that lies an age before the reference; None where either is not known."""
    if reference is None or age_s is None:
        return None
    try:
        return reference - timedelta(seconds=age_s)
    except OverflowError:
        return None

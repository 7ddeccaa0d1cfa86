"""What can go wrong with the answer to a request: a table, each row made for the answer at hand.

A row is a name and a function from the answer that a server gives when nothing is wrong to the
Fault that spoils it; None where it makes no sense there, such as half a JSON of a log.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

from tests.fire.proxy import Fault, Sample

GIGABYTE = 1 << 30
BLOCK = 256 * 1024
JSON = "application/json"
WORDS = {
    401: "Unauthorized",
    403: 'User "eve" cannot do that',
    404: "the server could not find the requested resource",
    410: "The provided continue parameter is too old",
    429: "Too many requests, please try again later.",
    500: "etcdserver: request timed out",
    503: "the server is shutting down",
    504: "Timeout: request did not complete within the allotted timeout",
}


@dataclass(frozen=True)
class Limits:
    """How long a run and its requests may take."""

    run_s: float = 12.0
    request_s: float = 8.0
    connect_s: float = 2.0


@dataclass(frozen=True)
class Row:
    """One way to fail.

    `heals` says that a second attempt goes well, so that the run is to find what it always finds;
    `harmless` likewise, without one. `slow` has to wait for a limit. `tells` may be taken for an
    answer, since that is what a server says of what does not exist.
    """

    name: str
    made: Callable[[Sample, Limits], Fault | None]
    heals: bool = False
    harmless: bool = False
    slow: bool = False
    waits: bool = False
    spoiled: bool = False
    tells: bool = False


# ---------------------------------------------------------------- whole answers


def answer(
    status: int, body: bytes, kind: str = JSON, headers: tuple[str, ...] = (), length: int = -1
) -> bytes:
    """Return an answer as it is sent."""
    size = length if length >= 0 else len(body)
    head = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}", f"Content-Length: {size}", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def refusal(status: int) -> bytes:
    """Return the Status with which an API server refuses."""
    return json.dumps(
        {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
        | {"message": WORDS[status], "code": status}
    ).encode()


def says(
    name: str,
    status: int,
    *headers: str,
    body: bytes | None = None,
    kind: str = JSON,
    of_json: bool = False,
    **row: Any,
) -> Row:
    """Return the row of an answer that is the same to each request.

    With `of_json` only to those that JSON answers: a text may be whatever it is.
    """
    times = 1 if row.get("heals") else 10**9
    told = refusal(status) if body is None else body

    def made(sample: Sample, __: Limits) -> Fault | None:
        if of_json and not (is_json(sample) or is_stream(sample)):
            return None
        if row.get("heals") and is_stream(sample):
            return None  # it is not asked for again
        return Fault(name, lambda: [answer(status, told, kind, headers)], times=times)

    return Row(name, made, **row)


def raw(name: str, *pieces: bytes, **row: Any) -> Row:
    """Return the row of bytes that are sent in place of an answer, after which all ends."""

    def made(_: Sample, __: Limits) -> Fault:
        return Fault(name, lambda: pieces, "close", sum(map(len, pieces)))

    return Row(name, made, **row)


# ---------------------------------------------------------------- bytes on a wire


def places(sample: Sample) -> dict[str, int]:
    """Return the bytes of an answer at which something may happen, by name."""
    head, whole = sample.head_bytes, len(sample.reply)
    found = {
        "before the status line": 0,
        "in the status line": 9,
        "in the headers": (head + 20) // 2,
        "after the headers": head,
        "in the body": head + max(1, (whole - head) // 2),
        "before the last byte": whole - 1,
    }
    return {name: at for name, at in found.items() if at < whole}


PLACES = (
    "before the status line",
    "in the status line",
    "in the headers",
    "after the headers",
    "in the body",
    "before the last byte",
)


def breaks(how: str, where: str, **row: Any) -> Row:
    """Return the row of a connection that stands still, breaks or ends at a byte."""
    name = f"{how} {where}"
    times = 1 if row.get("heals") else 10**9
    if row.get("heals"):
        name += ", once"

    def made(sample: Sample, _: Limits) -> Fault | None:
        at = places(sample).get(where)
        if at is None or (row.get("heals") and is_stream(sample)):
            return None
        return Fault(name, None, how, at, times=times)

    return Row(name, made, slow=how == "hang", **row)


def drips(where: str) -> Row:
    """Return the row of an answer that comes byte by byte, each in time, the whole never."""
    name = f"drips {where}"

    def made(sample: Sample, limits: Limits) -> Fault | None:
        at = places(sample).get(where)
        if at is None:
            return None
        rest = max(1, len(sample.reply) - at)
        # a byte a second where the limit is ten of them, and never so few that all come in time
        drip_s = max(limits.request_s / 10, 3 * limits.request_s / rest)
        return Fault(name, None, "drip", at, drip_s=drip_s)

    return Row(name, made, slow=True)


def late(sample: Sample, limits: Limits) -> Fault:
    """An answer that comes after a while, in time."""
    del sample
    return Fault("late", delay_s=min(0.2, limits.request_s / 4))


def is_stream(sample: Sample) -> bool:
    """Whether an answer is one to a request for a stream."""
    return sample.asked.stream


def is_json(sample: Sample) -> bool:
    """Whether an answer holds JSON by its own word."""
    head = sample.reply[: sample.head_bytes]
    return (
        sample.status == 200 and re.search(rb"(?i)content-type: application/json", head) is not None
    )


# ---------------------------------------------------------------- JSON


def spoils(name: str, change: Callable[[Any], Any], **row: Any) -> Row:
    """Return the row of an answer whose JSON is changed; none where the change changes nothing."""

    def made(sample: Sample, _: Limits) -> Fault | None:
        if not is_json(sample):
            return None
        value = json.loads(sample.body)
        changed = change(json.loads(sample.body))
        if changed == value and type(changed) is type(value):
            return None
        body = changed if isinstance(changed, bytes) else json.dumps(changed).encode()
        return Fault(name, lambda: [answer(200, body)])

    return Row(name, made, spoiled=True, **row)


def everywhere(value: Any, change: Callable[[Any], Any]) -> Any:
    """Return JSON with each value in it changed, the innermost first."""
    if isinstance(value, dict):
        return change({key: everywhere(one, change) for key, one in value.items()})
    if isinstance(value, list):
        return change([everywhere(one, change) for one in value])
    return change(value)


def is_number(value: Any) -> bool:
    """Whether a value is a number of JSON."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def texts_for_numbers(value: Any) -> Any:
    """Return JSON whose numbers are texts."""
    return everywhere(value, lambda one: str(one) if is_number(one) else one)


def numbers_for_texts(value: Any) -> Any:
    """Return JSON whose texts are numbers, the names of kinds left as they are."""
    kept = ("kind", "apiVersion")

    def changed(one: Any) -> Any:
        if not isinstance(one, dict):
            return one
        return {k: 7 if isinstance(v, str) and k not in kept else v for k, v in one.items()}

    return everywhere(value, changed)


def lists_for_objects(value: Any) -> Any:
    """Return JSON whose inner objects are each alone in a list; items stay objects."""
    if not isinstance(value, dict):
        return value

    def changed(one: Any) -> Any:
        if not isinstance(one, dict):
            return one
        return {key: [each] if isinstance(each, dict) else each for key, each in one.items()}

    return changed({key: everywhere(one, changed) for key, one in value.items()})


def objects_for_lists(value: Any) -> Any:
    """Return JSON whose inner lists are objects."""
    return everywhere(
        value, lambda one: {str(n): v for n, v in enumerate(one)} if isinstance(one, list) else one
    )


def nulls_inside(value: Any) -> Any:
    """Return JSON of which only the outer form is left, with nothing in it."""
    if not isinstance(value, dict):
        return value
    return {
        key: [nulled(each) for each in one]
        if key == "items" and isinstance(one, list)
        else (one if key in ("kind", "apiVersion") else nulled(one))
        for key, one in value.items()
    }


def nulled(value: Any) -> Any:
    """Return an object whose values are null but for what names it."""
    if not isinstance(value, dict):
        return None
    return {key: one if key in ("kind", "apiVersion") else None for key, one in value.items()}


def items_of(change: Callable[[list[Any]], Any]) -> Callable[[Any], Any]:
    """Return what changes the items of a list; anything else stays."""

    def changed(value: Any) -> Any:
        items = value.get("items") if isinstance(value, dict) else None
        return {**value, "items": change(items)} if isinstance(items, list) and items else value

    return changed


def of_another_kind(items: list[Any]) -> Any:
    """Return items that are not of the kind that was asked for."""
    return [
        {"kind": "Banana", "apiVersion": "v1", "metadata": one.get("metadata")} for one in items
    ]


def other_object(value: Any) -> Any:
    """Return an object of another kind in place of one that was got by name."""
    if not isinstance(value, dict) or "items" in value or "kind" not in value:
        return value
    return {"kind": "Banana", "apiVersion": "v1", "metadata": value.get("metadata", {})}


# ---------------------------------------------------------------- more than one can take


def endless(kind: str, head: bytes, block: bytes) -> Callable[[], Iterator[bytes]]:
    """Return what yields an answer of a gigabyte, of which no more than a block is ever held."""

    def pieces() -> Iterator[bytes]:
        yield answer(200, b"", kind, length=GIGABYTE)
        yield head
        sent = len(head)
        while sent < GIGABYTE:
            yield block[: GIGABYTE - sent]
            sent += len(block)

    return pieces


def huge(sample: Sample, _: Limits) -> Fault | None:
    """An answer of a gigabyte: a list without end, or a log."""
    if is_stream(sample):
        return None
    if is_json(sample):
        one = b'{"kind":"Banana","metadata":{"name":"x"}},'
        block = one * (BLOCK // len(one))
        return Fault("a gigabyte", endless(JSON, b'{"kind":"List","items":[', block))
    line = b"2026-11-23T09:59:00Z [INFO] nothing of interest\n"
    return Fault("a gigabyte", endless("text/plain", b"", line * (BLOCK // len(line))))


def chunks(sample: Sample, _: Limits) -> Fault | None:
    """An answer in chunks, of no said length, that does not end."""
    if is_stream(sample):
        return None

    def pieces() -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
        block = b" " * BLOCK
        for _ in range(GIGABYTE // BLOCK):
            yield b"%x\r\n" % len(block) + block + b"\r\n"

    return Fault("chunks without end", pieces)


def bomb(sample: Sample, _: Limits) -> Fault | None:
    """A little that is packed and unpacks to a gigabyte."""
    if is_stream(sample):
        return None
    return Fault("a packed gigabyte", lambda: [packed_gigabyte()])


def packed_gigabyte() -> bytes:
    """Return an answer that unpacks to a gigabyte of blanks; many members, each of 16 MB."""
    if not _packed:
        member = gzip.compress(b" " * (16 << 20), 9)
        body = member * (GIGABYTE >> 24)
        _packed.append(answer(200, body, JSON, ("Content-Encoding: gzip",)))
    return _packed[0]


_packed: list[bytes] = []


def endless_headers(sample: Sample, _: Limits) -> Fault:
    """A head that does not end."""
    del sample
    line = b"X-More: " + b"y" * 1000 + b"\r\n"

    def pieces() -> Iterable[bytes]:
        yield b"HTTP/1.1 200 OK\r\n"
        for _ in range(GIGABYTE // len(line)):
            yield line

    return Fault("headers without end", pieces)


def continues(sample: Sample, limits: Limits) -> Fault:
    """A server that says again and again that one may go on."""
    del sample
    part = b"HTTP/1.1 100 Continue\r\n\r\n" * 100_000
    return Fault(
        "100 Continue without end", lambda: [part], "drip", 25 * 64, drip_s=limits.request_s / 10
    )


def cut_json(sample: Sample, _: Limits) -> Fault | None:
    """Half a JSON that says to be whole."""
    if not is_json(sample):
        return None
    body = sample.body[: len(sample.body) // 2]
    return Fault("half a JSON", lambda: [answer(200, body)])


def half_a_log(sample: Sample, _: Limits) -> Fault | None:
    """A log in chunks, as API servers send it, that ends at half without the last chunk."""
    if is_json(sample) or is_stream(sample) or sample.status != 200:
        return None
    half = sample.body[: len(sample.body) // 2]
    if not half:
        return None
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"%x\r\n" % len(half) + half + b"\r\n"
    return Fault("half a log", lambda: [head + chunk], "close", len(head) + len(chunk))


def garbled(sample: Sample, _: Limits) -> Fault | None:
    """A stream that is opened in order, and then is none."""
    if sample.status != 101:
        return None
    # the head must be the server's own, as the key in it is the client's
    return Fault("breaks into a stream", None, "garble", sample.head_bytes)


def redirects(name: str, place: str, status: int) -> Row:
    """Return the row of an answer that points to another place."""
    return says(name, status, f"Location: {place}", body=b"moved\n", kind="text/plain")


ELSEWHERE = "/elsewhere"
PAGE = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>...</body></html>\n"
AN_HOUR = 3600
BUSY = b"Too many requests, please try again later.\n"

ROWS: tuple[Row, ...] = (
    Row("late", late, harmless=True),
    *(drips(where) for where in PLACES[::2]),
    drips("after the headers"),
    *(breaks("hang", where) for where in PLACES),
    *(breaks("reset", where) for where in PLACES),
    *(breaks("close", where) for where in PLACES),
    breaks("reset", "before the status line", heals=True),
    breaks("close", "before the status line", heals=True),
    says("401", 401),
    says("403", 403),
    says("404", 404, tells=True),
    says("404 as a page", 404, body=PAGE, kind="text/html"),
    says("410", 410),
    says("429", 429, waits=True),
    says("429 in words", 429, body=BUSY, kind="text/plain", waits=True),
    says("429, once, after 1 s", 429, "Retry-After: 1", heals=True, waits=True),
    says("429, after 1 s", 429, "Retry-After: 1", waits=True),
    says("429, after an hour", 429, f"Retry-After: {AN_HOUR}"),
    says("429, at a date", 429, f"Retry-After: {formatdate(2e9, usegmt=True)}"),
    says("429, after nonsense", 429, "Retry-After: soon", waits=True),
    says("500", 500),
    says("503", 503),
    says("503, once, after 1 s", 503, "Retry-After: 1", heals=True, waits=True),
    says("503, after an hour", 503, f"Retry-After: {AN_HOUR}"),
    says("504", 504),
    says("200 as a page", 200, body=PAGE, kind="text/html"),
    says("502 as a page", 502, body=PAGE, kind="text/html"),
    says("204", 204, body=b""),
    says("206", 206, body=b'{"kind":"List","items":['),
    says("an empty answer", 200, body=b"", of_json=True),
    says("an empty object", 200, body=b"{}", of_json=True),
    says("null", 200, body=b"null", of_json=True),
    says("a number", 200, body=b"7", of_json=True),
    says("a Status with 200", 200, body=refusal(500)),
    says("what is not UTF-8", 200, body=b"\xff\xfe\x00\xd8" * 50, of_json=True),
    says("deep brackets", 200, body=b"[" * 200_000, of_json=True),
    says("not packed, though it says so", 200, "Content-Encoding: gzip", body=b"{}" * 40),
    redirects("302 to elsewhere", ELSEWHERE, 302),
    redirects("307 to another host", "http://127.0.0.1:9/api", 307),
    redirects("301 without a place", "", 301),
    Row("half a JSON", cut_json),
    spoils("a list for the object", lambda value: [value]),
    spoils("a text for the object", lambda value: "all is well" if value else ""),
    spoils("texts for numbers", texts_for_numbers),
    spoils("numbers for texts", numbers_for_texts),
    spoils("lists for objects", lists_for_objects),
    spoils("objects for lists", objects_for_lists),
    spoils("nulls inside", nulls_inside),
    spoils("items: an object", items_of(lambda items: items[0])),
    spoils("items: a text", items_of(lambda _: "none")),
    spoils("items: nulls", items_of(lambda items: [None] * len(items))),
    spoils("items: one null", items_of(lambda items: [None, *items[1:]])),
    spoils("items: empty objects", items_of(lambda items: [{}] * len(items))),
    spoils("items: of another kind", items_of(of_another_kind)),
    spoils("items left out", lambda value: {k: v for k, v in value.items() if k != "items"}),
    spoils("an object of another kind", other_object),
    Row("half a log", half_a_log),
    Row("breaks into a stream", garbled),
    Row("a gigabyte", huge),
    Row("chunks without end", chunks),
    Row("a packed gigabyte", bomb),
    Row("headers without end", endless_headers),
    Row("100 Continue without end", continues, slow=True),
    raw("no HTTP", b"SSH-2.0-OpenSSH_9.6\r\n"),
    raw("no status", b"HTTP/1.1 \r\n\r\n{}"),
    raw("a length below 0", b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}"),
    raw("two lengths", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 9\r\n\r\n{}"),
    raw("a chunk of no length", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}"),
)
BY_NAME = {row.name: row for row in ROWS}

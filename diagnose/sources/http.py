"""Reading from the Kubernetes API: one GET at a time, answered or explained, never raising.

Answers stay bytes: nothing is decoded into a client's models. Each request is bounded in time and
size, so that neither a server that hangs nor one that never stops can hold a run.
"""

from __future__ import annotations

import contextlib
import io
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from http.client import HTTPResponse, RemoteDisconnected
from typing import Any, ClassVar
from urllib.parse import quote, urlencode, urlsplit

import urllib3
from urllib3 import exceptions as http

from diagnose import __version__
from diagnose.sources.pace import Pace
from diagnose.text.shown import visible
from diagnose.values import dataclass

JSON = "application/json"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
MOST_BYTES = 32 * 1024 * 1024
HELD_BYTES = 96 * 1024 * 1024  # of all answers together
BLOCK = 64 * 1024
LONGEST_WAIT_S = 5.0  # that a Retry-After is heeded
SILENT_AFTER = 2  # failed connections in a row after which no further one is tried
MOST_CERTIFICATES = 8  # that one address shows: those of the servers behind it
BUSY = 429
AGAIN = frozenset({BUSY, 503, 504})


class Trouble(Enum):
    """Why a request has no usable answer; the value begins the sentence that says so."""

    NONE = ""
    CONNECTION = "cannot be reached"
    PROXY = "the proxy on the way cannot be used"
    ENCRYPTION = "the encrypted connection fails"
    TIMEOUT = "does not answer in time"
    DEADLINE = "the deadline of the run passed"
    BUDGET = "the run's requests are used up"
    RESET = "the connection was closed"
    CUT = "the answer ends in its middle"
    TOO_LARGE = "the answer is too large"
    NOT_JSON = "the answer is not what an API server sends"


@dataclass(frozen=True)
class Request:
    """One GET. `text` marks a log: what came of a cut one is kept.

    `timeout_s` is a bound of its own, for what the API server hands on: it waits long for others.
    """

    path: str
    query: tuple[tuple[str, str], ...] = ()
    accept: str = JSON
    text: bool = False
    most_bytes: int = MOST_BYTES
    timeout_s: float | None = None

    @property
    def target(self) -> str:
        """The path with its query, as it is sent."""
        encoded = urlencode(self.query, quote_via=quote, safe="=,()!/: ").replace(" ", "%20")
        return f"{self.path}?{encoded}" if encoded else self.path


@dataclass(frozen=True)
class Answer:
    """What came of a request. `value` is the decoded JSON, an empty mapping when it is none.

    `at` is the server's own time; `again_s` the seconds after which it wants to be asked again.
    """

    request: Request
    status: int = 0
    body: bytes = b""
    value: Mapping[str, Any] = field(default_factory=dict)
    at: datetime | None = None
    trouble: Trouble = Trouble.NONE
    detail: str = ""
    again_s: float | None = None

    @property
    def fine(self) -> bool:
        """Whether it brings what was asked for, whole."""
        return self.status == 200 and self.trouble is Trouble.NONE

    @property
    def absent(self) -> bool:
        """Whether the server says that what was asked for does not exist."""
        return self.status == 404 and not self.is_page

    @property
    def is_page(self) -> bool:
        """Whether a web page came: something in between answers for the server."""
        return self.body.lstrip()[:1] == b"<"

    @property
    def message(self) -> str:
        """What the server says of a refusal, or the beginning of what it sent instead."""
        told = self.value.get("message")
        text = told if isinstance(told, str) else self.body[:200].decode("utf-8", "replace")
        return visible(" ".join(text.split()))[:300]


@dataclass(frozen=True)
class Exchange:
    """One request as it went, for who wants to see them."""

    path: str
    status: int
    size_bytes: int
    took_ms: int
    trouble: str = ""
    method: str = "GET"

    def __str__(self) -> str:
        came = str(self.status) if self.status else "-"
        line = f"{self.method} {visible(self.path)} {came} {self.size_bytes:,} B {self.took_ms} ms"
        return f"{line} ({self.trouble})" if self.trouble else line


class Shown:
    """The certificates that the connections of a client were shown, in the order of their coming.

    It knows of no connection: what knows it may live longer than they do.
    """

    def __init__(self) -> None:
        """Have seen none."""
        self._lock = threading.Lock()
        self._dates: dict[bytes, str] = {}

    def note(self, certificate: bytes, date: str) -> None:
        """Keep a certificate (DER) with the answer's Date, up to a bound."""
        with self._lock:
            if len(self._dates) < MOST_CERTIFICATES:
                self._dates.setdefault(certificate, date)

    def certificates(self) -> tuple[tuple[bytes, str], ...]:
        """Return what came so far."""
        with self._lock:
            return tuple(self._dates.items())


class Client:
    """GETs from one API server. Its methods may be called from several threads."""

    def __init__(
        self,
        manager: Any,
        host: str,
        headers: Mapping[str, str],
        *,
        timeout_s: float,
        request_timeout_s: float,
        connect_timeout_s: float,
        pace: Pace,
        on_request: Callable[[Exchange], None] | None = None,
    ) -> None:
        """Take urllib3's pool manager that holds the certificates; the deadline counts from now."""
        self._shown = Shown()
        self._manager = in_time(manager, host, self._shown.note)
        self._host = host.rstrip("/")
        self._headers = {"User-Agent": f"corediag/{__version__}", **headers}
        self._ends_at = time.monotonic() + timeout_s
        self._request_timeout_s = request_timeout_s
        self._connect_timeout_s = connect_timeout_s
        self._pace = pace
        self._on_request = on_request
        self._lock = threading.Lock()
        self._failed = 0
        self._held = 0

    @property
    def certificates(self) -> tuple[tuple[bytes, datetime | None], ...]:
        """The certificates (DER) that its connections were shown, the first one first.

        Each with the time that the server's own clock said then.
        """
        every = [(certificate, date_of(date)) for certificate, date in self._shown.certificates()]
        return (*every[:1], *sorted(every[1:], key=lambda one: one[0]))

    def refused_certificate(self) -> bytes | None:
        """Return the certificate (DER) of a server that cannot be verified; None without one.

        It is a connection of its own, on which nothing is sent: neither a request nor credentials.
        """
        url = urlsplit(self._host)
        if getattr(self._manager, "proxy", None) is not None or not url.hostname:
            return None
        wait_s = min(self._connect_timeout_s, self._remaining_s())
        named = getattr(self._manager, "connection_pool_kw", {}).get("server_hostname")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            with (
                socket.create_connection((url.hostname, url.port or 443), max(wait_s, 0.1)) as raw,
                context.wrap_socket(raw, server_hostname=named or url.hostname) as wrapped,
            ):
                return wrapped.getpeercert(binary_form=True)
        except (OSError, ValueError):
            return None

    def fetch(self, request: Request) -> Answer:
        """Return the answer; asks a second time where the server wants it, or hung up."""
        answer = self._once(request)
        wait_s = wait_before_again(answer)
        if wait_s is None or wait_s >= self._remaining_s():
            return answer
        time.sleep(wait_s)
        return self._once(request)

    def _remaining_s(self) -> float:
        return self._ends_at - time.monotonic()

    def _once(self, request: Request) -> Answer:
        if self._failed >= SILENT_AFTER:
            return Answer(request, trouble=Trouble.CONNECTION, detail="as before")
        if not self._pace.take(self._ends_at):
            return Answer(request, trouble=Trouble.BUDGET)
        started = time.monotonic()
        own_s = self._request_timeout_s if request.timeout_s is None else request.timeout_s
        budget_s = min(self._request_timeout_s, own_s, self._remaining_s())
        if budget_s <= 0:
            return Answer(request, trouble=Trouble.DEADLINE)
        answer = self._exchange(request, budget_s)
        with self._lock:
            self._failed = self._failed + 1 if answer.trouble is Trouble.CONNECTION else 0
        if self._on_request is not None:
            self._on_request(
                Exchange(
                    request.target,
                    answer.status,
                    len(answer.body),
                    round((time.monotonic() - started) * 1000),
                    answer.trouble.value,
                )
            )
        return answer

    def _exchange(self, request: Request, budget_s: float) -> Answer:
        ends_at = time.monotonic() + budget_s
        status, at, again_s, trouble, detail = 0, None, None, Trouble.NONE, ""
        body = bytearray()
        headers = {**self._headers, "Accept": "*/*" if request.text else request.accept}
        if not request.text:
            headers["Accept-Encoding"] = "gzip"
        try:
            response = self._manager.urlopen(
                "GET",
                self._host + request.target,
                headers=headers,
                timeout=urllib3.Timeout(
                    connect=min(self._connect_timeout_s, budget_s), read=budget_s
                ),
                retries=False,
                redirect=False,
                preload_content=False,
                enforce_content_length=True,  # not the default of urllib3 1
            )
            status, at = response.status, date_of(response.headers.get("Date", ""))
            again_s = seconds_of(response.headers.get("Retry-After", ""), at)
            with contextlib.closing(response):
                endless = (
                    request.text and not response.chunked and response.length_remaining is None
                )
                for piece in pieces_of(response):
                    fits = piece[: request.most_bytes - len(body)]
                    if not self._hold(len(fits)):
                        fits = b""
                    body += fits
                    if len(fits) < len(piece):
                        trouble = Trouble.TOO_LARGE
                        break
                    if time.monotonic() > ends_at:
                        trouble = Trouble.TIMEOUT
                        break
                if endless and status == 200 and trouble is Trouble.NONE:
                    # whether a text that ends with its connection is whole cannot be told
                    trouble, detail = Trouble.CUT, "nothing says how long it is"
        except (http.HTTPError, OSError, ValueError, AttributeError, TypeError) as error:
            # the last two: urllib3 on settings of a kubeconfig that are no texts
            trouble, detail = explained(error, answered=bool(status))
        if trouble is not Trouble.NONE and not request.text:
            self._hold(-len(body))  # of half a JSON nothing is used
            body.clear()
        return understood(Answer(request, status, bytes(body), {}, at, trouble, detail, again_s))

    def _hold(self, size: int) -> bool:
        """Count bytes that are kept; False, and not counted, when they are too many in all."""
        with self._lock:
            if self._held + size > HELD_BYTES:
                return False
            self._held += size
            return True


class InTime(io.RawIOBase):
    """What a socket says until a time. A timeout of the socket alone counts anew at each byte."""

    def __init__(self, raw: Any, socket: Any) -> None:
        """Take a socket and the stream that reads from it; its timeout counts from now, once."""
        super().__init__()
        self._raw = raw
        self._socket = socket
        timeout_s = socket.gettimeout()
        self._ends_at = None if timeout_s is None else time.monotonic() + timeout_s
        self.ended = False  # whether it was read to its end

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        """Read what comes. Raises TimeoutError once the time is over."""
        if self._ends_at is not None:
            left_s = self._ends_at - time.monotonic()
            if left_s <= 0:
                raise TimeoutError
            self._socket.settimeout(left_s)
        count: int | None = self._raw.readinto(buffer)
        self.ended = count == 0
        return count

    def close(self) -> None:
        """Close the stream."""
        self._raw.close()
        super().close()


class PromptResponse(HTTPResponse):
    """An answer that has come whole, its head included, before the socket's timeout is over.

    `shown` is told of the certificate of the connection, in DER, with the answer's Date.
    """

    shown: ClassVar[Callable[[bytes, str], object]] = staticmethod(lambda *_: None)

    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        """Read from the socket no longer than it may take."""
        super().__init__(sock, *args, **kwargs)
        self._sock = sock
        self._coming = InTime(self.fp.detach(), sock)
        self.fp: Any = io.BufferedReader(self._coming)

    def begin(self) -> None:
        """Read the head. Raises RemoteDisconnected for half of one, which counts as whole there."""
        super().begin()
        if self._coming.ended:
            raise RemoteDisconnected("the head of the answer ends in its middle")
        sock, self._sock = self._sock, None
        with contextlib.suppress(OSError, ValueError, AttributeError):  # no TLS, or no longer
            if certificate := sock.getpeercert(binary_form=True):
                type(self).shown(certificate, self.headers.get("Date", ""))


def in_time(manager: Any, host: str, shown: Callable[[bytes, str], object]) -> Any:
    """Return urllib3's manager, so set that answers of a host that drip in come to an end.

    `shown` is told of the certificate of each answer's connection, and its Date.
    """
    with contextlib.suppress(http.HTTPError, ValueError, AttributeError, TypeError):
        # the last two as in Client: settings that are no texts; the request tells of them
        pool = manager.connection_from_url(host)
        usual = pool.ConnectionCls
        answer = type("Answer", (PromptResponse,), {"shown": staticmethod(shown)})
        pool.ConnectionCls = type(usual.__name__, (usual,), {"response_class": answer})
    return manager


def pieces_of(response: Any) -> Iterator[bytes]:
    """Yield a response's decoded body as it comes in."""
    read = getattr(response, "read1", None) or response.read  # urllib3 1 has no read1
    while piece := read(BLOCK):
        yield piece


def understood(answer: Answer) -> Answer:
    """Return the answer with its JSON decoded; in trouble when it should be JSON and is not."""
    if answer.trouble is not Trouble.NONE or (answer.request.text and answer.status == 200):
        return answer
    try:
        value = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        value, detail = None, visible(str(error))
        if answer.body.lstrip()[:1] == b"<":
            detail = "a web page: something in between answers for it"
    else:
        detail = "no JSON object"
    if isinstance(value, dict):
        return replace(answer, value=value)
    if answer.status != 200:
        return answer  # the status says enough
    return replace(answer, trouble=Trouble.NOT_JSON, detail=detail)


def wait_before_again(answer: Answer) -> float | None:
    """Return the seconds after which to ask a second time; None when not to."""
    if answer.trouble is Trouble.RESET:
        return 0.0
    if answer.status not in AGAIN or answer.trouble is not Trouble.NONE:
        return None
    details = answer.value.get("details")
    told = answer.again_s
    if told is None and isinstance(details, dict):
        told = details.get("retryAfterSeconds")
    if isinstance(told, int | float):
        return float(told) if 0 <= told <= LONGEST_WAIT_S else None
    return 1.0 if answer.status == BUSY else None


def seconds_of(header: str, now: datetime | None) -> float | None:
    """Return the seconds of a Retry-After header, a number or a date; None when it tells none.

    Source: RFC 9110, section 10.2.3.
    """
    text = header.strip()
    if text.isascii() and text.isdecimal() and len(text) < 10:
        return float(text)
    until = date_of(text)
    if until is None:
        return None
    return max(0.0, (until - (now or datetime.now(UTC))).total_seconds())


def date_of(header: str) -> datetime | None:
    """Return the time of a Date header; None when it tells none."""
    with contextlib.suppress(ValueError, TypeError):
        at = parsedate_to_datetime(header)
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    return None


def explained(error: Exception, *, answered: bool) -> tuple[Trouble, str]:
    """Return what an error of the transport means, and its words."""
    inner = getattr(error, "original_error", None) or error
    if isinstance(error, http.ProtocolError) and isinstance(error.args[-1], Exception):
        inner = error.args[-1]
    text = visible(" ".join(str(inner).split()))[:300]
    cause = error.__cause__ or error.__context__ or error
    if isinstance(error, http.ProxyError):
        return Trouble.PROXY, said_by_system(text)
    if isinstance(error, http.SSLError | ssl.SSLError):
        return Trouble.ENCRYPTION, text
    if isinstance(error, http.ReadTimeoutError | TimeoutError) and not isinstance(
        error, http.ConnectTimeoutError
    ):
        return Trouble.TIMEOUT, ""
    if isinstance(error, http.ConnectTimeoutError | http.NewConnectionError):
        return Trouble.CONNECTION, said_by_system(text)
    if isinstance(error, http.ProtocolError | http.DecodeError | ConnectionError):
        if isinstance(cause, ssl.SSLError):
            return Trouble.ENCRYPTION, visible(str(cause))[:300]
        return (Trouble.CUT if answered else Trouble.RESET), said_by_system(text)
    return Trouble.CONNECTION, text


def said_by_system(text: str) -> str:
    """Return the end of an error's words: what comes after the names of Python objects."""
    last = text.rpartition(": ")[2] if "object at 0x" in text or "Errno" in text else text
    bare = last.strip("()'\"")
    return (bare + ")" if bare.count("(") > bare.count(")") else bare) or text

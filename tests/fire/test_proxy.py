"""The proxy itself: it says what the server says, fails where it is told to, and counts."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

from diagnose.sources.http import Client, Request, Trouble
from diagnose.sources.pace import USUAL, Pace
from tests.fire.faults import BY_NAME, Limits
from tests.fire.proxy import Asked, Fault, Proxy, Recording, proxied
from tests.sources.apiserver import healthy, serving

DAY = "Mon, 23 Nov 2026"
NODES = Request("/api/v1/nodes", (("limit", "500"),))
LOG = Request("/api/v1/namespaces/kube-system/pods/coredns-5d78c-00001/log", text=True)


@pytest.fixture
def server() -> Iterator[Recording]:
    """Yield a recorded server of a healthy cluster."""
    with serving(healthy()) as url:
        yield Recording(url)


def client(proxy: Proxy, request_timeout_s: float = 5.0) -> Client:
    """Return a client of the proxy."""
    return Client(
        urllib3.PoolManager(maxsize=8),
        proxy.url,
        {},
        timeout_s=20,
        request_timeout_s=request_timeout_s,
        connect_timeout_s=2,
        pace=Pace(USUAL),
    )


def test_what_is_recorded_is_said_again(server: Recording) -> None:
    """The answer is the server's own, and one that was given is not asked for again."""
    with proxied(server) as proxy:
        ask = client(proxy)
        first, second = ask.fetch(NODES), ask.fetch(NODES)
        assert first.fine
        assert first.body == second.body
        assert len(first.value["items"]) == 3
        assert len(server.samples) == 1
        assert proxy.counts.attempts == {"GET /api/v1/nodes?limit=500": 2}
        assert (proxy.counts.connections, proxy.counts.most_at_once) == (1, 1)


def test_connections_and_requests_at_once_are_counted(server: Recording) -> None:
    """Eight that wait are eight under way, and those that went are not counted."""
    late = Fault("late", delay_s=0.5)
    with proxied(server, lambda *_: late) as proxy:
        ask = client(proxy)
        threads = [threading.Thread(target=ask.fetch, args=(NODES,)) for _ in range(8)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        ask.fetch(NODES)
        assert proxy.counts.most_at_once == 8
        assert proxy.counts.most_open == 8
        assert proxy.counts.most_in(60.0) == 9


def test_writes_are_counted(server: Recording) -> None:
    """A request that is no question is told apart."""
    with proxied(server) as proxy:
        urllib3.PoolManager().request("DELETE", f"{proxy.url}/api/v1/namespaces/x/pods/y")
        assert proxy.counts.writes == ["DELETE /api/v1/namespaces/x/pods/y"]


@pytest.mark.parametrize("how", ["reset", "close"])
def test_an_answer_may_end_at_any_of_its_bytes(how: str, server: Recording) -> None:
    """Wherever that is: in trouble, no part of it used, and no more than two attempts."""
    with proxied(server) as proxy:
        whole = client(proxy).fetch(NODES)
        (sample,) = server.samples.values()
        every = range(0, len(sample.reply), 7)
        for at in every:
            fault = Fault("ends", None, how, at)
            proxy.choice = lambda *_, fault=fault: fault
            answer = client(proxy).fetch(NODES)
            assert answer.trouble in (Trouble.RESET, Trouble.CUT), at
            assert not answer.value
            assert not answer.body
        assert len(proxy.counts.seen) <= 1 + 2 * len(every)
        proxy.choice = lambda *_: None
        assert client(proxy).fetch(NODES).body == whole.body


def test_a_head_that_drips_in_is_given_up(server: Recording) -> None:
    """Each byte comes in time, and the whole does not; the limit counts for the whole."""
    with proxied(server, lambda *_: Fault("drip", None, "drip", 3, drip_s=0.1)) as proxy:
        began = time.monotonic()
        answer = client(proxy, 0.5).fetch(NODES)
        assert answer.trouble is Trouble.TIMEOUT
        assert time.monotonic() - began < 5
        assert len(proxy.counts.seen) == 1


def test_half_a_head_of_a_log_is_no_empty_log(server: Recording) -> None:
    """A connection that ends within the headers brings nothing; it does not bring an empty log."""
    with proxied(server, lambda *_: Fault("half a head", None, "close", 40)) as proxy:
        answer = client(proxy).fetch(LOG)
        assert not answer.fine
        assert answer.trouble is Trouble.RESET


def test_a_log_of_no_said_length_may_be_cut(server: Recording) -> None:
    """What ends with its connection may lack its end: what came is kept, and that is said."""
    raw = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nline one\nline t"
    with proxied(server, lambda *_: Fault("no length", lambda: [raw], "close", len(raw))) as proxy:
        answer = client(proxy).fetch(LOG)
        assert answer.body == b"line one\nline t"
        assert answer.trouble is Trouble.CUT


@pytest.mark.parametrize(
    ("header", "attempts", "least_s"),
    [
        ("Retry-After: 1", 2, 1.0),
        ("Retry-After: 0", 2, 0.0),
        ("Retry-After: 3600", 1, 0.0),
        (f"Retry-After: {DAY} 10:00:01 GMT\r\nDate: {DAY} 10:00:00 GMT", 2, 1.0),
        (f"Retry-After: {DAY} 11:00:00 GMT\r\nDate: {DAY} 10:00:00 GMT", 1, 0.0),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_heeded(
    status: int, header: str, attempts: int, least_s: float, server: Recording
) -> None:
    """In seconds or as a date; what is too long to wait for is not asked again at all."""
    raw = f"HTTP/1.1 {status} X\r\n{header}\r\nContent-Length: 2\r\n\r\n{{}}".encode()
    with proxied(server, lambda *_: Fault("busy", lambda: [raw])) as proxy:
        assert client(proxy).fetch(NODES).status == status
        seen = [one.asked.at for one in proxy.counts.seen]
        assert len(seen) == attempts
        assert seen[-1] - seen[0] >= least_s


def test_a_gigabyte_is_not_read(server: Recording) -> None:
    """The client hangs up at its limit; neither side holds more than that."""

    def huge(asked: Asked, recording: Recording) -> Fault | None:
        known = recording.samples.get(asked.key)
        return BY_NAME["a gigabyte"].made(known, Limits()) if known else None

    with proxied(server, huge) as proxy:
        assert client(proxy).fetch(NODES).fine
        assert client(proxy).fetch(NODES).trouble is Trouble.TOO_LARGE
        assert proxy.counts.sent_bytes < 48 << 20


def test_a_server_that_went_away_refuses(server: Recording, tmp_path: Path) -> None:
    """Nobody listens any more, and what was open is broken."""
    del tmp_path
    with proxied(server) as proxy:
        ask = client(proxy)
        assert ask.fetch(NODES).fine
        proxy.refuse()
        assert ask.fetch(NODES).trouble in (Trouble.CONNECTION, Trouble.RESET)
        host, port = proxy.url.removeprefix("http://").split(":")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((host, int(port)), 1)

"""Streams: commands in containers and queries to pods, and what becomes of them on a bad wire."""

from __future__ import annotations

import gc
import json
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dns.message
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from diagnose.sources.http import SILENT_AFTER, Exchange, Trouble
from diagnose.sources.kubeconfig import access
from diagnose.sources.options import LiveOptions
from diagnose.sources.streams import (
    ASIDE_BYTES,
    HEAD_BYTES,
    Exec,
    Queries,
    Ran,
    Replies,
    Streams,
    exit_code_of,
)
from tests.sources.apiserver import Cluster, Fault, kubeconfig, serving
from tests.sources.websockets import CLOSE, PING, Flaw, frame

CAT = Exec("default", "shop-1", "shop", ("cat", "/etc/resolv.conf"), timeout_s=5)
RESOLV = b"nameserver 10.32.0.10\noptions ndots:5\n"
OPENED = 150  # bytes of the 101 at the least
ALLOWED_S = 5.0  # how late a deadline may be kept on a busy machine


def query(name: str = "kubernetes.default.svc.cluster.local.", number: int = 1) -> bytes:
    """Return a DNS query."""
    message = dns.message.make_query(name, "A")
    message.id = number
    return message.to_wire()


def reply(message: bytes) -> bytes:
    """Return an answer to a DNS query."""
    return dns.message.make_response(dns.message.from_wire(message)).to_wire()


ASK = Queries("kube-system", "coredns-1", (query(), query("example.com.", 2)), timeout_s=5)


def cluster_with(flaw: Flaw | None = None, fault: Fault | None = None) -> Cluster:
    """Return a cluster with a pod to run a command in, and one to query."""
    cluster = Cluster()
    cluster.execs["default", "shop-1"] = lambda _: (RESOLV, b"", 0)
    cluster.ports["kube-system", "coredns-1", 53] = reply
    if flaw:
        cluster.flaws["/pods/"] = flaw
    if fault:
        cluster.faults["/pods/"] = fault
    return cluster


@contextmanager
def streams(cluster: Cluster, folder: Path, **options: Any) -> Iterator[Streams]:
    """Yield the streams of a cluster that is served."""
    with serving(cluster) as url:
        yield through(kubeconfig(folder, url), **options)


def through(path: Path, **options: Any) -> Streams:
    """Return the streams through the API server of a kubeconfig."""
    told = LiveOptions(kubeconfig=path, environ={}, **options)
    return Streams(access(path, None, {}), told)


def ran(cluster: Cluster, folder: Path, request: Exec = CAT, **options: Any) -> Ran:
    """Return what comes of a command."""
    with streams(cluster, folder, **options) as opened:
        came = opened.fetch(request)
    assert isinstance(came, Ran)
    return came


def asked(cluster: Cluster, folder: Path, request: Queries = ASK, **options: Any) -> Replies:
    """Return what comes of queries."""
    with streams(cluster, folder, **options) as opened:
        came = opened.fetch(request)
    assert isinstance(came, Replies)
    return came


@contextmanager
def raw_server(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """Yield the port of a server that treats each connection in its own way."""

    def accept() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                serve(connection)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(5)


# ---------------------------------------------------------------- commands


def test_a_command_runs(tmp_path: Path) -> None:
    """What it prints comes, and how it ended; it is sent as an argument list, whole."""
    words = ("sh", "-c", "echo 'a&b=c' \u00fc; exit 3")
    seen: list[tuple[str, ...]] = []

    def runs(command: tuple[str, ...]) -> tuple[bytes, bytes, int]:
        seen.append(command)
        return RESOLV, b"no such file\n", 3

    cluster = cluster_with()
    cluster.execs["default", "shop-1"] = runs
    request = Exec("default", "shop-1", "shop", words)
    came = ran(cluster, tmp_path, request)
    assert came.request is request
    assert (came.stdout, came.stderr) == (RESOLV, b"no such file\n")
    assert (came.exit_code, came.status, came.trouble) == (3, 101, Trouble.NONE)
    assert seen == [words]
    assert "container=shop&stdout=true&stderr=true" in cluster.requests[0]


def test_a_command_that_succeeds_has_no_detail(tmp_path: Path) -> None:
    """The end of it is exit code 0."""
    assert ran(cluster_with(), tmp_path) == Ran(CAT, RESOLV, exit_code=0, status=101)


def test_a_command_that_cannot_be_started(tmp_path: Path) -> None:
    """It has no exit code, and the words of the container runtime."""
    cluster = cluster_with()
    words = 'exec: "cat": executable file not found in $PATH\x1b[2J'
    cluster.execs["default", "shop-1"] = lambda _: (b"", b"", words)
    came = ran(cluster, tmp_path)
    assert (came.exit_code, came.status, came.trouble) == (None, 101, Trouble.NONE)
    assert "executable file not found in $PATH" in came.detail
    assert "\x1b" not in came.detail


@pytest.mark.parametrize("how", ["drip", "crumbs", "channel"])
def test_how_messages_are_cut_changes_nothing(how: str, tmp_path: Path) -> None:
    """Byte by byte, in many frames, between others that nobody asked for: it is the same."""
    assert ran(cluster_with(Flaw(how)), tmp_path) == Ran(CAT, RESOLV, exit_code=0, status=101)
    came = asked(cluster_with(Flaw(how)), tmp_path)
    assert [one.message for one in came.replies] == [reply(one) for one in ASK.messages]
    assert came.trouble is Trouble.NONE


def test_fragments_are_joined(tmp_path: Path) -> None:
    """A message in several frames, a ping between them, is one message."""
    success = b'\x03{"status": "Success"}'
    body = bytes([0x02, 2]) + b"\x01a" + frame(b"", PING) + bytes([0x80, 1]) + b"b" + frame(success)
    came = ran(cluster_with(Flaw("frames", body=body)), tmp_path)
    assert (came.stdout, came.exit_code) == (b"ab", 0)


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536, 300_000])
def test_any_size_comes_whole(size: int, tmp_path: Path) -> None:
    """The lengths of frames have three forms."""
    cluster = cluster_with()
    cluster.execs["default", "shop-1"] = lambda _: (b"x" * size, b"", 0)
    assert len(ran(cluster, tmp_path).stdout) == size


def test_output_is_bounded(tmp_path: Path) -> None:
    """What comes before the bound is kept, and the rest is not waited for."""
    cluster = cluster_with(Flaw("endless"))
    came = ran(cluster, tmp_path, Exec("default", "shop-1", "", ("yes",), most_bytes=1000))
    assert came.stdout == (RESOLV * 1000)[:1000]
    assert (came.trouble, came.exit_code) == (Trouble.TOO_LARGE, None)


def test_exactly_as_much_as_allowed_is_fine(tmp_path: Path) -> None:
    """The bound itself is no trouble."""
    request = Exec("default", "shop-1", "", ("cat",), most_bytes=len(RESOLV))
    came = ran(cluster_with(), tmp_path, request)
    assert (came.stdout, came.trouble) == (RESOLV, Trouble.NONE)


def test_errors_are_bounded(tmp_path: Path) -> None:
    """Of stderr the beginning is kept; the command is heard to its end."""
    cluster = cluster_with()
    cluster.execs["default", "shop-1"] = lambda _: (RESOLV, b"e" * 500_000, 1)
    came = ran(cluster, tmp_path)
    assert (len(came.stderr), came.stdout, came.exit_code) == (ASIDE_BYTES, RESOLV, 1)


@pytest.mark.parametrize("channel", [2, 3, 9])
def test_a_flood_beside_stdout_ends(channel: int, tmp_path: Path) -> None:
    """All that comes is counted, whatever its channel."""
    body = frame(bytes([channel]) + b"}" * 60_000) * 40
    request = Exec("default", "shop-1", "", ("x",), most_bytes=1000)
    came = ran(cluster_with(Flaw("frames", body=body)), tmp_path, request)
    assert came.trouble is Trouble.TOO_LARGE


def test_nothing_again_and_again_ends_in_time(tmp_path: Path) -> None:
    """Empty messages do not put off the deadline."""
    cluster = cluster_with(Flaw("endless"))
    cluster.execs["default", "shop-1"] = lambda _: (b"", b"", 0)
    started = time.monotonic()
    came = ran(cluster, tmp_path, Exec("default", "shop-1", "", ("x",), timeout_s=0.3))
    assert came.trouble is Trouble.TIMEOUT
    assert time.monotonic() - started < 0.3 + 2 * ALLOWED_S


def test_a_stream_that_ends_without_a_status(tmp_path: Path) -> None:
    """How the command ended is not known; what it printed is."""
    came = ran(cluster_with(Flaw("cut")), tmp_path)
    assert (came.stdout, came.exit_code) == (RESOLV, None)
    assert came.trouble is Trouble.CUT


def test_words_in_place_of_a_status(tmp_path: Path) -> None:
    """What a server says on the last channel is told, also when it is no Status."""
    body = frame(b"\x03container is gone\x07") + frame(struct.pack("!H", 1011), CLOSE)
    came = ran(cluster_with(Flaw("frames", body=body)), tmp_path)
    assert came.trouble is Trouble.CUT
    assert came.detail.startswith("container is gone")
    assert "\x07" not in came.detail


def test_the_reason_of_a_close_is_told(tmp_path: Path) -> None:
    """A server may say why it closes."""
    body = frame(struct.pack("!H", 1011) + b"kubelet went away", CLOSE)
    came = ran(cluster_with(Flaw("frames", body=body)), tmp_path)
    assert (came.trouble, came.detail) == (Trouble.CUT, "kubelet went away")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ({"status": "Success"}, 0),
        ({}, None),
        ({"details": None}, None),
        ({"details": {"causes": "x"}}, None),
        ({"details": {"causes": [1, {"reason": "ExitCode", "message": "137"}]}}, 137),
        ({"details": {"causes": [{"reason": "ExitCode", "message": 3}]}}, None),
        ({"details": {"causes": [{"reason": "ExitCode", "message": "\u0663"}]}}, None),
        ({"details": {"causes": [{"reason": "ExitCode", "message": "9" * 5000}]}}, None),
    ],
)
def test_exit_codes(status: dict[str, Any], code: int | None) -> None:
    """Only a number that is one is an exit code."""
    assert exit_code_of(status) == code


def test_names_are_quoted(tmp_path: Path) -> None:
    """A name that is none reaches no other path."""
    cluster = cluster_with()
    came = ran(cluster, tmp_path, Exec("default", "../x?y#z\r\nX: 1", "a&b", ("true",)))
    assert came.status == 404
    (target,) = cluster.requests
    assert target.startswith("/api/v1/namespaces/default/pods/..%2Fx%3Fy%23z%0D%0AX%3A%201/exec?")
    assert "container=a%26b&" in target


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize("code", [400, 401, 403, 404, 500, 503])
def test_a_refusal_is_told(code: int, tmp_path: Path) -> None:
    """Its status, and what the API server says, are an answer and no trouble."""
    fault = Fault(status=code, body='pods "shop-1" is forbidden: cannot\x1b create pods/exec')
    for came in (
        ran(cluster_with(fault=fault), tmp_path),
        asked(cluster_with(fault=fault), tmp_path),
    ):
        assert (came.status, came.trouble) == (code, Trouble.NONE)
        assert came.detail.startswith('pods "shop-1" is forbidden: cannot')
        assert "\x1b" not in came.detail


def test_a_pod_that_is_not_there(tmp_path: Path) -> None:
    """It is not found."""
    came = ran(cluster_with(), tmp_path, Exec("default", "gone", "x", ("true",)))
    assert (came.status, came.detail) == (404, 'pods "gone" not found')


def test_credentials_are_sent(tmp_path: Path) -> None:
    """The token of the kubeconfig opens streams, another does not."""
    cluster = cluster_with()
    cluster.tokens = {"Bearer t0ps3cret"}
    assert ran(cluster, tmp_path).exit_code == 0
    cluster.tokens = {"Bearer another"}
    came = ran(cluster, tmp_path)
    assert came.status == 401
    assert "t0ps3cret" not in str(came)


def refused(head: str, body: bytes = b"") -> bytes:
    """Return an answer as it is sent."""
    return head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body


DENIED = json.dumps({"kind": "Status", "message": "denied", "code": 403}).encode()


@pytest.mark.parametrize(
    ("head", "status", "trouble", "detail"),
    [
        (
            refused("HTTP/1.1 403 F\nTransfer-Encoding: chunked", b"4f\r\n" + DENIED + b"\r\n"),
            403,
            Trouble.NONE,
            "denied",
        ),
        (refused("HTTP/1.1 403 F\nConnection: close", DENIED), 403, Trouble.NONE, "denied"),
        (refused("HTTP/1.0 502 B", b"bad gateway"), 502, Trouble.NONE, "bad gateway"),
        (refused("HTTP/1.1 403 F\nContent-Length: 9999", DENIED), 403, Trouble.NONE, "denied"),
        (refused("HTTP/1.1 403 F\nContent-Length: x", DENIED), 403, Trouble.NONE, "denied"),
        (
            refused("HTTP/1.1 403 F\nContent-Length: 99999999999", b"x" * 2 * HEAD_BYTES),
            403,
            Trouble.NONE,
            "x" * 200,
        ),
        (
            refused("HTTP/1.1 302 Found\nLocation: https://sso.example/\nContent-Length: 0"),
            302,
            Trouble.NONE,
            "",
        ),
        (refused("HTTP/1.1 302 Found\nContent-Length: 0"), 302, Trouble.NONE, ""),
        (
            refused("HTTP/1.1 200 OK\nContent-Length: 13", b"<html></html>"),
            200,
            Trouble.NOT_JSON,
            "a web page: something in between answers for it",
        ),
        (
            refused("HTTP/1.1 200 OK\nContent-Length: 2", b"{}"),
            200,
            Trouble.NOT_JSON,
            "{}",
        ),
        (refused("HTTP/1.1 204 No\nContent-Length: 0"), 204, Trouble.NOT_JSON, "it opens no"),
        (refused("HTTP/1.1 101 S"), 101, Trouble.NOT_JSON, "no WebSocket: Invalid"),
        (
            refused(
                "HTTP/1.1 101 S\nUpgrade: websocket\nConnection: Upgrade\n"
                "Sec-WebSocket-Accept: eW91IGd1ZXNzZWQ=\nSec-WebSocket-Protocol: v4.channel.k8s.io"
            ),
            101,
            Trouble.NOT_JSON,
            "no WebSocket: Invalid",
        ),
        (b"SSH-2.0-OpenSSH_9.6\r\n", 0, Trouble.NOT_JSON, "no WebSocket: "),
        (b"\x15\x03\x01\x00\x02\x02\x46\n", 0, Trouble.NOT_JSON, "no WebSocket: "),
        (b"\xff\xfe\n", 0, Trouble.NOT_JSON, "no WebSocket: "),
        (b"x" * 2 * HEAD_BYTES, 0, Trouble.TOO_LARGE, ""),
        (b"", 0, Trouble.RESET, ""),
        (b"HTTP/1.1 1", 0, Trouble.RESET, ""),
    ],
)
def test_answers_that_open_no_stream(
    head: bytes, status: int, trouble: Trouble, detail: str, tmp_path: Path
) -> None:
    """Whatever is sent in place of the 101 is told: what it is, and what it says."""
    for came in (
        ran(cluster_with(Flaw("head", body=head)), tmp_path),
        asked(cluster_with(Flaw("head", body=head)), tmp_path),
    ):
        assert (came.status, came.trouble) == (status, trouble)
        assert came.detail.startswith(detail)
        assert bool(came.detail) == bool(detail)
        assert len(came.detail) <= 600


# ---------------------------------------------------------------- a bad wire


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_connection_that_ends_at_any_byte(how: str, tmp_path: Path) -> None:
    """At each byte it is told; what came before is kept."""
    cluster = cluster_with()
    printed: list[bytes] = []
    with streams(cluster, tmp_path) as opened:
        at = 0
        while True:
            cluster.flaws["/pods/"] = Flaw(how, at)
            came = opened.fetch(CAT)
            assert isinstance(came, Ran)
            if came.exit_code == 0:
                break
            assert came.trouble is (Trouble.CUT if came.status == 101 else Trouble.RESET)
            printed.append(came.stdout)
            at += 1
    assert at > OPENED
    assert set(printed) <= {b"", RESOLV}
    assert printed[-1] == RESOLV or how == "reset"  # a reset may overtake what was sent


def test_a_connection_that_hangs_at_any_byte(tmp_path: Path) -> None:
    """The deadline holds at each, and what came before is kept."""
    cluster = cluster_with()
    several: list[Exec | Queries] = []
    for at in (0, 1, 14, 100, *range(OPENED, 225, 4)):
        name = f"pod-{at}-"
        cluster.execs["default", name] = cluster.execs["default", "shop-1"]
        cluster.ports["default", name, 53] = reply
        cluster.flaws[name] = Flaw("hang", at)
        several.append(Exec("default", name, "", ("cat",), timeout_s=0.3))
        several.append(Queries("default", name, ASK.messages, timeout_s=0.3))
    took_s: list[float] = []

    def timed(request: Exec | Queries) -> Ran | Replies:
        started = time.monotonic()
        came = opened.fetch(request)
        took_s.append(time.monotonic() - started)
        return came

    with streams(cluster, tmp_path) as opened, ThreadPoolExecutor(8) as pool:
        all_came = list(pool.map(timed, several))
    assert {came.trouble for came in all_came} == {Trouble.TIMEOUT}
    assert max(took_s) < 0.3 + ALLOWED_S
    assert isinstance(last := all_came[-2], Ran)
    assert last.stdout == RESOLV


@pytest.mark.parametrize(
    ("fault", "status", "trouble"),
    [
        (Fault("hang"), 0, Trouble.TIMEOUT),
        (Fault("reset"), 0, Trouble.RESET),
        (Fault("html", 200), 200, Trouble.NOT_JSON),
        (Fault("html", 503), 503, Trouble.NONE),
        (Fault("raw", 502, "no backend"), 502, Trouble.NONE),
    ],
    ids=str,
)
def test_faults_before_the_stream(
    fault: Fault, status: int, trouble: Trouble, tmp_path: Path
) -> None:
    """They are told as those of other requests are."""
    request = Exec("default", "shop-1", "", ("cat",), timeout_s=0.3)
    came = ran(cluster_with(fault=fault), tmp_path, request)
    assert (came.status, came.trouble) == (status, trouble)


@pytest.mark.parametrize(
    "body",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xff" * 100,
        b"\x00" * 100,
        bytes([0x82, 127]) + b"\xff" * 8 + b"x" * 100_000,
        bytes([0x82, 127, 0x80]) + b"\x00" * 7,
        bytes([0x83, 1]) + b"x",
        bytes([0x09, 0]),
        bytes([0x88, 1]) + b"x",
        bytes([0x88, 2]) + b"\x00\x01",
        bytes([0x8A, 126, 0, 200]) + b"x" * 200,
        bytes([0x89, 126, 0, 200]) + b"x" * 200,
        frame(b"\x03[1,2}") + frame(b"\x03}"),
        frame(b"\x03" + b"[" * 60_000 + b"}"),
        frame(b'\x03{"a":' * 1) * 5,
        bytes([0x02, 1]) + b"x" + frame(b"\x01y"),
    ],
    ids=lambda body: body[:12].hex(),
)
def test_garbage_after_the_opening(body: bytes, tmp_path: Path) -> None:
    """Bytes that are no frames, frames that are no messages: trouble, and no more."""
    came = ran(cluster_with(Flaw("frames", body=body)), tmp_path)
    assert came.status == 101
    assert came.trouble in (Trouble.NOT_JSON, Trouble.CUT)
    assert (came.exit_code, came.stdout) == (None, b"")
    replies = asked(cluster_with(Flaw("frames", body=body)), tmp_path)
    assert replies.trouble in (Trouble.NOT_JSON, Trouble.CUT)
    assert replies.replies == ()


@pytest.mark.parametrize("how", ["head", "frames"])
def test_no_bytes_make_it_raise(how: str, tmp_path: Path) -> None:
    """Whatever comes, there is an answer."""
    cluster = cluster_with()
    pieces = some.one_of(
        some.binary(max_size=80),
        some.sampled_from(
            [
                b"HTTP/1.1 101 S\r\n",
                b"HTTP/1.1 403 Forbidden\r\n",
                b"Set-Cookie: expires=x; domain=127.0.0.1\r\n",
                b"Content-Length: -1\r\n",
                b"\r\n\r\n",
                b"{",
                frame(b"\x01abc"),
                frame(b"\x00\x35\x00"),
                frame(b"\x01\x35\x00"),
                frame(b'\x03{"status": "Failure", "message": 3, "details": {"causes": {}}}'),
                bytes([0x02, 3]),
                bytes([0x80, 3]),
            ]
        ),
    )
    with streams(cluster, tmp_path) as opened:

        @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
        @given(some.lists(pieces, max_size=6))
        def fetched(body: list[bytes]) -> None:
            cluster.flaws["/pods/"] = Flaw(how, body=b"".join(body))
            for request in (CAT, ASK):
                came = opened.fetch(request)
                assert came.request is request
                assert came.status or came.trouble is not Trouble.CONNECTION

        fetched()


def test_what_was_opened_is_closed(tmp_path: Path) -> None:
    """No socket is left to the collector, whatever happened; it would warn, which is an error."""
    cluster = cluster_with()
    with streams(cluster, tmp_path) as opened:
        for flaw in (Flaw(""), Flaw("hang", 170), Flaw("reset", 50), Flaw("head"), Flaw("cut")):
            cluster.flaws["/pods/"] = flaw
            opened.fetch(Exec("default", "shop-1", "", ("cat",), timeout_s=0.2))
        gc.collect()


# ---------------------------------------------------------------- queries


def test_queries_are_answered(tmp_path: Path) -> None:
    """Each has its reply, and the time that it took."""

    def slowly(message: bytes) -> bytes:
        time.sleep(0.05)
        return reply(message)

    cluster = cluster_with()
    cluster.ports["kube-system", "coredns-1", 53] = slowly
    came = asked(cluster, tmp_path)
    assert (came.status, came.trouble, came.detail) == (101, Trouble.NONE, "")
    assert [one.message for one in came.replies] == [reply(one) for one in ASK.messages]
    first, second = (one.took_ms for one in came.replies)
    assert 45 <= first < second < 5000
    assert cluster.requests == [
        "/api/v1/namespaces/kube-system/pods/coredns-1/portforward?ports=53"
    ]


def test_replies_in_another_order(tmp_path: Path) -> None:
    """They are told apart by their ids, wherever messages are cut. RFC 7766, section 6.2.1.1."""
    late, early = map(reply, ASK.messages)
    both = b"".join(len(one).to_bytes(2, "big") + one for one in (early, late))
    body = b"".join(frame(b"\x00" + one) for one in (b"\x35\x00", both[:-7], both[-7:]))
    came = asked(cluster_with(Flaw("frames", body=body)), tmp_path)
    assert [one.message for one in came.replies] == [early, late]
    assert came.trouble is Trouble.NONE


def test_two_queries_of_one_id_want_two_replies(tmp_path: Path) -> None:
    """Replies are counted for each id."""
    twice = Queries("kube-system", "coredns-1", (query(), query()), timeout_s=5)
    came = asked(cluster_with(), tmp_path, twice)
    assert len(came.replies) == 2
    assert came.trouble is Trouble.NONE


def test_what_is_answered_is_kept(tmp_path: Path) -> None:
    """A query that gets no reply costs the deadline, and not the replies of others."""
    cluster = cluster_with()
    cluster.ports["kube-system", "coredns-1", 53] = lambda message: (
        None if message[1] == 1 else reply(message)
    )
    question = Queries("kube-system", "coredns-1", ASK.messages, timeout_s=0.3)
    came = asked(cluster, tmp_path, question)
    assert [one.message for one in came.replies] == [reply(ASK.messages[1])]
    assert (came.trouble, came.detail) == (Trouble.TIMEOUT, "")


def test_a_port_at_which_nobody_listens(tmp_path: Path) -> None:
    """It cannot be reached, in the words of the container runtime; the API server can."""
    heard: list[Exchange] = []
    question = Queries("kube-system", "coredns-1", (query(),), port=5353)
    with streams(cluster_with(), tmp_path, on_request=heard.append) as opened:
        for _ in range(SILENT_AFTER + 1):
            came = opened.fetch(question)
            assert (came.status, came.trouble) == (101, Trouble.CONNECTION)
            assert "connection refused" in came.detail
    assert len(heard) == SILENT_AFTER + 1


@pytest.mark.parametrize(
    ("words", "trouble"),
    [
        (b"read tcp: connection reset by peer", Trouble.RESET),
        (b"dial tcp4: i/o timeout", Trouble.TIMEOUT),
        (b"something\x1b else", Trouble.CONNECTION),
    ],
)
def test_errors_of_a_port(words: bytes, trouble: Trouble, tmp_path: Path) -> None:
    """They are told apart by what the system said; after a reply the reply is kept."""
    answer = reply(query())
    body = (
        frame(b"\x00\x35\x00") + frame(b"\x01\x35")  # the number of the port in two messages
    )
    body += frame(b"\x01\x00") + frame(b"\x00" + len(answer).to_bytes(2, "big") + answer)
    body += frame(b"\x01" + words)
    came = asked(cluster_with(Flaw("frames", body=body)), tmp_path)
    assert came.trouble is trouble
    assert came.detail
    assert "\x1b" not in came.detail
    assert [one.message for one in came.replies] == [answer]


def test_another_port_than_asked_for(tmp_path: Path) -> None:
    """A stream that begins with another number is not the one that was asked for."""
    body = frame(b"\x00\x36\x00")
    came = asked(cluster_with(Flaw("frames", body=body)), tmp_path)
    assert came.trouble is Trouble.NOT_JSON
    assert "another port" in came.detail


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (b"\x77\x77" + reply(query())[2:], "messages that answer no query: 2"),
        (b"", "messages that answer no query: 2"),
        (b"\x00\x01", "messages that answer no query: 2"),
    ],
)
def test_messages_that_answer_nothing(answer: bytes, detail: str, tmp_path: Path) -> None:
    """They are counted, and are no replies."""
    cluster = cluster_with()
    cluster.ports["kube-system", "coredns-1", 53] = lambda _: answer
    question = Queries("kube-system", "coredns-1", ASK.messages, timeout_s=0.3)
    came = asked(cluster, tmp_path, question)
    assert (came.replies, came.trouble, came.detail) == ((), Trouble.TIMEOUT, detail)


def test_a_port_at_which_something_else_listens(tmp_path: Path) -> None:
    """What it says is told when it is no DNS message."""
    body = frame(b"\x00\x35\x00") + frame(b"\x00HTTP/1.1 400 Bad Request\r\n")
    came = asked(cluster_with(Flaw("frames", body=body)), tmp_path)
    assert came.trouble is Trouble.CUT
    assert "no DNS message: b'HTTP/1.1 400" in came.detail


def test_replies_are_bounded(tmp_path: Path) -> None:
    """A server that answers for ever is not listened to for ever."""
    cluster = cluster_with(Flaw("endless"))
    cluster.ports["kube-system", "coredns-1", 53] = lambda _: b"\x00\x09" + b"x" * 60_000
    came = asked(cluster, tmp_path, Queries("kube-system", "coredns-1", (query(),), timeout_s=20))
    assert (came.replies, came.trouble) == ((), Trouble.TOO_LARGE)


def test_a_large_message_each_way(tmp_path: Path) -> None:
    """DNS over TCP carries up to 65,535 bytes a message."""
    big = query() + b"\x00" * (65_535 - len(query()))
    cluster = cluster_with()
    cluster.ports["kube-system", "coredns-1", 53] = lambda message: message
    came = asked(cluster, tmp_path, Queries("kube-system", "coredns-1", (big, query(number=2))))
    assert [one.message for one in came.replies] == [big, query(number=2)]


@pytest.mark.parametrize(
    "messages", [(), (b"",), (b"x",), (b"x" * 65_536,)], ids=["none", "empty", "short", "long"]
)
def test_messages_that_are_none(messages: tuple[bytes, ...], tmp_path: Path) -> None:
    """Nothing raises."""
    question = Queries("kube-system", "coredns-1", messages, timeout_s=0.2)
    cluster = cluster_with()
    cluster.ports["kube-system", "coredns-1", 53] = lambda _: None
    came = asked(cluster, tmp_path, question)
    assert came.replies == ()
    assert (came.trouble is Trouble.NONE) == (messages == ())


def test_a_name_server_that_hangs_up(tmp_path: Path) -> None:
    """The end of the stream is the end of the waiting."""
    came = asked(cluster_with(Flaw("cut")), tmp_path)
    assert came.trouble is Trouble.NONE  # both were in one message, and answered before the end
    cluster = cluster_with(Flaw("cut"))
    cluster.ports["kube-system", "coredns-1", 53] = lambda _: None
    assert asked(cluster, tmp_path).trouble is Trouble.CUT


# ---------------------------------------------------------------- how long, how often, to whom


def test_an_api_server_that_cannot_be_reached_is_left_alone(tmp_path: Path) -> None:
    """After some failures in a row no further connection is tried."""
    heard: list[Exchange] = []
    path = kubeconfig(tmp_path, "http://127.0.0.1:9")
    opened = through(path, on_request=heard.append)
    for _ in range(SILENT_AFTER):
        came = opened.fetch(CAT)
        assert (came.status, came.trouble) == (0, Trouble.CONNECTION)
        assert "refused" in came.detail
    for request in (CAT, ASK):
        came = opened.fetch(request)
        assert (came.trouble, came.detail) == (Trouble.CONNECTION, "as before")
    assert len(heard) == SILENT_AFTER


def test_a_connection_that_succeeds_is_a_new_beginning(tmp_path: Path) -> None:
    """Only failures in a row count: refusals and broken streams are none."""
    with streams(cluster_with(Flaw("reset", at=1)), tmp_path) as opened:
        assert {opened.fetch(CAT).trouble for _ in range(SILENT_AFTER + 2)} == {Trouble.RESET}


def test_the_deadline_of_the_run(tmp_path: Path) -> None:
    """It counts from the making of the streams, and cuts the time of a request."""
    cluster = cluster_with(Flaw("hang", at=0))
    with streams(cluster, tmp_path, timeout_s=0.4) as opened:
        started = time.monotonic()
        assert opened.fetch(CAT).trouble is Trouble.TIMEOUT
        assert time.monotonic() - started < 0.4 + ALLOWED_S
        assert opened.fetch(CAT).trouble is Trouble.DEADLINE
        assert opened.fetch(ASK).trouble is Trouble.DEADLINE
    assert len(cluster.requests) == 1


def test_a_refusal_without_a_body_is_not_waited_for(tmp_path: Path) -> None:
    """Where the answer says that it has none, the connection may stay open."""

    def serve(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        connection.recv(4096)  # until the client closes

    with raw_server(serve) as port:
        started = time.monotonic()
        came = through(kubeconfig(tmp_path, f"http://127.0.0.1:{port}")).fetch(CAT)
        assert time.monotonic() - started < ALLOWED_S
    assert (came.status, came.trouble, came.detail) == (403, Trouble.NONE, "")


def test_a_server_that_accepts_nothing(tmp_path: Path) -> None:
    """A connection that is never accepted ends by the deadline."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening:
        port = listening.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            request = Exec("default", "shop-1", "", ("cat",), timeout_s=0.4)
            started = time.monotonic()
            came = through(kubeconfig(tmp_path, f"http://127.0.0.1:{port}")).fetch(request)
    assert (came.status, came.trouble) == (0, Trouble.TIMEOUT)  # too little time to blame it
    assert time.monotonic() - started < 0.4 + ALLOWED_S


def test_a_refused_connection_is_one_however_little_time(tmp_path: Path) -> None:
    """What the system says at once is no matter of time."""
    request = Exec("default", "shop-1", "", ("cat",), timeout_s=0.2)
    came = through(kubeconfig(tmp_path, "http://127.0.0.1:9")).fetch(request)
    assert came.trouble is Trouble.CONNECTION


def test_requests_are_told_of(tmp_path: Path) -> None:
    """Each once, without the command, with what came and the trouble."""
    heard: list[Exchange] = []
    cluster = cluster_with()
    with streams(cluster, tmp_path, on_request=heard.append) as opened:
        opened.fetch(CAT)
        opened.fetch(ASK)
        opened.fetch(Exec("default", "gone", "", ("true",)))
        cluster.flaws["/pods/"] = Flaw("cut")
        opened.fetch(CAT)
    assert [(one.method, one.path, one.status, one.trouble) for one in heard] == [
        ("GET", "/api/v1/namespaces/default/pods/shop-1/exec?container=shop", 101, ""),
        ("GET", "/api/v1/namespaces/kube-system/pods/coredns-1/portforward?ports=53", 101, ""),
        ("GET", "/api/v1/namespaces/default/pods/gone/exec", 404, ""),
        (
            "GET",
            "/api/v1/namespaces/default/pods/shop-1/exec?container=shop",
            101,
            "the answer ends in its middle",
        ),
    ]
    assert heard[0].size_bytes > len(RESOLV)
    assert heard[0].took_ms < 5000


def test_several_at_once(tmp_path: Path) -> None:
    """Each gets its own; one that hangs holds none of the others."""

    def runs(command: tuple[str, ...]) -> tuple[bytes, bytes, int]:
        return command[0].encode(), b"", 0

    cluster = cluster_with()
    cluster.execs["default", "shop-1"] = runs
    cluster.flaws["command=hang"] = Flaw("hang", 0)
    several = [Exec("default", "shop-1", "", (str(at),)) for at in range(40)]
    several.insert(3, Exec("default", "shop-1", "", ("hang",), timeout_s=1))
    with (
        streams(cluster, tmp_path, timeout_s=60) as opened,
        ThreadPoolExecutor(8) as pool,
    ):
        came = list(pool.map(opened.fetch, several))
    for request, answer in zip(several, came, strict=True):
        assert isinstance(answer, Ran)
        if request.command != ("hang",):
            assert answer.stdout == request.command[0].encode()
        else:
            assert answer.trouble is Trouble.TIMEOUT


def test_a_server_below_a_path(tmp_path: Path) -> None:
    """The path of the server's URL begins that of each request."""
    cluster = cluster_with()
    with serving(cluster) as url:
        came = through(kubeconfig(tmp_path, f"{url}/k8s/clusters/c-1/")).fetch(CAT)
    assert came.status == 404
    assert cluster.requests[0].startswith("/k8s/clusters/c-1/api/v1/namespaces/default/pods/")


# ---------------------------------------------------------------- encryption, proxies


def openssl(folder: Path, *words: str) -> None:
    """Run openssl."""
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a certificate for 127.0.0.1 that signs itself."""
    if shutil.which("openssl") is None:
        pytest.skip("certificates are made by openssl")
    folder = tmp_path_factory.mktemp("tls")
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
    names = ("-subj", "/CN=api", "-addext", "subjectAltName=IP:127.0.0.1,DNS:api.test")
    openssl(folder, "req", "-x509", *curve, *names, "-keyout", "key.pem", "-out", "cert.pem")
    return folder


def encrypted(folder: Path, authority: Path, url: str, **cluster: Any) -> Path:
    """Return a kubeconfig for an encrypted server, with the certificate as its client's too."""
    path = kubeconfig(folder, url)
    value = json.loads(path.read_text())
    value["clusters"][0]["cluster"] |= cluster
    value["users"][0]["user"] |= {
        "client-certificate": str(authority / "cert.pem"),
        "client-key": str(authority / "key.pem"),
    }
    path.write_text(json.dumps(value))
    return path


def context_of(authority: Path) -> ssl.SSLContext:
    """Return a server's settings: its certificate, and that it wants the client's."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority / "cert.pem")
    context.load_cert_chain(authority / "cert.pem", authority / "key.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def test_encrypted_streams(authority: Path, tmp_path: Path) -> None:
    """Certificates of the kubeconfig count for streams as for other requests."""
    cluster = cluster_with()
    with serving(cluster, context_of(authority)) as url:
        trusted = {"certificate-authority": str(authority / "cert.pem")}
        for settings_ in (
            trusted,
            {"insecure-skip-tls-verify": True},
            {**trusted, "tls-server-name": "api.test"},
        ):
            opened = through(encrypted(tmp_path, authority, url, **settings_))
            came = opened.fetch(CAT)
            assert isinstance(came, Ran)
            assert (came.stdout, came.exit_code) == (RESOLV, 0)
            assert opened.fetch(ASK).trouble is Trouble.NONE
        for settings_ in ({}, {**trusted, "tls-server-name": "other.test"}):
            came = through(encrypted(tmp_path, authority, url, **settings_)).fetch(CAT)
            assert came.trouble is Trouble.ENCRYPTION
            assert "CERTIFICATE_VERIFY_FAILED" in came.detail
        cluster.flaws["/pods/"] = Flaw("hang", 180)
        opened = through(encrypted(tmp_path, authority, url, **trusted))
        started = time.monotonic()
        came = opened.fetch(Exec("default", "shop-1", "", ("cat",), timeout_s=0.5))
        assert came.trouble is Trouble.TIMEOUT
        assert time.monotonic() - started < 0.5 + ALLOWED_S


def test_encryption_that_hangs(tmp_path: Path) -> None:
    """A server that never answers the TLS handshake is given up by the deadline."""
    with raw_server(lambda connection: time.sleep(1) or connection.close()) as port:  # type: ignore[func-returns-value]
        path = kubeconfig(tmp_path, f"https://127.0.0.1:{port}")
        started = time.monotonic()
        came = through(path).fetch(Exec("default", "shop-1", "", ("cat",), timeout_s=0.4))
        assert came.trouble is Trouble.TIMEOUT
        assert time.monotonic() - started < 0.4 + ALLOWED_S


def test_plain_http_where_encryption_is_wanted(tmp_path: Path) -> None:
    """It is a failure of encryption."""
    with serving(cluster_with()) as url:
        came = through(kubeconfig(tmp_path, url.replace("http:", "https:"))).fetch(CAT)
    assert came.trouble is Trouble.ENCRYPTION


def tunnel(connection: socket.socket) -> None:
    """Serve one CONNECT."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.recv(1)
    host, _, port = head.split()[1].decode().rpartition(":")
    with socket.create_connection((host, int(port))) as server:
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        there = threading.Thread(target=copied, args=(connection, server))
        there.start()
        copied(server, connection)
        there.join(5)


def copied(source: socket.socket, into: socket.socket) -> None:
    """Copy what one socket brings into another, its end too."""
    try:
        while data := source.recv(65_536):
            into.sendall(data)
        into.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


def by_proxy(folder: Path, url: str, port: int) -> Path:
    """Return a kubeconfig whose cluster is reached by a proxy."""
    path = kubeconfig(folder, url)
    value = json.loads(path.read_text())
    value["clusters"][0]["cluster"]["proxy-url"] = f"http://127.0.0.1:{port}"
    path.write_text(json.dumps(value))
    return path


def test_a_proxy_is_used(authority: Path, tmp_path: Path) -> None:
    """Streams go through the proxy of the kubeconfig, to plain and to encrypted servers."""
    seen: list[int] = []

    def counted(connection: socket.socket) -> None:
        seen.append(1)
        tunnel(connection)

    with raw_server(counted) as port:
        with serving(cluster_with()) as url:
            came = through(by_proxy(tmp_path, url, port)).fetch(CAT)
            assert (came.status, came.trouble) == (101, Trouble.NONE)
        trusted = {"certificate-authority": str(authority / "cert.pem")}
        proxied = {"proxy-url": f"http://127.0.0.1:{port}"}
        with serving(cluster_with(), context_of(authority)) as url:
            path = encrypted(tmp_path, authority, url, **trusted, **proxied)
            assert through(path).fetch(ASK).trouble is Trouble.NONE
    assert len(seen) == 2


def test_a_proxy_that_is_not_there(tmp_path: Path) -> None:
    """It is the proxy that cannot be used."""
    for scheme in ("http", "https"):
        came = through(by_proxy(tmp_path, f"{scheme}://127.0.0.1:8", 9)).fetch(CAT)
        assert came.trouble is Trouble.PROXY
        assert "refused" in came.detail


def test_a_proxy_that_refuses(tmp_path: Path) -> None:
    """Its answer is told."""

    def refuse(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")

    with raw_server(refuse) as port:
        for scheme in ("http", "https"):
            came = through(by_proxy(tmp_path, f"{scheme}://127.0.0.1:8", port)).fetch(CAT)
            assert came.trouble is not Trouble.NONE
            assert "407" in came.detail

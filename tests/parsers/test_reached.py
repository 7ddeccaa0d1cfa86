"""Tries of addresses by hand: ping, curl, telnet and nc in the forms of their versions."""

import pytest

from diagnose.facts.lookups import Lookup
from diagnose.facts.reached import Reached
from diagnose.model import Subject
from diagnose.parsers import reached
from diagnose.parts import Kind, Part


def tries(text: str, command: str = "") -> list[tuple[str, bool, int, int]]:
    """Return (address, ok, port, size) of each try."""
    part = Part(Kind.TEXT, "paste", text, subject=Subject(""), command=command)
    return [
        (one.address, one.ok, one.port, one.size)
        for one in reached.read(part)
        if isinstance(one, Reached)
    ]


def test_ping_of_iputils_and_of_busybox() -> None:
    """Both tell the size and the tally, in words of their own."""
    assert tries(
        "PING 10.244.2.9 (10.244.2.9) 1400(1428) bytes of data.\n\n"
        "2 packets transmitted, 0 received, 100% packet loss, time 1012ms\n"
    ) == [("10.244.2.9", False, 0, 1400)]
    assert tries(
        "PING 10.244.1.6 (10.244.1.6): 56 data bytes\n"
        "64 bytes from 10.244.1.6: seq=0 ttl=64 time=0.081 ms\n"
    ) == [("10.244.1.6", True, 0, 56)]


def test_a_ping_that_was_stopped_at_once_tells_nothing() -> None:
    """Neither a reply nor a tally: nobody waited for one."""
    assert tries("PING 10.244.1.6 (10.244.1.6): 56 data bytes\n^C\n") == []


def test_ping_tells_the_name_that_it_found() -> None:
    """The search list's domain stands behind what was typed."""
    part = Part(
        Kind.TEXT,
        "paste",
        "PING example.com.home.example.net (203.0.113.80): 56 data bytes\n",
        subject=Subject(""),
        command="ping example.com",
    )
    (one,) = reached.read(part)
    assert isinstance(one, Lookup)
    assert (one.name, one.typed) == ("example.com.home.example.net", "example.com")


@pytest.mark.parametrize(
    ("line", "ok"),
    [
        ("nc: connect to 10.42.0.3 port 53 (tcp) timed out: Operation in progress", False),
        ("nc: connect to 10.42.0.3 port 53 (tcp) failed: Connection refused", True),
        ("Connection to 10.42.0.3 53 port [tcp/domain] succeeded!", True),
        ("10.42.0.3 (10.42.0.3:53) open", True),
        ("nc: 10.42.0.3 (10.42.0.3:53): Connection timed out", False),
    ],
)
def test_nc_of_bsd_and_of_busybox(line: str, ok: bool) -> None:
    """A refusal came back, so the address is reached."""
    assert tries(line) == [("10.42.0.3", ok, 53, 0)]


@pytest.mark.parametrize(
    ("text", "ok"),
    [
        ("curl: (28) Connection timed out after 3001 milliseconds", False),
        ("curl: (7) Failed to connect to 10.96.0.1 port 443: No route to host", False),
        ("curl: (7) Failed to connect to 10.96.0.1 port 443: Connection refused", True),
        ("HTTP/1.1 404 Not Found", True),
    ],
)
def test_curl_of_an_address(text: str, ok: bool) -> None:
    """The port is that of the scheme where none is given."""
    assert tries(text, "curl -m 3 https://10.96.0.1/healthz") == [("10.96.0.1", ok, 443, 0)]


def test_an_error_of_tls_says_nothing_of_the_way() -> None:
    """What is no failure to connect is left to others."""
    text = "curl: (60) SSL certificate problem: self signed certificate\n"
    assert tries(text, "curl https://10.96.0.1/") == []


def test_telnet() -> None:
    """Busybox's telnet, which names the address in its error alone."""
    text = "telnet: can't connect to remote host (10.96.0.10): Connection timed out\n"
    assert tries(text, "telnet 10.96.0.10 53") == [("10.96.0.10", False, 53, 0)]

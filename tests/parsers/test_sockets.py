"""Sockets that listen are read from /proc/net, ss and netstat; connections are none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.facts.listeners import Listener
from diagnose.parsers.sockets import parse
from diagnose.parts import Kind, Part
from diagnose.text.recognise import cut

HEAD = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
REST = "00000000:00000000 00:00000000 00000000     0        0 16912 2 0000000000000000 0\n"


def read(text: str) -> list[tuple[str, str, int, str]]:
    """Return (protocol, address, port, process) of the sockets in a text."""
    items = parse(Part(Kind.LISTENERS, "a", text)).items
    found = [one for one in items if isinstance(one, Listener)]
    return [(one.protocol, one.address, one.port, one.process) for one in found]


def test_files_of_proc() -> None:
    """Addresses stand in words of the machine's order; the state tells who listens."""
    any6 = "0" * 32
    text = (
        f"{HEAD} 2311: 3500007F:0035 00000000:0000 07 {REST}"
        f" 2312: 0B02000A:D431 3500007F:0035 01 {REST}"
        f"/proc/net/tcp6:\n   0: {any6}:0035 {any6}:0000 0A {REST}"
        f"   1: 0000000000000000FFFF00000100007F:18EB {any6}:0000 0A {REST}"
        f"   2: B80D0120000000000000000001000000:0050 {any6}:0000 01 {REST}"
    )
    assert read(text) == [
        ("udp", "127.0.0.53", 53, ""),
        ("tcp", "::", 53, ""),
        ("tcp", "127.0.0.1", 6379, ""),
    ]


def test_the_state_of_another_protocol_is_none() -> None:
    """In /proc/net/tcp 07 is no listener: it is a socket that closes."""
    row = f" 1: 00000000:0035 00000000:0000 07 {REST}"
    assert read(f"/proc/net/tcp:\n{row}") == []
    assert read(f"/proc/net/udp:\n{row}") == [("udp", "0.0.0.0", 53, "")]


def test_ss() -> None:
    """With and without the column of the protocol, with zones and several families."""
    text = (
        "Netid State  Recv-Q Send-Q Local Address:Port  Peer Address:PortProcess\n"
        'udp   UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:* users:(("systemd-resolve",pid=612,fd=13))\n'
        'tcp   LISTEN 0 4096 [::]:53 [::]:* users:(("coredns",pid=1,fd=9))\n'
        "LISTEN 0 4096 *:10250 *:*\n"
        "tcp   ESTAB 0 0 10.77.0.11:53 10.77.0.12:40000\n"
    )
    assert read(text) == [
        ("udp", "127.0.0.53", 53, "systemd-resolve"),
        ("tcp", "::", 53, "coredns"),
        ("tcp", "*", 10250, ""),
    ]


def test_netstat() -> None:
    """The columns of net-tools and busybox; an established connection does not listen."""
    text = (
        "Active Internet connections (only servers)\n"
        "Proto Recv-Q Send-Q Local Address Foreign Address State PID/Program name\n"
        "tcp        0      0 0.0.0.0:22      0.0.0.0:*       LISTEN      1/sshd: /usr/sbin\n"
        "tcp        0      0 192.0.2.11:22   192.0.2.7:51000 ESTABLISHED 800/sshd\n"
        "udp        0      0 0.0.0.0:53      0.0.0.0:*                   901/dnsmasq\n"
        "udp6       0      0 :::53           :::*                        -\n"
    )
    assert read(text) == [
        ("tcp", "0.0.0.0", 22, "sshd"),
        ("udp", "0.0.0.0", 53, "dnsmasq"),
        ("udp", "::", 53, ""),
    ]


@pytest.mark.parametrize("head", ["", "/proc/net/udp:\n", HEAD, "Netid State Recv-Q\n"])
def test_nobody_listens(head: str) -> None:
    """Heads without rows are knowledge, not a gap."""
    assert not parse(Part(Kind.LISTENERS, "a", head)).gaps
    assert not read(head)


def test_what_is_no_list_is_a_gap() -> None:
    """A refusal is said."""
    assert parse(Part(Kind.LISTENERS, "a", "bash: ss: command not found")).gaps


def test_pasted_text_is_recognised() -> None:
    """By its content alone, without a prompt."""
    (part,) = cut("udp   UNCONN 0      0      0.0.0.0:53  0.0.0.0:*\n", origin="paste")
    assert part.kind is Kind.LISTENERS


@given(st.text(alphabet="0123456789ABCDEF:/ .*[]udptcLISTENUNCO\n-%\x1b", max_size=400))
def test_any_text(text: str) -> None:
    """Nothing raises, and a port is one."""
    assert all(0 <= port < 100_000 for _, _, port, _ in read(text))

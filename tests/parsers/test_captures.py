"""Captures of DNS in the forms of tcpdump's versions."""

from diagnose.facts.captures import Packet, repeated
from diagnose.model import Subject
from diagnose.parsers import captures
from diagnose.parts import Kind, Part


def packets(text: str, command: str = "") -> list[Packet]:
    """Return the packets of a capture."""
    return list(captures.read(Part(Kind.TEXT, "paste", text, Subject(""), command=command)))


def test_a_query_and_its_reply() -> None:
    """Ports may have names; the number joins the two."""
    query, reply = packets(
        "10:00:00.1 IP 10.244.1.8.40112 > 10.96.0.10.domain: 4121+ A? a.example. (27)\n"
        "10:00:00.2 IP 10.96.0.10.domain > 10.244.1.8.40112: 4121 NXDomain*- 0/1/0 (102)\n"
    )
    assert (query.number, query.reply, query.target_port) == (4121, False, 53)
    assert (reply.number, reply.reply, reply.source) == (4121, True, "10.96.0.10")


def test_the_interface_of_each_packet_or_of_all() -> None:
    """On `any`, newer versions tell it per packet; else the command does."""
    line = "IP 10.244.1.8.40112 > 10.96.0.10.53: 4121+ A? a.example. (27)\n"
    assert packets(f"10:00:00.1 {line}", "tcpdump -ni eth0 port 53")[0].device == "eth0"
    assert packets(f"10:00:00.1 cni0  In  {line}", "tcpdump -i any")[0].device == "cni0"
    assert packets(f"10:00:00.1 {line}", "tcpdump -i any")[0].device == ""


def test_what_an_overlay_carries() -> None:
    """The packet inside stands on a line of its own, without a time."""
    outer, inner = packets(
        "10:00:00.1 IP 192.0.2.11.48213 > 192.0.2.12.8472: OTV, flags [I] (0x08), instance 1\n"
        "IP 10.244.1.8.53412 > 10.244.2.9.53: 4371+ [1au] A? a.example. (54)\n"
    )
    assert outer.number is None
    assert inner.inner
    assert inner.number == 4371


def test_other_traffic_is_no_packet_of_dns() -> None:
    """Flags of TCP are neither a query nor a reply."""
    assert packets("10:00:00.1 IP 10.0.0.1.443 > 10.0.0.2.5000: Flags [S], seq 1, win 9\n") == []


def test_a_query_that_is_sent_again() -> None:
    """Of two of one socket the one that was never answered is known; a copy is no repetition."""
    several = packets(
        "12:01:03.120001 IP 10.244.1.5.42111 > 10.96.0.10.53: 12345+ A? a.example. (27)\n"
        "12:01:03.120032 IP 10.244.1.5.42111 > 10.96.0.10.53: 54321+ AAAA? a.example. (27)\n"
        "12:01:03.120101 IP 10.244.1.5.42111 > 10.96.0.10.53: 12345+ A? a.example. (27)\n"
        "12:01:03.121001 IP 10.96.0.10.53 > 10.244.1.5.42111: 12345*- 1/0/0 A 10.1.3.4 (43)\n"
        "12:01:08.125001 IP 10.244.1.5.42111 > 10.96.0.10.53: 12345+ A? a.example. (27)\n"
    )
    (one,) = repeated(several)
    assert (round(one.seconds), one.lost and one.lost.number) == (5, 54321)
    assert not list(repeated(several[:4]))

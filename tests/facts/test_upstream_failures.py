"""Forwarded queries that fail: by server and reason, the self-test apart, history apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from diagnose.asks import Ask
from diagnose.evidence import Evidence
from diagnose.facts.dns_answers import Asked, NameKind, Place, PlaceKind, Server, ServerRole
from diagnose.facts.logs import LogStream
from diagnose.facts.lookups import Outcome
from diagnose.facts.upstream_failures import UpstreamFailure, UpstreamFailures
from diagnose.model import Gap, Quote, Subject
from diagnose.signatures.base import Emitter
from diagnose.signatures.trouble import Reason
from tests.facts.items import COREDNS, log, pod

PROBE = "1233258971421873826.4416823678189275919. HINFO"


def line(
    reason: str = "i/o timeout",
    server: str = "8.8.4.4:53",
    asked: str = "example.com. A",
    source: str = "10.200.0.5",
    at: str = "",
) -> str:
    """Return a line of the errors plugin."""
    time = f"2024-03-02T{at}Z " if at else ""
    return f"{time}[ERROR] plugin/errors: 2 {asked}: read udp {source}:35249->{server}: {reason}"


def fact(*items: object) -> UpstreamFailures:
    """Return the fact of some items."""
    read = Evidence(items=items, looked=frozenset({Ask.DNS_LOGS})).fetch(UpstreamFailures)
    assert isinstance(read, UpstreamFailures)
    return read


def failures(*lines: str) -> tuple[UpstreamFailure, ...]:
    """Return the failures of one log."""
    return fact(log(*lines)).failures


def only(*lines: str) -> UpstreamFailure:
    """Return the one failure of one log."""
    (failure,) = failures(*lines)
    return failure


def test_server_reason_names_and_types() -> None:
    """The line says who was asked for what, and how it ended; the 2 is a response code."""
    one = only(line(), line(asked="example.net. AAAA"))
    assert (one.server, one.port, one.trouble.reason) == ("8.8.4.4", 53, Reason.TIMEOUT)
    assert (one.names, one.qtypes) == (("example.com", "example.net"), ("A", "AAAA"))
    assert (one.count, one.subject, one.quote.line) == (2, COREDNS, 1)
    assert one.certain


def test_a_server_that_refuses_does_not_time_out() -> None:
    """Kernels limit ICMP, so a closed port shows as refusals and timeouts: one reason."""
    refused = line("read: connection refused", "10.77.0.53:53")
    found = failures(refused, line(server="10.77.0.53:53"), line())
    assert [(one.server, one.trouble.reason) for one in found] == [
        ("10.77.0.53", Reason.REFUSED),
        ("10.77.0.53", Reason.REFUSED),
        ("8.8.4.4", Reason.TIMEOUT),
    ]


@pytest.mark.parametrize(
    "asked", [PROBE, "5577006791947779410.8674665223082153551.shop.test. HINFO"]
)
def test_the_self_test_is_nobodys_query(asked: str) -> None:
    """The loop plugin asks for two random numbers, in the zone of its server block."""
    one = only(line(asked=asked))
    assert (one.probe_only, one.names, one.certain) == (True, (), False)


def test_a_name_beside_the_self_test_makes_it_certain() -> None:
    """Once an application's name fails, the server does, and that line is quoted."""
    one = only(line(asked=PROBE), line())
    assert (one.probe_only, one.names, one.count) == (False, ("example.com",), 2)
    assert "example.com" in one.quote.text


@pytest.mark.parametrize("asked", ["10.77.0.1. A", "host.example.com. HINFO"])
def test_what_only_resembles_the_self_test(asked: str) -> None:
    """An address as a name, and an application's HINFO query, are queries of somebody."""
    assert not only(line(asked=asked)).probe_only


def test_lines_that_were_not_kept_are_counted() -> None:
    """A log of any length keeps a few lines and all counts."""
    read = fact(log(line(), line("read: connection refused"), repeated=98))
    assert sorted(one.count for one in read.failures) == [50, 50]


@pytest.mark.parametrize(
    ("text", "server", "port", "reason"),
    [
        ("dial udp 10.0.0.2:53: connect: network is unreachable", "10.0.0.2", 53, "network"),
        ("write udp 10.200.0.5:47071->10.0.0.2:53: write: operation not permitted", "10.0.0.2", 53,
         "not permitted"),
        ("dial tcp 10.0.0.2:853: i/o timeout", "10.0.0.2", 853, "no answer"),
        ("dial tcp 10.0.0.2:853: connect: connection refused", "10.0.0.2", 853, "refused"),
        ("read tcp 10.200.0.5:40112->10.0.0.2:53: read: connection reset by peer", "10.0.0.2", 53,
         "reset"),
        ("read udp [fd00::5]:40112->[2001:db8::53]:53: i/o timeout", "2001:db8::53", 53,
         "no answer"),
        ("tls: failed to verify certificate: x509: certificate signed by unknown authority", "",
         None, "unknown authority"),
        ("dns: overflow unpacking uint16", "", None, "larger"),
        ("dns: short read", "", None, "not a DNS message"),
        ("EOF", "", None, "closed"),
    ],
)  # fmt: skip
def test_each_transport(text: str, server: str, port: int | None, reason: str) -> None:
    """Over UDP, TCP and TLS, IPv4 and IPv6, the line is read as far as it tells."""
    one = only(f"[ERROR] plugin/errors: 2 example.com. A: {text}")
    assert (one.server, one.port) == (server, port)
    assert reason in one.trouble.reason.value


def test_one_query_over_tcp_proves_nothing() -> None:
    """CoreDNS asks again over TCP what was too large; that alone says little of the server."""
    text = "[ERROR] plugin/errors: 2 example.com. TXT: dial tcp 10.0.0.2:53: i/o timeout"
    assert not only(text).certain
    assert only(text, text).certain


@pytest.mark.parametrize(
    ("server", "source", "own"),
    [
        ("127.0.0.1:53", "127.0.0.1", True),
        ("[::1]:53", "[::1]", True),
        ("127.0.0.53:53", "127.0.0.1", True),
        ("10.200.0.5:53", "10.200.0.5", True),
        ("127.0.0.1:5353", "127.0.0.1", False),
        ("10.77.0.53:53", "10.200.0.5", False),
    ],
)
def test_the_pod_itself(server: str, source: str, own: bool) -> None:
    """A loopback address in a pod is the pod; so is the address that it asks from."""
    assert only(line(server=server, source=source)).own is own


def test_what_refuses_is_not_coredns() -> None:
    """CoreDNS listens there or nobody does: who refuses is not the one that waits."""
    assert not only(line("read: connection refused", "127.0.0.1:53", source="127.0.0.1")).own


def test_the_hosts_resolver_is_not_the_pod() -> None:
    """In the network of the host, 127.0.0.53 is systemd-resolved."""
    stream = log(line(server="127.0.0.53:53", source="127.0.0.1"))
    assert [one.own for one in fact(stream, pod(host_network=True)).failures] == [False]
    assert [one.own for one in fact(stream, pod(host_network=False)).failures] == [True]


def test_an_error_of_a_plugin_that_serves_the_name_itself() -> None:
    """A cluster name with a deadline that names no server was not forwarded."""
    own = "[ERROR] plugin/errors: 2 cart.shop.svc.cluster.local. A: context deadline exceeded"
    assert failures(own) == ()
    assert only(line(asked="cart.shop.svc.cluster.local. A")).server == "8.8.4.4"


def test_errors_that_are_only_counted() -> None:
    """With `consolidate` the errors plugin prints a pattern and how often it fitted."""
    one = only(
        "[ERROR] plugin/errors: 117 errors like '^read udp .* i/o timeout$' occurred in last 5m"
    )
    assert (one.server, one.trouble.reason, one.count) == ("", Reason.TIMEOUT, 117)
    assert not one.certain


def test_no_healthy_upstream() -> None:
    """That every upstream failed its health check is told where no line tells more."""
    text = "[ERROR] plugin/errors: 2 example.com. AAAA: no healthy proxies"
    one = only(text, text)
    assert (one.server, one.trouble.reason, one.count) == ("", Reason.TIMEOUT, 2)
    assert (one.unhealthy, one.certain) == (True, True)
    assert not only(text).certain
    assert [one.server for one in failures(text, line())] == ["8.8.4.4"]


# ------------------------------------------------------------------ history


def quiet(at: str) -> str:
    """Return a routine line at a time."""
    return f"2024-03-02T{at}Z [INFO] Reloading complete"


def test_a_log_that_goes_on_without_them_shows_their_end() -> None:
    """Failures that lasted for minutes and then stopped for longer are history."""
    lines = (line(at="05:10:00"), line(at="05:14:00"))
    read = fact(log(*lines, quiet("05:40:00")))
    assert (read.failures, [one.count for one in read.ended]) == ((), [2])
    assert fact(log(*lines, quiet("05:20:00"))).ended == ()


def test_failures_that_come_and_go_have_not_ended() -> None:
    """A pause shorter than the time for which they came is none."""
    lines = (line(at="03:10:00"), line(at="05:10:00"), quiet("06:00:00"))
    assert fact(log(*lines)).ended == ()


def test_the_self_test_does_not_end() -> None:
    """It is sent at the start alone: its silence later says nothing."""
    assert fact(log(line(asked=PROBE, at="05:10:00"), quiet("09:00:00"))).ended == ()


def test_a_run_that_was_ended_shows_no_end_of_failures() -> None:
    """The run may have been ended because of them."""
    lines = (line(at="05:10:00"), quiet("09:00:00"))
    assert fact(log(*lines, previous=True)).ended == ()
    assert fact(log(*lines)).ended != ()


@pytest.mark.parametrize(
    ("seconds", "outcome", "certain"),
    [
        (300, Outcome.NOERROR, False),
        (300, Outcome.SERVFAIL, True),
        (10, Outcome.NOERROR, True),  # another upstream may have answered beside it
    ],
)
def test_an_answer_of_the_pod_itself_since(seconds: int, outcome: Outcome, certain: bool) -> None:
    """What was logged before corediag was answered is over, or comes and goes: no proof."""
    at = datetime(2024, 3, 2, 5, 14, tzinfo=UTC)
    own = Asked(
        place=Place(PlaceKind.DIRECT, Subject("")),
        server=Server(ServerRole.REPLICA, "10.200.0.5", subject=COREDNS),
        transport="tcp",
        name_kind=NameKind.EXTERNAL,
        name="example.com.",
        qtype="A",
        outcome=outcome,
        origin="answers",
        quote=Quote("answers", "example.com. A"),
        at=at + timedelta(seconds=seconds),
    )
    (failure,) = fact(log(line(at="05:10:00"), line(at="05:14:00")), own).failures
    assert failure.certain is certain
    assert (failure.answers_now == own.quote) is not certain


# ------------------------------------------------------------------ what is known of it


def test_only_coredns_forwards() -> None:
    """The same text in another program's log is a quotation."""
    other = log(line(), emitter=Emitter.CLIENT)
    read = Evidence(items=(other,)).fetch(UpstreamFailures)
    assert isinstance(read, Gap)


def test_an_excerpt_keeps_its_gap() -> None:
    """What a paste leaves out is not known."""
    stream: LogStream = log("CoreDNS-1.13.2")
    read = Evidence(items=(stream,)).fetch(UpstreamFailures)
    assert isinstance(read, UpstreamFailures)
    assert read.gaps
    assert fact(stream).gaps == ()


PROBE_OF = "[ERROR] plugin/errors: 2 4517061326413251171.3042915672213907441.{}. HINFO: {}"
BEHIND = "dial tcp 10.96.88.10:53: i/o timeout"


def test_a_node_local_cache_on_its_way_to_coredns() -> None:
    """Its self-test of the cluster's domain tells; its way to the site's servers is another."""
    outside = "[ERROR] plugin/errors: 2 example.com. A: dial tcp 192.0.2.53:53: i/o timeout"
    told = fact(log(PROBE_OF.format("cluster.local", BEHIND), outside, outside))
    assert [one.server for one in told.to_coredns] == ["10.96.88.10"]
    assert [one.server for one in told.failures] == ["192.0.2.53"]


@pytest.mark.parametrize("zones", [("corp.example",), ("in-addr.arpa",)])
def test_a_zone_of_the_site_makes_no_cache(zones: tuple[str, ...]) -> None:
    """CoreDNS itself may forward one, with a self-test of its own."""
    told = fact(log(*(PROBE_OF.format(zone, BEHIND) for zone in zones)))
    assert told.to_coredns == ()
    assert [one.server for one in told.failures] == ["10.96.88.10"]


def test_kube_dns_names_no_question() -> None:
    """The forwarder of kube-dns says only how it ended."""
    text = 'I0312 14:54:15.3 1 logs.go:41] skydns: failure to forward request "read udp {}"'
    one = only(text.format("10.244.0.6:41478->10.0.0.2:53: i/o timeout"))
    assert (one.server, one.names, one.probe_only) == ("10.0.0.2", (), False)
    assert one.certain


def answered(count: int, took: str = "0.0112") -> list[str]:
    """Return lines of the query log about forwarded queries that were answered."""
    return [
        f'[INFO] 10.200.0.7:{40000 + number} - {number} "A IN example.org. udp 40 false 512" '
        f"NOERROR qr,rd,ra 62 {took}s"
        for number in range(count)
    ]


def test_a_few_failures_among_many_answers() -> None:
    """What is answered before and after tells of lost packets, not of a server that is gone."""
    one = only(*answered(30), line(), *answered(30))
    assert (one.answered, one.certain) == (60, False)
    assert only(*answered(60), line()).answered == 60, "one at the end may be chance as well"


@pytest.mark.parametrize(
    "lines",
    [
        [*answered(60), line(), line(), line()],  # gone at the end
        [*answered(9), line(), *answered(9)],  # not few
        [*answered(30, "0.000041"), line(), *answered(30, "0.000041")],  # out of the cache
        [*answered(30), line(asked=PROBE), *answered(30)],  # the self-test alone
    ],
)
def test_answers_that_do_not_speak_for_the_server(lines: list[str]) -> None:
    """Nothing was answered since, too little, or by the cache."""
    assert only(*lines).answered == 0

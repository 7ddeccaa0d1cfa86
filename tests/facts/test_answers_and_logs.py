"""Where a log and an answer disagree: the answer is later, and the report says so."""

from __future__ import annotations

from datetime import timedelta

from diagnose.asks import Ask
from diagnose.collect import diagnose
from diagnose.evidence import Evidence
from diagnose.facts.coredns_metrics import Metrics
from diagnose.facts.dns_answers import NameKind, ServerRole
from diagnose.facts.lookups import Outcome
from diagnose.facts.upstream_failures import UpstreamFailures
from diagnose.model import Subject
from diagnose.parsers import parser_of
from diagnose.parts import Kind, Part
from diagnose.registry import load
from tests.facts.asked import (
    API,
    BEGIN,
    COREDNS_1,
    HOST_1,
    HOST_2,
    UPSTREAM,
    UPSTREAM_2,
    WEB_1,
    WEB_2,
    World,
)
from tests.facts.items import log

POD = Subject("Pod", "coredns-7c65d6cfc9-aaaaa", "kube-system", "node-1")
LOOKED = frozenset({Ask.DNS_LOGS, Ask.DNS_ANSWERS, Ask.CLIENT_ANSWERS})


def line(at: str, reason: str = "read udp 10.200.0.5:35249->10.77.0.53:53: i/o timeout") -> str:
    """Return a line of the errors plugin on the day of the answers."""
    return f"2024-03-02T{at}Z [ERROR] plugin/errors: 2 example.com. A: {reason}"


def fact(world: World, *lines: str) -> UpstreamFailures:
    """Return the failures of a log and of a world's answers."""
    stream = log(*lines, subject=POD)
    read = Evidence(items=(stream, *world.items()), looked=LOOKED).fetch(UpstreamFailures)
    assert isinstance(read, UpstreamFailures)
    return read


def test_an_answer_to_a_pod_of_the_node_outranks_a_recent_line() -> None:
    """The upstream timed out a minute ago and answers now: a possibility, with a note."""
    (one,) = fact(World(), line("11:59:00"), line("11:59:30")).failures
    assert not one.certain
    assert one.answers_now is not None
    assert "it answers" in one.note


def test_long_ago_and_answered_since_is_history() -> None:
    """A log that fell silent shows no end by itself; an answer since does."""
    found = fact(World(), line("11:00:00"), line("11:01:00"))
    assert found.failures == ()
    assert len(found.ended) == 1
    silent = World(places=(API,))  # without an answer to a pod it stays open
    assert len(fact(silent, line("11:00:00"), line("11:01:00")).failures) == 1


def test_an_answer_to_the_host_or_to_another_node_does_not() -> None:
    """Pods leave a node in another way than the node itself, and each node for itself."""
    (one,) = fact(World(places=(HOST_1, WEB_2)), line("11:59:00")).failures
    assert one.certain
    assert one.note == "the host network of node-1 is answered"


def test_a_pod_that_gets_no_answer_agrees_with_the_log() -> None:
    """Where the question fails now as well, nothing is taken back."""
    world = World(rule=lambda one: Outcome.TIMEOUT if one.server == UPSTREAM else None)
    first, *asked = fact(world, line("11:59:00")).failures
    assert first.certain
    assert {one.asked_from for one in asked} >= {"the host network of node-1"}


def test_what_an_answer_does_not_disprove_stays() -> None:
    """That plain DNS is answered says nothing of DNS over TLS, nor UDP of TCP."""
    tls = "tls: failed to verify certificate: x509: certificate has expired or is not yet valid"
    over_tcp = "dial tcp 10.77.0.53:53: i/o timeout"
    only_udp = World(
        rule=lambda one: (
            Outcome.TIMEOUT if one.server == UPSTREAM and one.transport == "tcp" else None
        )
    )
    for world, text in ((World(), tls), (only_udp, over_tcp)):
        found = fact(world, line("11:59:00", text), line("11:59:10", text)).failures
        assert all(one.answers_now is None for one in found)


def test_the_report_says_that_they_disagreed() -> None:
    """The finding is no longer proven, quotes both, and says what was asked."""
    stream = log(line("11:59:00"), line("11:59:30"), subject=POD)
    found = diagnose(
        load().checks,
        Evidence(items=(stream, *World().items()), looked=LOOKED),
        BEGIN + timedelta(seconds=9),
    )
    (cause,) = (one for one in found.causes if one.verdict.check == "upstream-timeout")
    (finding,) = cause.verdict.findings
    assert not cause.proven
    assert "since, it answers" in finding.message
    assert {quote.origin for quote in finding.quotes} == {"x.log", "answers.jsonl"}


def test_one_upstream_of_several() -> None:
    """That another one answers makes it less bad, and is said."""
    world = World(
        servers=(UPSTREAM, UPSTREAM_2),
        rule=lambda one: Outcome.TIMEOUT if one.server == UPSTREAM_2 else None,
    )
    found = fact(world).failures
    assert {one.server for one in found} == {"10.77.0.54"}
    assert all(one.others_answer for one in found)


def of_counters(*servers: str) -> Metrics:
    """Return what a CoreDNS pod counts of its upstreams."""
    text = "".join(
        f'coredns_proxy_request_duration_seconds_count{{proxy_name="forward",rcode="NOERROR",'
        f'to="{server}:53"}} 3\n'
        for server in servers
    )
    part = Part(Kind.METRICS, "metrics", text, subject=Subject("Pod", "coredns-a", "kube-system"))
    (found,) = parser_of(part.kind)(part).items
    assert isinstance(found, Metrics)
    return found


def test_a_server_that_coredns_does_not_ask_is_no_other_upstream() -> None:
    """A pod that began long ago has a resolv.conf of that time; the counters name who is asked."""
    world = World(
        servers=(COREDNS_1, UPSTREAM, UPSTREAM_2),
        rule=lambda one: Outcome.TIMEOUT if one.server == UPSTREAM_2 else None,
    )
    for servers, others in ((("10.77.0.54",), False), (("10.77.0.53", "10.77.0.54"), True)):
        items = (of_counters(*servers), *world.items())
        read = Evidence(items=items, looked=LOOKED).fetch(UpstreamFailures)
        assert isinstance(read, UpstreamFailures)
        assert {one.others_answer for one in read.failures} == {others}


def test_where_coredns_fails_outside_no_other_upstream_helps() -> None:
    """Whoever answers somebody else, CoreDNS resolves nothing by it."""
    world = World(
        servers=(COREDNS_1, UPSTREAM, UPSTREAM_2),
        rule=lambda one: (
            Outcome.TIMEOUT
            if one.server == UPSTREAM_2
            else Outcome.SERVFAIL
            if one.server == COREDNS_1 and one.name_kind is NameKind.EXTERNAL
            else None
        ),
    )
    assert not any(one.others_answer for one in fact(world).failures)


def test_a_place_that_is_answered_by_nobody_accuses_no_upstream() -> None:
    """A node without network would make each server look dead."""
    world = World(
        places=(HOST_1, HOST_2, WEB_1, WEB_2),
        rule=lambda one: Outcome.TIMEOUT if one.place.node == "node-2" else None,
    )
    assert fact(world).failures == ()


def test_each_server_alone_is_judged_by_all_places() -> None:
    """One question per place is enough where no place is answered."""
    from dataclasses import replace

    items = [
        replace(one, outcome=Outcome.TIMEOUT, answers=())
        for one in World(places=(HOST_1, HOST_2), servers=(UPSTREAM,)).items()
        if one.transport == "udp" and one.server.role is ServerRole.UPSTREAM
    ]
    read = Evidence(items=tuple(items), looked=LOOKED).fetch(UpstreamFailures)
    assert isinstance(read, UpstreamFailures)
    assert [one.count for one in read.failures] == [1, 1]

"""Where network policies keep DNS from clients or from CoreDNS: by objects, rules, or packets.

Limits: policies of other kinds (Calico's, Cilium's own) are not read.
Source: cloudnativelabs/kube-router pkg/controllers/netpol (policy.go, pod.go: a rejected packet is
answered "port unreachable", so a client is refused and does not wait).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.logs import LogStream
from diagnose.facts.lookups import NO_ANSWER, Lookup, Outcome
from diagnose.facts.network_policies import EGRESS, INGRESS, NetworkPolicies, NetworkPolicy
from diagnose.facts.node_network import FilterRules
from diagnose.facts.pods import Pod, unique
from diagnose.facts.resolutions import cut_off
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.signatures.kernel import POLICY_DROPPED
from diagnose.text.regex import regex

BY_POLICY = regex(r"DROP by policy (?P<namespace>[a-z0-9.-]{1,63})/(?P<name>[a-z0-9.-]{1,253})")
SILENT = NO_ANSWER | {Outcome.TEMPORARY}
DNS_NAMESPACE = "kube-system"
LABELS = {"k8s-app": "kube-dns"}


@dataclass(frozen=True)
class PolicyBlock:
    """One policy that keeps DNS from somebody; `seen` says that its effect was seen too.

    `mistaken` says that it allows DNS over TCP and not over UDP, which nobody means.
    """

    policy: Subject
    message: str
    quotes: tuple[Quote, ...]
    seen: bool = False
    mistaken: bool = False
    proven: bool = False


@dataclass(frozen=True, kw_only=True)
class PolicyBlocks(Fact):
    """The policies that keep clients from asking, and those that keep CoreDNS from working."""

    asks: ClassVar[tuple[Ask, ...]] = (
        Ask.NETWORK_POLICIES,
        Ask.NODE_NETWORK,
        Ask.DNS_PODS,
        Ask.CLIENT_OUTPUT,
        Ask.CLIENT_ANSWERS,
    )

    clients: tuple[PolicyBlock, ...] = ()
    coredns: tuple[PolicyBlock, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return both, by objects first, then by what a node's rules and logs say."""
        policies = evidence.of(NetworkPolicy)
        dumps, streams = evidence.of(FilterRules), evidence.of(LogStream)
        items: tuple[Readable, ...] = (*policies, *dumps, *streams)
        found = known(evidence, items, Ask.NETWORK_POLICIES)
        if isinstance(found, Gap):
            return found
        every = NetworkPolicies.read(evidence)
        listed = () if isinstance(every, Gap) else every.policies
        whole = not isinstance(every, Gap) and not every.gaps
        failing = [*failures(evidence.of(Lookup)), *cut_off(evidence)]
        pods = [pod for pod in unique(evidence.of(Pod)) if pod.serves_dns]
        clients = [*of_clients(listed, failing, whole=whole)]
        known_ones = {one.policy for one in clients}
        clients += [
            one
            for one in (*of_packets(streams), *of_rules(dumps, failing))
            if one.policy not in known_ones
        ]
        first = {one.policy: one for one in reversed(clients)}
        return cls(
            origin=found[0],
            gaps=found[1],
            clients=tuple(first.values())[::-1],
            coredns=tuple(of_coredns(listed, pods, whole=whole)),
        )


def failures(lookups: tuple[Lookup, ...]) -> list[Lookup]:
    """Return the look-ups that got no answer, without those whose server answered later."""
    order = {id(one): number for number, one in enumerate(lookups)}
    answered = {one.server: order[id(one)] for one in lookups if one.outcome not in SILENT}
    return [
        one
        for one in lookups
        if one.outcome in SILENT and answered.get(one.server, -1) < order[id(one)]
    ]


def of_clients(
    policies: tuple[NetworkPolicy, ...], failing: list[Lookup], *, whole: bool
) -> Iterator[PolicyBlock]:
    """Yield policies that isolate pods without letting them ask, where no other policy does.

    Policies add up, so one that allows DNS to any pods of the namespace makes it undecided.
    """
    for policy in policies:
        space = policy.subject.namespace
        if EGRESS not in policy.types or policy.allows_dns_out():
            continue
        beside = [one for one in policies if one.subject.namespace == space and one is not policy]
        if any(EGRESS in one.types and one.allows_dns_out() for one in beside):
            continue
        here = [one for one in failing if one.place.namespace in (space, "")]
        named = [one for one in here if one.place.namespace == space and space]
        tcp = policy.allows_dns_out("TCP")
        yield PolicyBlock(
            policy=policy.subject,
            message="pods that it selects may ask DNS over TCP, not over UDP"
            if tcp
            else "pods that it selects may not ask DNS: no egress rule allows port 53",
            quotes=(policy.quote, *(one.quote for one in here[:1])),
            seen=bool(here),
            mistaken=tcp,
            proven=whole and bool(named) and policy.selector.everything,
        )


def of_coredns(
    policies: tuple[NetworkPolicy, ...], pods: list[Pod], *, whole: bool
) -> Iterator[PolicyBlock]:
    """Yield policies that select CoreDNS and let nobody ask it, or let it ask nobody."""
    spaces = {pod.subject.namespace for pod in pods if pod.subject.namespace} or {DNS_NAMESPACE}
    labels = next((pod.labels for pod in pods if pod.labels), None) or LABELS
    mine = [
        one for one in policies if one.subject.namespace in spaces and one.selector.matches(labels)
    ]
    others = [
        one
        for one in policies
        if one.subject.namespace in spaces and one.selector.may_match(labels)
    ]
    into = [one for one in others if INGRESS in one.types]
    out = [one for one in others if EGRESS in one.types]
    for policy in mine:
        said = []
        if INGRESS in policy.types and not any(one.allows_dns_in() for one in into):
            tcp = any(one.allows_dns_in("TCP") for one in into)
            said.append("only TCP on port 53 may come in" if tcp else "nobody may ask it")
        if EGRESS in policy.types and not any(one.egress for one in out):
            said.append("it may ask neither the API server nor its upstream")
        if said:
            yield PolicyBlock(
                policy=policy.subject,
                message=f"it selects CoreDNS: {', '.join(said)}",
                quotes=(policy.quote,),
                seen=True,
                proven=whole,
            )


def of_packets(streams: tuple[LogStream, ...]) -> Iterator[PolicyBlock]:
    """Yield policies by whose name packets to port 53 were logged as dropped."""
    for stream in streams:
        for match in stream.matching(POLICY_DROPPED):
            yield PolicyBlock(
                policy=Subject("NetworkPolicy", match["name"], match["namespace"]),
                message=f"packets from {match['source']} to port 53 were dropped for it",
                quotes=(match.quote,),
                seen=True,
                proven=True,
            )


def of_rules(dumps: tuple[FilterRules, ...], failing: list[Lookup]) -> Iterator[PolicyBlock]:
    """Yield policies that a node enforces, where look-ups get no answer.

    Such a rule exists for each policy that selects a pod; it alone says nothing. A rejected packet
    is answered at once, so a refusal points to it more than a time-out.
    """
    refused = [one for one in failing if one.outcome is Outcome.CONNECTION_REFUSED]
    for dump in dumps:
        for rule in dump.rules:
            match = BY_POLICY.search(rule.text)
            here = [
                one for one in refused if match and one.place.namespace in ("", match["namespace"])
            ]
            if match and here:
                yield PolicyBlock(
                    policy=Subject("NetworkPolicy", match["name"], match["namespace"]),
                    message="the node enforces it, and DNS packets are refused at once",
                    quotes=(rule.quote, here[0].quote),
                    seen=True,
                )

"""Where network policies keep DNS from clients or from CoreDNS: by objects, rules, or packets.

Limits: of Calico's and Cilium's own kinds not all is read (orders, tiers, denying rules), so that
nothing is proven by them, nor beside them.
Source: cloudnativelabs/kube-router pkg/controllers/netpol (policy.go, pod.go: a rejected packet is
answered "port unreachable", so a client is refused and does not wait).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.dns_answers import Asked, PlaceKind
from diagnose.facts.logs import LogStream
from diagnose.facts.lookups import NO_ANSWER, Lookup, Outcome
from diagnose.facts.network_policies import (
    EGRESS,
    INGRESS,
    NetworkPolicies,
    NetworkPolicy,
    Selector,
)
from diagnose.facts.node_network import FilterRules
from diagnose.facts.pods import Pod, unique
from diagnose.facts.policy_enforcement import Unharmed, unenforced
from diagnose.facts.probe_matrix import said as said_of
from diagnose.facts.resolutions import cut_off
from diagnose.model import CLUSTER, Fact, Gap, Quote, Subject
from diagnose.signatures.kernel import POLICY_DENIED, POLICY_DROPPED
from diagnose.text.regex import regex
from diagnose.values import dataclass

BY_POLICY = regex(r"DROP by policy (?P<namespace>[a-z0-9.-]{1,63})/(?P<name>[a-z0-9.-]{1,253})")
SILENT = NO_ANSWER | {Outcome.TEMPORARY}
DNS_NAMESPACE = "kube-system"
KINDS_OF_PODS = 50  # in a namespace, by their labels
LABELS = {"k8s-app": "kube-dns"}


@dataclass(frozen=True)
class PolicyBlock:
    """One policy that keeps DNS from somebody; `seen` says that its effect was seen too.

    `mistaken` says that it allows DNS over TCP and not over UDP, which nobody means; `selector` is
    the policy's own, None where only its name is known. `closed` are the directions in which an
    object cuts off. `refuted` says that who would be cut off is answered, `unenforced` that nothing
    that enforces policies was seen.
    """

    policy: Subject
    message: str
    quotes: tuple[Quote, ...]
    selector: Selector | None = None
    seen: bool = False
    mistaken: bool = False
    proven: bool = False
    closed: tuple[str, ...] = ()
    refuted: bool = False
    unenforced: bool = False


@dataclass(frozen=True, kw_only=True)
class PolicyBlocks(Fact):
    """The policies that keep clients from asking, and those that keep CoreDNS from working."""

    asks: ClassVar[tuple[Ask, ...]] = (
        Ask.NETWORK_POLICIES,
        Ask.DAEMON_SETS,
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
        whole = whole and not any(one.dialect for one in listed)
        failing = [*failures(evidence.of(Lookup)), *cut_off(evidence)]
        pods = [pod for pod in unique(evidence.of(Pod)) if pod.serves_dns]
        labels = Labels(evidence.of(Pod))
        clients = [*of_clients(listed, failing, labels, whole=whole)]
        known_ones = {one.policy for one in clients}
        clients += [
            one
            for one in (*of_packets(streams), *of_rules(dumps, failing))
            if one.policy not in known_ones
        ]
        first = {one.policy: one for one in reversed(clients)}
        unharmed, idle = Unharmed.of(evidence), unenforced(evidence)
        return cls(
            origin=found[0],
            gaps=found[1],
            clients=tuple(
                weighed(one, unharmed.selected(one.policy.namespace, selects(one, labels)), idle)
                for one in tuple(first.values())[::-1]
            ),
            coredns=tuple(
                weighed(one, unharmed.asking() if INGRESS in one.closed else unharmed.outside, idle)
                for one in of_coredns(listed, pods, whole=whole)
            ),
        )


def selects(block: PolicyBlock, labels: Labels) -> Callable[[Subject], bool]:
    """Return whether a pod is among those that a policy selects for certain."""
    selector = block.selector
    return lambda pod: selector is not None and selector.matches(labels.of(pod))


def weighed(block: PolicyBlock, answer: Asked | None, idle: str) -> PolicyBlock:
    """Return a block with what speaks against its effect: an answer, or that nobody enforces it."""
    if not block.closed:
        return block  # told by packets or rules
    if answer is not None:
        direct = answer.place.kind is PlaceKind.DIRECT
        what = f"it resolves {answer.name}" if direct else f"{said_of(answer.place)} is answered"
        said = f"{block.message}; yet {what}: the policy has no effect"
        quotes = (*block.quotes[:1], answer.quote)
        return replace(block, message=said, quotes=quotes, proven=False, refuted=True, seen=False)
    if idle:
        said = f"{block.message}; {idle}, so it may have no effect"
        return replace(block, message=said, proven=False, unenforced=True)
    return block


def failures(lookups: tuple[Lookup, ...]) -> list[Lookup]:
    """Return the look-ups that got no answer, without those whose server answered later."""
    order = {id(one): number for number, one in enumerate(lookups)}
    answered = {one.server: order[id(one)] for one in lookups if one.outcome not in SILENT}
    return [
        one
        for one in lookups
        if one.outcome in SILENT and answered.get(one.server, -1) < order[id(one)]
    ]


class Failing:
    """Look-ups that failed, by the namespace of who asked; "" where it is not told."""

    def __init__(self, lookups: Iterable[Lookup]) -> None:
        """Keep the first of each namespace, with its place in the order of all."""
        self._first: dict[str, tuple[int, Lookup]] = {}
        for number, one in enumerate(lookups):
            self._first.setdefault(one.place.namespace, (number, one))

    def first(self, namespace: str) -> Lookup | None:
        """Return the first that may be of a namespace; None without any."""
        found = [self._first[one] for one in {namespace, ""} if one in self._first]
        return min(found, key=lambda pair: pair[0])[1] if found else None

    def any(self) -> Lookup | None:
        """Return the first of all; None without any."""
        found = min(self._first.values(), key=lambda pair: pair[0], default=None)
        return found[1] if found else None

    def named(self, namespace: str) -> bool:
        """Whether one is told to be of a namespace."""
        return bool(namespace) and namespace in self._first


class Labels:
    """The labels of pods, as far as anything tells them."""

    def __init__(self, pods: Iterable[Pod]) -> None:
        """Keep them by the pods' names, and by namespace where that is told."""
        self._known: dict[tuple[str, str], Mapping[str, str]] = {}
        for pod in pods:
            if pod.labels is not None:
                self._known[pod.subject.namespace, pod.subject.name] = pod.labels

    def of(self, place: Subject) -> Mapping[str, str] | None:
        """Return the labels of the pod that asked; None where they are not known."""
        if place.kind != "Pod":
            return None
        for space in (place.namespace, ""):
            if (space, place.name) in self._known:
                return self._known[space, place.name]
        return None


class Selected:
    """Look-ups that failed, by the labels of who asked: a policy acts on what it selects alone."""

    def __init__(self, failing: Iterable[Lookup], labels: Labels) -> None:
        """Group them by labels; of a namespace with too many kinds of pods the first are kept."""
        self._groups: dict[str, list[tuple[Mapping[str, str] | None, list[Lookup]]]] = {}
        places: dict[Subject, list[Lookup]] = {}
        for one in failing:
            places.setdefault(one.place, []).append(one)
        kinds: dict[object, list[Lookup]] = {}
        for place, several in places.items():
            known_as = labels.of(place)
            kind = (place.namespace, None if known_as is None else frozenset(known_as.items()))
            if kind in kinds:
                kinds[kind].extend(several)
                continue
            groups = self._groups.setdefault(place.namespace, [])
            if len(groups) < KINDS_OF_PODS:
                kinds[kind] = list(several)
                groups.append((known_as, kinds[kind]))

    def by(self, policy: NetworkPolicy) -> Failing:
        """Return those that a policy may have to do with."""
        spaces = dict.fromkeys((policy.subject.namespace, ""))
        if policy.everywhere:
            spaces = dict.fromkeys(self._groups)
        return Failing(
            one
            for space in spaces
            for known_as, several in self._groups.get(space, ())
            if policy.selector.may_match_all(known_as)
            for one in several[:1]
        )

    def any_in(self, namespace: str) -> bool:
        """Whether any is of a namespace, or may be."""
        return namespace in self._groups or "" in self._groups


def of_clients(
    policies: tuple[NetworkPolicy, ...], failing: list[Lookup], labels: Labels, *, whole: bool
) -> Iterator[PolicyBlock]:
    """Yield policies that isolate pods without letting them ask, where no other policy does.

    Policies add up, so one that allows DNS to any pods of the namespace makes it undecided.
    """
    spaces: dict[str, list[NetworkPolicy]] = {}
    for policy in policies:
        if EGRESS in policy.types:
            spaces.setdefault(policy.subject.namespace, []).append(policy)
    wide = [one for mine in spaces.values() for one in mine if one.everywhere]
    granting = {
        space: [one for one in (*mine, *wide) if one.allows_dns_out()]
        for space, mine in spaces.items()
    }
    by_label_alone = {
        space: bool(some) and all(one.label_for_dns() for one in some)
        for space, some in granting.items()
    }
    selected = Selected(failing, labels)
    for policy in policies:
        space = policy.subject.namespace
        if EGRESS not in policy.types:
            continue
        hit = selected.by(policy)
        here = hit.any() if policy.everywhere else hit.first(space)
        if here is None and selected.any_in(space):
            continue  # who fails is not among the pods that it selects
        if granting[space]:
            if policy is granting[space][0] and by_label_alone[space]:
                yield by_label(policy, here)
            continue
        tcp = policy.allows_dns_out("TCP")
        yield PolicyBlock(
            policy=policy.subject,
            message="pods that it selects may ask DNS over TCP, not over UDP"
            if tcp
            else "pods that it selects may not ask DNS: no egress rule allows port 53",
            quotes=(policy.quote, *((here.quote,) if here else ())),
            selector=policy.selector,
            seen=here is not None,
            mistaken=tcp,
            proven=whole and hit.named(space) and policy.selector.everything,
            closed=(EGRESS,),
        )


def by_label(policy: NetworkPolicy, failing: Lookup | None) -> PolicyBlock:
    """Return the policy that lets pods ask DNS only if somebody has labelled its namespace."""
    label = policy.label_for_dns()
    return PolicyBlock(
        policy=policy.subject,
        message=f"DNS is allowed only to namespaces with the label {label}, which Kubernetes does "
        "not set by itself",
        quotes=(policy.quote, *((failing.quote,) if failing else ())),
        selector=policy.selector,
        seen=failing is not None,
        closed=(EGRESS,),
    )


def of_coredns(
    policies: tuple[NetworkPolicy, ...], pods: list[Pod], *, whole: bool
) -> Iterator[PolicyBlock]:
    """Yield policies that select CoreDNS and let nobody ask it, or let it ask nobody."""
    spaces = {pod.subject.namespace for pod in pods if pod.subject.namespace} or {DNS_NAMESPACE}
    labels = next((pod.labels for pod in pods if pod.labels), None) or LABELS
    near = [one for one in policies if one.subject.namespace in spaces or one.everywhere]
    mine = [one for one in near if one.selector.matches(labels)]
    others = [one for one in near if one.selector.may_match(labels)]
    into = [one for one in others if INGRESS in one.types]
    asked = any(one.allows_dns_in() for one in into)
    tcp = any(one.allows_dns_in("TCP") for one in into)
    asks = any(one.egress for one in others if EGRESS in one.types)
    for policy in mine:
        said, closed = [], []
        if INGRESS in policy.types and not asked:
            closed.append(INGRESS)
            said.append("only TCP on port 53 may come in" if tcp else "nobody may ask it")
        if EGRESS in policy.types and not asks:
            closed.append(EGRESS)
            said.append("it may ask neither the API server nor its upstream")
        if said:
            yield PolicyBlock(
                policy=policy.subject,
                message=f"it selects CoreDNS: {', '.join(said)}",
                quotes=(policy.quote,),
                seen=True,
                proven=whole,
                closed=tuple(closed),
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
        for match in list(stream.matching(POLICY_DENIED))[:1]:
            yield PolicyBlock(
                policy=CLUSTER,
                message=f"packets from {match['source']} to {match['target']} port {match['port']} "
                "were dropped by a policy (Cilium)"
                + ("" if match["port"] == "53" else ", which must allow the port of the DNS pods"),
                quotes=(match.quote,),
                seen=True,
            )


def of_rules(dumps: tuple[FilterRules, ...], failing: list[Lookup]) -> Iterator[PolicyBlock]:
    """Yield policies that a node enforces, where look-ups get no answer.

    Such a rule exists for each policy that selects a pod; it alone says nothing. A rejected packet
    is answered at once, so a refusal points to it more than a time-out.
    """
    refused = Failing(one for one in failing if one.outcome is Outcome.CONNECTION_REFUSED)
    for dump in dumps:
        for rule in dump.rules:
            match = BY_POLICY.search(rule.text)
            here = refused.first(match["namespace"]) if match else None
            if match and here:
                yield PolicyBlock(
                    policy=Subject("NetworkPolicy", match["name"], match["namespace"]),
                    message="the node enforces it, and DNS packets are refused at once",
                    quotes=(rule.quote, here.quote),
                    seen=True,
                )

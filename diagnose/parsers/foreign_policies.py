"""Policies of Calico's and Cilium's own kinds, in the terms of Kubernetes' NetworkPolicies.

What is not of these terms is read as allowing: an order, a tier, what a rule denies, a negation. So
what a policy forbids by them is not seen, and what it allows may be forbidden elsewhere.

Source: projectcalico/calico v3.28 api/pkg/apis/projectcalico/v3 (networkpolicy.go: types and their
defaults; rule.go), libcalico-go/lib/selector (==, in, has, all(), global()); cilium/cilium v1.15
pkg/policy/api (rule.go: an egress section cuts off the rest; egress.go: members of one rule all
have to match, toFQDNs need an answer of DNS that another rule allows; prefixes k8s: and any:).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from diagnose.facts.network_policies import (
    EGRESS,
    INGRESS,
    OWN_LABEL,
    NetworkPolicy,
    Peer,
    PolicyPort,
    PolicyRuleSet,
    Selector,
)
from diagnose.model import Quote, Subject
from diagnose.parsers.policies import listed
from diagnose.text.regex import regex

CALICO, CILIUM = "Calico", "Cilium"
CALICO_KINDS = frozenset({"NetworkPolicy", "GlobalNetworkPolicy"})
CILIUM_KINDS = frozenset({"CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"})
ALLOWING = frozenset({"allow", "pass"})
LONGEST = 2000
EVERYTHING = regex(r"\s*+(?:all\(\)\s*+)?$")
EQUALS = regex(r"\s*(?P<key>[\w./-]{1,317})\s*==\s*[\"'](?P<value>[^\"']{0,63})[\"']\s*$")
RANGE = regex(r"(?P<first>\d{1,5}):(?P<last>\d{1,5})$")
# Labels that both make of a namespace's name.
NAMESPACE_KEYS = frozenset({"projectcalico.org/name", "io.kubernetes.pod.namespace"})
WHOLE_CLUSTER = frozenset({"all", "cluster"})
TARGETS = ("toEndpoints", "toCIDR", "toCIDRSet", "toEntities", "toServices", "toFQDNs", "toNodes")


def dialect_of(api_version: str, kind: str) -> str:
    """Return whose kind of policy an object is; "" for Kubernetes' own."""
    if kind in CILIUM_KINDS:
        return CILIUM
    return CALICO if "projectcalico.org" in api_version and kind in CALICO_KINDS else ""


def policies_of(
    value: dict[str, Any], dialect: str, subject: Subject, quote: Quote
) -> Iterator[NetworkPolicy]:
    """Yield the policies of an object; Cilium's can hold several."""
    specs = [value.get("spec"), *(listed(value.get("specs")) if dialect == CILIUM else ())]
    for spec in specs:
        if isinstance(spec, dict):
            made = calico if dialect == CALICO else cilium
            yield made(spec, subject, quote)


# ---------------------------------------------------------------- Calico


def calico(spec: dict[str, Any], subject: Subject, quote: Quote) -> NetworkPolicy:
    """Return Calico's policy; a type is left out where only rules of the other are there."""
    types = tuple(one for one in listed(spec.get("types")) if one in (INGRESS, EGRESS))
    into, out = listed(spec.get("ingress")), listed(spec.get("egress"))
    if not types:
        types = (*((INGRESS,) if into or not out else ()), *((EGRESS,) if out else ()))
    own = subject.kind == "NetworkPolicy"
    selected = expression(spec.get("selector"))
    if spec.get("namespaceSelector") or spec.get("serviceAccountSelector"):
        selected = Selector(selected.labels, expressions=True)
    return NetworkPolicy(
        subject=subject,
        origin=quote.origin,
        quote=quote,
        selector=selected,
        types=types,
        ingress=tuple(rule for one in into for rule in calico_rule(one, "source", own=own)),
        egress=tuple(rule for one in out for rule in calico_rule(one, "destination", own=own)),
        dialect=CALICO,
    )


def calico_rule(value: object, side: str, *, own: bool) -> Iterator[PolicyRuleSet]:
    """Yield what a rule allows; one that denies or logs allows nothing."""
    if not isinstance(value, dict) or str(value.get("action", "")).lower() not in ALLOWING:
        return
    target, far = value.get("destination"), value.get(side)
    target = target if isinstance(target, dict) else {}
    far = far if isinstance(far, dict) else {}
    protocol = value.get("protocol")
    names = (str(protocol).upper(),) if protocol is not None else ("TCP", "UDP")
    ports = [port for one in listed(target.get("ports")) for port in ports_of(one, names)]
    if not ports and protocol is not None:
        ports = [PolicyPort(names[0])]
    yield PolicyRuleSet(calico_peers(far, own=own), tuple(ports) or None)


def ports_of(value: object, protocols: tuple[str, ...]) -> Iterator[PolicyPort]:
    """Yield a port, a range (53:60) or a name, for each protocol."""
    text = str(value)[:LONGEST]
    found = RANGE.match(text)
    first: int | str = int(found["first"]) if found else text
    if isinstance(first, str) and first.isdigit() and len(first) < 6:
        first = int(first)
    for protocol in protocols:
        yield PolicyPort(protocol, first, int(found["last"]) if found else None)


def calico_peers(far: dict[str, Any], *, own: bool) -> tuple[Peer, ...] | None:
    """Return who is at the other end; None for anybody.

    A selector of a namespaced policy means its own namespace, unless another one is named.
    """
    nets = [one for one in listed(far.get("nets")) if isinstance(one, str)]
    if nets:
        return tuple(Peer(cidr=one) for one in nets)
    pods, spaces = far.get("selector"), far.get("namespaceSelector")
    if pods is None and spaces is None:
        return None
    space = expression(spaces) if spaces is not None else None
    return (Peer(expression(pods), space if space or own else Selector({})),)


def expression(value: object) -> Selector:
    """Return a selector's expression: labels where it is made of equations, else a guess."""
    text = value[:LONGEST] if isinstance(value, str) else ""
    if EVERYTHING.match(text):
        return Selector({})
    labels: dict[str, str] = {}
    for part in text.split("&&"):
        found = EQUALS.match(part)
        if found is None:
            return Selector({}, expressions=True)
        labels[label(found["key"])] = found["value"]
    return Selector(labels)


def label(key: str) -> str:
    """Return a label's key as Kubernetes has it."""
    plain = key.removeprefix("k8s:").removeprefix("any:")
    return OWN_LABEL if plain in NAMESPACE_KEYS else plain


# ---------------------------------------------------------------- Cilium


def cilium(spec: dict[str, Any], subject: Subject, quote: Quote) -> NetworkPolicy:
    """Return Cilium's policy: a section of a direction cuts off all that it does not allow."""
    default = spec.get("enableDefaultDeny")
    default = default if isinstance(default, dict) else {}
    sides = ((INGRESS, "ingress"), (EGRESS, "egress"))
    types = tuple(
        name for name, key in sides if listed(spec.get(key)) and default.get(key) is not False
    )
    return NetworkPolicy(
        subject=subject,
        origin=quote.origin,
        quote=quote,
        selector=matching(spec.get("endpointSelector")),
        types=types,
        ingress=tuple(PolicyRuleSet() for one in listed(spec.get("ingress")) if one),
        egress=tuple(rule for one in listed(spec.get("egress")) for rule in cilium_rule(one)),
        dialect=CILIUM,
    )


def cilium_rule(value: object) -> Iterator[PolicyRuleSet]:
    """Yield what a rule allows; an empty one allows nothing."""
    if not isinstance(value, dict) or not value:
        return
    ports = [
        port
        for group in listed(value.get("toPorts"))
        if isinstance(group, dict)
        for one in listed(group.get("ports"))
        if isinstance(one, dict)
        for port in cilium_port(one)
    ]
    named = any(key in value for key in TARGETS)
    peers = (
        *(
            Peer(cidr=text)
            for key in ("toCIDR", "toCIDRSet")
            for one in listed(value.get(key))
            if (text := one.get("cidr") if isinstance(one, dict) else one) and isinstance(text, str)
        ),
        *(endpoint(one) for one in listed(value.get("toEndpoints"))),
        *(
            Peer(namespaces=Selector({}))
            for one in listed(value.get("toEntities"))
            if one in WHOLE_CLUSTER
        ),
        *(Peer(namespaces=Selector({})) for _ in listed(value.get("toServices"))),
    )
    if named and not peers:
        return
    yield PolicyRuleSet(peers if named else None, tuple(ports) or None)


def cilium_port(value: dict[str, Any]) -> Iterator[PolicyPort]:
    """Yield a port for each protocol that it is meant for."""
    protocol = str(value.get("protocol", "ANY")).upper()
    names = ("TCP", "UDP") if protocol in ("ANY", "") else (protocol,)
    yield from ports_of(value.get("port"), names)


def endpoint(value: object) -> Peer:
    """Return the pods that a selector of endpoints means, by their namespace's name too."""
    selector = matching(value)
    spaces = {key: one for key, one in selector.labels.items() if key == OWN_LABEL}
    pods = {key: one for key, one in selector.labels.items() if key not in spaces}
    whole = Selector(spaces) if spaces or selector.expressions else None
    return Peer(Selector(pods, selector.expressions), whole)


def matching(value: object) -> Selector:
    """Return a selector of endpoints with its keys as Kubernetes has them."""
    value = value if isinstance(value, dict) else {}
    labels = value.get("matchLabels")
    labels = labels if isinstance(labels, dict) else {}
    return Selector(
        {label(str(key)): str(one) for key, one in labels.items()},
        bool(value.get("matchExpressions")),
    )

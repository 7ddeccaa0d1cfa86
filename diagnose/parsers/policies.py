"""NetworkPolicies from API objects, whatever state they are in.

Source: kubernetes/api networking/v1 types.go, v0.30 (defaults: protocol TCP; policyTypes Ingress,
and Egress where there is a field egress).
"""

from __future__ import annotations

from typing import Any

from diagnose.facts.network_policies import (
    EGRESS,
    INGRESS,
    NetworkPolicy,
    Peer,
    PolicyPort,
    PolicyRuleSet,
    Selector,
)
from diagnose.model import Quote, Subject

MOST = 1000  # rules, peers and ports that are looked at in one list


def policy_of(spec: object, subject: Subject, quote: Quote) -> NetworkPolicy | None:
    """Return the policy that a spec describes; None where there is no spec."""
    if not isinstance(spec, dict):
        return None
    types = tuple(one for one in listed(spec.get("policyTypes")) if isinstance(one, str))
    if not types:
        types = (INGRESS, EGRESS) if "egress" in spec else (INGRESS,)
    return NetworkPolicy(
        subject=subject,
        origin=quote.origin,
        quote=quote,
        selector=selector(spec.get("podSelector")) or Selector({}),
        types=types,
        ingress=tuple(rule(one, "from") for one in listed(spec.get("ingress"))),
        egress=tuple(rule(one, "to") for one in listed(spec.get("egress"))),
    )


def listed(value: object) -> list[Any]:
    """Return a list, cut to a length that is looked at; [] for anything else."""
    return value[:MOST] if isinstance(value, list) else []


def rule(value: object, peers: str) -> PolicyRuleSet:
    """Return a rule; an empty or missing list of peers or ports stands for all."""
    if not isinstance(value, dict):
        return PolicyRuleSet()
    named = [peer(one) for one in listed(value.get(peers)) if isinstance(one, dict)]
    ports = [port(one) for one in listed(value.get("ports")) if isinstance(one, dict)]
    return PolicyRuleSet(tuple(named) or None, tuple(ports) or None)


def peer(value: dict[str, Any]) -> Peer:
    """Return who is meant."""
    block = value.get("ipBlock")
    block = block if isinstance(block, dict) else {}
    cidr = block.get("cidr")
    return Peer(
        pods=selector(value.get("podSelector")),
        namespaces=selector(value.get("namespaceSelector")),
        cidr=cidr if isinstance(cidr, str) else "",
        excluded=tuple(one for one in listed(block.get("except")) if isinstance(one, str)),
    )


def port(value: dict[str, Any]) -> PolicyPort:
    """Return a port; its protocol is TCP unless another one is named."""
    protocol, number, end = value.get("protocol"), value.get("port"), value.get("endPort")
    if isinstance(number, str) and number.isdigit() and len(number) < 6:
        number = int(number)
    return PolicyPort(
        protocol=protocol.upper() if isinstance(protocol, str) and protocol else "TCP",
        port=number if isinstance(number, int | str) and not isinstance(number, bool) else None,
        end=end if isinstance(end, int) and not isinstance(end, bool) else None,
    )


def selector(value: object) -> Selector | None:
    """Return a label selector; None where there is none."""
    if not isinstance(value, dict):
        return None
    labels = value.get("matchLabels")
    labels = labels if isinstance(labels, dict) else {}
    return Selector(
        {str(key): str(one) for key, one in labels.items()}, bool(value.get("matchExpressions"))
    )

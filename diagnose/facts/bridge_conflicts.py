"""Where a bridge has another address than its node's range: said by the plugin, or compared."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence
from diagnose.facts.flannel import SubnetEnv
from diagnose.facts.node_network import Interface
from diagnose.facts.sandbox import SandboxFailures, by_place, seen
from diagnose.model import Fact, Gap, Quote, Subject
from diagnose.signatures.cni import BRIDGE_ADDRESS_CONFLICT
from diagnose.values import dataclass


@dataclass(frozen=True)
class BridgeConflict:
    """One node's bridge; `wanted` and `actual` as address/prefix, `actual` "" when not told."""

    subject: Subject
    bridge: str
    wanted: str
    actual: str
    quotes: tuple[Quote, ...]
    seen: str = ""
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class BridgeConflicts(Fact):
    """The bridges whose address is not the one that their node's range wants."""

    asks: ClassVar[tuple[Ask, ...]] = (
        Ask.EVENTS,
        Ask.SYSTEM_PODS,
        Ask.NODE_NETWORK,
        Ask.NODE_FILES,
        Ask.FLANNEL_CONFIG,
    )

    conflicts: tuple[BridgeConflict, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return what plugins said, and what comparing `ip addr` with subnet.env shows.

        What the node's interfaces show now outranks what a plugin said before.
        """
        compared = compare(evidence)
        failures = evidence.fetch(SandboxFailures)
        if isinstance(failures, Gap):
            if not evidence.of(Interface):
                return failures
            origin = ", ".join(dict.fromkeys(one.origin for one in evidence.of(Interface)))
            gaps = () if Ask.NODE_NETWORK in evidence.looked else (failures,)
            return cls(origin=origin, gaps=gaps, conflicts=tuple(compared))
        right = {
            (one.subject.name, one.name, address)
            for one in evidence.of(Interface)
            if one.subject.kind == "Node" and one.subject.name
            for address in one.addresses
        }
        seen_there: dict[tuple[str, str | None], tuple[int, BridgeConflict]] = {}
        for number, found in enumerate(compared):
            for node in (node_of(found.subject), None):
                seen_there.setdefault((found.bridge, node), (number, found))
        said = []
        for place, several in by_place(failures.matching(BRIDGE_ADDRESS_CONFLICT)):
            match = next(
                reason
                for one in several
                for reason in one.reasons
                if reason.signature == BRIDGE_ADDRESS_CONFLICT.name
            )
            if (node_of(place), match["bridge"] or "cni0", match["wanted"]) in right:
                continue
            actual = nearest(seen_there, match["bridge"], node_of(place))
            said.append(
                BridgeConflict(
                    subject=place,
                    bridge=match["bridge"] or "cni0",
                    wanted=match["wanted"],
                    actual=actual.actual if actual else "",
                    quotes=(
                        *(one.quote for one in several[:2]),
                        *(actual.quotes if actual else ()),
                    ),
                    seen=seen(several),
                    at=several[0].first_at,
                )
            )
        return cls(
            origin=failures.origin,
            gaps=failures.gaps,
            conflicts=(*said, *untold(compared, said)),
        )


def node_of(subject: Subject) -> str:
    """Return the name of the node that a subject is or lies on."""
    return subject.name if subject.kind == "Node" else subject.node


def nearest(
    found: Mapping[tuple[str, str | None], tuple[int, BridgeConflict]], bridge: str, node: str
) -> BridgeConflict | None:
    """Return the first conflict of a bridge that may be on a node; None as a node: on any."""
    wanted = ((bridge, node), (bridge, "")) if node else ((bridge, None),)
    pairs = [found[key] for key in wanted if key in found]
    return min(pairs, key=lambda pair: pair[0])[1] if pairs else None


def untold(compared: list[BridgeConflict], said: list[BridgeConflict]) -> Iterator[BridgeConflict]:
    """Yield the conflicts of nodes that no plugin has named, unless a node is not known."""
    nodes = {node_of(one.subject) for one in said}
    for one in compared:
        node = node_of(one.subject)
        if not nodes or (node and "" not in nodes and node not in nodes):
            yield one


def compare(evidence: Evidence) -> list[BridgeConflict]:
    """Return bridges cni0 whose address lies outside of their own node's FLANNEL_SUBNET.

    An unnamed node's files are compared with each other only when there is one of each.
    """
    subnets = {one.subject: one for one in evidence.of(SubnetEnv) if one.subnet}
    found = []
    for bridge in evidence.of(Interface):
        subnet = subnets.get(bridge.subject)
        if bridge.name != "cni0" or subnet is None or not bridge.addresses:
            continue
        if not any(same(address, subnet.subnet) for address in bridge.addresses):
            found.append(
                BridgeConflict(
                    subject=bridge.subject if bridge.subject.kind else Subject("Node"),
                    bridge=bridge.name,
                    wanted=subnet.subnet,
                    actual=bridge.addresses[0],
                    quotes=(bridge.quote, *subnet.quotes[:1]),
                )
            )
    return found


def same(address: str, subnet: str) -> bool:
    """Whether an address with prefix is the gateway that a subnet wants, or of another family."""
    try:
        having, wanted = ipaddress.ip_interface(address), ipaddress.ip_interface(subnet)
    except ValueError:
        return True
    if having.version != wanted.version:
        return False
    return having.network == wanted.network

"""Where packets between pods of one bridge pass the packet filter by: br_netfilter is not there."""

from __future__ import annotations

from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.flannel_failures import FlannelFailures
from diagnose.facts.logs import LogStream
from diagnose.facts.lookups import Lookup, Outcome
from diagnose.facts.node_network import Interface
from diagnose.facts.sysctls import Sysctl, Sysctls
from diagnose.model import CLUSTER, Fact, Gap, Quote, Subject
from diagnose.signatures.flannel import FLANNEL_BR_NETFILTER_MISSING
from diagnose.signatures.kube_proxy import BR_NETFILTER_UNSET, BRIDGE_SETTING_MISSING
from diagnose.values import dataclass

BRIDGES = ("cni", "cbr", "kube-bridge")  # the pods' bridge; other add-ons have none
SETTINGS = ("net.bridge.bridge-nf-call-iptables", "net.bridge.bridge-nf-call-ip6tables")


@dataclass(frozen=True)
class UnfilteredBridge:
    """One place; `message` says who found what, `proven` that it is a fault there.

    Where the network add-on uses no Linux bridge, nothing depends on the module; so a setting that
    is off is a fault for certain only where the node is seen to have one.
    """

    subject: Subject
    message: str
    quotes: tuple[Quote, ...]
    proven: bool


@dataclass(frozen=True, kw_only=True)
class BridgeFilter(Fact):
    """The nodes on which bridged packets are not filtered, by programs and kernel settings."""

    asks: ClassVar[tuple[Ask, ...]] = (
        Ask.KERNEL_SETTINGS,
        Ask.FLANNEL_LOGS,
        Ask.PROXY_LOGS,
        Ask.SYSTEM_PODS,
    )

    places: tuple[UnfilteredBridge, ...] = ()

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return the places, those where a fault is certain first."""
        streams, settings = evidence.of(LogStream), evidence.of(Sysctl)
        items: tuple[Readable, ...] = (*streams, *settings)
        found = known(evidence, items, Ask.KERNEL_SETTINGS)
        if isinstance(found, Gap):
            return found
        wrong_source = next(
            (one.quote for one in evidence.of(Lookup) if one.outcome is Outcome.UNEXPECTED_SOURCE),
            None,
        )
        seen = (wrong_source,) if wrong_source else ()
        bridges = bridges_of(evidence)
        on = {one.subject.name for one in evidence.of(Sysctl) if is_on(one)}
        places = [one for one in by_flannel(evidence) if one.subject.node not in on]
        places += [
            UnfilteredBridge(
                subject=one.subject if one.subject.kind else CLUSTER,
                message=f"{one.name} is {one.value or 'not there: br_netfilter is not loaded'}",
                quotes=(one.quote, *seen, *bridges.get(one.subject, ())),
                proven=bool(seen) or (one.name == SETTINGS[0] and bool(bridges.get(one.subject))),
            )
            for one in settings_off(evidence)
            if concerns(one, bridges.get(one.subject))
        ]
        places += [
            UnfilteredBridge(
                subject=match.subject,
                message="kube-proxy found the module or its setting missing when it started",
                quotes=(match.quote, *seen),
                proven=bool(seen),
            )
            for stream in streams
            for match in list(stream.matching(BR_NETFILTER_UNSET))[-1:]
            if not stream.previous and match.subject.node not in on
        ]
        places += [
            UnfilteredBridge(
                subject=match.subject,
                message=f"{match['setting']} is not there: br_netfilter is not loaded",
                quotes=(match.quote, *seen),
                proven=bool(seen),
            )
            for stream in streams
            for match in list(stream.matching(BRIDGE_SETTING_MISSING))[-1:]
            if not stream.previous and match.subject.node not in on
        ]
        return cls(origin=found[0], gaps=found[1], places=tuple(places))


def is_on(setting: Sysctl) -> bool:
    """Whether the kernel of a named node says that bridged packets of IPv4 are filtered."""
    node = setting.subject.kind == "Node" and bool(setting.subject.name)
    return node and setting.name == SETTINGS[0] and setting.value == "1"


def bridges_of(evidence: Evidence) -> dict[Subject, tuple[Quote, ...]]:
    """Return the line of the pods' bridge of each node whose interfaces are known; () without."""
    found: dict[Subject, tuple[Quote, ...]] = {}
    for one in evidence.of(Interface):
        if one.subject.kind == "Node":
            bridge = one.name.startswith(BRIDGES)
            found[one.subject] = (one.quote,) if bridge else found.get(one.subject, ())
    return found


def concerns(setting: Sysctl, bridge: tuple[Quote, ...] | None) -> bool:
    """Whether a setting matters on its node: that of IPv4 where the pods have a bridge there."""
    if bridge is None:
        return True
    return bool(bridge) and setting.name == SETTINGS[0]


def by_flannel(evidence: Evidence) -> list[UnfilteredBridge]:
    """Return where flannel refused to start without the module."""
    failures = FlannelFailures.read(evidence)
    if isinstance(failures, Gap):
        return []
    return [
        UnfilteredBridge(
            subject=one.subject,
            message="flannel does not start without the kernel module br_netfilter",
            quotes=(one.match.quote,),
            proven=True,
        )
        for one in failures.of(FLANNEL_BR_NETFILTER_MISSING)
    ]


def settings_off(evidence: Evidence) -> tuple[Sysctl, ...]:
    """Return the settings that are 0 or absent; of the two families the first."""
    settings = Sysctls.read(evidence)
    if isinstance(settings, Gap):
        return ()
    off = [one for one in settings.named(*SETTINGS) if one.value in (None, "0", "not 1")]
    off.sort(key=lambda one: SETTINGS.index(one.name))
    first = {one.subject: one for one in reversed(off)}
    return tuple(first.values())[::-1]

"""Which network add-on runs, as anything in the evidence shows it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, Readable, known
from diagnose.facts.events import Event
from diagnose.facts.logs import LogStream
from diagnose.facts.node_network import FilterRules
from diagnose.facts.pods import Pod
from diagnose.facts.workloads import DaemonSet
from diagnose.model import Fact, Gap, GapKind
from diagnose.signatures.base import Emitter
from diagnose.values import dataclass

FLANNEL = "flannel"
# The names of agents' pods and of plugins hold these.
OTHERS = ("calico", "cilium", "weave", "aws-cni", "aws-node", "azure", "antrea", "kube-router")
CHAINS = "FLANNEL-"  # flannel-io/flannel v0.26.7, pkg/trafficmngr/iptables: FLANNEL-FWD, -POSTRTG


@dataclass(frozen=True, kw_only=True)
class NetworkAddOn(Fact):
    """The add-on by a word of its name; flannel comes first, as Canal is flannel and Calico."""

    asks: ClassVar[tuple[Ask, ...]] = (Ask.SYSTEM_PODS, Ask.DAEMON_SETS, Ask.FLANNEL_LOGS)

    name: str = FLANNEL

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return what is seen; the gap says that nothing shows one."""
        seen = dict(traces(evidence))
        name = next((one for one in (FLANNEL, *OTHERS) if one in seen), "")
        found = known(evidence, (seen[name],) if name else (), Ask.FLANNEL_LOGS)
        if isinstance(found, Gap):
            return found
        if not name:
            return Gap(
                "the network add-on", GapKind.NOT_COLLECTED, "nothing in the evidence names it"
            )
        return cls(origin=found[0], name=name)


def traces(evidence: Evidence) -> Iterator[tuple[str, Readable]]:
    """Yield each add-on that something is of, with that."""
    for pod in evidence.of(Pod):
        yield from named(f"{pod.subject.namespace}/{pod.subject.name}", pod)
    for daemon in evidence.of(DaemonSet):
        yield from named(daemon.subject.name, daemon)
    for event in evidence.of(Event):
        text = f"{event.subject.name} {event.message}" if event.subject.kind == "Pod" else ""
        yield from named(text, event)
    yield from ((FLANNEL, one) for one in evidence.of(LogStream) if one.emitter is Emitter.FLANNEL)
    for dump in evidence.of(FilterRules):
        if any(CHAINS in rule.text or rule.chain.startswith(CHAINS) for rule in dump.rules):
            yield FLANNEL, dump


def named(text: str, item: Readable) -> Iterator[tuple[str, Readable]]:
    """Yield the add-ons that a text names."""
    yield from ((one, item) for one in (FLANNEL, *OTHERS) if one in text)

"""Whether network policies take effect: what enforces them, and who is answered all the same.

A NetworkPolicy is an object and no more; the network add-on enforces it, or nobody does. Those of
flannel, kubenet and the bridge plugin do not. Pods that a policy would cut off and that are
answered show that it has no effect, whatever runs.

Limits: Amazon's and Azure's add-ons enforce where they are told to, which is not read here.
Source: Kubernetes documentation, Network Policies (prerequisites); flannel-io/flannel README.md;
k3s-io/k3s pkg/agent/netpol (kube-router's controller runs within k3s and RKE2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from diagnose.asks import Ask
from diagnose.evidence import Evidence
from diagnose.facts.dns_answers import Asked, NameKind
from diagnose.facts.lookups import Outcome
from diagnose.facts.node_network import FilterRules
from diagnose.facts.nodes import Node
from diagnose.facts.pods import Pod
from diagnose.facts.probe_matrix import CLUSTER_ROLES, POD_KINDS, ProbeMatrix
from diagnose.facts.workloads import DaemonSet, Deployment
from diagnose.model import Gap, Subject
from diagnose.values import dataclass

FLANNEL = "flannel"
# The names of agents that enforce policies, or may, hold these.
ENFORCERS = (
    *("calico", "canal", "cilium", "anetd", "weave", "aws-node", "azure", "antrea", "kube-router"),
    *("ovn", "romana", "network-polic", "netpol", "kindnet", "openshift-sdn", "terway", "nsx"),
    *("contiv", "kube-ovn", "sdn-"),
)
CHAINS = ("KUBE-NWPLCY", "KUBE-POD-FW", "KUBE-ROUTER", "cali-", "CILIUM", "WEAVE-NPC", "ANTREA-")
WITHIN = ("+k3s", "+rke2")  # kubelets of distributions that enforce within


@dataclass(frozen=True)
class Unharmed:
    """Pods whose questions to cluster DNS were all answered, each by its first answer.

    `outside` is an answer of CoreDNS about a name that it has to ask others for, None without one.
    """

    pods: Mapping[Subject, Asked]
    silent: frozenset[Subject] = frozenset()
    outside: Asked | None = None

    @classmethod
    def of(cls, evidence: Evidence) -> Unharmed:
        """Return what corediag's own questions show."""
        matrix = evidence.fetch(ProbeMatrix)
        if isinstance(matrix, Gap):
            return cls({})
        cells = matrix.by(
            lambda one: (
                one.place.subject
                if one.place.kind in POD_KINDS and one.server.role in CLUSTER_ROLES
                else None
            )
        )
        answered = (one for one in matrix.items if one.server.role in CLUSTER_ROLES)
        return cls(
            {pod: cell.answered[0] for pod, cell in cells.items() if cell.answered},
            frozenset(pod for pod, cell in cells.items() if cell.silent),
            next((one for one in answered if is_of_outside(one)), None),
        )

    def asking(self) -> Asked | None:
        """Return an answer to a pod, where no pod asked in vain."""
        return None if self.silent else next(iter(self.pods.values()), None)

    def selected(self, namespace: str, selected: Callable[[Subject], bool]) -> Asked | None:
        """Return an answer to a selected pod of a namespace, where none of these asked in vain."""
        mine = [one for one in self.pods if one.namespace == namespace and selected(one)]
        lost = any(one.namespace == namespace and selected(one) for one in self.silent)
        return self.pods[mine[0]] if mine and not lost else None


def is_of_outside(one: Asked) -> bool:
    """Whether CoreDNS had somebody's answer about a name that is not the cluster's."""
    return one.name_kind is NameKind.EXTERNAL and one.outcome is Outcome.NOERROR


def unenforced(evidence: Evidence) -> str:
    """Return why policies have no effect, as far as all agents are known; "" where they may."""
    if Ask.DAEMON_SETS not in evidence.looked or evidence.gaps_of(Ask.DAEMON_SETS):
        return ""
    names = [one.subject.name for one in evidence.of(DaemonSet)]
    names += [one.subject.name for one in evidence.of(Deployment)]
    names += [one.subject.name for one in evidence.of(Pod) if not one.serves_dns]
    if any(word in name for name in names for word in ENFORCERS):
        return ""
    if any(word in one.kubelet_version for one in evidence.of(Node) for word in WITHIN):
        return ""
    chains = {rule.chain for dump in evidence.of(FilterRules) for rule in dump.rules}
    if any(chain.startswith(CHAINS) for chain in chains):
        return ""
    if any(FLANNEL in name for name in names):
        return "flannel enforces no policy, and nothing else that does was seen"
    return "no DaemonSet of an add-on that enforces policies was seen"

"""Calico has no address pool for the node.

No IPPool exists, every one is disabled, or their node selectors leave this node out.

Limits: calico/node makes the default pool at its first start; where that failed, its log says so.
Source: projectcalico/calico v3.26.0, libcalico-go/lib/ipam/ipam.go (prepareAffinityBlocksForHost).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import SandboxFailures
from diagnose.facts.logs import Match
from diagnose.findings import sandbox_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, stuck_pods_go_on
from diagnose.signatures.cni import CALICO_POOL_MISSING


@check(
    title="Calico has no address pool for the node",
    severity=Severity.CRITICAL,
    family="sandbox-other",
    explains=("pods-stuck-container-creating",),
)
def calico_pool_missing(failures: SandboxFailures) -> Iterator[Finding]:
    """Yield one finding per node for which Calico has no pool."""
    yield from sandbox_findings(failures, (CALICO_POOL_MISSING,), message, steps)


def message(match: Match) -> str:
    """Return for what no pool is there."""
    scope = match["scope"].split(":")[0].strip()
    return "no IPPool of Calico serves " + (scope or "the node")


def steps(_: Match, node: str) -> tuple[Remedy, ...]:
    """Return the remedy: see the pools, then make or enable one."""
    return (
        look(
            "See the pools, whether they are disabled, and which nodes they select",
            "kubectl get ippools.crd.projectcalico.org -o custom-columns="
            "NAME:.metadata.name,CIDR:.spec.cidr,OFF:.spec.disabled,NODES:.spec.nodeSelector",
            f"kubectl get node {node} --show-labels",
            verify="no pool, a disabled one, or a selector that leaves the node out",
        ),
        Remedy(
            title="Make a pool of the cluster's pod range, or let its selector be all()",
            commands=("kubectl edit ippools.crd.projectcalico.org default-ipv4-ippool",),
            risk=Risk.DISRUPTIVE,
            verify="a new pod of the node gets an address",
        ),
        stuck_pods_go_on(),
    )

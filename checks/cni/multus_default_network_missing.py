"""Multus waits for the default network, whose configuration does not come.

Multus sets up no sandbox before its readiness indicator file is there: the configuration that the
cluster's own network (OVN-Kubernetes, OpenShift SDN, Calico ...) writes once it runs on the node.

Limits: the file appears seconds after a start of the node; what lasts is a network that does not
come up there.
Source: k8snetworkplumbingwg/multus-cni v3.9 and v4.0.2, pkg/multus/multus.go (CmdAdd).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import SandboxFailures
from diagnose.facts.logs import Match
from diagnose.findings import sandbox_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, stuck_pods_go_on
from diagnose.signatures.cni import MULTUS_WAITING


@check(
    title="Multus waits for the default network",
    severity=Severity.CRITICAL,
    family="sandbox-cni-not-ready",
    explains=("pods-stuck-container-creating", "sandbox-name-reserved"),
)
def multus_default_network_missing(failures: SandboxFailures) -> Iterator[Finding]:
    """Yield one finding per node on which Multus waits for another network's file."""
    yield from sandbox_findings(failures, (MULTUS_WAITING,), message, steps)


def message(match: Match) -> str:
    """Return which file does not come."""
    return f"Multus waits for {match['file']}, which the default network has not written"


def steps(match: Match, node: str) -> tuple[Remedy, ...]:
    """Return the remedy: the network that should have written the file."""
    return (
        look(
            "See whether the default network's pod runs on the node, and its last error",
            f"ls -l {match['file'].rpartition('/')[0]} /etc/cni/net.d  # on {node}",
            f"kubectl get pods -A -o wide --field-selector spec.nodeName={node} "
            "| grep -E 'ovn|sdn|calico|cilium|flannel|multus'",
            verify="the file is missing, and one of these pods is not ready",
        ),
        Remedy(
            title="Repair and restart that network's pod of the node",
            commands=("kubectl -n <its namespace> delete pod <its pod on the node>",),
            risk=Risk.DISRUPTIVE,
            verify=f"ls -l {match['file']}  # on {node}",
        ),
        stuck_pods_go_on(),
    )

"""A CNI plugin does not reach the daemon of its node that does the work.

Some plugins only pass a request on: Multus's shim and OVN-Kubernetes's to a socket, Azure's to
CNS. Where the daemon does not run, no sandbox of the node gets its network.

Limits: why the daemon does not run is in its own log; while it starts this is normal.
Source: k8snetworkplumbingwg/multus-cni v4.0.2, pkg/server/api/api.go (DoCNI); ovn-org/
ovn-kubernetes, go-controller/pkg/cni/cnishim.go (doCNI); Azure/azure-container-networking v1.4,
cni/network/invoker_cns.go (Add).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import SandboxFailures
from diagnose.facts.logs import Match
from diagnose.findings import sandbox_findings
from diagnose.model import Finding, Remedy, Severity
from diagnose.remedies import agent_pods, stuck_pods_go_on
from diagnose.signatures.cni import CNI_DAEMON_UNREACHABLE

# By what its address holds: the daemon's name, and how its pods are found.
DAEMONS = (
    ("multus", "the Multus daemon", "app=multus", "kube-system"),
    ("ovn-kubernetes", "ovnkube-node", "app=ovnkube-node", "ovn-kubernetes"),
    (":10090", "Azure CNS", "k8s-app=azure-cns", "kube-system"),
)
KINDS = (
    ("no such file or directory", "its socket is not there: it has not started"),
    ("connection refused", "nobody listens there: it ended"),
)


@check(
    title="A CNI plugin does not reach its daemon on the node",
    severity=Severity.CRITICAL,
    family="sandbox-cni-not-ready",
    explains=("pods-stuck-container-creating", "sandbox-name-reserved"),
)
def cni_daemon_unreachable(failures: SandboxFailures) -> Iterator[Finding]:
    """Yield one finding per node on which a plugin's daemon does not answer."""

    def message(match: Match) -> str:
        """Return which daemon is not reached, where, and what that says of it."""
        how = next((text for word, text in KINDS if word in match["reason"]), match["reason"][:120])
        return f"{daemon(match)[0]} is not reached at {match['address']}: {how}"

    yield from sandbox_findings(failures, (CNI_DAEMON_UNREACHABLE,), message, steps)


def daemon(match: Match) -> tuple[str, str, str]:
    """Return a daemon's name, the selector of its pods and their namespace, by its address."""
    for mark, *told in DAEMONS:
        if mark in match["address"]:
            return told[0], told[1], told[2]
    return "the plugin's daemon", "<the daemon's label>", "<its namespace>"


def steps(match: Match, node: str) -> tuple[Remedy, ...]:
    """Return the remedy: the daemon's pod of the node."""
    name, selector, namespace = daemon(match)
    return (*agent_pods(selector, namespace, node, name), stuck_pods_go_on())

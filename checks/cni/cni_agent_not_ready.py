"""The network add-on answers its plugin, or is waited for, and is not ready to serve it.

Unlike a daemon that is not reached it may run: it starts, waits for its controller, or has not been
told of the pod yet.

Limits: for the first minute of a node or of a pod this is normal; hence a possibility.
Source: projectcalico/calico v3.34, cni-plugin/pkg/plugin/plugin.go (cmdAdd); ovn-org/
ovn-kubernetes, go-controller/pkg/cni (utils.go, helper_linux.go); antrea-io/antrea v2.8,
pkg/agent/cniserver/ipam; kubeovn/kube-ovn v1.17, pkg/daemon/handler.go; cilium/cilium v1.17,
pkg/ipam/multipool.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import SandboxFailures
from diagnose.facts.logs import Match
from diagnose.findings import sandbox_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, stuck_pods_go_on
from diagnose.signatures.mechanisms import AGENT_NOT_READY


@check(
    title="The network add-on is not ready for its plugin",
    severity=Severity.CRITICAL,
    family="sandbox-cni-not-ready",
    explains=("pods-stuck-container-creating", "sandbox-name-reserved", "sandbox-setup-failed"),
)
def cni_agent_not_ready(failures: SandboxFailures) -> Iterator[Finding]:
    """Yield one finding per node on which an add-on is not ready for its plugin."""
    yield from sandbox_findings(
        failures, (AGENT_NOT_READY,), message, steps, proven=lambda _: False
    )


def message(match: Match) -> str:
    """Return what the plugin waits for, in its words."""
    who = match["plugin"] or "the plugin"
    return f"{who} says: {match['said'][:160]}"


def steps(_: Match, node: str) -> tuple[Remedy, ...]:
    """Return the remedy: the add-on's pods of the node, then those that it waits for."""
    addon = "calico|canal|cilium|antrea|ovn|ovs|multus|weave|flannel|aws-node|azure-cn"
    return (
        look(
            "See whether the add-on's pods are ready, on the node and its controllers elsewhere",
            f"kubectl get pods -A -o wide | grep -E '{addon}'",
            f"kubectl get pods -A -o wide --field-selector spec.nodeName={node}",
            verify="one that is not ready or restarts: its log tells what it waits for",
        ),
        Remedy(
            title="Repair what that log names, then restart the add-on's pod of the node",
            commands=("kubectl -n <its namespace> delete pod <its pod on the node>",),
            risk=Risk.DISRUPTIVE,
            verify="kubectl get events -A --field-selector reason=FailedCreatePodSandBox",
        ),
        stuck_pods_go_on(),
    )

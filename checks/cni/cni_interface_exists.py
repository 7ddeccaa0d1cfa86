"""What a plugin wants to make for a sandbox is there already: interface, address or route.

A try that failed half-way left eth0 in the namespace, or two configurations (Multus and its
delegate, an old add-on and a new one) both add eth0 to it.

Limits: the message does not tell the one from the other, hence a possibility.
Source: containernetworking/plugins v1.1.1 and v1.5.1, pkg/ip/link_linux.go (makeVeth);
projectcalico/calico v3.34, cni-plugin/pkg/dataplane/linux/dataplane_linux.go (SetupRoutes).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import SandboxFailures
from diagnose.facts.logs import Match
from diagnose.findings import sandbox_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look
from diagnose.signatures.cni import VETH_EXISTS
from diagnose.signatures.mechanisms import THERE_ALREADY


@check(
    title="What the CNI plugin wants to make is there already",
    severity=Severity.CRITICAL,
    family="sandbox-netns-gone",
    explains=("pods-stuck-container-creating",),
)
def cni_interface_exists(failures: SandboxFailures) -> Iterator[Finding]:
    """Yield one finding per node on which an interface or a route of a sandbox is left over."""
    yield from sandbox_findings(
        failures, (VETH_EXISTS, THERE_ALREADY), message, steps, proven=lambda _: False
    )


def message(match: Match) -> str:
    """Return what is there already."""
    if match.signature == THERE_ALREADY.name:
        return f"left by an earlier try, or added twice: {match['said'][:160]}"
    return f"{match['interface']} is in the sandbox already: left by an earlier try, or added twice"


def steps(_: Match, node: str) -> tuple[Remedy, ...]:
    """Return the remedy: one configuration, a fresh sandbox, at last a fresh node."""
    return (
        look(
            "See whether two configurations serve the node, and which sandboxes are left over",
            f"ls -l /etc/cni/net.d; ip netns list; crictl pods --state NotReady  # on {node}",
            verify="one configuration file (beside Multus's); sandboxes that are not ready",
        ),
        Remedy(
            title="Remove the sandbox that is left over, so that the pod gets a fresh one",
            commands=(
                "crictl stopp <sandbox of the pod>; crictl rmp <sandbox of the pod>",
                "kubectl -n <namespace> delete pod <pod>",
            ),
            risk=Risk.DISRUPTIVE,
            verify="kubectl get events -A --field-selector reason=FailedCreatePodSandBox",
        ),
        Remedy(
            title="If it comes back, drain and restart the node",
            commands=(
                f"kubectl drain {node} --ignore-daemonsets --delete-emptydir-data",
                "reboot",
                f"kubectl uncordon {node}",
            ),
            risk=Risk.DISRUPTIVE,
            verify="ip netns list  # one per sandbox of: crictl pods",
        ),
    )

"""A CNI plugin does not reach the daemon of its node that does the work.

Some plugins only pass a request on: Multus's shim, OVN-Kubernetes's and many others to a socket,
Azure's and Amazon's to a local port. Where the daemon does not run, no sandbox of the node gets its
network.

Limits: why the daemon does not run is in its own log; while it starts this is normal. One that does
not answer in time may be busy: a possibility.
Source: k8snetworkplumbingwg/multus-cni v4.0.2, pkg/server/api/api.go (DoCNI); ovn-org/
ovn-kubernetes, go-controller/pkg/cni/cnishim.go (doCNI); Azure/azure-container-networking v1.4,
cni/network/invoker_cns.go (Add); antrea-io/antrea v2.8, pkg/cni/client.go; kubeovn/kube-ovn v1.17,
cmd/cni; aws/amazon-vpc-cni-k8s v1.23, cmd/routed-eni-cni-plugin/cni.go (add).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import SandboxFailures
from diagnose.facts.logs import Match
from diagnose.findings import sandbox_findings
from diagnose.model import Finding, Remedy, Severity
from diagnose.remedies import agent_pods, look, stuck_pods_go_on
from diagnose.signatures.cni import CNI_DAEMON_UNREACHABLE
from diagnose.signatures.mechanisms import AGENT_AWAY

# By what its address or the plugin's name holds: the daemon's name, and how its pods are found.
DAEMONS = (
    ("multus", "the Multus daemon", "app=multus", "kube-system"),
    ("ovn-kubernetes", "ovnkube-node", "app=ovnkube-node", "ovn-kubernetes"),
    (":10090", "Azure CNS", "k8s-app=azure-cns", "kube-system"),
    ("azure", "Azure CNS", "k8s-app=azure-cns", "kube-system"),
    ("cilium", "the Cilium agent", "k8s-app=cilium", "kube-system"),
    ("antrea", "antrea-agent", "component=antrea-agent", "kube-system"),
    ("kube-ovn", "kube-ovn-cni", "app=kube-ovn-cni", "kube-system"),
    (":50051", "aws-node", "k8s-app=aws-node", "kube-system"),
    ("aws", "aws-node", "k8s-app=aws-node", "kube-system"),
    ("calico", "calico-node", "k8s-app=calico-node", ""),
    (":6784", "weave-net", "name=weave-net", "kube-system"),
)
OPEN_VSWITCH = "openvswitch"
DHCP = "dhcp.sock"
KINDS = (
    ("o such file or directory", "its socket is not there: it has not started"),
    ("onnection refused", "nobody listens there: it ended"),
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
        where = f" at {match['address']}" if match["address"] else ""
        return f"{daemon(match)[0]} is not reached{where}: {how}"

    yield from sandbox_findings(
        failures, (CNI_DAEMON_UNREACHABLE, AGENT_AWAY), message, steps, proven=away
    )


def away(match: Match) -> bool:
    """Whether the daemon is certainly not there; one that is slow may be busy."""
    known = match.signature == CNI_DAEMON_UNREACHABLE.name
    return known or any(word in match["reason"] for word, _ in KINDS)


def daemon(match: Match) -> tuple[str, str, str]:
    """Return a daemon's name, the selector of its pods and their namespace, by its address."""
    if OPEN_VSWITCH in match["address"] and match["address"].endswith("db.sock"):
        return "Open vSwitch", "app=ovs", "kube-system"
    if DHCP in match["address"]:
        return "the DHCP daemon of CNI", "", ""
    for where in (match["address"], match["plugin"]):
        for mark, *told in DAEMONS:
            if mark in where:
                return told[0], told[1], told[2]
    return "the plugin's daemon", "<the daemon's label>", "<its namespace>"


def steps(match: Match, node: str) -> tuple[Remedy, ...]:
    """Return the remedy: the daemon's pod of the node."""
    if DHCP in match["address"]:
        return (
            look(
                "Start the dhcp plugin as a daemon: nothing but it answers there",
                f"systemctl status cni-dhcp; ls -l {match['address']}  # on {node}",
                "/opt/cni/bin/dhcp daemon",
                verify="the socket is there; a new pod gets its address",
            ),
            stuck_pods_go_on(),
        )
    name, selector, namespace = daemon(match)
    return (*agent_pods(selector, namespace, node, name), stuck_pods_go_on())

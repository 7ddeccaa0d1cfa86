"""A kubelet reports an address that no interface of its node has.

An adapter was removed, DHCP or a VPN changed the address, or --node-ip names an old one. Who
reaches the node by that address, as the endpoint of the API server or of an overlay, reaches
nobody.

Limits: one line at the start of a node whose network comes up late is routine.
Source: kubernetes/kubernetes v1.30.5, pkg/kubelet/nodestatus/setters.go (NodeAddress) and
pkg/kubelet/kubelet_node_status.go (validateNodeIP).
"""

from collections.abc import Iterator
from functools import partial

from diagnose.check import check
from diagnose.facts import KubeletLogs, NetworkAddOn
from diagnose.facts.logs import Match
from diagnose.findings import log_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import FLANNEL, NODE, look, quoted, restart_flannel
from diagnose.signatures.kubelet import NODE_IP_INVALID, NODE_READY


@check(
    title="A node reports an address that none of its interfaces has",
    severity=Severity.CRITICAL,
    family="overlay",
    explains=(
        "apiserver-no-route",
        "apiserver-unreachable-timeout",
        "apiserver-connection-refused",
        "pod-network-cross-node-broken",
    ),
)
def kubelet_node_ip_invalid(logs: KubeletLogs, add_on: NetworkAddOn | None) -> Iterator[Finding]:
    """Yield one finding per node that says so, unless it became ready afterwards."""
    streams = tuple(one for one in logs.streams if not over(list(one.matches)))
    yield from log_findings(
        type(logs)(origin=logs.origin, gaps=logs.gaps, streams=streams),
        (NODE_IP_INVALID,),
        lambda match: f"{match['address']} is on none of its interfaces",
        partial(steps, add_on=add_on.name if add_on else ""),
    )


def over(matches: list[Match]) -> bool:
    """Whether the node became ready after the last such line."""
    last = [one.signature for one in matches if one.signature in (NODE_IP_INVALID.name, READY)]
    return bool(last) and last[-1] == READY


READY = NODE_READY.name


def steps(match: Match, *, add_on: str) -> tuple[Remedy, ...]:
    """Return the remedy: compare the addresses, correct the setting, teach the overlay."""
    node = match.subject.name if match.subject.kind == "Node" else match.subject.node
    return (
        look(
            "Compare what the node reports with what it has",
            "kubectl get nodes -o wide",
            f"ip -br addr  # on {quoted(node, 'the node')}",
            "kubectl get endpointslices -l kubernetes.io/service-name=kubernetes -o wide",
            verify=f"{match['address']} is on an interface, and the slice names a living address",
        ),
        Remedy(
            title="Give the kubelet an address that the node keeps, then restart it",
            commands=(
                "set --node-ip in /var/lib/kubelet/kubeadm-flags.env, or node-ip and "
                "advertise-address in /etc/rancher/k3s/config.yaml",
                "systemctl restart kubelet  # or k3s, rke2-server, k3s-agent",
            ),
            risk=Risk.DISRUPTIVE,
            verify=f"kubectl get node {quoted(node, NODE)} -o wide",
            why="etcd keeps the old address of its peer: on a server that is the only one, see "
            "the distribution's documents first",
        ),
        *((restart_flannel(node),) if add_on == FLANNEL else ()),
    )

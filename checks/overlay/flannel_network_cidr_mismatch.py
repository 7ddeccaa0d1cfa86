"""flannel's network and the ranges of the nodes' pods disagree.

kubeadm's --pod-network-cidr gives nodes their ranges, net-conf.json gives flannel its network
(10.244.0.0/16 in the manifest). flannel from 0.21 on refuses to start where a range lies outside;
before, it started and wrote routes and masquerade rules for the wrong network.

Limits: with several net-conf.json in the evidence the last one counts.
Source: flannel-io/flannel v0.26.7, pkg/subnet/kube/kube.go (AcquireLease).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import FlannelNetworks
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, restart_flannel


@check(
    title="flannel's network is not the cluster's pod network",
    severity=Severity.CRITICAL,
    family="overlay",
    explains=(
        "flannel-daemonset-failing",
        "apiserver-unreachable-timeout",
        "apiserver-no-route",
        "upstream-timeout",
        "resolution-fails",
        "pod-network-cross-node-broken",
        "pod-egress-broken",
    ),
)
def flannel_network_cidr_mismatch(networks: FlannelNetworks) -> Iterator[Finding]:
    """Yield one finding per node whose range lies outside of flannel's network."""
    for one in networks.disagreements:
        yield Finding(
            subject=one.subject,
            message=f"the range {one.subnet} lies outside of flannel's network {one.network}",
            quotes=one.quotes[:3],
            remedy=(
                look(
                    "Compare flannel's network with the nodes' ranges",
                    "kubectl -n kube-flannel get configmap kube-flannel-cfg "
                    "-o jsonpath='{.data.net-conf\\.json}'",
                    "kubectl get nodes -o custom-columns=NAME:.metadata.name,CIDR:.spec.podCIDR",
                    verify="one network holds all ranges: that is the one to set",
                ),
                Remedy(
                    title="Set Network to the cluster's pod network",
                    commands=("kubectl -n kube-flannel edit configmap kube-flannel-cfg",),
                    risk=Risk.DISRUPTIVE,
                    verify="corediag run --check flannel-network-cidr-mismatch",
                    why="the nodes' ranges cannot be changed once they are given",
                ),
                restart_flannel(),
                Remedy(
                    title="Recreate pods that got an address before",
                    commands=("kubectl -n kube-system delete pod -l k8s-app=kube-dns",),
                    risk=Risk.DISRUPTIVE,
                    verify="kubectl get pods -A -o wide  # addresses of the node's range",
                ),
            ),
        )

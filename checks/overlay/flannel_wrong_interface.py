"""flannel sends over an interface by which the nodes do not reach each other.

It takes that of the default route; on machines of VirtualBox and Vagrant that is the NAT interface,
which has the same address everywhere.

Limits: a NAT address alone is harmless on a cluster of one node.
Source: flannel-io/flannel v0.26.7, pkg/ipmatch/match.go (LookupExtIface); Documentation/
troubleshooting.md (Vagrant).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import FlannelEndpoints
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, restart_flannel


@check(
    title="flannel uses an interface that does not connect the nodes",
    severity=Severity.CRITICAL,
    family="overlay",
    explains=(
        "resolution-fails",
        "apiserver-unreachable-timeout",
        "upstream-timeout",
        "pod-network-cross-node-broken",
    ),
)
def flannel_wrong_interface(paths: FlannelEndpoints) -> Iterator[Finding]:
    """Yield one finding per address that stands for several nodes."""
    for one in paths.wrong:
        yield Finding(
            subject=one.subject,
            message=one.message,
            quotes=one.quotes,
            remedy=(
                look(
                    "Compare what flannel published with the nodes' own addresses",
                    "kubectl get nodes -o custom-columns='NAME:.metadata.name,"
                    "IP:.metadata.annotations.flannel\\.alpha\\.coreos\\.com/public-ip'",
                    "kubectl get nodes -o wide",
                    verify="each node has its own address, by which the others reach it",
                ),
                Remedy(
                    title="Name the interface between the nodes for flannel",
                    commands=(
                        "kubectl -n kube-flannel edit daemonset kube-flannel-ds",
                        "args: --iface=<interface>, or --iface-can-reach=<address of another node>",
                    ),
                    risk=Risk.DISRUPTIVE,
                    verify="corediag run --check flannel-wrong-interface",
                ),
                restart_flannel(),
            ),
            proven=one.proven,
        )

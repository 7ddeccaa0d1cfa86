"""Pods of one node answer from a place, and pods of other nodes do not.

What is on the way to the others alone is the network between the nodes: the overlay's packets, the
routes, or what the hosts forward.

Limits: a possibility: a pod that was tried may itself be at fault, and only one of another node may
have been tried.
Source: Kubernetes documentation, The Kubernetes network model (every pod reaches every pod).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import Reachability
from diagnose.model import CLUSTER, Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted


@check(
    title="Pods of other nodes do not answer",
    severity=Severity.CRITICAL,
    family="overlay",
    explains=("resolution-fails", "apiserver-unreachable-timeout", "upstream-timeout"),
)
def pods_of_other_nodes_silent(reached: Reachability) -> Iterator[Finding]:
    """Yield one finding per place from which it was tried."""
    for pair in reached.nodes:
        lost, ok = pair.lost, pair.ok
        target = quoted(lost.address, "<pod address>")
        yield Finding(
            subject=lost.subject if lost.subject.kind else CLUSTER,
            message=f"{lost.address} is silent"
            + (f" and {ok.address} is not" if ok.ok else "")
            + f": {pair.detail}",
            quotes=(lost.quote, ok.quote),
            remedy=(
                look(
                    "See where the packets end",
                    "ip route  # on the node of the client: a route to the other node's pods",
                    f"tcpdump -ni any host {target} or udp port 8472 or proto 4  # on both nodes",
                    "iptables -L FORWARD -nv | head  # on both nodes",
                    verify="they leave one node and do not arrive: what lies between; they arrive "
                    "and are not forwarded: that node",
                ),
                Remedy(
                    title="Let the nodes exchange the overlay's packets",
                    commands=(
                        "open UDP 8472 (flannel, Cilium), 4789 (Calico), 51820 (WireGuard), or "
                        "protocol 4 (IP-in-IP) between the nodes",
                    ),
                    risk=Risk.MANUAL,
                    verify=f"ping -c2 {target}",
                ),
            ),
            proven=False,
        )

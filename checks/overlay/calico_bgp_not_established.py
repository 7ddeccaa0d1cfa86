"""Calico on a node has no BGP session with the other nodes, so no routes to their pods.

calico/node answers its readiness probe with the peers to which there is no session. The address
that it announces may be of a wrong interface, TCP 179 between the nodes may be filtered, or the
peers are down.

Limits: while calico/node starts it awaits every peer, so a few failures of the probe are no fault.
Later one session is enough: a node that lost all but one stays ready. That Felix is not ready or
not live is said by the same probe and has other causes.
Source: projectcalico/calico v3.26.0, node/pkg/health/health.go (Run, checkBIRDReady).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import CalicoPeers
from diagnose.findings import times
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted

SHOWN = 5  # peers in a message


@check(
    title="Calico has no BGP sessions with other nodes",
    severity=Severity.CRITICAL,
    family="overlay",
    explains=(
        "resolution-fails",
        "pod-network-cross-node-broken",
        "dns-intermittent-failures",
        "coredns-unreachable-from-apiserver",
        "coredns-metrics-unreachable",
    ),
)
def calico_bgp_not_established(peers: CalicoPeers) -> Iterator[Finding]:
    """Yield one finding per pod of calico/node, or node, whose probe says so."""
    for one in peers.down:
        named = ", ".join(one.peers[:SHOWN]) or "its peers"
        more = f" and {len(one.peers) - SHOWN} more" if len(one.peers) > SHOWN else ""
        yield Finding(
            subject=one.subject,
            message=f"no BGP session with {named}{more} ({times(one.count)})",
            quotes=(one.quote,),
            remedy=steps(one.subject.node or one.subject.name, one.peers),
            proven=one.certain,
            at=one.at,
        )


def steps(node: str, peers: tuple[str, ...]) -> tuple[Remedy, ...]:
    """Return the remedy: the sessions and addresses first, then address or filter."""
    peer = quoted(peers[0] if peers else "", "<peer>")
    return (
        look(
            "See the sessions, the announced addresses, and whether the port answers",
            f"calicoctl node status  # on {quoted(node, 'the node')}",
            "kubectl get nodes -o custom-columns='N:.metadata.name,"
            r"IP:.metadata.annotations.projectcalico\.org/IPv4Address'",
            f"nc -zvw3 {peer} 179  # on {quoted(node, 'the node')}",
            verify="each address is the one by which other nodes reach the node, and answers",
        ),
        Remedy(
            title="Where an address is of a wrong interface, name the right one",
            commands=(
                "kubectl get daemonsets -A | grep calico-node  # in which namespace it is",
                "kubectl -n <its namespace> set env daemonset/calico-node "
                "IP_AUTODETECTION_METHOD=interface=<interface>  # an operator's: "
                "nodeAddressAutodetectionV4 of its Installation",
            ),
            risk=Risk.DISRUPTIVE,
            verify="calicoctl node status  # Established for all",
        ),
        Remedy(
            title="Where the port does not answer, let TCP 179 pass between all nodes",
            commands=(
                "in the firewalls of nodes and cloud: TCP 179, and IP protocol 4 for IP-in-IP",
            ),
            risk=Risk.MANUAL,
            verify="kubectl get pods -A -l k8s-app=calico-node  # all ready",
        ),
    )

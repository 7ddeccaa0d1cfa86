"""Small packets reach an address and large ones do not.

A way that has room for smaller packets than the sender believes drops the large ones; where ICMP
"fragmentation needed" does not come back, the sender never learns it. Of DNS that hits answers of
many records, DNS over TCP, and CoreDNS's lists from the API server.

Limits: a possibility, since some hosts do not answer large pings, and minutes may lie between two.
Source: RFC 1191 and RFC 2923, 2.1 (path MTU discovery, black holes); ping(8), -M do.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import Reachability
from diagnose.model import CLUSTER, Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted

HEADERS = 28  # of IPv4 and ICMP


@check(
    title="Large packets are lost where small ones pass",
    severity=Severity.CRITICAL,
    family="mtu",
    explains=(
        "large-messages-lost",
        "resolution-fails",
        "apiserver-tls-handshake-timeout",
        "pod-network-cross-node-broken",
    ),
)
def large_packets_lost(reached: Reachability) -> Iterator[Finding]:
    """Yield one finding per place and address."""
    for one in reached.limits:
        yield Finding(
            subject=one.lost.subject if one.lost.subject.kind else CLUSTER,
            message=f"a hop to {one.lost.address} has room for {one.lost.limit} bytes, "
            f"{one.interface.name} takes {one.interface.mtu}",
            quotes=(one.lost.quote, one.interface.quote),
            remedy=steps(quoted(one.lost.address, "<address>"), one.lost.limit - HEADERS),
            proven=False,
        )
    for pair in reached.sizes:
        lost, ok = pair.lost, pair.ok
        told = f"; a hop has room for {lost.limit}" if lost.limit else ""
        target = quoted(lost.address, "<address>")
        yield Finding(
            subject=lost.subject if lost.subject.kind else CLUSTER,
            message=f"{lost.address}: {ok.size + HEADERS} bytes pass, {lost.size + HEADERS} do "
            f"not{told}",
            quotes=(lost.quote, ok.quote),
            remedy=steps(target, ok.size),
            proven=False,
        )


def steps(target: str, size: int) -> tuple[Remedy, ...]:
    """Return the remedy: measure the room, then let the pods keep to it."""
    return (
        look(
            "Find the largest packet that passes, and compare with the interfaces",
            f"for s in 1472 1450 1422 1372 1322; do ping -c1 -W1 -M do -s $s {target}; done",
            "ip link  # on both nodes: the overlay's device and the one below it",
            verify="the largest size plus 28 is the room that the way has",
        ),
        Remedy(
            title="Set the pod network's MTU to that room, less the overlay's headers",
            commands=(
                "flannel: the interface's MTU less 50; Calico: spec.calicoNetwork.mtu; Cilium: mtu",
                "restart its pods, then recreate the pods of the nodes",
            ),
            risk=Risk.DISRUPTIVE,
            verify=f"ping -c2 -M do -s {size} {target}; and the pods' own size less 28",
        ),
    )

"""Small DNS messages pass, large ones are lost, questions or answers.

A packet that is larger than a hop carries is dropped where the sender is not told, as in an
overlay whose size does not leave room for its own header. Names with few records resolve, those
with many, and those signed by DNSSEC, do not; other protocols stall in the same way.

Limits: where large answers are lost over UDP alone it may as well be a filter that drops fragments,
or DNS above 512 bytes; large questions fit into one packet.
Source: RFC 1035 section 4.2.1; RFC 6891 section 6.2.5; RFC 8900 (IP fragmentation is fragile).
"""

from collections.abc import Iterator

from diagnose.check import NotApplicable, Undecided, check
from diagnose.facts import ClientMatrix
from diagnose.facts.dns_answers import Asked, Place, PlaceKind, Server
from diagnose.facts.probe_matrix import (
    LARGE_BYTES,
    NOTHING,
    POD_KINDS,
    Cell,
    State,
    called,
    joined,
    lost_text,
    nodes_text,
)
from diagnose.model import CLUSTER, Finding, Remedy, Risk, Severity, Subject
from diagnose.remedies import look, quoted


@check(
    title="Large DNS messages are lost, small ones pass",
    severity=Severity.WARNING,
    family="mtu",
    explains=("dns-intermittent-failures", "dns-udp-lost", "dns-tcp-lost"),
)
def large_messages_lost(matrix: ClientMatrix) -> Iterator[Finding]:
    """Yield one finding per server to or from which large messages do not come."""

    def sized(one: Asked) -> tuple[Place, Server, bool] | None:
        """Return where a question belongs, and whether it or its answer is large."""
        direct = one.place.kind is PlaceKind.DIRECT
        return None if direct else (one.place, one.server, matrix.size_of(one) > LARGE_BYTES)

    cells = matrix.by(sized)
    if not any(large for _, _, large in cells):
        crossing = [pair for pair in matrix.ways(*POD_KINDS) if pair[0] != pair[1]]
        if not crossing:
            raise NotApplicable("no pod asked a CoreDNS pod of another node")
        raise Undecided(f"no question or answer was larger than {LARGE_BYTES} bytes")
    hit: dict[Server, list[Place]] = {}
    for place, server, large in cells:
        small = cells.get((place, server, False), NOTHING)
        if large and cells[place, server, True].lost and small.state is State.ANSWERS:
            hit.setdefault(server, []).append(place)
    for server, places in hit.items():
        lost = joined(cells[place, server, True] for place in places)
        passed = joined(cells[place, server, False] for place in places)
        nodes = {place.node for place in places if place.node}
        sure = any(one.transport == "tcp" or one.asked_bytes for one in lost.silent)
        least = min(matrix.size_of(one) for one in lost.silent)
        yield Finding(
            subject=Subject("Node", *nodes) if len(nodes) == 1 else CLUSTER,
            message=f"messages of {least} bytes and more between {called(server)} and "
            f"{nodes_text(nodes) or 'its clients'} are lost ({lost_text(lost)}), smaller ones pass"
            + ("" if sure else "; over UDP alone: fragments, or a filter for DNS above 512 bytes"),
            quotes=(*lost.quotes[:2], passed.answered[0].quote),
            remedy=steps(server, lost),
            proven=sure,
            at=lost.silent[0].at,
        )


def steps(server: Server, lost: Cell) -> tuple[Remedy, ...]:
    """Return the remedy: measure, compare the sizes of devices, make them fit."""
    first = lost.silent[0]
    address = quoted(server.address, "<server>")
    return (
        look(
            "Measure what passes, and compare the devices' sizes",
            f"ping -M do -s 1422 {address}  # then smaller, until it passes",
            "ip link show flannel.1; ip link show cni0; ip link show <interface of the node>",
            f"dig +tcp @{address} {first.name} {first.qtype}",
            verify="the largest that passes, plus 28, is what the devices may have; only UDP "
            "fails: a filter that drops fragments",
        ),
        Remedy(
            title="Give the overlay the size that fits: Backend.MTU of flannel, or the interface's",
            commands=("kubectl -n kube-flannel edit configmap kube-flannel-cfg",),
            risk=Risk.DISRUPTIVE,
            verify="corediag run --check large-messages-lost --rung 3",
            why="50 bytes less than the smallest hop between the nodes",
        ),
        Remedy(
            title="Until then let CoreDNS keep answers over UDP small: bufsize 1232",
            commands=("kubectl -n kube-system edit configmap coredns",),
            risk=Risk.DISRUPTIVE,
            verify=f"dig +bufsize=4096 @{address} {first.name} {first.qtype}",
            why="it hides the fault for DNS and heals nothing else",
        ),
    )

"""A CoreDNS pod answers on one node and not on another.

The pod answers, so it is well; the node that gets nothing has no way to it for DNS: the tunnel
between the nodes, its filter, or packets that are dropped for a wrong checksum or their size.

Limits: a possibility: the pod may have been down for a moment. That a ping gets through does not
speak against it: UDP in a tunnel is lost alone where checksums are wrong, or a filter lets only
ICMP pass.
Source: flannel-io/flannel v0.26.7, Documentation/troubleshooting.md; Kubernetes documentation,
Debugging DNS Resolution.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import SplitAnswers
from diagnose.model import Finding, Severity, Subject
from diagnose.remedies import look, quoted, restart_flannel


@check(
    title="A CoreDNS pod answers on one node and not on another",
    severity=Severity.CRITICAL,
    family="overlay",
    explains=("resolution-fails", "dns-intermittent-failures"),
)
def coredns_pod_answers_one_node(answers: SplitAnswers) -> Iterator[Finding]:
    """Yield one finding per pod and node that it does not answer."""
    for one in answers.split:
        far, near = quoted(one.far, "<node>"), quoted(one.near, "<node>")
        where = f"on its own node {one.near}" if one.home else f"to {one.near}"
        yield Finding(
            subject=Subject("Node", one.far),
            message=f"{one.pod} ({one.address}) answers {where}, and gives {one.far} no answer",
            quotes=one.quotes,
            remedy=(
                look(
                    "See where the packets are lost, and how large and how whole they are",
                    f"tcpdump -ni any -vv udp port 8472 or host {one.address}  # on {far}, {near}",
                    f"dig +tcp +time=2 kubernetes.default.svc.cluster.local @{one.address}"
                    f"  # on {far}",
                    verify="they leave and do not arrive: a filter or cloud network between; "
                    "'bad udp cksum': checksum offload; TCP alone is answered: UDP is lost",
                ),
                look(
                    "Try the tunnel without checksum offload",
                    f"ethtool -K flannel.1 tx-checksum-ip-generic off  # on {far} and {near}",
                    verify="answers come at once: keep it off by a udev rule",
                ),
                look(
                    "Compare routes and filters of both nodes",
                    f"ip route; bridge fdb show dev flannel.1; iptables -S FORWARD  # on {far}",
                    verify="a route and an entry for the other node, UDP 8472 or 4789 let in",
                ),
                restart_flannel(one.far),
            ),
            proven=False,
        )

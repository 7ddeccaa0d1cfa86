"""A capture shows queries that got no reply, or one that the client cannot take.

How they look on the interface tells more than their loss: a Service's address outside of the node
was not translated, a pod's address on its way to the Internet was not masqueraded, replies from
another address were not translated back, and an overlay's packets that go one way alone are lost
between the nodes.

Limits: a possibility: what a capture does not show may have taken another interface, and a capture
may end before the reply.
Source: the-tcpdump-group/tcpdump 4.99 print-domain.c; kubernetes/kubernetes v1.31.0
pkg/proxy/iptables/proxier.go; RFC 7348 (VXLAN).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import CapturedQueries
from diagnose.facts.captures import Way
from diagnose.model import CLUSTER, Finding, Severity
from diagnose.remedies import look, quoted

FAMILY = {
    Way.OTHER_SOURCE: "forward-drop",
    Way.UNTRANSLATED: "service-proxy",
    Way.UNMASQUERADED: "forward-drop",
    Way.ONE_WAY: "overlay",
    Way.LOST: "overlay",
}
NEXT = {
    Way.OTHER_SOURCE: "sysctl net.bridge.bridge-nf-call-iptables  # 1, where pods are on a bridge",
    Way.UNTRANSLATED: "iptables-save -t nat | grep -c KUBE-SVC  # 0: kube-proxy set up nothing",
    Way.UNMASQUERADED: "iptables-save -t nat | grep MASQUERADE  # a rule for the pods' range",
    Way.ONE_WAY: "tcpdump -ni any udp port 8472 or udp port 4789  # on the other node",
    Way.LOST: "tcpdump -ni any udp port 53  # on the node of the server: whether they arrive",
}


@check(
    title="A capture shows queries without a reply",
    severity=Severity.CRITICAL,
    family="overlay",
    explains=("resolution-fails", "upstream-timeout", "external-names-fail"),
)
def captured_queries_lost(captured: CapturedQueries) -> Iterator[Finding]:
    """Yield one finding per place and server."""
    for one in captured.lost:
        many = f"{one.count} queries" if one.count > 1 else "a query"
        yield Finding(
            subject=one.subject if one.subject.kind else CLUSTER,
            message=f"{many} from {one.client} to {one.server}: {one.way.value}",
            quotes=one.quotes,
            remedy=look(
                "Follow the query to the next interface",
                NEXT[one.way],
                f"conntrack -L -p udp --dport 53 | grep {quoted(one.client, '<client>')}",
                verify="the first interface without the query, or without its reply, is behind the "
                "fault",
            ),
            proven=False,
            family=FAMILY[one.way],
        )

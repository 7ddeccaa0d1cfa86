"""The Corefile forwards to a loopback address, which in the pod is CoreDNS itself.

127.0.0.53 (systemd-resolved) or 127.0.0.1 (dnsmasq) answers on the node. In the pod nobody but
CoreDNS listens there: a query that it forwards comes back to it. With the loop plugin it ends at
its start; without, names time out.

Limits: only the port that the block serves is looked at, since another one is that of a program in
the same pod. CoreDNS in the host's network that binds to some address is left out, and so are
blocks that rewrite names.
Source: coredns/coredns v1.12.0, plugin/loop/README.md (Troubleshooting), plugin/forward/setup.go.
"""

from collections.abc import Iterator

from diagnose.check import NotApplicable, check
from diagnose.facts import CoreDNSLogs, Corefile
from diagnose.facts.loopback_upstreams import loopback_upstreams
from diagnose.model import CLUSTER, Finding, Severity
from diagnose.remedies import edit_corefile, look
from diagnose.signatures.coredns import LOOP_DETECTED


@check(
    title="The Corefile forwards to CoreDNS itself",
    severity=Severity.WARNING,
    family="loop",
    explains=("loop", "loop-undetected", "upstream-timeout", "external-names-fail"),
)
def corefile_loopback_upstream(corefile: Corefile, logs: CoreDNSLogs | None) -> Iterator[Finding]:
    """Yield one finding per upstream that is an address of the pod, at a port that it serves."""
    for one in loopback_upstreams(corefile):
        if logs and logs.count(LOOP_DETECTED):
            raise NotApplicable("CoreDNS's log tells of the loop: see loop")
        beside = f", beside {', '.join(one.others[:3])}" if one.others else ""
        yield Finding(
            subject=CLUSTER,
            message=f"{one.upstream} is CoreDNS itself in its pod{beside}: queries for "
            f"{one.source} come back to it",
            quotes=(one.quote,),
            remedy=(
                look(
                    "See which resolvers the nodes use",
                    "cat /run/systemd/resolve/resolv.conf /etc/resolv.conf  # on a node",
                    verify="a file names servers outside of the node: name these",
                ),
                edit_corefile(
                    "Forward to resolvers outside of the pod: forward . <resolver>",
                    "corefile-loopback-upstream",
                ),
            ),
            proven=False,
        )

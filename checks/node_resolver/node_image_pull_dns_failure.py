"""A node cannot resolve names itself, so it pulls no image.

Images are pulled by the runtime with the node's resolver. Where the node asks cluster DNS, the
image of CoreDNS cannot come while CoreDNS does not run.

Limits: "no such host" can also be a mistyped registry: a possibility.
Source: golang/go net (DNSError); kubernetes/kubernetes v1.30.5,
pkg/kubelet/images/image_manager.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import NodeLookups
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted


@check(
    title="A node cannot resolve the names of image registries",
    severity=Severity.CRITICAL,
    family="resolv-conf",
    explains=("coredns-image-pull-failed", "sandbox-image-unavailable"),
)
def node_image_pull_dns_failure(lookups: NodeLookups) -> Iterator[Finding]:
    """Yield one finding per node and name."""
    for one in lookups.failures:
        node = one.subject.name if one.subject.kind == "Node" else ""
        whom = f" at {one.server}" if one.server else ""
        name = quoted(one.name, "<registry>")
        yield Finding(
            subject=one.subject,
            message=f"{one.name}{whom}: {one.reason}; the runtime asks with the node's resolver, "
            "not with cluster DNS",
            quotes=(one.quote,),
            remedy=(
                look(
                    "Ask on the node itself",
                    f"getent hosts {name}; cat /etc/resolv.conf; resolvectl status"
                    f"  # on {quoted(node, 'the node')}",
                    verify="no answer: the node's resolver is the fault",
                ),
                Remedy(
                    title="Correct the node's resolver",
                    commands=(
                        "resolvectl dns <interface> <resolver>",
                        "or set it in netplan, NetworkManager or the DHCP server",
                    ),
                    risk=Risk.MANUAL,
                    verify=f"getent hosts {name}",
                    why="a node must not depend on cluster DNS, whose image it has to pull",
                ),
            ),
            proven=not one.unknown,
        )

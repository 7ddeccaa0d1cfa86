"""No pod address is free on a node.

host-local keeps one file per address in /var/lib/cni/networks and never expires one: sandboxes
that vanished without a teardown (a crash, a power cut) keep their addresses for ever.

Limits: a node that really runs as many pods as its range has addresses looks the same; the count
of files against the count of sandboxes tells them apart.
Source: containernetworking/plugins plugins/ipam/host-local/backend/allocator (GetNext), v1.1.1.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import SandboxFailures
from diagnose.facts.sandbox import by_place, seen
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted
from diagnose.signatures.cni import IPAM_DUPLICATE, IPAM_EXHAUSTED


@check(
    title="No free pod address on the node",
    severity=Severity.CRITICAL,
    family="sandbox-ipam-exhausted",
    explains=("pods-stuck-container-creating",),
    also=("cni-ipam-stale-leases",),
)
def cni_ipam_exhausted(failures: SandboxFailures) -> Iterator[Finding]:
    """Yield one finding per node whose address range is used up."""
    for place, several in by_place(failures.matching(IPAM_EXHAUSTED, IPAM_DUPLICATE)):
        ranges = [m["range"] or m["address"] for one in several for m in one.reasons]
        used = next((one for one in ranges if one), "its range")
        node = place.name if place.kind == "Node" else place.node
        where = quoted(node, "<node>")
        yield Finding(
            subject=place,
            message=f"no address left in {used} ({seen(several)})",
            quotes=tuple(one.quote for one in several[:3]),
            remedy=(
                look(
                    "Count leases and sandboxes",
                    "ls /var/lib/cni/networks/*/ | grep -c '^[0-9]'; crictl pods -q | wc -l"
                    f"  # on {where}",
                    verify="leases far above sandboxes: leaked; about equal: the range is full",
                ),
                Remedy(
                    title="Leaked: drain the node and remove the leases of sandboxes that are gone",
                    commands=(
                        f"kubectl drain {where} --ignore-daemonsets --delete-emptydir-data",
                        "systemctl stop kubelet",
                        "delete those files of /var/lib/cni/networks/* whose first line is not "
                        "in: crictl pods -q --no-trunc",
                        "systemctl start kubelet",
                        f"kubectl uncordon {where}",
                    ),
                    risk=Risk.DISRUPTIVE,
                    verify="a new pod of the node gets an address",
                ),
                Remedy(
                    title="Full: fewer pods on the node, or a larger range for new nodes",
                    commands=("lower maxPods, or join nodes with a shorter node-cidr-mask-size",),
                    risk=Risk.MANUAL,
                    verify="pods per node stay below the size of the range",
                ),
            ),
            at=several[0].first_at,
        )

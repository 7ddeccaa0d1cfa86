"""No pod address is free on a node.

host-local keeps one file per address in /var/lib/cni/networks and never expires one: sandboxes
that vanished without a teardown (a crash, a power cut) keep their addresses for ever.

Other add-ons keep their pools in the cluster or a cloud, and say in words of their own that nothing
is left.

Limits: an address that somebody asked for and another holds may be held rightly: a possibility. A
node that really runs as many pods as its range has addresses looks the same; the count
of files against the count of sandboxes tells them apart.
Source: containernetworking/plugins plugins/ipam/host-local/backend/allocator (GetNext), v1.1.1; the
add-ons' words are cited with their signatures.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import SandboxFailures
from diagnose.facts.sandbox import by_place, seen
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted
from diagnose.signatures.cni import IPAM_DUPLICATE, IPAM_EXHAUSTED
from diagnose.signatures.mechanisms import ADDRESS_TAKEN, POOL_EXHAUSTED

EXHAUSTED = (IPAM_EXHAUSTED, IPAM_DUPLICATE, POOL_EXHAUSTED, ADDRESS_TAKEN)
NAMES = frozenset(one.name for one in EXHAUSTED)
HOST_LOCAL = "for range "  # host-local's words


@check(
    title="No free pod address on the node",
    severity=Severity.CRITICAL,
    family="sandbox-ipam-exhausted",
    explains=("pods-stuck-container-creating",),
    also=("cni-ipam-stale-leases",),
)
def cni_ipam_exhausted(failures: SandboxFailures) -> Iterator[Finding]:
    """Yield one finding per node whose address range is used up."""
    for place, several in by_place(failures.matching(*EXHAUSTED)):
        matches = [m for one in several for m in one.reasons if m.signature in NAMES]
        used = next((m["range"] for m in matches if m["range"]), "its range")
        leased = next((m["address"] for m in matches if m["address"]), "")
        text = f"{leased} is leased to another sandbox" if leased else f"no address left in {used}"
        local = any(HOST_LOCAL in one.quote.text for one in several)
        node = place.name if place.kind == "Node" else place.node
        where = quoted(node, "<node>")
        yield Finding(
            subject=place,
            message=f"{text} ({seen(several)})",
            quotes=tuple(one.quote for one in several[:3]),
            remedy=steps(where) if local else pool_steps(where),
            proven=any(one.signature != ADDRESS_TAKEN.name for one in matches),
            at=several[0].first_at,
        )


def steps(where: str) -> tuple[Remedy, ...]:
    """Return the remedy for host-local, whose leases lie in files of the node."""
    return (
        look(
            "Count leases and sandboxes",
            f"ls /var/lib/cni/networks/*/ | grep -c '^[0-9]'; crictl pods -q | wc -l  # on {where}",
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
    )


def pool_steps(where: str) -> tuple[Remedy, ...]:
    """Return the remedy for an add-on that hands out addresses of its own pools."""
    return (
        look(
            "See what the add-on's pools hold, and how much of it the node's pods use",
            f"kubectl get pods -A -o wide --field-selector spec.nodeName={where} | wc -l",
            "calicoctl ipam show --show-blocks  # Calico; IPAMBlocks whose pods are gone: leaked",
            "kubectl get ciliumnodes -o yaml | grep -A12 ipam  # Cilium",
            "kubectl get ippools,subnets -A; kubectl describe node | grep -i -e eni -e podcidr",
            verify="as many addresses as pods: full; far more: leaked by pods that are gone",
        ),
        Remedy(
            title="Leaked: let the add-on release what no pod holds, by its agent's restart",
            commands=("kubectl -n kube-system delete pod <the add-on's agent of the node>",),
            risk=Risk.DISRUPTIVE,
            verify="a new pod of the node gets an address",
        ),
        Remedy(
            title="Full: fewer pods on the node, a larger pool, or more subnets behind it",
            commands=("lower maxPods, add a pool, or (clouds) a larger subnet or prefix mode",),
            risk=Risk.MANUAL,
            verify="pods per node stay below the size of the pool",
        ),
    )

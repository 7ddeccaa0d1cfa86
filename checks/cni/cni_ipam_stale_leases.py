"""The address for a sandbox is noted as given away already, while the range has others.

host-local refuses a second allocation for a sandbox that has one: an attempt before it got as far
as the address, failed, and was not torn down. Other add-ons refuse an address that somebody asked
for by name and that is noted for another pod, which may be one that is gone.

Limits: an address that was asked for may be held rightly: then it is a possibility.
Source: containernetworking/plugins v1.6.2, plugins/ipam/host-local/backend/allocator/allocator.go
(Get: GetByID); the add-ons' words are cited with their signature.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import SandboxFailures
from diagnose.facts.logs import Match
from diagnose.findings import sandbox_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted
from diagnose.signatures.cni import IPAM_DUPLICATE
from diagnose.signatures.mechanisms import ADDRESS_TAKEN

FOLDER = "/var/lib/cni/networks"


@check(
    title="A pod address is noted for a sandbox that is gone",
    severity=Severity.CRITICAL,
    family="sandbox-ipam-exhausted",
    explains=("cni-ipam-exhausted", "pods-stuck-container-creating"),
)
def cni_ipam_stale_leases(failures: SandboxFailures) -> Iterator[Finding]:
    """Yield one finding per node on which an address is held by what is gone, or by another."""
    yield from sandbox_findings(failures, (IPAM_DUPLICATE,), noted, lease_steps)
    yield from sandbox_findings(
        failures,
        (ADDRESS_TAKEN,),
        lambda match: f"{match['address']} is leased to another sandbox",
        address_steps,
        proven=lambda _: False,
    )


def noted(match: Match) -> str:
    """Return what host-local says: the sandbox has the address from an attempt before."""
    return (
        f"{match['address']} is noted for sandbox {match['holder'][:12]} from an attempt before, "
        "which was not torn down"
    )


def lease_steps(match: Match, node: str) -> tuple[Remedy, ...]:
    """Return the remedy for host-local, whose leases lie in files of the node."""
    holder = quoted(match["holder"], "<sandbox>")
    address = match["address"]
    return (
        look(
            "See whether the sandbox of the lease exists",
            f"grep -rl {holder} {FOLDER}/; crictl pods -q --no-trunc | grep {holder}  # on {node}",
            verify="a file named after the address, and no sandbox: the lease is stale",
        ),
        Remedy(
            title="Delete the lease, while no pod is being created",
            commands=(
                f"systemctl stop kubelet  # on {node}",
                f"rm {FOLDER}/*/{address}",
                "systemctl start kubelet",
            ),
            risk=Risk.DISRUPTIVE,
            verify=f"the pod leaves ContainerCreating; ls {FOLDER}/*/{address} names a sandbox "
            "that exists",
            why="a node that has one such lease often has many: compare the first line of each "
            "file with crictl pods -q --no-trunc",
        ),
    )


def address_steps(match: Match, node: str) -> tuple[Remedy, ...]:
    """Return the remedy for an add-on that was asked for one address."""
    address = match["address"]
    return (
        look(
            "See who has the address",
            f"kubectl get pods -A -o wide | grep -F {address}",
            f"ip neigh show {address}  # on {node}",
            verify="a pod that runs: it is held rightly; none: what the add-on noted is stale",
        ),
        Remedy(
            title="Stale: delete what the add-on noted for it; held: ask for another address",
            commands=(
                f"kubectl get ippools,ips,ipamblocks,overlappingrangeipreservations -A -o yaml "
                f"| grep -B5 -A5 -F {address}",
            ),
            risk=Risk.MANUAL,
            verify="the pod leaves ContainerCreating",
        ),
    )

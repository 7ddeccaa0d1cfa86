"""No pod address is free on a node.

host-local keeps one file per address in /var/lib/cni/networks and never expires one: sandboxes
that vanished without a teardown (a crash, a power cut) keep their addresses for ever.

Other add-ons keep their pools in the cluster or a cloud, and say in words of their own that nothing
is left.

Limits: a node that really runs as many pods as its range has addresses looks the same; the count of
files against the count of sandboxes tells them apart.
Source: containernetworking/plugins plugins/ipam/host-local/backend/allocator (GetNext), v1.1.1; the
add-ons' words are cited with their signatures.
"""

import re
from collections.abc import Iterable, Iterator

from diagnose.check import check
from diagnose.facts import SandboxFailures
from diagnose.facts.sandbox import SandboxFailure, by_place, seen
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted
from diagnose.signatures.cni import IPAM_EXHAUSTED
from diagnose.signatures.mechanisms import POOL_EXHAUSTED, spoken
from diagnose.text.regex import regex
from diagnose.values import dataclass

EXHAUSTED = (IPAM_EXHAUSTED, POOL_EXHAUSTED)
NAMES = frozenset(one.name for one in EXHAUSTED)
HOST_LOCAL = "for range "  # host-local's words


@dataclass(frozen=True)
class AddOn:
    """An add-on with pools of its own: how its errors name it, and what is particular to it.

    `words` are found in the plugin's name or, where an error does not tell it, in the error.
    `label` is that of its agent's pods; `looks` may hold {node}.
    """

    name: str
    words: re.Pattern[str]
    label: str
    looks: tuple[str, ...]
    more: str


ADD_ONS = (
    AddOn(
        name="the VPC add-on (aws-node, ipamd)",
        words=regex(r"aws-cni|aws-node|ipamd|assign an IP address to container|DataStore has no"),
        label="k8s-app=aws-node",
        looks=(
            "kubectl get node {node} -o jsonpath='{{.status.allocatable.pods}}'",
            "grep -i -e 'no available' -e insufficient -e limit /var/log/aws-routed-eni/ipamd.log"
            " | tail  # on {node}",
            "aws ec2 describe-subnets --subnet-ids <subnet> --query "
            "'Subnets[].AvailableIpAddressCount'",
        ),
        more="prefix delegation (ENABLE_PREFIX_DELEGATION of aws-node), a machine type with more "
        "network interfaces, or a subnet with free addresses",
    ),
    AddOn(
        name="Azure's add-on (CNS)",
        words=regex(r"azure|\bCNS\b|No available address"),
        label="k8s-app=azure-cns",
        looks=(
            "kubectl -n kube-system get nodenetworkconfigs {node} -o yaml",
            "az network vnet subnet show --ids <subnet> --query 'length(ipConfigurations)'",
        ),
        more="a larger subnet for pods, or an overlay",
    ),
    AddOn(
        name="Calico's IPAM",
        words=regex(r"calico|k8s-pod-network|affine blocks|per host block limit|IPAM allocated on"),
        label="k8s-app=calico-node",
        looks=(
            "kubectl get ippools.crd.projectcalico.org -o yaml",
            "calicoctl ipam show --show-blocks; calicoctl ipam check",
        ),
        more="add an IPPool, or allow a node more blocks",
    ),
    AddOn(
        name="Cilium's IPAM",
        words=regex(r"cilium|postIpam"),
        label="k8s-app=cilium",
        looks=("kubectl get ciliumnodes {node} -o yaml | grep -A12 ipam",),
        more="a larger pool for nodes (in a cloud: more interfaces, prefixes or a larger subnet)",
    ),
)
ANY = AddOn(
    name="the add-on's pool",
    words=regex("$^"),
    label="",
    looks=("kubectl get ippools,subnets -A; kubectl describe node {node} | grep -i podcidr",),
    more="a larger pool, or more subnets behind it",
)


@check(
    title="No free pod address on the node",
    severity=Severity.CRITICAL,
    family="sandbox-ipam-exhausted",
    explains=("pods-stuck-container-creating",),
)
def cni_ipam_exhausted(failures: SandboxFailures) -> Iterator[Finding]:
    """Yield one finding per node whose address range is used up."""
    for place, several in by_place(failures.matching(*EXHAUSTED)):
        matches = [m for one in several for m in one.reasons if m.signature in NAMES]
        used = next((m["range"] for m in matches if m["range"]), "its range")
        local = any(HOST_LOCAL in one.quote.text for one in several)
        node = place.name if place.kind == "Node" else place.node
        where = quoted(node, "<node>")
        yield Finding(
            subject=place,
            message=f"no address left in {used} ({seen(several)})",
            quotes=tuple(one.quote for one in several[:3]),
            remedy=steps(where) if local else pool_steps(where, add_on_of(several)),
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


def add_on_of(several: Iterable[SandboxFailure]) -> AddOn:
    """Return the add-on that the errors name; one without words of its own where none does."""
    for one in several:
        words = spoken(one.quote.text)
        text = words.plugin or words.said
        for add_on in ADD_ONS:
            if add_on.words.search(text):
                return add_on
    return ANY


def pool_steps(where: str, add_on: AddOn) -> tuple[Remedy, ...]:
    """Return the remedy for an add-on that hands out addresses of its own pools."""
    restart = (
        (f"kubectl delete pod -A -l {add_on.label} --field-selector spec.nodeName={where}",)
        if add_on.label
        else ("kubectl -n <its namespace> delete pod <the add-on's agent of the node>",)
    )
    return (
        look(
            f"See what {add_on.name} holds for the node, and how much of it the node's pods use",
            f"kubectl get pods -A -o wide --field-selector spec.nodeName={where} | wc -l",
            *(one.format(node=where) for one in add_on.looks),
            verify="as many addresses as pods: full; far more: leaked by pods that are gone",
        ),
        Remedy(
            title="Leaked: let the add-on release what no pod holds, by its agent's restart on "
            "the node",
            commands=restart,
            risk=Risk.DISRUPTIVE,
            verify="a new pod of the node gets an address",
        ),
        Remedy(
            title="Full: fewer pods on the node, or more addresses behind it",
            commands=(f"lower maxPods, or {add_on.more}",),
            risk=Risk.MANUAL,
            verify="pods per node stay below the size of the pool",
        ),
    )

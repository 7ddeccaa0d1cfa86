"""Kubelets hand to pods a DNS address that is not the DNS service's.

The address of a Service cannot be changed in place, while kubelets read theirs once at start;
deploying CoreDNS with another address (deploy.sh -i) leaves pods asking the old one.

Limits: an address of a node-local cache (link-local, 169.254.0.0/16) is rightly another one. An
address that no Service of the cluster can have belongs to a DNS server outside and is no fault
by itself; this check speaks only where a DNS service exists beside it. A cache's address is a fault
where the DaemonSets are listed and none of them is a cache. What a look-up shows of a client's
configuration is a possibility.
Source: kubernetes/kubernetes v1.31.0, pkg/kubelet/network/dns/dns.go (GetPodDNS);
coredns/deployment kubernetes/deploy.sh.
"""

import ipaddress
from collections.abc import Iterator

from diagnose.check import NotApplicable, check
from diagnose.facts import AskedServers, DNSServices
from diagnose.model import Finding, Remedy, Risk, Severity

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
SHOWN = 3  # addresses of the service; there are two where it has both families


@check(
    title="Kubelets hand out another DNS address than the service has",
    severity=Severity.CRITICAL,
    family="cluster-dns-mismatch",
    explains=("resolution-fails",),
)
def kubelet_clusterdns_mismatch(services: DNSServices, pods: AskedServers) -> Iterator[Finding]:
    """Yield one finding per kubelet, or pod, whose DNS address no DNS service has."""
    addresses = services.addresses
    if not addresses:
        raise NotApplicable("no DNS service with a cluster address")
    others = (ip for one in services.others for ip in one.cluster_ips or ())
    ranges = frozenset(filter(None, map(range_around, (*addresses, *others))))
    having = ", ".join(addresses[:SHOWN])
    having += f" and {len(addresses) - SHOWN} more" if len(addresses) > SHOWN else ""
    for one in pods.told:
        given = one.servers or ()
        if not given or any(ip in addresses for ip in given):
            continue
        cached = any(map(local, given))
        if cached and pods.caches is not False:
            continue
        yield Finding(
            subject=one.subject,
            message=f"pods ask {', '.join(given)}, the DNS service has {having}"
            + (", and no node-local cache is listed" if cached else ""),
            quotes=(one.quote, services.services[0].quote),
            remedy=steps(given[0], addresses[0]),
            proven=not cached and not ranges.isdisjoint(map(range_around, given)),
        )
    told = {ip for one in pods.told for ip in one.servers or ()}
    for one in pods.used:
        given = one.servers or ()
        if any(ip in addresses or ip in told or local(ip) for ip in given):
            continue
        yield Finding(
            subject=one.subject,
            message=f"{', '.join(given)} was asked and said nothing, the DNS service has {having}",
            quotes=(one.quote, services.services[0].quote),
            remedy=steps(given[0], addresses[0]),
            proven=False,
        )


def local(address: str) -> bool:
    """Whether an address can be a node-local cache's: link-local or loopback."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return parsed.is_link_local or parsed.is_loopback


def range_around(address: str) -> Network | None:
    """Return the /12 (IPv6: /108) that an address lies in; None for what is no address.

    These are the widest service ranges that kubeadm and the API server take, so an address
    outside of those of all known Services is a server elsewhere.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    return ipaddress.ip_network((parsed, 12 if parsed.version == 4 else 108), strict=False)


def steps(given: str, having: str) -> tuple[Remedy, ...]:
    """Return the two ways to make both agree, and the recreation of pods that either needs."""
    return (
        Remedy(
            title="Either give the service the address that kubelets hand out",
            commands=(
                "kubectl -n kube-system delete service kube-dns",
                f"./deploy.sh -i {given} -s -t coredns.yaml.sed | kubectl apply -f -",
            ),
            risk=Risk.DISRUPTIVE,
            verify=f"kubectl -n kube-system get service kube-dns  # {given}",
            why="a cluster address cannot be changed in place; this keeps running pods working",
        ),
        Remedy(
            title="Or correct every kubelet",
            commands=(
                f"set clusterDNS: [{having}] in /var/lib/kubelet/config.yaml on each node",
                "systemctl restart kubelet",
            ),
            risk=Risk.MANUAL,
            verify="kubectl get --raw /api/v1/nodes/<node>/proxy/configz | grep clusterDNS",
        ),
        Remedy(
            title="After that, recreate the pods that have the old address",
            commands=("kubectl rollout restart deployment -n <namespace>",),
            risk=Risk.DISRUPTIVE,
            verify=f"kubectl exec <pod> -- cat /etc/resolv.conf  # nameserver {having}",
            why="resolv.conf is written once, when a pod starts",
        ),
    )

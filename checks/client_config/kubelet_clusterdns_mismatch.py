"""Kubelets hand to pods a DNS address that is not the DNS service's.

The address of a Service cannot be changed in place, while kubelets read theirs once at start;
deploying CoreDNS with another address (deploy.sh -i) leaves pods asking the old one.

Limits: an address of a node-local cache (link-local, 169.254.0.0/16) is rightly another one. An
address that no Service of the cluster can have belongs to a DNS server outside and is no fault
by itself; this check speaks only where a DNS service exists beside it. A cache's address is a fault
where the DaemonSets are listed and none of them is a cache. What a look-up shows of a client's
configuration is a possibility, and so is the resolv.conf of one pod alone, since its dnsConfig can
name any server. A pod whose dnsPolicy is None or Default is not told by the kubelet at all.
Source: kubernetes/kubernetes v1.31.0, pkg/kubelet/network/dns/dns.go (GetPodDNS);
coredns/deployment kubernetes/deploy.sh.
"""

import ipaddress
from collections import Counter
from collections.abc import Iterator

from diagnose.check import NotApplicable, check
from diagnose.facts import AskedServers, DNSServices
from diagnose.model import Finding, Remedy, Risk, Severity, Subject
from diagnose.remedies import DNS_NAMESPACE, NODE, look, quoted

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
OWN = ("None", "Default")  # dnsPolicy of pods that no kubelet tells its clusterDNS
FROM_KUBELET = ("ClusterFirst", "ClusterFirstWithHostNet")
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
    alike = Counter(
        one.servers
        for one in {(one.subject, one.servers): one for one in pods.told}.values()
        if one.subject.kind == "Pod"
    )
    for one in pods.told:
        given = one.servers or ()
        if not given or any(ip in addresses for ip in given) or one.policy in OWN:
            continue
        cached = any(map(local, given))
        if cached and pods.caches is not False:
            continue
        inside = not ranges.isdisjoint(map(range_around, given))
        sure = one.of_kubelet or one.policy in FROM_KUBELET or alike[one.servers] > 1
        proven = not cached and inside and sure
        yield Finding(
            subject=one.subject,
            message=f"pods ask {', '.join(given)}, the DNS service has {having}"
            + (", and no node-local cache is listed" if cached else "")
            + ("" if sure else "; or this pod's own dnsConfig names it"),
            quotes=(one.quote.on("cluster_dns"), services.services[0].quote.on("cluster_ips")),
            remedy=steps(one.subject, given[0], services, proven=proven),
            proven=proven,
        )
    told = {ip for one in pods.told for ip in one.servers or ()}
    for one in pods.used:
        given = one.servers or ()
        if any(ip in addresses or ip in told or local(ip) for ip in given):
            continue
        yield Finding(
            subject=one.subject,
            message=f"{', '.join(given)} was asked and said nothing, the DNS service has {having}",
            quotes=(one.quote.on("cluster_dns"), services.services[0].quote.on("cluster_ips")),
            remedy=steps(one.subject, given[0], services, proven=False),
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


def steps(place: Subject, given: str, services: DNSServices, *, proven: bool) -> tuple[Remedy, ...]:
    """Return the remedy: who gives the address, then the kubelets, then the pods.

    Last, and only where it is proven, the Service's own address: it has to be created anew.
    """
    having = services.addresses[0]
    service = services.services[0].subject
    node = quoted(place.name if place.kind == "Node" else place.node, NODE)
    space, pod = "<namespace>", "<pod>"
    if place.kind == "Pod":
        space, pod = quoted(place.namespace, space), quoted(place.name, pod)
    home, name = quoted(service.namespace, DNS_NAMESPACE), quoted(service.name, "kube-dns")
    others = (
        look(
            "See what the kubelets hand out, and whether the pod has DNS settings of its own",
            f"kubectl get --raw /api/v1/nodes/{node}/proxy/configz | grep -o '.clusterDNS[^]]*'",
            f"kubectl -n {space} get pod {pod} "
            "-o jsonpath='{.spec.dnsPolicy} {.spec.dnsConfig}'",
            "kubectl -n kube-system get pods -l component=kube-apiserver -o yaml"
            " | grep service-cluster-ip-range",
            verify=f"clusterDNS is not {having}: go on; it is: the pod's own dnsConfig names the "
            "other server, which may be meant",
        ),
        Remedy(
            title="Set clusterDNS of the kubelets to the Service's address, node by node",
            commands=(
                f"set clusterDNS: [{having}] in /var/lib/kubelet/config.yaml on each node",
                "systemctl restart kubelet",
                "kubectl -n kube-system edit configmap kubelet-config  # for nodes that join later",
            ),
            risk=Risk.MANUAL,
            verify=f"kubectl get --raw /api/v1/nodes/{node}/proxy/configz | grep clusterDNS",
        ),
        Remedy(
            title="After that, recreate the pods that have the old address",
            commands=(f"kubectl -n {space} rollout restart deployment",),
            risk=Risk.DISRUPTIVE,
            verify=f"kubectl exec <pod> -- cat /etc/resolv.conf  # nameserver {having}",
            why="resolv.conf is written once, when a pod starts",
        ),
    )
    if not proven:
        return others
    return (
        *others,
        Remedy(
            title="Or, where neither can be restarted, create the Service anew with the address "
            f"{given}, if that is free and lies in the service range",
            commands=(
                f"kubectl -n {home} get service {name} -o yaml > dns-service.yaml",
                f"set clusterIP: {given} in it; remove clusterIPs, uid and resourceVersion",
                f"kubectl -n {home} delete service {name} && kubectl apply -f dns-service.yaml",
            ),
            risk=Risk.DISRUPTIVE,
            verify=f"kubectl -n {home} get service {name}  # {given}",
            why="a cluster address cannot be changed in place; until the Service is back, and for "
            "pods that were told the present address for good, nothing resolves",
        ),
    )

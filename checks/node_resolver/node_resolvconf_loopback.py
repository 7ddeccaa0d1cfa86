"""The resolv.conf that pods inherit names a loopback address.

127.0.0.53 (systemd-resolved) or 127.0.0.1 (dnsmasq) is the node's own resolver. In a pod's network
namespace the same address is the pod itself: for CoreDNS, a loop.

Limits: harmless where the kubelet's resolvConf names another file, or the Corefile names its
upstreams itself; the check looks at both where they are known.
Source: systemd systemd-resolved.service(8), /run/systemd/resolve/stub-resolv.conf;
kubernetes/kubernetes cmd/kubeadm/app/componentconfigs/kubelet.go (resolvConf on systemd hosts).
"""

import ipaddress
from collections.abc import Iterator

from diagnose.check import NotApplicable, check
from diagnose.facts import CoreDNSLogs, Corefile, KubeletConfigs, ResolvConfs
from diagnose.facts.resolv_conf import ResolvConf
from diagnose.model import CLUSTER, Finding, Remedy, Risk, Severity
from diagnose.remedies import restart_coredns
from diagnose.signatures.coredns import LOOP_DETECTED


@check(
    title="Pods inherit a loopback resolver from their node",
    severity=Severity.CRITICAL,
    family="resolv-conf",
    explains=("loop", "loop-undetected", "external-names-fail", "upstream-connection-refused"),
)
def node_resolvconf_loopback(
    resolvers: ResolvConfs,
    kubelets: KubeletConfigs | None,
    corefile: Corefile | None,
    logs: CoreDNSLogs | None,
) -> Iterator[Finding]:
    """Yield one finding per node whose handed-out resolv.conf has nothing but loopback.

    On hosts with systemd-resolved that is what /etc/resolv.conf always names, and the kubelet
    hands out another file; so it is proven only by the kubelet's configuration or by the loop.
    """
    looped = bool(logs and logs.count(LOOP_DETECTED))
    upstreams = corefile.upstreams(".") if corefile else ()
    if upstreams and not any(one.startswith("/") for one in upstreams):
        raise NotApplicable(f"the Corefile names its upstreams itself: {', '.join(upstreams)}")
    handed = {one.resolv_conf for one in (kubelets.configs if kubelets else ()) if one.resolv_conf}
    for file in resolvers.of_nodes:
        if handed and file.path and file.path not in handed:
            continue
        addresses = [one for one in file.nameservers if loopback(one)]
        if not addresses:
            continue
        only = len(addresses) == len(file.nameservers)
        certain = looped or file.handed or file.path in handed
        yield Finding(
            subject=file.subject if file.subject.kind else CLUSTER,
            message=f"{file.path or 'resolv.conf'} names {', '.join(addresses)}"
            + ("" if only else " beside other servers")
            + ": in a pod that is the pod itself",
            quotes=file.quote_of(addresses[0])[:3],
            remedy=steps(file),
            proven=only and certain and bool(upstreams),
            family="loop" if looped else "",
        )


def loopback(address: str) -> bool:
    """Whether an address as written is one of the host itself."""
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False


def steps(_: ResolvConf) -> tuple[Remedy, ...]:
    """Return the remedy: the file with the real servers for the kubelet, then new pods."""
    return (
        Remedy(
            title="Give the kubelet a file with the real resolvers",
            commands=(
                "grep nameserver /run/systemd/resolve/resolv.conf",
                "set resolvConf: /run/systemd/resolve/resolv.conf in /var/lib/kubelet/config.yaml",
                "systemctl restart kubelet",
            ),
            risk=Risk.MANUAL,
            verify="grep resolvConf /var/lib/kubelet/config.yaml",
            why="without systemd-resolved, write such a file by hand and name it",
        ),
        restart_coredns("resolv.conf is written once, when a pod starts"),
    )

"""The resolver file that the kubelet is to hand to pods does not exist.

Limits: the message names the path as the kubelet's resolvConf has it.
Source: kubernetes/kubernetes v1.31.0, pkg/kubelet/network/dns/dns.go (getHostDNSConfig);
coredns/coredns v1.14.4, plugin/pkg/parse/host.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import UnusableResolvConf
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, restart_coredns


@check(
    title="The resolver file for pods does not exist",
    severity=Severity.CRITICAL,
    family="resolv-conf",
    explains=("pods-stuck-container-creating", "coredns-crashloop"),
)
def node_resolvconf_missing(files: UnusableResolvConf) -> Iterator[Finding]:
    """Yield one finding per node and path that is not there."""
    for one in files.missing:
        path = one.path or "/etc/resolv.conf"
        yield Finding(
            subject=one.subject,
            message=f"{path} is not there; pods without cluster DNS, CoreDNS among them, need it",
            quotes=one.quotes[:3],
            remedy=(
                look(
                    "See which file the kubelet hands out, and which exist",
                    "grep resolvConf /var/lib/kubelet/config.yaml",
                    "ls -l /etc/resolv.conf /run/systemd/resolve/resolv.conf",
                    verify=f"{path} is missing, another one names real servers",
                ),
                Remedy(
                    title="Either start the service that writes it, or name a file that exists",
                    commands=(
                        "systemctl enable --now systemd-resolved"
                        if "systemd" in path
                        else "restore /etc/resolv.conf with the network's servers",
                        "or set resolvConf: /etc/resolv.conf in /var/lib/kubelet/config.yaml",
                        "systemctl restart kubelet",
                    ),
                    risk=Risk.MANUAL,
                    verify=f"grep nameserver {path}",
                ),
                restart_coredns("resolv.conf is written once, when a pod starts"),
            ),
        )

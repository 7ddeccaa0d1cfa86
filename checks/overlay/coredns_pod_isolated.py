"""Nothing that CoreDNS asks answers it: neither the API server nor any upstream.

The API server is asked by a Service's address, upstreams by their own; one by way of kube-proxy's
rules, the others not. What both ways share is the first piece: the pod's device, what the node
forwards or drops, and the translation of the pod's address.

Limits: where CoreDNS says how its requests to the API server fail, that is reported instead. Two
faults at once look the same; and an upstream may leave the loop plugin's HINFO query
alone unanswered. Hence a possibility.
Source: Linux kernel, Documentation/networking/ip-sysctl.rst (ip_forward); kubernetes/kubernetes
v1.31.0, pkg/proxy/iptables/proxier.go (KUBE-SERVICES, KUBE-FORWARD).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import IsolatedCoreDNS
from diagnose.findings import times
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import NODE, look, quoted


@check(
    title="CoreDNS reaches neither the API server nor an upstream",
    severity=Severity.CRITICAL,
    family="forward-drop",
    explains=(
        "upstream-timeout",
        "upstream-no-route",
        "hinfo-probe-unanswered",
        "coredns-not-ready",
        "coredns-unsynced-start",
        "coredns-api-error-hidden",
    ),
)
def coredns_pod_isolated(isolated: IsolatedCoreDNS) -> Iterator[Finding]:
    """Yield one finding per pod of CoreDNS that gets no answer from anywhere."""
    for one in isolated.pods:
        yield Finding(
            subject=one.subject,
            message=f"no answer from {', '.join(one.servers) or 'its upstream'} "
            f"({times(one.count)}), and it does not get the API server's lists: its node lets "
            "nothing out, or nothing back",
            quotes=one.quotes,
            remedy=(
                look(
                    "See where the pod's packets end, on its node",
                    "iptables -S FORWARD; iptables -S INPUT; sysctl net.ipv4.ip_forward",
                    "iptables-save -t nat | grep -i masquerade; systemctl is-active firewalld ufw "
                    "nftables",
                    f"tcpdump -ni any port 53 or port 6443  # on {quoted(one.subject.node, NODE)}",
                    verify="a policy DROP or a REJECT before the pods' rules: that is it; they "
                    "leave with the pod's address: masquerading is missing",
                ),
                Remedy(
                    title="Let the ranges of pods and Services through the node's firewall, or "
                    "turn it off",
                    commands=("systemctl disable --now firewalld  # or ufw, nftables",),
                    risk=Risk.MANUAL,
                    verify="kubectl -n kube-system get pods -l k8s-app=kube-dns  # READY 1/1",
                    why="after a firewall is turned off, kube-proxy and the network add-on have "
                    "to write their rules anew: restart both",
                ),
            ),
            proven=False,
        )

"""NodeLocal DNSCache cannot make its interface or its iptables rules.

It puts the link-local address on a dummy interface, and rules into the raw table that keep its
queries out of connection tracking. Without the interface it has nothing to listen on.

Limits: it tries again every minute, so a single failure of a rule (the lock of iptables was taken)
is a possibility only.
Source: kubernetes/dns 1.22.28 and 1.15.11, cmd/node-cache/app/cache_app.go (setupNetworking).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import CoreDNSLogs
from diagnose.findings import times
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look
from diagnose.signatures.coredns import NODELOCAL_SETUP_FAILED

FEW = 2
LOCKED = ("xtables lock", "exit status 4")
NO_PROGRAM = "executable file not found"


@check(
    title="The node-local DNS cache cannot set up its interface or rules",
    severity=Severity.CRITICAL,
    family="node-local-dns",
    explains=(
        "coredns-address-not-available",
        "nodelocaldns-down",
    ),
)
def nodelocaldns_setup_failed(logs: CoreDNSLogs) -> Iterator[Finding]:
    """Yield one finding per pod and kind of failure, quoting the last such line."""
    for stream in logs.streams:
        lines = list(stream.matching(NODELOCAL_SETUP_FAILED))
        for what in ("interface", "rule"):
            several = [one for one in lines if one[what]]
            if not several:
                continue
            last = several[-1]
            locked = any(word in last["reason"] for word in LOCKED)
            named = last["interface"] or "its rules in iptables"
            yield Finding(
                subject=stream.subject,
                message=f"cannot add {named}: {last['reason'][:160]} ({times(len(several))})",
                quotes=(last.quote,),
                remedy=other_image() if NO_PROGRAM in last["reason"] else steps(),
                proven=what == "interface" or len(several) >= FEW or not locked,
                at=several[0].at,
            )


def other_image() -> tuple[Remedy, ...]:
    """Return the remedy where the image has no iptables: another one."""
    return (
        look(
            "See which image it runs",
            "kubectl -n kube-system get daemonset node-local-dns -o yaml | grep image:",
            verify="1.15.11 was built without iptables",
        ),
        Remedy(
            title="Use an image of node-cache that has iptables",
            commands=("kubectl -n kube-system edit daemonset node-local-dns  # its image",),
            risk=Risk.DISRUPTIVE,
            verify="kubectl -n kube-system logs -l k8s-app=node-local-dns --tail=20 | grep rule",
        ),
    )


def steps() -> tuple[Remedy, ...]:
    """Return the remedy: what the pod may do, what the node has, then start it anew."""
    return (
        look(
            "See what the pod may do, and whether the node has the table",
            "kubectl -n kube-system get daemonset node-local-dns -o yaml "
            "| grep -A8 -E 'securityContext|hostNetwork'",
            "iptables -t raw -S | head; lsmod | grep -E 'iptable_raw|dummy'  # on the node",
            verify="hostNetwork: true and NET_ADMIN; the raw table lists its chains",
        ),
        Remedy(
            title="Give it NET_ADMIN and the xtables lock, load the modules, start it anew",
            commands=(
                "modprobe -a dummy iptable_raw  # on the node",
                "kubectl -n kube-system rollout restart daemonset node-local-dns",
            ),
            risk=Risk.DISRUPTIVE,
            verify="ip addr show nodelocaldns  # on the node: its link-local address",
        ),
        Remedy(
            title="Until then, send the node's pods to CoreDNS again",
            commands=("ip link delete nodelocaldns  # on the node, iptables mode only",),
            risk=Risk.DISRUPTIVE,
            verify="dig @<DNS service IP> kubernetes.default.svc.cluster.local  # on the node",
        ),
    )

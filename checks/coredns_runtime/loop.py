"""CoreDNS forwards queries to itself.

The loop plugin sends one random HINFO query through its own server and ends the process when
that query returns more than twice, so the pod restarts for ever. The usual origin is a loopback
address in the resolv.conf that the pod inherits from its node.

Limits: the plugin looks once, at start-up; a loop that begins later leaves no such line.
Source: coredns/coredns v1.12.0, plugin/loop/loop.go (ServeDNS) and plugin/loop/README.md.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import CoreDNSLogs, Corefile
from diagnose.facts.logs import Match
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import edit_corefile, look, quoted, restart_coredns
from diagnose.signatures.coredns import LOOP_DETECTED


@check(
    title="CoreDNS forwards queries to itself",
    severity=Severity.CRITICAL,
    family="loop",
    explains=("coredns-crashloop",),
)
def loop(logs: CoreDNSLogs, corefile: Corefile | None) -> Iterator[Finding]:
    """Yield one finding per pod that logged the loop, quoting its last such line."""
    last = {match.subject: match for match in logs.matching(LOOP_DETECTED)}
    for pod, match in last.items():
        zone = match["zone"] or "."
        upstreams = corefile.upstreams(zone) if corefile else ()
        via = f" through {', '.join(upstreams)}" if upstreams else ""
        yield Finding(
            subject=pod,
            message=f"queries for zone {zone} return to CoreDNS{via}{origin(match)}",
            quotes=(match.quote,),
            remedy=steps(pod.node),
            at=match.at,
        )


def origin(match: Match) -> str:
    """Return what the address that the query came back from says; "" when it is not told."""
    address = match["remote"].rpartition(":")[0].strip("[]")
    if not address:
        return ""
    if address.startswith("127.") or address == "::1":
        return f": {address} is CoreDNS itself, the pod's resolv.conf names a loopback address"
    return f": {address} sends them back"


def steps(node: str) -> tuple[Remedy, ...]:
    """Return the remedy: a real upstream for the node, then new pods; or one in the Corefile."""
    return (
        look(
            "See which upstreams CoreDNS inherits from its node",
            "kubectl -n kube-system get configmap coredns -o yaml | grep -A2 forward",
            "grep resolvConf /var/lib/kubelet/config.yaml"
            f"  # on {quoted(node, 'the node')}; without it: /etc/resolv.conf",
            "cat /run/systemd/resolve/resolv.conf /etc/resolv.conf",
            verify="one of the files names real resolvers, not 127.0.0.0/8, ::1 or the DNS service",
        ),
        Remedy(
            title="Give the kubelet the file with the real resolvers",
            commands=(
                "set resolvConf: /run/systemd/resolve/resolv.conf in /var/lib/kubelet/config.yaml",
                "systemctl restart kubelet",
            ),
            risk=Risk.MANUAL,
            verify="grep resolvConf /var/lib/kubelet/config.yaml",
            why="this repairs every pod with dnsPolicy Default, not CoreDNS alone",
        ),
        restart_coredns("resolv.conf is written once, when a pod starts"),
        edit_corefile(
            "Or name real upstreams in the Corefile: forward . <resolver>",
            "loop",
            "this repairs CoreDNS alone; do not just remove the loop plugin: that hides the loop",
        ),
    )

"""CoreDNS forwards queries to itself.

The loop plugin sends one random HINFO query through its own server and ends the process when
that query returns more than twice, so the pod restarts for ever. Where the query comes back from
tells the way: from a loopback address, when the Corefile or the resolv.conf that the pod inherits
from its node names one; from another address, when an upstream sends it to the cluster's DNS.

Limits: the plugin looks once, at start-up; a loop that begins later leaves no such line.
Source: coredns/coredns v1.12.0, plugin/loop/loop.go (ServeDNS) and plugin/loop/README.md.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import CoreDNSLogs, Corefile, Runs
from diagnose.facts.loopback_upstreams import is_loopback, loopback_upstreams
from diagnose.model import Finding, Quote, Remedy, Risk, Severity
from diagnose.remedies import edit_corefile, look, quoted, restart_coredns
from diagnose.signatures.coredns import LOOP_CUT, LOOP_DETECTED

SEE_COREFILE = "kubectl -n kube-system get configmap coredns -o yaml | grep -A2 forward"
KEEP_LOOP = "do not just remove the loop plugin: that hides the loop"
LOOKED_S = 60.0  # the plugin looks for half a minute at most after each start
AT_START = "resolv.conf is written once, when a pod starts"


@check(
    title="CoreDNS forwards queries to itself",
    severity=Severity.CRITICAL,
    family="loop",
    explains=("coredns-crashloop",),
)
def loop(logs: CoreDNSLogs, corefile: Corefile | None, runs: Runs | None) -> Iterator[Finding]:
    """Yield one finding per pod that logged the loop, quoting its last such line.

    Half of the line, without the word that says so, makes it possible. A later run that goes on
    without such a line makes it history.
    """
    last = {match.subject: match for match in logs.matching(LOOP_CUT)}
    last |= {match.subject: match for match in logs.matching(LOOP_DETECTED)}
    for pod, match in last.items():
        zone = match["zone"] or "."
        upstreams = corefile.upstreams(zone) if corefile else ()
        via = f" through {', '.join(upstreams)}" if upstreams else ""
        address = match["remote"].rpartition(":")[0].strip("[]")
        outside = bool(address) and not is_loopback(address)
        named = () if outside else in_corefile(corefile, zone)
        over = logs.outlived(match, LOOP_DETECTED, LOOP_CUT) or (
            runs is not None and runs.ended(match, LOOKED_S)
        )
        if outside:
            remedy = by_upstream(address)
        elif named:
            remedy = by_corefile()
        else:
            remedy = by_either(pod.node, upstreams)
        yield Finding(
            subject=pod,
            message=f"queries for zone {zone} return to CoreDNS{via}"
            + origin(address, outside, bool(named), upstreams)
            + ("; over: the run since then finds none" if over else ""),
            quotes=(match.quote, *named),
            remedy=remedy,
            proven=match.signature == LOOP_DETECTED.name and not over,
            severity=Severity.INFO if over else None,
            at=match.at,
        )


def in_corefile(corefile: Corefile | None, zone: str) -> tuple[Quote, ...]:
    """Return the lines of the Corefile that forward a zone to CoreDNS itself."""
    found = loopback_upstreams(corefile, zone) if corefile else ()
    return tuple(dict.fromkeys(one.quote for one in found))[:2]


def origin(address: str, outside: bool, named: bool, upstreams: tuple[str, ...]) -> str:
    """Return what the address that the query came back from says; "" when it is not told."""
    if outside:
        return (
            f": {address} sends them back, an upstream that asks the cluster's DNS in turn, or "
            "CoreDNS's own pod by way of the DNS service"
        )
    if named:
        return ": in its pod the address that the Corefile names is CoreDNS itself"
    if not address:
        return ""
    if any(one.startswith("/") for one in upstreams):
        where = "the pod's resolv.conf names"
    else:
        where = "the Corefile, or the pod's resolv.conf that it forwards to, names"
    return f": {address} is CoreDNS itself, {where} a loopback address"


def by_corefile() -> tuple[Remedy, ...]:
    """Return the remedy where the Corefile itself names the loopback address."""
    return (
        edit_corefile(
            "Name real upstreams in the forward line: forward . <resolver>", "loop", KEEP_LOOP
        ),
        restart_coredns("a pod in CrashLoopBackOff waits up to five minutes otherwise"),
    )


def by_upstream(address: str) -> tuple[Remedy, ...]:
    """Return the remedy where the query came back over the network."""
    who = quoted(address, "<address>")
    return (
        look(
            "See whom CoreDNS asks, and whose address the queries come back from",
            SEE_COREFILE,
            "cat /run/systemd/resolve/resolv.conf /etc/resolv.conf  # on the pod's node",
            "kubectl -n kube-system get service kube-dns",
            f"kubectl get pods,nodes -A -o wide | grep -wF {who}",
            verify="an upstream is the DNS service, or a resolver that forwards to it",
        ),
        Remedy(
            title="Where an upstream forwards to the cluster, let it do so for the cluster's "
            "domain alone",
            commands=("let the server forward cluster.local, and nothing else, to cluster DNS",),
            risk=Risk.MANUAL,
            verify="dig +norecurse @<upstream> example.com  # on a node: an answer or a referral",
            why="what it passes on to cluster DNS for other names comes back to it",
        ),
        edit_corefile(
            "Or name other upstreams, not the DNS service: forward . <resolver>", "loop", KEEP_LOOP
        ),
        restart_coredns(AT_START),
    )


def by_either(node: str, upstreams: tuple[str, ...]) -> tuple[Remedy, ...]:
    """Return the remedy where the Corefile or resolv.conf may name it: look first, then one."""
    unsure = not any(one.startswith("/") for one in upstreams)
    kubelet = "ive the kubelet the file with the real resolvers"
    return (
        look(
            "See which upstreams the Corefile names, or CoreDNS inherits from its node",
            SEE_COREFILE,
            "grep resolvConf /var/lib/kubelet/config.yaml"
            f"  # on {quoted(node, 'the node')}; without it: /etc/resolv.conf",
            "cat /run/systemd/resolve/resolv.conf /etc/resolv.conf",
            verify="which names 127.0.0.0/8 or ::1: the Corefile itself, or the file that it "
            "forwards to; and which file names real resolvers",
        ),
        Remedy(
            title=f"Where the Corefile forwards to that file, g{kubelet}"
            if unsure
            else f"G{kubelet}",
            commands=(
                "set resolvConf: /run/systemd/resolve/resolv.conf in /var/lib/kubelet/config.yaml",
                "systemctl restart kubelet",
            ),
            risk=Risk.MANUAL,
            verify="grep resolvConf /var/lib/kubelet/config.yaml",
            why="this repairs every pod with dnsPolicy Default, not CoreDNS alone",
        ),
        restart_coredns(AT_START),
        edit_corefile(
            "Where the Corefile names the address, or instead: forward . <resolver>"
            if unsure
            else "Or name real upstreams in the Corefile: forward . <resolver>",
            "loop",
            f"this repairs CoreDNS alone; {KEEP_LOOP}",
        ),
    )

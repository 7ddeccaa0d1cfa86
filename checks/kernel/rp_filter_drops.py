"""The reverse path filter drops packets of pods: they come from where the node has no route back.

Limits: the kernel only logs it with log_martians, and for other bad sources too. So it is proven
only where the interface's strict mode is seen as well.
Source: Linux v6.1 net/ipv4/route.c (ip_handle_martian_source), net/ipv4/fib_frontend.c
(__fib_validate_source); Documentation/networking/ip-sysctl.rst (rp_filter).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import KernelMessages, Sysctls
from diagnose.findings import times
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted
from diagnose.signatures.kernel import MARTIAN_SOURCE
from diagnose.text.regex import regex

OF_PODS = regex(r"(?:cni|cbr|flannel|cali|veth|vxlan|tunl|cilium|lxc|weave|kube|docker)[\w.-]*$")


@check(
    title="The reverse path filter drops packets of pods",
    severity=Severity.WARNING,
    family="forward-drop",
    explains=("resolution-fails", "upstream-timeout", "apiserver-unreachable-timeout"),
)
def rp_filter_drops(messages: KernelMessages, settings: Sysctls | None) -> Iterator[Finding]:
    """Yield one finding per node and interface of the pod network."""
    for one in messages.of(MARTIAN_SOURCE):
        interface = one.match["interface"].strip(".,;")
        if not OF_PODS.match(interface):
            continue
        names = [f"net.ipv4.conf.{each}.rp_filter" for each in (interface, "all")]
        strict = [
            each
            for each in (settings.named(*names) if settings else ())
            if each.value == "1" and each.subject.name in ("", one.subject.name)
        ]
        yield Finding(
            subject=one.subject,
            message=f"packets from {one.match['remote']} to {one.match['to']} on {interface} are "
            f"dropped: the way back would be another ({times(one.count)})",
            quotes=(one.match.quote, *(each.quote for each in strict[:1])),
            remedy=(
                look(
                    "See whether the counter grows while a probe fails",
                    "nstat -az TcpExtIPReversePathFilter"
                    f"  # on {quoted(one.subject.name, 'the node')}",
                    f"sysctl net.ipv4.conf.all.rp_filter {names[0]}",
                    f"ip route get {one.match['remote']}",
                    verify="it grows, and the route leaves by another interface",
                ),
                Remedy(
                    title="Use the loose mode, or correct the route",
                    commands=(
                        f"sysctl -w net.ipv4.conf.all.rp_filter=2 {names[0]}=2",
                        "write both to /etc/sysctl.d/99-rp-filter.conf too",
                    ),
                    risk=Risk.MANUAL,
                    verify="the probe succeeds and the counter stands still",
                    why="the higher of both values holds for an interface",
                ),
            ),
            proven=bool(strict),
            at=one.match.at,
        )

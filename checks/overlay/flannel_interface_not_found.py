"""flannel finds no interface to use, and ends.

Without --iface it takes that of the default route; with it the node must have that interface.

Source: flannel-io/flannel v0.26.7, main.go, pkg/ipmatch/match.go.
Limits: lines about single --iface options that do not match are usual where several are given.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import FlannelFailures
from diagnose.facts.logs import Match
from diagnose.findings import flannel_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted
from diagnose.signatures.flannel import INTERFACE_NOT_FOUND


@check(
    title="flannel finds no interface to use",
    severity=Severity.CRITICAL,
    family="overlay",
    explains=("flannel-daemonset-failing", "flannel-subnet-env-missing"),
)
def flannel_interface_not_found(failures: FlannelFailures) -> Iterator[Finding]:
    """Yield one finding per flannel pod that ended for it."""
    yield from flannel_findings(failures, (INTERFACE_NOT_FOUND,), message, steps)


def message(match: Match) -> str:
    """Return what was looked for."""
    if "default" in match["reason"]:
        return "the node has no default route, by which flannel chooses its interface"
    if match["reason"]:
        return f"flannel finds no interface: {match['reason']}"
    return "no interface of the node matches what --iface or --iface-regex names"


def steps(match: Match) -> tuple[Remedy, ...]:
    """Return the remedy: a default route, or the name of an interface that is there."""
    return (
        look(
            "See the node's interfaces and default route, and flannel's options",
            f"ip -br addr; ip route show default  # on {quoted(match.subject.node, 'the node')}",
            "kubectl -n kube-flannel get daemonset kube-flannel-ds -o yaml | grep iface",
            verify="the interface with the node's address is known",
        ),
        Remedy(
            title="Name it for flannel, or add the default route",
            commands=(
                "kubectl -n kube-flannel edit daemonset kube-flannel-ds",
                "args: --iface=<interface>, or --iface-can-reach=<address of another node>",
                "or: ip route add default via <gateway> dev <interface>",
            ),
            risk=Risk.DISRUPTIVE,
            verify="kubectl -n kube-flannel logs -l app=flannel | grep 'Using interface'",
        ),
    )

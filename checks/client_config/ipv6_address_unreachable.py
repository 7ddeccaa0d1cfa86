"""A name's IPv6 address has no way from the client, while the name is reached by IPv4.

The name resolved: what failed is the way to one of its addresses. Programs that try the IPv6 one
first, and do not go on to the other, fail or wait.

Limits: a possibility; the other side may be down for one family alone.
Source: RFC 6724 section 10.3, RFC 8305 (Happy Eyeballs); curl lib/connect.c.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import Reachability
from diagnose.model import CLUSTER, Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted


@check(
    title="IPv6 addresses are given to clients that have no IPv6",
    severity=Severity.WARNING,
    family="dual-stack",
)
def ipv6_address_unreachable(reached: Reachability) -> Iterator[Finding]:
    """Yield one finding per name."""
    for pair in reached.families:
        lost = pair.lost
        name = quoted(lost.name, "<name>")
        yield Finding(
            subject=lost.subject if lost.subject.kind else CLUSTER,
            message=f"{lost.name} resolves; its address {lost.address} has no way from here, by "
            "IPv4 it is reached",
            quotes=(lost.quote, pair.ok.quote),
            remedy=(
                look(
                    "See whether pods have IPv6 at all",
                    "kubectl get pods -o custom-columns='NAME:.metadata.name,IPS:.status.podIPs'",
                    "ip -6 route  # in a pod",
                    verify="no address or no default route: IPv6 cannot be used",
                ),
                Remedy(
                    title="Answer no AAAA for outside names while there is no IPv6",
                    commands=(
                        "template IN AAAA . { rcode NOERROR }  # in the Corefile",
                        "kubectl -n kube-system edit configmap coredns",
                    ),
                    risk=Risk.DISRUPTIVE,
                    verify=f"curl -sI https://{name}/  # at once",
                    why="or let the program prefer IPv4, by /etc/gai.conf or an option of its own",
                ),
            ),
            proven=False,
        )

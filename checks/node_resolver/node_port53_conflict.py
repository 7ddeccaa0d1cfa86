"""Another program has port 53 of a node, where a DNS server of the node's network wants it.

CoreDNS with hostNetwork and the node-local cache listen on the node itself. A dnsmasq, named,
unbound or connman that has the port on every address keeps them from it: the wildcard stands for
the cache's link-local address too.

Limits: which program has the port is rarely seen from a pod; then only a DNS server of that node
that is not ready makes it a possibility, and its own log proves it. A resolver on a loopback
address (systemd-resolved on 127.0.0.53) is in nobody's way.
Source: ip(7), EADDRINUSE; kubernetes/dns cmd/node-cache/app/cache_app.go;
bottlerocket-os/bottlerocket issue 3711.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import DNSPorts
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted


@check(
    title="Another program has port 53 of a node",
    severity=Severity.WARNING,
    family="coredns-port",
    explains=(
        "coredns-port-in-use",
        "coredns-crashloop",
        "nodelocaldns-down",
    ),
)
def node_port53_conflict(ports: DNSPorts) -> Iterator[Finding]:
    """Yield one finding per node on which a DNS server cannot have the port."""
    for one in ports.conflicts:
        node = quoted(one.subject.name, "the node")
        who = one.listener.process or "a program"
        broken = ", ".join(pod.subject.name for pod in one.pods[:2])
        beside = f"; {broken} is not ready there" if broken else ""
        yield Finding(
            subject=one.subject,
            message=f"{who} listens on {one.listener.address}, {one.listener.protocol} port "
            f"{one.listener.port}{beside}",
            quotes=one.quotes,
            remedy=(
                look(
                    "See which program has the port",
                    f"ss -lntup 'sport = :53'  # on {node}",
                    verify="the name of a program that is not coredns and not node-cache",
                ),
                Remedy(
                    title="Let it listen on its own addresses only, or stop it",
                    commands=(
                        "dnsmasq: bind-interfaces and listen-address=127.0.0.1; unbound: "
                        "interface: 127.0.0.1; named: listen-on { 127.0.0.1; };",
                    ),
                    risk=Risk.MANUAL,
                    verify="ss -lntup 'sport = :53'  # no 0.0.0.0:53, *:53 or [::]:53",
                    why="the node itself may resolve through it: see its resolv.conf first",
                ),
            ),
            proven=one.proven,
        )

"""CoreDNS's queries come back to it, and no loop plugin stops that.

A timeout from a loopback address with port 53 is a timeout from CoreDNS itself, which listens
there: each query goes round until it times out, and costs memory and files meanwhile.

Limits: where CoreDNS listens on one address only (bind), another program may own the loopback one.
Source: coredns/coredns v1.12.0, plugin/loop/README.md and plugin/forward/connect.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import Corefile, UpstreamFailures
from diagnose.findings import times
from diagnose.model import Finding, Severity
from diagnose.remedies import edit_corefile, look, restart_coredns


@check(
    title="A forwarding loop runs without being stopped",
    severity=Severity.CRITICAL,
    family="loop",
    explains=(
        "upstream-timeout",
        "upstream-connection-refused",
        "external-names-fail",
        "coredns-crashloop",
    ),
)
def loop_undetected(failures: UpstreamFailures, corefile: Corefile | None) -> Iterator[Finding]:
    """Yield one finding per pod whose upstream is itself."""
    bound = bool(corefile and corefile.plugin("bind"))
    for one in failures.failures:
        if not one.own or one.probe_only:
            continue
        yield Finding(
            subject=one.subject,
            message=f"its upstream {one.server}:{one.port or 53} is CoreDNS itself "
            f"({times(one.count)})",
            quotes=(one.quote,),
            remedy=(
                look(
                    "See where the address comes from",
                    "kubectl -n kube-system get configmap coredns -o yaml | grep -A2 forward",
                    "cat /etc/resolv.conf  # on the node of the pod",
                    verify="the Corefile or the node's file names a loopback address",
                ),
                edit_corefile(
                    "Name real upstreams, and add the loop plugin: forward . <resolver>",
                    "loop-undetected",
                ),
                restart_coredns("resolv.conf is written once, when a pod starts"),
            ),
            proven=not bound,
            at=one.first_at,
        )

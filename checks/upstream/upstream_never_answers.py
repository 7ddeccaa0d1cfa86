"""A server that CoreDNS forwards to has not answered it once.

CoreDNS counts the answers of each upstream and the health checks that fail. A server without any
answer since the process started, whose checks fail, is dead for it. While another one answers,
names resolve, those that went to the dead one first after seconds.

Limits: the counters say neither why it does not answer nor that it was asked lately. With policy
sequential a second server is asked only where the first fails; so it is proven only where the
others answered many queries.
Source: coredns/coredns v1.12.4, plugin/pkg/proxy/metrics.go and proxy.go (Healthcheck: begun by a
query that fails, repeated until the server answers); v1.9.3, plugin/forward/metrics.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import CoreDNSMetrics
from diagnose.facts.coredns_metrics import ANSWERS
from diagnose.facts.upstream_failures import host
from diagnose.findings import times
from diagnose.model import Finding, Remedy, Severity
from diagnose.remedies import ask_upstream, name_upstream


@check(
    title="An upstream has never answered CoreDNS",
    severity=Severity.WARNING,
    family="upstream-timeout",
    explains=(
        "external-names-fail",
        "dns-latency-high",
        "lookups-slow",
    ),
    also=("upstream-partially-down",),
)
def upstream_never_answers(metrics: CoreDNSMetrics) -> Iterator[Finding]:
    """Yield one finding per pod and server; graver where no other server answers that pod."""
    for pod in metrics.pods:
        upstreams = pod.upstreams()
        others = {one.server: one.answered for one in upstreams if one.answered}
        answered = sum(others.values())
        for one in upstreams:
            if not one.dead:
                continue
            rest = (
                f"; {' and '.join(list(others)[:2])} answered {times(answered)}"
                if others
                else "; nor did any other"
                if len(upstreams) > 1
                else ""
            )
            yield Finding(
                subject=one.subject,
                message=f"{one.server} has not answered since CoreDNS started, "
                f"{one.failed_checks} health checks of it failed{rest}",
                quotes=one.quotes[:2],
                remedy=steps(host(one.server), one.subject.node),
                severity=None if others else Severity.CRITICAL,
                proven=answered >= ANSWERS,
            )


def steps(server: str, node: str) -> tuple[Remedy, ...]:
    """Return the remedy: ask the server itself, then name another one."""
    return (ask_upstream(server, node), name_upstream(server))

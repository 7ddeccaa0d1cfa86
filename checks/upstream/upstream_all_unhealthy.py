"""All servers that CoreDNS forwards to fail its health checks, so it asks none of them.

forward checks a server once a query to it failed, every half second, by a question for the root's
name servers; any answer will do. With the option failfast_all_unhealthy_upstreams it then answers
SERVFAIL at once, without it only where no server was tried in time.

Limits: why they fail does not stand in the line. Where the log also tells of a server that refuses
or does not answer a name, that tells more and is told alone.
Source: coredns/coredns v1.13.1, plugin/forward/forward.go (ErrNoHealthy) and
plugin/pkg/proxy/health.go (Check); v1.3.1, plugin/proxy/proxy.go (errUnreachable).
"""

from collections.abc import Iterator
from dataclasses import replace

from diagnose.check import check
from diagnose.facts import Corefile, ResolvConfs, UpstreamFailures
from diagnose.facts.upstream_failures import UpstreamFailure
from diagnose.findings import upstream_findings
from diagnose.model import Finding, Remedy, Severity
from diagnose.remedies import look, name_upstream, quoted
from diagnose.signatures.trouble import Reason


@check(
    title="All upstream resolvers fail CoreDNS's health checks",
    severity=Severity.CRITICAL,
    family="upstream-timeout",
    explains=("external-names-fail", "hinfo-probe-unanswered", "upstream-never-answers"),
)
def upstream_all_unhealthy(
    failures: UpstreamFailures, corefile: Corefile | None, resolvers: ResolvConfs | None
) -> Iterator[Finding]:
    """Yield one finding per pod that has no server left to ask."""
    given_up = tuple(one for one in failures.failures if one.unhealthy)
    upstreams = corefile.upstreams(".") if corefile else ()
    yield from upstream_findings(
        replace(failures, failures=given_up),
        (Reason.TIMEOUT,),
        "no upstream passes its health check, so CoreDNS asks none",
        lambda one: steps(one, upstreams),
        corefile=corefile,
        resolvers=resolvers,
    )


def steps(one: UpstreamFailure, upstreams: tuple[str, ...]) -> tuple[Remedy, ...]:
    """Return the remedy: ask each server what the health check asks, then name one that answers."""
    named = [server for server in upstreams if not server.startswith("/")] or ["<upstream>"]
    node = one.subject.node or "the node"
    return (
        look(
            "Ask each upstream what the health check asks; any answer will do",
            *(
                f"dig +norec +time=2 +tries=1 @{quoted(server, '<upstream>')} . NS  # on {node}"
                for server in named[:3]
            ),
            "kubectl -n kube-system logs -l k8s-app=kube-dns --tail=200 --prefix | grep HINFO",
            verify="no answer, a refusal or no route tells which fault it is; the self-test's "
            "line at the start of the log tells the same",
        ),
        name_upstream(""),
    )

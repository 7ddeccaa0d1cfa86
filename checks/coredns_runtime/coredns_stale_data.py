"""CoreDNS loses its watches again and again, and may answer from old data.

A watch that ends is opened again, and good servers end them too. Many within minutes mean that the
way to the API server breaks, by a load balancer that forgets idle connections, for instance; until
the next list the answers are old.

Limits: whether answers are old is not in the log; compare the replicas' answers.
Source: kubernetes/client-go v0.29, tools/cache/reflector.go (watchHandler).
"""

from collections.abc import Iterator
from datetime import timedelta

from diagnose.check import check
from diagnose.facts import CoreDNSLogs
from diagnose.facts.logs import Match
from diagnose.findings import times
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, restart_coredns
from diagnose.signatures.coredns import K8S_WATCH_ENDED

MANY = 6  # two rounds of the three resources that it watches
WITHIN = timedelta(minutes=10)


@check(
    title="CoreDNS loses its connection to the API server again and again",
    severity=Severity.WARNING,
    family="apiserver-unreachable",
    explains=(
        "internal-names-fail",
        "cluster-answers-wrong",
    ),
)
def coredns_stale_data(logs: CoreDNSLogs) -> Iterator[Finding]:
    """Yield one finding per pod whose watches end that often; a possibility."""
    for stream in logs.streams:
        lines = list(stream.matching(K8S_WATCH_ENDED))
        if not often(lines):
            continue
        yield Finding(
            subject=stream.subject,
            message=f"its watches of the API were cut {times(len(lines))}; until the next list it "
            "answers from old data",
            quotes=tuple(one.quote for one in lines[-2:]),
            remedy=(
                look(
                    "Ask each replica for a Service that changed lately, and compare",
                    "kubectl get pods -A -l k8s-app=kube-dns -o wide",
                    "kubectl exec <pod> -- nslookup <headless service>.<namespace>.svc."
                    "cluster.local <CoreDNS pod IP>",
                    verify="every replica answers what kubectl get endpointslices shows",
                ),
                restart_coredns("a new process reads everything anew"),
                Remedy(
                    title="Let the load balancer of the API server keep connections longer",
                    commands=("raise its idle timeout to ten minutes or more",),
                    risk=Risk.MANUAL,
                    verify="no such line for an hour",
                ),
            ),
            proven=False,
            at=lines[0].at,
        )


def often(lines: list[Match]) -> bool:
    """Whether so many watches ended within minutes, or of lines without times in all."""
    stamped = sorted(one.at for one in lines if one.at)
    if len(stamped) < len(lines) or not stamped:
        return len(lines) >= MANY
    return any(
        late - early <= WITHIN for early, late in zip(stamped, stamped[MANY - 1 :], strict=False)
    )

"""An old CoreDNS ends because it cannot write a log file.

Up to 1.3.1 the Kubernetes client's logger wrote warnings to a file below /tmp, which the image does
not have. So any trouble with the API server ends the process, and its own text stands just before:
this is what makes it fatal, never why.

Source: golang/glog glog.go (loggingT.exit); coredns/coredns v1.3.1 Dockerfile (FROM scratch).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import CoreDNSLogs
from diagnose.facts.logs import Match
from diagnose.findings import log_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look
from diagnose.signatures.coredns import LOG_FILE_FAILED


@check(
    title="An old CoreDNS ends because it cannot write a log file",
    severity=Severity.CRITICAL,
    family="coredns-crashloop",
    explains=("coredns-crashloop",),
    symptom=True,
)
def coredns_klog_tmp_crash(logs: CoreDNSLogs) -> Iterator[Finding]:
    """Yield one finding per pod that says so, quoting its last such line."""
    yield from log_findings(logs, (LOG_FILE_FAILED,), message, steps)


def message(_: Match) -> str:
    """Return what the line says, in our words."""
    return "had an error to log and no /tmp to write it to"


def steps(_: Match) -> tuple[Remedy, ...]:
    """Return the remedy: the error that it wanted to log, then a newer version."""
    return (
        look(
            "Read the error that it wanted to log: it stands just before",
            "kubectl -n kube-system logs -l k8s-app=kube-dns --previous --tail=20 --prefix",
            verify="an error of the API server: its address, its certificate or permissions",
        ),
        Remedy(
            title="Repair that, and update CoreDNS; or give the pod a /tmp",
            commands=("kubectl -n kube-system set image deployment/coredns coredns=<newer image>",),
            risk=Risk.DISRUPTIVE,
            verify="kubectl -n kube-system rollout status deployment coredns",
            why="an emptyDir mounted on /tmp keeps the old version alive, not well",
        ),
    )

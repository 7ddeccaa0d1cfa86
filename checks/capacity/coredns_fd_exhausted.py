"""CoreDNS has no open files or ports left.

Every query to an upstream takes a socket; the container's limit of open files is reached.

Limits: often an effect of an upstream that does not answer, so that sockets pile up.
Source: Linux errno(3), EMFILE; coredns/coredns v1.12.0, plugin/pkg/proxy/connect.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import CoreDNSLogs
from diagnose.facts.logs import Match
from diagnose.findings import log_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look
from diagnose.signatures.coredns import TOO_MANY_OPEN_FILES


@check(
    title="CoreDNS has no open files or ports left",
    severity=Severity.CRITICAL,
    family="capacity",
    explains=("external-names-fail",),
)
def coredns_fd_exhausted(logs: CoreDNSLogs) -> Iterator[Finding]:
    """Yield one finding per pod that says so, quoting its last such line."""
    yield from log_findings(logs, (TOO_MANY_OPEN_FILES,), message, steps)


def message(_: Match) -> str:
    """Return what the line says, in our words."""
    return "too many open files: no socket for the next query"


def steps(_: Match) -> tuple[Remedy, ...]:
    """Return the remedy."""
    return (
        look(
            "See the limit and what uses the files",
            "grep 'open files' /proc/$(pgrep -o coredns)/limits",
            "ls /proc/$(pgrep -o coredns)/fd | wc -l",
            verify="the count is at the limit; sockets to one upstream that does not answer",
        ),
        Remedy(
            title="Repair the upstream, or raise the runtime's LimitNOFILE",
            commands=("systemctl edit containerd", "systemctl restart containerd"),
            risk=Risk.DISRUPTIVE,
            verify="grep 'open files' /proc/$(pgrep -o coredns)/limits",
        ),
    )

"""CoreDNS refuses queries beyond max_concurrent.

forward counts the queries that wait for its upstream and refuses those beyond max_concurrent.

Limits: mostly an effect of an upstream that is slow or dead; where that is shown, it stands above.
A count without a line is of any time since the process started; it is a note.
Source: coredns/coredns v1.12.0, plugin/forward/forward.go (ErrLimitExceeded), metrics.go
(coredns_forward_max_concurrent_rejects_total).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import ConcurrencyRejects
from diagnose.facts.logs import Match
from diagnose.findings import log_findings
from diagnose.model import Finding, Remedy, Severity
from diagnose.remedies import edit_corefile, look
from diagnose.signatures.coredns import MAX_CONCURRENT


@check(
    title="CoreDNS refuses queries beyond max_concurrent",
    severity=Severity.WARNING,
    family="capacity",
    explains=("external-names-fail",),
)
def coredns_max_concurrent(rejects: ConcurrencyRejects) -> Iterator[Finding]:
    """Yield one finding per pod that says so, quoting its last such line, or that counts some."""
    yield from log_findings(rejects.logs, (MAX_CONCURRENT,), message, steps)
    for one in rejects.counted:
        yield Finding(
            subject=one.subject,
            message=f"turned away {one.count} queries beyond max_concurrent since it started",
            quotes=(one.sample.quote,),
            remedy=steps(None),
            severity=Severity.INFO,
            proven=False,
        )


def message(_: Match) -> str:
    """Return what the line says, in our words."""
    return "more queries wait for the upstream than max_concurrent allows"


def steps(_: Match | None) -> tuple[Remedy, ...]:
    """Return the remedy."""
    return (
        look(
            "See whether the upstream is slow",
            "dig +time=2 @<upstream> example.com",
            verify="its answer takes milliseconds; else repair the upstream first",
        ),
        edit_corefile(
            "Raise max_concurrent (each waiting query takes about 2 KB)", "coredns-max-concurrent"
        ),
    )

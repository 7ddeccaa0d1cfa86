"""CoreDNS does not log its failures.

Limits: a note: it hides faults and makes none.
Source: coredns/coredns v1.12.0, plugin/errors/README.md.
"""

from collections.abc import Iterator

from diagnose.check import NotApplicable, check
from diagnose.facts import Corefile
from diagnose.model import CLUSTER, Finding, Severity
from diagnose.remedies import edit_corefile


@check(
    title="CoreDNS does not log its failures",
    severity=Severity.INFO,
    family="corefile-domain",
)
def corefile_errors_missing(corefile: Corefile) -> Iterator[Finding]:
    """Yield one finding when no block of the cluster's server has the errors plugin."""
    owners = corefile.plugin("kubernetes")
    if not owners:
        raise NotApplicable("this Corefile is not of the cluster's DNS server")
    if corefile.plugin("errors") or corefile.faults or corefile.torn:
        return
    yield Finding(
        subject=CLUSTER,
        message="no errors plugin: failures leave no line in the log",
        quotes=(corefile.quote(owners[0][0].line),),
        remedy=edit_corefile("Add to the block: errors", "corefile-errors-missing"),
    )

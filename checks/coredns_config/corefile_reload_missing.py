"""CoreDNS does not take over a changed Corefile.

Limits: a note: with a restart after each change nothing is wrong.
Source: coredns/coredns v1.12.0, plugin/reload/README.md.
"""

from collections.abc import Iterator

from diagnose.check import NotApplicable, check
from diagnose.facts import Corefile
from diagnose.model import CLUSTER, Finding, Severity
from diagnose.remedies import edit_corefile


@check(
    title="CoreDNS does not take over a changed Corefile",
    severity=Severity.INFO,
    family="corefile-domain",
)
def corefile_reload_missing(corefile: Corefile) -> Iterator[Finding]:
    """Yield one finding when no block of the cluster's server has the reload plugin."""
    owners = corefile.plugin("kubernetes")
    if not owners:
        raise NotApplicable("this Corefile is not of the cluster's DNS server")
    if corefile.plugin("reload") or corefile.faults or corefile.torn:
        return
    yield Finding(
        subject=CLUSTER,
        message="no reload plugin: a changed ConfigMap holds only for new pods",
        quotes=(corefile.quote(owners[0][0].line),),
        remedy=edit_corefile("Add to the block: reload", "corefile-reload-missing"),
    )

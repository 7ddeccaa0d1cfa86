"""CoreDNS has no upstream for names outside of the cluster.

Without forward (or another plugin that asks elsewhere) such names end in SERVFAIL, and CoreDNS logs
"no next plugin found"; where no server block takes the zone ".", they are REFUSED.

Limits: in a cluster that is closed on purpose this is wanted.
Source: coredns/coredns v1.12.0, plugin/plugin.go (NextOrFailure).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import MissingUpstream
from diagnose.model import Finding, Severity
from diagnose.remedies import edit_corefile


@check(
    title="CoreDNS has no upstream for external names",
    severity=Severity.CRITICAL,
    family="corefile-no-forward",
    explains=("external-names-fail",),
)
def corefile_no_forward(missing: MissingUpstream) -> Iterator[Finding]:
    """Yield one finding for the Corefile, or one per pod that said so."""
    for one in missing.places:
        yield Finding(
            subject=one.subject,
            message=one.message,
            quotes=one.quotes[:3],
            remedy=edit_corefile(
                "Add an upstream to the block of the zone . : forward . /etc/resolv.conf",
                "corefile-no-forward",
            ),
        )

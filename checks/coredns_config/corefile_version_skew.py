"""The Corefile uses what this version of CoreDNS does not have, or has no longer.

Plugins and options come and go: `proxy` gave way to `forward` in 1.5.0, `upstream` of the
kubernetes plugin went in 1.7.0. After an update of the image without its Corefile, CoreDNS exits.

Limits: where the version is not in the evidence, it says for which versions it holds.
Source: coredns/coredns notes/ and plugin.cfg at each release; coredns/corefile-migration
migration/versions.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import CorefileFaults
from diagnose.facts.corefile_faults import FaultKind
from diagnose.findings import corefile_findings
from diagnose.model import Finding, Severity


@check(
    title="The Corefile does not fit this version of CoreDNS",
    severity=Severity.CRITICAL,
    family="corefile-deprecated",
    explains=("coredns-crashloop", "corefile-reload-failed"),
)
def corefile_version_skew(faults: CorefileFaults) -> Iterator[Finding]:
    """Yield one finding per plugin or option of another version."""
    yield from corefile_findings(
        faults,
        (FaultKind.REMOVED,),
        "corefile-version-skew",
        lambda _: "Replace what this version does not have, or run the version that has it",
    )

"""The Corefile gives twice what may stand once: a zone and port, or a plugin in a server block.

Often a default file and an own one that it imports, or a stub domain pasted into the block of the
root zone.

Limits: blocks with the plugin view may share a zone, and forward may stand several times in a
block since CoreDNS 1.10; without the version both are taken as the newest one takes them.
Source: coredns/coredns v1.12.0, core/dnsserver/register.go (validateZonesAndListeningAddresses),
plugin/plugin.go (ErrOnce).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import CorefileFaults
from diagnose.facts.corefile_faults import CorefileFault, FaultKind
from diagnose.facts.corefile_tables import known_plugins
from diagnose.findings import corefile_findings
from diagnose.model import Finding, Severity


@check(
    title="The Corefile gives a zone or a plugin twice",
    severity=Severity.CRITICAL,
    family="corefile-syntax",
    explains=("coredns-crashloop", "corefile-reload-failed"),
)
def corefile_duplicate_zone(faults: CorefileFaults) -> Iterator[Finding]:
    """Yield one finding per zone, plugin or option that stands once too often."""
    yield from corefile_findings(
        faults, (FaultKind.DUPLICATE,), "corefile-duplicate-zone", what_to_do
    )


def what_to_do(one: CorefileFault) -> str:
    """Return what to change: a forward for another domain wants a block of its own."""
    if one.word == "forward":
        return "Merge the two forward, or give the domain a server block of its own"
    if one.word in known_plugins():
        return f"Merge the two {one.word} of the server block into one"
    return "Merge what stands twice: one server block for each zone and port"

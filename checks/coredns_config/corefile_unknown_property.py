"""A plugin's block in the Corefile has a property that the plugin does not know.

A slip of the pen, an option of another plugin, or a block that is not closed, so that the plugins
behind it are read as its options. What another version knows is told apart: see
corefile-version-skew.

Limits: plugins that are not in CoreDNS's standard build are not known.
Source: coredns/coredns v1.12.0, plugin/*/setup.go (unknown property).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import CorefileFaults
from diagnose.facts.corefile_faults import CorefileFault, FaultKind
from diagnose.facts.corefile_tables import known_plugins
from diagnose.findings import corefile_findings
from diagnose.model import Finding, Severity


@check(
    title="A plugin of the Corefile is given an option that it does not know",
    severity=Severity.CRITICAL,
    family="corefile-syntax",
    explains=("coredns-crashloop", "corefile-reload-failed"),
)
def corefile_unknown_property(faults: CorefileFaults) -> Iterator[Finding]:
    """Yield one finding per property that its plugin refuses."""
    yield from corefile_findings(
        faults, (FaultKind.PROPERTY,), "corefile-unknown-property", what_to_do
    )


def what_to_do(one: CorefileFault) -> str:
    """Return what to change: the name of a plugin shows a block that was not closed."""
    if one.word in known_plugins():
        return f"Close the block before {one.word} with a brace, or move {one.word} out of it"
    if one.word in ("{", "}"):
        return "Put the opening brace at the end of the plugin's own line"
    return (
        "Correct the option's name, or remove it; the plugin's page lists what there is: "
        "https://coredns.io/plugins/"
    )

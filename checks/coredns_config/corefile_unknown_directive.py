"""The Corefile uses a plugin that this CoreDNS does not have.

A slip of the pen, or a plugin that is not compiled into this image. Plugins that CoreDNS had in
another version are told apart: see corefile-version-skew.

Limits: images built with other plugins (vendors do) are not known.
Source: coredns/caddy v1.1.1, caddyfile/parse.go (Unknown directive); coredns/coredns plugin.cfg.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import CorefileFaults
from diagnose.facts.corefile_faults import FaultKind
from diagnose.findings import corefile_findings
from diagnose.model import Finding, Severity


@check(
    title="The Corefile uses a plugin that CoreDNS does not have",
    severity=Severity.CRITICAL,
    family="corefile-syntax",
    explains=("coredns-crashloop", "corefile-reload-failed"),
)
def corefile_unknown_directive(faults: CorefileFaults) -> Iterator[Finding]:
    """Yield one finding per directive that no plugin answers to."""
    yield from corefile_findings(
        faults,
        (FaultKind.UNKNOWN_DIRECTIVE,),
        "corefile-unknown-directive",
        lambda _: "Correct the name of the plugin, or remove its line",
    )

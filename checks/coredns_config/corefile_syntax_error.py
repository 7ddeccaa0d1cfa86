"""The Corefile does not parse.

CoreDNS exits on it at start; a server that runs keeps its old configuration and says so once. A
file that is not there, and zones or plugins given twice, have checks of their own.

Limits: the line that CoreDNS names is where its parser gave up, often the one after the mistake. A
bare Corefile whose braces do not match may be a piece of one.
Source: coredns/caddy v1.1.1, caddyfile/parse.go and lexer.go; coredns/coredns v1.12.0
core/dnsserver/address.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import CorefileFaults
from diagnose.facts.corefile_faults import FaultKind
from diagnose.findings import corefile_findings
from diagnose.model import Finding, Severity


@check(
    title="The Corefile does not parse",
    severity=Severity.CRITICAL,
    family="corefile-syntax",
    explains=("coredns-crashloop", "corefile-reload-failed"),
)
def corefile_syntax_error(faults: CorefileFaults) -> Iterator[Finding]:
    """Yield one finding per place at which the file does not parse."""
    yield from corefile_findings(
        faults,
        (FaultKind.SYNTAX,),
        "corefile-syntax-error",
        lambda _: "Correct the line, or the brace or argument before it",
    )

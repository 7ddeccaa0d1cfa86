"""A directive of the Corefile has a wrong number or form of arguments.

Limits: values that a plugin only checks while it runs (a file's content) are not seen here.
Source: coredns/caddy v1.1.1, caddyfile/dispenser.go (ArgErr, Errf); coredns/coredns v1.12.0
plugin/*/setup.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import CorefileFaults
from diagnose.facts.corefile_faults import FaultKind
from diagnose.findings import corefile_findings
from diagnose.model import Finding, Severity


@check(
    title="A directive of the Corefile has wrong arguments",
    severity=Severity.CRITICAL,
    family="corefile-syntax",
    explains=("coredns-crashloop", "corefile-reload-failed"),
)
def corefile_argument_error(faults: CorefileFaults) -> Iterator[Finding]:
    """Yield one finding per directive whose arguments its plugin refuses."""
    yield from corefile_findings(
        faults,
        (FaultKind.ARGUMENT,),
        "corefile-argument-error",
        lambda _: (
            "Correct the arguments; the plugin's page lists them: https://coredns.io/plugins/"
        ),
    )

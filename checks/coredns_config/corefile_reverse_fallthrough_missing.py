"""The kubernetes plugin owns the reverse zones and does not pass on what it does not know.

Reverse look-ups of addresses outside of the cluster are then NXDOMAIN, which slows some programs
(SSH servers, mail servers, loggers) and breaks a few.

Limits: a note: names resolve all the same.
Source: coredns/coredns v1.12.0, plugin/kubernetes/README.md (fallthrough) and handler.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import Corefile
from diagnose.model import CLUSTER, Finding, Severity
from diagnose.remedies import edit_corefile

REVERSE = ("in-addr.arpa", "ip6.arpa")


@check(
    title="Reverse look-ups of outside addresses end at the kubernetes plugin",
    severity=Severity.INFO,
    family="corefile-domain",
)
def corefile_reverse_fallthrough_missing(corefile: Corefile) -> Iterator[Finding]:
    """Yield one finding per kubernetes directive with a reverse zone and no fallthrough for it."""
    for _, directive in corefile.plugin("kubernetes"):
        owned = [zone for zone in directive.args if zone.rstrip(".").lower() in REVERSE]
        passed: set[str] = set()
        for option in directive.block:
            if option.name == "fallthrough":
                passed |= {zone.rstrip(".").lower() for zone in option.args} or set(REVERSE)
        missing = [zone for zone in owned if zone.rstrip(".").lower() not in passed | {"."}]
        if missing and "." not in passed:
            yield Finding(
                subject=CLUSTER,
                message=f"addresses outside of the cluster have no name: {', '.join(missing)} "
                "without fallthrough",
                quotes=(corefile.quote(directive.line),),
                remedy=edit_corefile(
                    "Add fallthrough in-addr.arpa ip6.arpa to the block of kubernetes",
                    "corefile-reverse-fallthrough-missing",
                ),
            )

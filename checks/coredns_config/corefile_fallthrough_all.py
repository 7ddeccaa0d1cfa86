"""The kubernetes plugin hands names of the cluster on that it does not have.

With a bare fallthrough, a mistyped Service, every miss of the search list, and while the API is not
there every name of the cluster goes to the upstream: private names leave the cluster, and the
answer is NXDOMAIN where SERVFAIL would be the truth.

Limits: a note: wanted where another plugin or server holds a part of the cluster's zone.
Source: coredns/coredns v1.12.0, plugin/kubernetes/handler.go (Fall.Through) and README.md.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import Corefile
from diagnose.facts.names import normal
from diagnose.model import CLUSTER, Finding, Severity
from diagnose.remedies import edit_corefile

REVERSE = ("in-addr.arpa", "ip6.arpa")


@check(
    title="The kubernetes plugin hands unknown cluster names to the upstream",
    severity=Severity.INFO,
    family="corefile-domain",
)
def corefile_fallthrough_all(corefile: Corefile) -> Iterator[Finding]:
    """Yield one finding per fallthrough that holds for the cluster's own zone."""
    for block, directive in corefile.plugin("kubernetes"):
        for option in directive.block:
            if option.name != "fallthrough":
                continue
            forward = [zone for zone in option.args if not normal(zone).endswith(REVERSE)]
            if option.args and not forward:
                continue
            if not block.plugin("forward"):
                continue
            yield Finding(
                subject=CLUSTER,
                message="names of the cluster that do not exist, or not yet, go to the upstream",
                quotes=(corefile.quote(option.line),),
                remedy=edit_corefile(
                    "Let only reverse names fall through: fallthrough in-addr.arpa ip6.arpa",
                    "corefile-fallthrough-all",
                ),
            )

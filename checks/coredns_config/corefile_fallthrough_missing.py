"""A plugin before the others claims names that it does not hold.

hosts, file and template answer NXDOMAIN for every name of their zones that they do not hold unless
they have fallthrough. In the zone "." that is every name.

Limits: a plugin whose zones are named and its own is right without it.
Source: coredns/coredns v1.12.0, plugin/hosts/hosts.go and plugin/template/template.go (Fall),
plugin/pkg/fall.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import Corefile
from diagnose.facts.corefile import Directive, ServerBlock
from diagnose.model import CLUSTER, Finding, Severity
from diagnose.remedies import edit_corefile

CLAIMING = ("hosts", "template")


@check(
    title="A plugin answers NXDOMAIN for names that it does not hold",
    severity=Severity.CRITICAL,
    family="corefile-domain",
    explains=("external-names-fail", "internal-names-fail"),
)
def corefile_fallthrough_missing(corefile: Corefile) -> Iterator[Finding]:
    """Yield one finding per directive that ends every query of the zone "."."""
    for name in CLAIMING:
        for block, directive in corefile.plugin(name):
            options = {option.name for option in directive.block}
            if not claims_everything(name, block, directive) or "fallthrough" in options:
                continue
            yield Finding(
                subject=CLUSTER,
                message=f"{name} without fallthrough in the zone . : other names are NXDOMAIN",
                quotes=(corefile.quote(directive.line),),
                remedy=edit_corefile(
                    f"Add fallthrough as a line of its own to the block of {name}",
                    "corefile-fallthrough-missing",
                ),
            )


def claims_everything(name: str, block: ServerBlock, directive: Directive) -> bool:
    """Whether a directive takes every name of a block that serves the root zone."""
    root = any(key.zone == "." for key in block.keys)
    if name == "hosts":
        zones = [one for one in directive.args if not one.startswith("/")][0:]
        return root and not zones
    # template CLASS TYPE [ZONE…]: only one for any type and zone takes all there is
    any_type = len(directive.args) >= 2 and directive.args[1].upper() == "ANY"
    zones = list(directive.args[2:])
    matches = any(option.name == "match" for option in directive.block)
    return root and any_type and not matches and (not zones or "." in zones)

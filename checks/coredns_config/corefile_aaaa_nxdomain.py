"""A template says that names do not exist when only their IPv6 address does not.

NXDOMAIN is about the name, whatever type was asked for (RFC 8020). A resolver that asks for both
addresses at once, as musl does, takes it for both.

Limits: resolvers that ask again for the other type are not hurt; so it is a possibility.
Source: coredns/coredns v1.12.0, plugin/template/README.md; RFC 8020; musl
src/network/lookup_name.c.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import Corefile
from diagnose.model import CLUSTER, Finding, Severity
from diagnose.remedies import edit_corefile


@check(
    title="A template answers AAAA with NXDOMAIN",
    severity=Severity.WARNING,
    family="corefile-domain",
    explains=("external-names-fail", "internal-names-fail"),
)
def corefile_aaaa_nxdomain(corefile: Corefile) -> Iterator[Finding]:
    """Yield one finding per template that does so; a possibility."""
    for _, directive in corefile.plugin("template"):
        kinds = [word.upper() for word in directive.args[1:2]]
        rcodes = [
            option.args[0].upper()
            for option in directive.block
            if option.name == "rcode" and option.args
        ]
        if kinds != ["AAAA"] or "NXDOMAIN" not in rcodes:
            continue
        zones = ", ".join(directive.args[2:]) or "every zone of its block"
        yield Finding(
            subject=CLUSTER,
            message=f"AAAA of {zones} is NXDOMAIN: clients may take the name for missing",
            quotes=(corefile.quote(directive.line),),
            remedy=edit_corefile(
                "Answer with an empty NOERROR instead: rcode NOERROR", "corefile-aaaa-nxdomain"
            ),
            proven=False,
        )

"""A private name goes to a resolver that does not know it, while another one does.

CoreDNS sends everything that is not the cluster's to one upstream. Names of a company or of a
private zone in the cloud need a server block that sends them to the resolver which holds them.

Limits: resolvers that answer differently by who asks look the same.
Source: Kubernetes documentation, Customizing DNS Service (stub domains); RFC 8020.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import Corefile, DNSServices, Lookups
from diagnose.facts.lookups import Lookup, Outcome
from diagnose.facts.names import DEFAULT_DOMAIN, external, normal
from diagnose.model import CLUSTER, Finding, Severity
from diagnose.remedies import edit_corefile, look


@check(
    title="A private name goes to a resolver that does not know it",
    severity=Severity.WARNING,
    family="corefile-domain",
)
def stub_domain_missing(
    lookups: Lookups, corefile: Corefile | None, services: DNSServices | None
) -> Iterator[Finding]:
    """Yield one finding per name that one server calls missing and another one knows."""
    zones = corefile.kubernetes_zones() if corefile else ()
    domains = tuple(normal(zone) for zone in zones if "arpa" not in zone) or (DEFAULT_DOMAIN,)
    dns = set(services.addresses) if services else set()
    solved: dict[str, Lookup] = {
        normal(one.name): one for one in lookups.ended(Outcome.NOERROR) if one.server
    }
    for name, several in missing(lookups, domains).items():
        other = solved.get(name)
        if other is None or any(one.server == other.server for one in several):
            continue
        if dns and not dns.intersection(one.server for one in several):
            continue
        zone = name.partition(".")[2]
        yield Finding(
            subject=CLUSTER,
            message=f"{several[0].server} says that {name} does not exist, {other.server} knows it",
            quotes=(several[0].quote, other.quote),
            remedy=(
                look(
                    "Ask both once more",
                    f"dig @{several[0].server} {name}; dig @{other.server} {name}",
                    verify="NXDOMAIN from the one, an address from the other",
                ),
                edit_corefile(
                    f"Add a server block: {zone}:53 {{ errors; cache 30; forward . "
                    f"{other.server} }}, each on a line of its own",
                    "stub-domain-missing",
                    "where every name is to be known there, make it the upstream instead",
                ),
            ),
            proven=bool(dns),
        )


def missing(lookups: Lookups, domains: tuple[str, ...]) -> dict[str, list[Lookup]]:
    """Return the external names that a server called missing, with those look-ups."""
    found: dict[str, list[Lookup]] = {}
    for one in lookups.ended(Outcome.NXDOMAIN):
        if one.server and external(one.name, domains):
            found.setdefault(normal(one.name), []).append(one)
    return found

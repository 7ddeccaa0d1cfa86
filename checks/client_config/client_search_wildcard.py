"""A search domain answers for every name.

The node's search domains are appended to the names of pods before the name itself is tried. Where
one of them has a wildcard record, or a provider that answers for names that do not exist, every
outside name leads to that one address.

Limits: a name below the search domain may be meant so; only names that end in a well-known public
domain before it count, and they are a possibility.
Source: resolv.conf(5) (search, ndots); RFC 4592; kubernetes/kubernetes v1.30.5,
pkg/kubelet/network/dns/dns.go (the node's search domains are appended).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import Lookups, ResolvConfs
from diagnose.facts.lookups import Lookup, Outcome
from diagnose.facts.names import in_cluster, normal
from diagnose.model import CLUSTER, Finding, Remedy, Risk, Severity
from diagnose.remedies import look

PUBLIC = frozenset("com net org io dev gov edu info cloud app ai co eu de uk fr nl cn jp".split())


@check(
    title="A search domain answers for outside names",
    severity=Severity.CRITICAL,
    family="ndots",
    explains=("external-names-fail",),
)
def client_search_wildcard(lookups: Lookups, resolvers: ResolvConfs) -> Iterator[Finding]:
    """Yield one finding per search domain below which public names were found."""
    domains = {
        normal(domain): file
        for file in resolvers.files
        for domain in file.search
        if normal(domain) and not in_cluster(normal(domain))
    }
    found: dict[str, list[Lookup]] = {}
    for one in lookups.ended(Outcome.NOERROR):
        for domain in domains:
            if below(normal(one.name), domain):
                found.setdefault(domain, []).append(one)
    for domain, several in found.items():
        first = several[0]
        yield Finding(
            subject=first.place if first.place.kind else CLUSTER,
            message=f"{normal(first.name)} was found below the search domain {domain}: a wildcard "
            "there answers for outside names",
            quotes=(first.quote, *domains[domain].quote_of(domain)[:1]),
            remedy=(
                look(
                    "Ask for a name that nobody has, below the search domain, and with a dot",
                    f"nslookup x7k2p9q1.example.com.{domain}",
                    f"nslookup {normal(first.name).removesuffix('.' + domain)}.  # final dot",
                    verify="the first must be NXDOMAIN",
                ),
                Remedy(
                    title="Take the domain out of the node's search list, or the wildcard away",
                    commands=(
                        "set the search domains in netplan, NetworkManager or resolved.conf",
                        "systemctl restart kubelet; then recreate the pods",
                    ),
                    risk=Risk.MANUAL,
                    verify=f"kubectl exec <pod> -- cat /etc/resolv.conf  # without {domain}",
                    why="until then, dnsConfig with ndots 1 or a final dot in the name",
                ),
            ),
            proven=False,
        )


def below(name: str, domain: str) -> bool:
    """Whether a name is a public one with the domain appended."""
    head = name.removesuffix(f".{domain}")
    return head != name and "." in head and head.rpartition(".")[2] in PUBLIC

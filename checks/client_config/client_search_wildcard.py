"""A search domain answers for every name.

The node's search domains are appended to the names of pods before the name itself is tried. Where
one of them has a wildcard record, or a provider that answers for names that do not exist, every
outside name leads to that one address. An answer without data (NOERROR, which is not NXDOMAIN) is
enough: the resolver takes it that the name exists, ends its search there and finds no address.

Where the name that was typed is known, the domain behind the one that was found tells the same
without any resolv.conf. So does an outside name that is found with a dot at its end alone, and a
search that ended because the servers of its domain fail.

Domains of DNS services that answer with the address that the name holds (nip.io and the like), or
with 127.0.0.1, need no look-up to be known.

Limits: a name below the search domain may be meant so; only names that end in a well-known public
domain before it count, and they are a possibility.
Source: resolv.conf(5) (search, ndots); RFC 4592; RFC 2308, 2.2 (no data); kubernetes/kubernetes
v1.30.5, pkg/kubelet/network/dns/dns.go (the node's search domains are appended); musl 1.2.4,
src/network/lookup_name.c (name_from_dns_search goes on after NXDOMAIN only).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import SearchedNames
from diagnose.facts.lookups import Lookup, Outcome, appended
from diagnose.facts.names import normal
from diagnose.model import CLUSTER, Finding, Remedy, Risk, Severity
from diagnose.remedies import look

PUBLIC = frozenset("com net org io dev gov edu info cloud app ai co eu de uk fr nl cn jp".split())


@check(
    title="A search domain answers for outside names",
    severity=Severity.CRITICAL,
    family="ndots",
    explains=("external-names-fail",),
)
def client_search_wildcard(lookups: SearchedNames) -> Iterator[Finding]:
    """Yield one finding per search domain below which public names were found.

    And one per name that the search list hides: its domain may not be known.
    """
    domains = dict(lookups.domains)
    found: dict[str, Lookup] = {}
    answered = lookups.ended(Outcome.NOERROR)
    names = {normal(one.name) for one in answered}
    empty = (one for one in lookups.ended(Outcome.NODATA) if normal(one.name) not in names)
    for one in (*answered, *empty):
        for domain in domains:
            if below(normal(one.name), domain):
                found.setdefault(domain, one)
    for domain, first in found.items():
        name = normal(first.name)
        if first.outcome is Outcome.NODATA:
            message = (
                f"the search ended at {name}: below {domain} outside names exist without an address"
            )
        elif not first.answers:
            message = f"{name} exists, it is said: below {domain} outside names are answered"
        else:
            message = (
                f"{name} was found below the search domain {domain}: a wildcard there answers for "
                "outside names"
            )
        yield Finding(
            subject=first.place if first.place.kind else CLUSTER,
            message=message,
            quotes=(first.quote, *domains[domain]),
            remedy=steps(name.removesuffix(f".{domain}"), domain),
            proven=False,
        )
    told = set(found)
    for domain, quotes in lookups.answering:
        if domain not in told:
            told.add(domain)
            yield Finding(
                subject=CLUSTER,
                message=f"pods append {domain}, below which every name exists: names with fewer "
                "dots than ndots end there",
                quotes=quotes,
                remedy=steps("example.com", domain),
                proven=False,
            )
    for one in lookups.broken:
        if appended(one) not in told:
            told.add(appended(one))
            yield hidden(
                one,
                f"the search ended at {normal(one.name)} with {one.outcome.value}: "
                f"{normal(one.typed)} itself was not asked for",
                appended(one),
            )
    for pair in lookups.rooted:
        name = normal(pair.found.typed)
        if not any(domain == appended(pair.failed) or below(name, domain) for domain in told):
            yield hidden(
                pair.failed,
                f"{name} is found with a dot at its end alone: without it the search list leads to "
                f"another answer ({pair.failed.outcome.value})",
                appended(pair.failed),
                pair.found,
            )


def hidden(failed: Lookup, message: str, domain: str, found: Lookup | None = None) -> Finding:
    """Return the finding of a name that the search list hides."""
    return Finding(
        subject=failed.place if failed.place.kind else CLUSTER,
        message=message,
        quotes=(failed.quote, *((found.quote,) if found else ())),
        remedy=steps(normal(failed.typed), domain or "<search domain>"),
        proven=False,
        at=failed.at,
    )


def steps(name: str, domain: str) -> tuple[Remedy, ...]:
    """Return the remedy: see what the domain answers, then take it out."""
    return (
        look(
            "Ask for a name that nobody has, below the search domain, and with a dot",
            f"nslookup x7k2p9q1.example.com.{domain}",
            f"nslookup {name}.  # final dot",
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
    )


def below(name: str, domain: str) -> bool:
    """Whether a name is a public one with the domain appended."""
    head = name.removesuffix(f".{domain}")
    return head != name and "." in head and head.rpartition(".")[2] in PUBLIC

"""CoreDNS's upstreams are private servers and public ones side by side.

A resolver of glibc asks its servers in order, and goes on only where one is silent. The plugin
forward asks any of them, at random, and takes NXDOMAIN for an answer: a name that the private
server alone knows is there at one time and not at the next, and the cache keeps either.

Limits: a possibility: where the private server knows nothing of its own (a router, a cloud's
resolver) both give the same answers. With `policy sequential` the first server decides.
Source: coredns/coredns v1.12.0, plugin/forward/README.md (policy random) and forward.go;
resolv.conf(5) (nameserver).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import Corefile, UpstreamServers
from diagnose.facts.upstream_servers import UpstreamServer
from diagnose.model import CLUSTER, Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted


@check(
    title="CoreDNS asks private and public servers at random",
    severity=Severity.WARNING,
    family="corefile-domain",
    explains=("dns-intermittent-failures",),
)
def upstreams_differ(servers: UpstreamServers, corefile: Corefile | None) -> Iterator[Finding]:
    """Yield one finding for the Corefile, and one for what each resolv.conf names."""
    if corefile and in_order(corefile):
        return
    groups: dict[tuple[bool, object], list[UpstreamServer]] = {}
    for one in servers.servers:
        groups.setdefault((one.named, one.subject), []).append(one)
    for (named, _), several in groups.items():
        private = [one for one in several if one.ip and own(one)]
        public = [one for one in several if one.ip and one.ip.is_global]
        if not private or not public:
            continue
        inside, outside = (quoted(one[0].address, "<server>") for one in (private, public))
        yield Finding(
            subject=several[0].subject if several[0].subject.kind else CLUSTER,
            message=f"{private[0].address} and {public[0].address} are asked at random: names that "
            "only the first one knows are NXDOMAIN now and then",
            quotes=(*private[0].quotes[:1], *(q for q in public[0].quotes[:1] if not named)),
            remedy=(
                look(
                    "Ask both for a name of one's own",
                    f"dig +short @{inside} <internal name>; dig +short @{outside} <internal name>",
                    verify="the second finds nothing",
                ),
                Remedy(
                    title="Send names of one's own to the servers that know them",
                    commands=(
                        "kubectl -n kube-system edit configmap coredns",
                        f"corp.example:53 {{ errors; cache 30; forward . {inside} }}",
                        "and in the block of the zone . only servers that know the same names",
                    ),
                    risk=Risk.DISRUPTIVE,
                    verify="the same answer ten times: kubectl exec <pod> -- nslookup <name>",
                    why="or `policy sequential`, which asks the first server as long as it answers",
                ),
            ),
            proven=False,
            family="" if named else "resolv-conf",
        )


def own(server: UpstreamServer) -> bool:
    """Whether a server has an address of a private network, and is no node's own."""
    address = server.ip
    return bool(
        address
        and address.is_private
        and not (address.is_loopback or address.is_link_local or address.is_unspecified)
    )


def in_order(corefile: Corefile) -> bool:
    """Whether a forward of the root zone asks its servers in order."""
    return any(
        "sequential" in line.args
        for name in ("forward", "proxy")
        for _, one in corefile.plugin(name)
        for line in one.properties("policy")
    )

"""Another server block takes the names of the cluster away from the kubernetes plugin.

CoreDNS hands a query to the block with the longest zone that holds the name. A block for `local`,
meant for the machines of the house, takes all of `cluster.local` from a block for `.`. The same is
possible by the port: where the plugin serves another one than 53, and a block on 53 has nothing
that answers.

Limits: blocks that come from an imported file which is not in the evidence are not seen; a block
with the view plugin takes only some clients. The same zone and port twice is another fault: with it
CoreDNS does not start.
Source: coredns/coredns v1.12.0, core/dnsserver/server.go (ServeDNS).
"""

from collections.abc import Iterator

from diagnose.check import NotApplicable, check
from diagnose.facts import Corefile
from diagnose.facts.corefile import ServerBlock
from diagnose.model import CLUSTER, Finding, Severity
from diagnose.remedies import edit_corefile

REVERSE = "arpa."
DNS_PORT = 53
# What a block may hold without any plugin that answers a query.
AROUND = frozenset(
    ("errors", "log", "health", "ready", "prometheus", "reload", "loop", "loadbalance", "cache")
)


@check(
    title="A server block takes cluster names away from the kubernetes plugin",
    severity=Severity.CRITICAL,
    family="corefile-domain",
    explains=("internal-names-fail",),
)
def corefile_cluster_zone_shadowed(corefile: Corefile) -> Iterator[Finding]:
    """Yield one finding per zone of the kubernetes plugin that another block takes."""
    owners = corefile.plugin("kubernetes")
    if not owners:
        raise NotApplicable("this Corefile is not of the cluster's DNS server")
    ports = {key.port for block, _ in owners for key in block.keys}
    owned = {(key.zone, key.port) for block, _ in owners for key in block.keys}
    for zone in corefile.kubernetes_zones():
        if zone.endswith(REVERSE):
            continue
        for block in corefile.block_for(f"kubernetes.default.svc.{zone}"):
            answers = block.plugin("kubernetes") or block.plugin("view")
            if answers:
                continue
            if not ports.intersection(key.port for key in block.keys):
                if DNS_PORT not in ports and is_mute(block):
                    yield Finding(
                        subject=CLUSTER,
                        message=f"names of {zone.rstrip('.')} come on port 53 to a block that "
                        "answers nothing; the kubernetes plugin serves port "
                        + ", ".join(str(port) for port in sorted(ports)),
                        quotes=(corefile.quote(block.line), corefile.quote(owners[0][0].line)),
                        remedy=edit_corefile(
                            "Let the block of the kubernetes plugin serve port 53, or the Service "
                            "lead to its port",
                            "corefile-cluster-zone-shadowed",
                        ),
                        severity=Severity.WARNING,
                        proven=False,
                    )
                continue
            if owned.intersection((key.zone, key.port) for key in block.keys):
                continue
            names = ", ".join(key.text for key in block.keys)
            yield Finding(
                subject=CLUSTER,
                message=f"names of {zone.rstrip('.')} go to the block {names}, which has no "
                "kubernetes plugin",
                quotes=(corefile.quote(block.line), corefile.quote(owners[0][1].line)),
                remedy=edit_corefile(
                    f"Give that block zones that do not hold {zone.rstrip('.')}, or the kubernetes "
                    "plugin too",
                    "corefile-cluster-zone-shadowed",
                    "where the block comes from coredns-custom or another imported file, edit that",
                ),
            )


def is_mute(block: ServerBlock) -> bool:
    """Whether a block takes queries on DNS's own port and has no plugin that answers them."""
    return any(key.port == DNS_PORT for key in block.keys) and all(
        one.name in AROUND for one in block.directives
    )

"""Another server block takes the names of the cluster away from the kubernetes plugin.

CoreDNS hands a query to the block with the longest zone that holds the name. A block for `local`,
meant for the machines of the house, takes all of `cluster.local` from a block for `.`.

Limits: blocks that come from an imported file which is not in the evidence are not seen; a block
with the view plugin takes only some clients. The same zone and port twice is another fault: with it
CoreDNS does not start.
Source: coredns/coredns v1.12.0, core/dnsserver/server.go (ServeDNS).
"""

from collections.abc import Iterator

from diagnose.check import NotApplicable, check
from diagnose.facts import Corefile
from diagnose.model import CLUSTER, Finding, Severity
from diagnose.remedies import edit_corefile

REVERSE = "arpa."


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
            if answers or not ports.intersection(key.port for key in block.keys):
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

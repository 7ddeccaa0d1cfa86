"""No server block of the Corefile answers for cluster names.

Limits: a block may come from an imported file that is not in the evidence. A Corefile without the
plugin is right for a cache on nodes and for a resolver that is not the cluster's.
Source: coredns/coredns v1.12.0, plugin/kubernetes/README.md.
"""

from collections.abc import Iterator

from diagnose.check import NotApplicable, check
from diagnose.facts import Corefile
from diagnose.model import CLUSTER, Finding, Severity
from diagnose.remedies import edit_corefile

LINK_LOCAL = "169.254."


@check(
    title="No server block answers for cluster names",
    severity=Severity.CRITICAL,
    family="corefile-domain",
    explains=("internal-names-fail",),
)
def corefile_kubernetes_plugin_missing(corefile: Corefile) -> Iterator[Finding]:
    """Yield one finding when no block has the kubernetes plugin."""
    if corefile.plugin("kubernetes"):
        return
    if not corefile.blocks:
        raise NotApplicable("the Corefile has no server block")
    cache = any(
        argument.startswith(LINK_LOCAL)
        for _, directive in corefile.plugin("bind")
        for argument in directive.args
    )
    if cache or corefile.plugin("etcd") or not corefile.block_for("."):
        raise NotApplicable("this Corefile is not of the cluster's DNS server")
    first = corefile.blocks[0]
    yield Finding(
        subject=CLUSTER,
        message="cluster names go to the upstream, which does not know them",
        quotes=(corefile.quote(first.line),),
        remedy=edit_corefile(
            "Add: kubernetes cluster.local in-addr.arpa ip6.arpa "
            "{ fallthrough in-addr.arpa ip6.arpa }, on lines of their own",
            "corefile-kubernetes-plugin-missing",
        ),
        proven=not corefile.faults,
    )

"""Options of the kubernetes plugin leave a part of the cluster out.

Limits: a note: mostly set on purpose; names outside of the exposed part are NXDOMAIN then.
Source: coredns/coredns v1.12.0, plugin/kubernetes/README.md.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import Corefile
from diagnose.model import CLUSTER, Finding, Severity
from diagnose.remedies import edit_corefile

MEANS = {
    "namespaces": "only Services of the named namespaces have names",
    "namespace_labels": "only Services of namespaces with these labels have names",
    "labels": "only Services with these labels have names",
    "noendpoints": "headless Services and their pods have no names",
}


@check(
    title="The kubernetes plugin leaves a part of the cluster out",
    severity=Severity.INFO,
    family="corefile-domain",
)
def corefile_kubernetes_restricted(corefile: Corefile) -> Iterator[Finding]:
    """Yield one finding per option that hides names."""
    for _, directive in corefile.plugin("kubernetes"):
        for option in directive.block:
            if option.name in MEANS:
                yield Finding(
                    subject=CLUSTER,
                    message=f"{option.name}: {MEANS[option.name]}",
                    quotes=(corefile.quote(option.line),),
                    remedy=edit_corefile(
                        f"If a name outside of it is wanted, widen or remove {option.name}",
                        "corefile-kubernetes-restricted",
                    ),
                )

"""A Service is asked for by a name that is written wrongly.

Cluster DNS rightly says that such a name does not exist: it has another domain than the cluster's,
names a Service that the namespace does not have, or a pod below a Service that is not headless or
not there.

Limits: what was meant is a guess, a listing may leave Services out, and a cluster may have a domain
that is nearly the usual one, so it is a possibility.
Source: Kubernetes DNS-Based Service Discovery Specification, 2.3 and 2.4.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import MistakenNames
from diagnose.model import CLUSTER, Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted


@check(
    title="A Service is asked for by a mistaken name",
    severity=Severity.WARNING,
    family="client-config",
)
def service_name_mistaken(mistaken: MistakenNames) -> Iterator[Finding]:
    """Yield one finding per name."""
    for one in mistaken.names:
        meant = quoted(one.meant, "<name>")
        yield Finding(
            subject=one.place if one.place.kind else CLUSTER,
            message=f"{one.name}: {one.why}",
            quotes=one.quotes,
            remedy=(
                look(
                    "See which Services there are, and the cluster's domain",
                    "kubectl get services -A",
                    "kubectl exec <pod> -- cat /etc/resolv.conf  # search … svc.<domain>",
                    verify="no Service of that name and namespace, or another domain",
                ),
                Remedy(
                    title="Correct the name in the client's configuration",
                    commands=(f"use {meant}" if one.meant else "use a name that is listed",),
                    risk=Risk.MANUAL,
                    verify=f"kubectl exec <pod> -- nslookup {meant}",
                ),
            ),
            proven=False,
        )

"""A Service is asked for by a name that leads to another namespace than its own.

A bare name is completed with the asking pod's namespace.

Limits: that the Service of the same name was meant is a guess; where the asker's namespace is not
known it is a possibility.
Source: Kubernetes documentation, DNS for Services and Pods (namespaces of Services).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import AskedServices
from diagnose.model import CLUSTER, Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted


@check(
    title="A Service of another namespace is asked for by its bare name",
    severity=Severity.WARNING,
    family="client-config",
    explains=("internal-names-fail",),
)
def client_short_name(asked: AskedServices) -> Iterator[Finding]:
    """Yield one finding per name."""
    for one in asked.elsewhere:
        service, space = one.service.subject.name, one.service.subject.namespace or "<namespace>"
        yield Finding(
            subject=one.place if one.place.kind else CLUSTER,
            message=f"{one.name} does not exist; a Service {service} is in {space}",
            quotes=one.quotes,
            remedy=(
                look(
                    "See where the Service is",
                    f"kubectl get services -A | grep -w {quoted(service, '<service>')}",
                    verify="its namespace is not the asking pod's",
                ),
                Remedy(
                    title="Name the namespace in the client's configuration",
                    commands=(f"use {service}.{space}, or {service}.{space}.svc.cluster.local",),
                    risk=Risk.MANUAL,
                    verify=f"kubectl exec <pod> -- nslookup {service}.{space}",
                ),
            ),
            proven=one.proven and bool(one.service.subject.namespace),
        )

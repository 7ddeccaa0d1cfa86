"""A headless Service has no ready pod, so its name does not exist.

It has no address of its own; its records are those of its ready endpoints. Members of a StatefulSet
that look each other up before they are ready wait for each other.

Limits: without its endpoints in the evidence it is a possibility.
Source: Kubernetes DNS-Based Service Discovery Specification, 2.4; core/v1 ServiceSpec
(publishNotReadyAddresses).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import AskedServices
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted


@check(
    title="A headless Service without a ready pod is asked for",
    severity=Severity.WARNING,
    family="client-config",
    explains=("internal-names-fail",),
)
def service_headless_no_endpoints(asked: AskedServices) -> Iterator[Finding]:
    """Yield one finding per name of such a Service."""
    for one in asked.headless:
        space = quoted(one.service.subject.namespace, "<namespace>")
        name = quoted(one.service.subject.name, "<service>")
        yield Finding(
            subject=one.service.subject,
            message=f"{one.name}: the Service is headless, and no pod behind it is ready",
            quotes=one.quotes[:3],
            remedy=(
                look(
                    "See its pods and its selector",
                    f"kubectl -n {space} get endpointslices -l kubernetes.io/service-name={name}",
                    f"kubectl -n {space} describe service {name}",
                    verify="no endpoint, or none ready",
                ),
                Remedy(
                    title="Make its pods ready; for members that look for each other first, "
                    "publish them before",
                    commands=(
                        f"kubectl -n {space} patch service {name} "
                        '-p \'{"spec":{"publishNotReadyAddresses":true}}\'',
                    ),
                    risk=Risk.DISRUPTIVE,
                    verify=f"kubectl exec <pod> -- nslookup {quoted(one.name, '<name>')}",
                ),
            ),
            proven=one.proven,
        )

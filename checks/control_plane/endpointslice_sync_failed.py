"""The EndpointSlices of the DNS Service are not written.

kube-controller-manager lists the Service's ready pods in them; kube-proxy reads nothing else. While
it fails, the Service leads to pods that are gone, or to none.

Limits: one failure is retried within seconds; a cache that is "out of date" is routine.
Source: kubernetes/kubernetes v1.30.5, pkg/controller/endpointslice/endpointslice_controller.go
(handleErr, syncService).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import SliceFailures
from diagnose.findings import times
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted
from diagnose.signatures.trouble import Reason

FEW = 3


@check(
    title="The endpoints of the DNS service are not kept up to date",
    severity=Severity.CRITICAL,
    family="no-endpoints",
    explains=("no-ready-endpoints",),
)
def endpointslice_sync_failed(failures: SliceFailures) -> Iterator[Finding]:
    """Yield one finding per DNS Service and reason; a few failures are a possibility."""
    for one in failures.failures:
        name = quoted(one.service.name, "kube-dns")
        space = quoted(one.service.namespace, "kube-system")
        reason = one.reason.value if one.reason is not Reason.OTHER else one.text[-160:]
        yield Finding(
            subject=one.service,
            message=f"its EndpointSlices cannot be written: {reason} ({times(one.count)})",
            quotes=(one.quote,),
            remedy=(
                look(
                    "Compare the slice with the pods, and read the controller manager's log",
                    f"kubectl -n {space} get endpointslices "
                    f"-l kubernetes.io/service-name={name} -o wide",
                    "kubectl get pods -A -l k8s-app=kube-dns -o wide",
                    "kubectl -n kube-system logs -l component=kube-controller-manager --tail=50",
                    verify="the slice lists the pods that are ready, and no others",
                ),
                Remedy(
                    title="Repair what it names, and start kube-controller-manager anew",
                    commands=("crictl stop <kube-controller-manager container>",),
                    risk=Risk.DISRUPTIVE,
                    verify=f"kubectl -n {space} get endpointslices "
                    f"-l kubernetes.io/service-name={name}",
                    why="unauthorized: its credentials (controller-manager.conf) or clock; "
                    "forbidden: a quota or a webhook",
                ),
            ),
            proven=one.count >= FEW,
            at=one.at,
        )

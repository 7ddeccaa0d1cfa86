"""The controller manager guesses the address family of a Service.

It finds no ipFamilies in the Service: the object was stored before the API server knew the field,
or an API server older than the controller manager serves it. Endpoints are still made, for the
family of the cluster address. It points to an upgrade under way, not to why names fail.

Limits: printed at verbosity 2 and above only.
Source: kubernetes/kubernetes v1.20.2, pkg/controller/endpointslice/utils.go
(getAddressTypesForService).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import ControllerManagerLogs
from diagnose.model import Finding, Remedy, Risk, Severity, Subject
from diagnose.remedies import look, quoted
from diagnose.signatures.controller_manager import IPFAMILIES_FALLBACK


@check(
    title="The controller manager guesses the address family of a Service",
    severity=Severity.INFO,
    family="ipfamilies",
)
def endpointslice_ipfamily_fallback(logs: ControllerManagerLogs) -> Iterator[Finding]:
    """Yield one finding per Service without the field."""
    last = {match["service"]: match for match in logs.matching(IPFAMILIES_FALLBACK)}
    for path, match in last.items():
        namespace, _, name = path.rpartition("/")
        space, service = quoted(namespace, "kube-system"), quoted(name, "kube-dns")
        family = match["family"] or "the address's own family"
        yield Finding(
            subject=Subject("Service", name, namespace),
            message=f"has no ipFamilies; its endpoints are made for {family}, so names still "
            "resolve: an upgrade under way, not an outage",
            quotes=(match.quote,),
            remedy=(
                look(
                    "See that the slices are there and fit the address",
                    f"kubectl -n {space} get endpointslices "
                    f"-l kubernetes.io/service-name={service}",
                    "kubectl version",
                    verify="addressType is the family of the cluster address",
                ),
                Remedy(
                    title="Finish the upgrade: one minor version for API server and controllers",
                    commands=("kubeadm upgrade apply <version>",),
                    risk=Risk.MANUAL,
                    verify=f"kubectl -n {space} get service {service} "
                    "-o jsonpath='{.spec.ipFamilies}'",
                ),
                Remedy(
                    title="Write the object once more, so that the field is filled in",
                    commands=(
                        f"kubectl -n {space} get service {service} -o yaml | kubectl replace -f -",
                    ),
                    risk=Risk.DISRUPTIVE,
                    verify="the line does not come again",
                ),
            ),
            at=match.at,
        )

"""The API server forbids kube-proxy to read what it makes rules of.

kube-proxy reads Services, EndpointSlices and Nodes. Its ClusterRole system:node-proxier is the API
server's own and is written anew at each of its starts; what gets lost is the role while the server
runs, the binding, or the account that the pods have. What kube-proxy wrote before stays in force.

Limits: an API server that has just started knows no roles yet and refuses once; that is left out.
Source: kubernetes/kubernetes v1.31.0, plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go
(system:node-proxier), cmd/kubeadm/app/phases/addons/proxy/proxy.go (kubeadm:node-proxier).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import ApiFailures
from diagnose.facts.api_failures import ApiFailure
from diagnose.facts.refused_permissions import lasting
from diagnose.findings import times
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted, restart_kube_proxy
from diagnose.signatures.base import Emitter
from diagnose.signatures.trouble import Reason

ACCOUNT = "system:serviceaccount:kube-system:kube-proxy"


@check(
    title="The API server forbids kube-proxy what it needs",
    severity=Severity.CRITICAL,
    family="service-proxy",
    explains=(
        "service-proxy-rules-missing",
        "service-proxy-rules-stale",
        "service-proxy-broken",
        "resolution-fails",
    ),
)
def kube_proxy_forbidden(failures: ApiFailures) -> Iterator[Finding]:
    """Yield one finding per kube-proxy, or one for those that are not named."""
    groups: dict[object, list[ApiFailure]] = {}
    for one in failures.failures:
        if one.trouble.reason is Reason.FORBIDDEN and not one.recovered and of_proxy(one):
            groups.setdefault(one.subject, []).append(one)
    for several in groups.values():
        first = several[0]
        account = first.trouble.user or ACCOUNT
        who = quoted(account, "<account>")
        what = dict.fromkeys(one.trouble.resource for one in several if one.trouble.resource)
        yield Finding(
            subject=first.subject,
            message=f"{account} may not read {', '.join(what) or 'what it needs'} "
            f"({times(sum(one.count for one in several))})",
            quotes=tuple(one.quote for one in several[:3]),
            remedy=(
                look(
                    "See what the account may do, and whether role and binding are there",
                    f"kubectl auth can-i list services -A --as={who}",
                    "kubectl get clusterrole system:node-proxier; kubectl get clusterrolebinding "
                    "-o wide | grep node-proxier",
                    verify="no; and which of the two is missing or names another account",
                ),
                Remedy(
                    title="Give the account the role again",
                    commands=(
                        "kubeadm init phase addon kube-proxy --config <kubeadm's configuration>",
                        "kubectl create clusterrolebinding kube-proxy "
                        "--clusterrole=system:node-proxier "
                        f"--serviceaccount={service_account(account)}  # without kubeadm",
                    ),
                    risk=Risk.DISRUPTIVE,
                    verify=f"kubectl auth can-i list services -A --as={who}  # yes",
                    why="a role that is gone comes back with the next start of an API server",
                ),
                restart_kube_proxy(first.subject.node),
            ),
            proven=lasting(several, failures),
            at=first.first_at,
        )


def of_proxy(failure: ApiFailure) -> bool:
    """Whether it is kube-proxy that was refused, by its account or by whose log says so."""
    if failure.trouble.user:
        return "kube-proxy" in failure.trouble.user
    return failure.emitter is Emitter.KUBE_PROXY


def service_account(user: str) -> str:
    """Return an account as kubectl's options name it: namespace:name."""
    return quoted(user.removeprefix("system:serviceaccount:"), "<account>")

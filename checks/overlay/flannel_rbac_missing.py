"""The API server refuses flannel's requests: its service account lacks rights.

flannel reads its own pod and all Nodes, and writes to the status of its own Node.

Limits: a refusal that was followed by success is left out: a server that has just started refuses
too.
Source: flannel-io/flannel v0.26.7, Documentation/kube-flannel.yml (ClusterRole flannel),
pkg/subnet/kube/kube.go; kubernetes/apiserver pkg/endpoints/handlers/responsewriters/errors.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import ApiFailures
from diagnose.findings import times
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted, restart_flannel
from diagnose.signatures.base import Emitter
from diagnose.signatures.trouble import Reason


@check(
    title="flannel lacks rights at the API server",
    severity=Severity.CRITICAL,
    family="rbac",
    explains=("flannel-daemonset-failing", "flannel-subnet-env-missing"),
)
def flannel_rbac_missing(failures: ApiFailures) -> Iterator[Finding]:
    """Yield one finding per flannel pod and resource that is refused."""
    for one in failures.failures:
        refused = one.trouble.reason is Reason.FORBIDDEN
        if one.emitter is not Emitter.FLANNEL or not refused or one.recovered:
            continue
        user = one.trouble.user
        yield Finding(
            subject=one.subject,
            message=f"{user or 'its account'} may not use {one.trouble.resource or 'what it needs'}"
            f" ({times(one.count)})",
            quotes=(one.quote,),
            remedy=(
                look(
                    "See what the account may do, and which account the pods have",
                    f"kubectl auth can-i list nodes --as={quoted(user, '<account>')}",
                    "kubectl get clusterrole,clusterrolebinding flannel -o yaml",
                    "kubectl -n kube-flannel get daemonset kube-flannel-ds -o yaml "
                    "| grep serviceAccount",
                    verify="no; or the binding names an account of another namespace",
                ),
                Remedy(
                    title="Apply flannel's manifest again: it holds role, binding and account",
                    commands=("kubectl apply -f kube-flannel.yml",),
                    risk=Risk.DISRUPTIVE,
                    verify=f"kubectl auth can-i list nodes --as={quoted(user, '<account>')}  # yes",
                    why="with the cluster's pod network as Network in it",
                ),
                restart_flannel(one.subject.node, one.subject.namespace or "kube-flannel"),
            ),
            at=one.first_at,
        )

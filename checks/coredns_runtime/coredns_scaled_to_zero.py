"""Nothing is to run CoreDNS: its Deployment wants no pod, or there is none.

Limits: absence is told only where Deployments and pods were looked for completely, and only of a
cluster whose DNS Service selects pods; CoreDNS may as well run outside of the cluster. That a
listing by label finds no pod is a possibility, since a cluster may use another label.
Source: kubernetes/kubernetes v1.30.5, staging/src/k8s.io/api/apps/v1/types.go (DeploymentSpec);
kubernetes-sigs/cluster-proportional-autoscaler v1.8, README.md (min).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import DNSWorkload
from diagnose.model import CLUSTER, Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted


@check(
    title="No CoreDNS is to run",
    severity=Severity.CRITICAL,
    family="no-endpoints",
    explains=("no-ready-endpoints",),
)
def coredns_scaled_to_zero(workload: DNSWorkload) -> Iterator[Finding]:
    """Yield one finding per Deployment without replicas, setting, or DNS Service without pods."""
    for one in workload.zero:
        space = quoted(one.subject.namespace, "kube-system")
        name = quoted(one.subject.name, "coredns")
        scaler = f"; {workload.scalers[0]} scales it" if workload.scalers else ""
        yield Finding(
            subject=one.subject,
            message=f"wants 0 pods{scaler}",
            quotes=(one.quote,),
            remedy=(
                look(
                    "See who set it: a person, a GitOps tool, or an autoscaler",
                    f"kubectl -n {space} get deployment {name} -o yaml --show-managed-fields "
                    "| grep -B3 -A3 replicas",
                    "kubectl get pods -A | grep -E 'dns.*autoscal|proportional'",
                    verify="the manager that last wrote spec.replicas",
                ),
                Remedy(
                    title="Run two replicas",
                    commands=(f"kubectl -n {space} scale deployment {name} --replicas=2",),
                    risk=Risk.DISRUPTIVE,
                    verify=f"kubectl -n {space} rollout status deployment {name}",
                    why="an autoscaler with min 0 takes it back: set its min to 2 as well",
                ),
            ),
        )
    for setting in workload.disabled:
        yield Finding(
            subject=CLUSTER,
            message=f"the distribution is told to leave out its {setting.name}",
            quotes=setting.quotes,
            remedy=install(),
            proven=False,
        )
    for listing in workload.none[:1]:
        yield Finding(
            subject=CLUSTER,
            message="no pod has the label of cluster DNS, k8s-app=kube-dns",
            quotes=(listing.quote,),
            remedy=install(),
            proven=False,
        )
    for listed, service in workload.absent:
        yield Finding(
            subject=service.subject,
            message="the pods of all namespaces are listed, and CoreDNS is not among them",
            quotes=(service.quote, listed.quote),
            remedy=install(),
            proven=False,
        )
    for service in workload.deserted:
        yield Finding(
            subject=service.subject,
            message="neither a Deployment nor a pod of CoreDNS is in the cluster",
            quotes=(service.quote.on("selector"),),
            remedy=install(),
        )


def install() -> tuple[Remedy, ...]:
    """Return the remedy where there is no CoreDNS at all."""
    return (
        look(
            "See whether the add-on is switched off, or another DNS server is in use",
            "kubectl get deployments,daemonsets,services -A | grep -i dns",
            "grep -A5 disable /etc/rancher/*/config.yaml  # k3s, RKE2, on a server",
            verify="nothing runs DNS, or the name of what does",
        ),
        Remedy(
            title="Install CoreDNS",
            commands=(
                "kubeadm init phase addon coredns  # kubeadm",
                "take coredns out of the disable list and restart  # k3s, RKE2",
            ),
            risk=Risk.DISRUPTIVE,
            verify="kubectl get pods -A -l k8s-app=kube-dns",
        ),
    )

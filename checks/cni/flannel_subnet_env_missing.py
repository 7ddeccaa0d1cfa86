"""flannel's subnet.env is not there, so its CNI plugin does not know the node's range.

flanneld writes the file once it has a lease. /run is emptied by a restart of the node, so for
seconds after it the file is rightly missing; failures that ended are history.

Limits: that flanneld does not run is another finding; this one says what its plugin misses.
Source: flannel-io/cni-plugin flannel.go (loadFlannelSubnetEnv), v1.1.2, v1.9.1; flannel-io/flannel
pkg/subnet/subnet.go (WriteSubnetFile).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import MissingSubnetEnvs, Pods
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted, restart_proxy


@check(
    title="flannel's subnet.env is missing",
    severity=Severity.CRITICAL,
    family="sandbox-subnet-env-missing",
    explains=("pods-stuck-container-creating",),
)
def flannel_subnet_env_missing(missing: MissingSubnetEnvs, pods: Pods | None) -> Iterator[Finding]:
    """Yield one finding per node whose flannel plugin finds no usable subnet.env."""
    daemons = pods.named("kube-flannel", "flannel") if pods else ()
    for one in missing.missing:
        node = one.subject.name if one.subject.kind == "Node" else one.subject.node
        here = [pod for pod in daemons if not node or pod.subject.node in ("", node)]
        note = "" if here or not daemons else "; no flannel pod is on that node"
        yield Finding(
            subject=one.subject,
            message=f"{one.message}{note}",
            quotes=one.quotes,
            remedy=(
                look(
                    "See whether flannel runs on the node, and why it did not write the file",
                    "kubectl get pods -A -l app=flannel -o wide",
                    "kubectl -n kube-flannel logs -l app=flannel --tail=50 --prefix",
                    verify="its last error, or no pod of flannel on "
                    f"{quoted(node, 'the node')}: then install it (again)",
                ),
                *restart_proxy(
                    node,
                    add_on="flannel",
                    where="Where its log says that the Service address does not answer",
                ),
                Remedy(
                    title="Stuck pods go on by themselves",
                    commands=("kubectl get pods -A -o wide | grep ContainerCreating",),
                    risk=Risk.SAFE,
                    verify="none is left after a minute",
                ),
            ),
            at=one.at,
        )

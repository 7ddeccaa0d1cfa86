"""Kubelets and the API server are of versions that do not work together.

A kubelet may be up to three minor versions older than the API server, and never newer: it asks for
resources and fields that the server does not know, and containers do not start.

Limits: a kubelet before 1.25 may be two minor versions older only; that is not told here. Without
the API server's version, only kubelets that no one server could serve are found.
Source: Kubernetes documentation, Version Skew Policy; kubernetes/kubernetes v1.30.5.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import KubeVersions
from diagnose.facts.kube_versions import Running
from diagnose.model import CLUSTER, Finding, Remedy, Risk, Severity
from diagnose.remedies import look

OLDEST = 3  # minor versions that a kubelet may stay behind the API server


@check(
    title="Versions of kubelets and API server do not work together",
    severity=Severity.CRITICAL,
    family="version-skew",
    explains=("api-resource-not-served",),
)
def kubelet_version_skew(versions: KubeVersions) -> Iterator[Finding]:
    """Yield one finding per kubelet that the API server does not serve, or one for all."""
    if versions.servers:
        server = min(versions.servers, key=lambda one: one.minor)
        for one in versions.kubelets:
            newer = one.minor > server.minor
            if newer or behind(one, server) > OLDEST:
                how = "newer than" if newer else f"more than {OLDEST} minor versions older than"
                yield finding(one, server, f"its kubelet {one.text} is {how} the API server")
        return
    kubelets = sorted(versions.kubelets, key=lambda one: one.minor)
    if kubelets and behind(kubelets[0], kubelets[-1]) > OLDEST:
        yield finding(
            kubelets[-1], kubelets[0], "kubelets lie so far apart that no API server serves all"
        )


def behind(one: Running, other: Running) -> int:
    """Return how many minor versions one is older than another; many across major versions."""
    return (other.minor[0] - one.minor[0]) * 100 + other.minor[1] - one.minor[1]


def finding(one: Running, other: Running, message: str) -> Finding:
    """Return the finding; its second version is the one that does not fit the first."""
    return Finding(
        subject=one.subject if "kubelet " in message else CLUSTER,
        message=f"{message} ({one.text} beside {other.text})",
        quotes=tuple(dict.fromkeys((one.quote, other.quote))),
        remedy=(
            look(
                "Compare the versions",
                "kubectl version",
                "kubectl get nodes -o custom-columns="
                "NAME:.metadata.name,KUBELET:.status.nodeInfo.kubeletVersion",
                verify="no kubelet newer than the server, none more than three minors older",
            ),
            Remedy(
                title="Bring the server up first, one minor version at a time, then the nodes",
                commands=(
                    "kubeadm upgrade apply <version>  # k3s, RKE2: the newer binary on the servers",
                    "or install the server's version of the kubelet on the node",
                ),
                risk=Risk.MANUAL,
                verify="corediag run --check kubelet-version-skew",
            ),
        ),
    )

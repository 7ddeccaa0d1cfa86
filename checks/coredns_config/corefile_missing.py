"""CoreDNS finds no Corefile where it looks for one.

The container runs, so its volumes are mounted: the file has another name than the argument -conf
gives, the volume lies elsewhere, or its ConfigMap may be absent (optional). A ConfigMap that the
kubelet waits for is another fault, see config-volume-missing.

Limits: which of these it is, the line does not tell.
Source: coredns/caddy v1.1.1, plugins.go (loadCaddyfileInput); coredns/coredns v1.12.0,
coremain/run.go (confLoader, defaultLoader).
"""

import posixpath
from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import CorefileFaults
from diagnose.facts.corefile_faults import CorefileFault, FaultKind
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import DNS_NAMESPACE, look, quoted, restart_coredns


@check(
    title="CoreDNS finds no Corefile",
    severity=Severity.CRITICAL,
    family="corefile-syntax",
    explains=("coredns-crashloop",),
)
def corefile_missing(faults: CorefileFaults) -> Iterator[Finding]:
    """Yield one finding per CoreDNS that could not open its file."""
    for one in faults.of(FaultKind.MISSING):
        yield Finding(
            subject=one.subject,
            message=f"cannot open {one.word or 'its Corefile'}, and ends at its start",
            quotes=one.quotes,
            remedy=steps(one),
            at=one.at,
        )


def steps(one: CorefileFault) -> tuple[Remedy, ...]:
    """Return the remedy: compare the path with what is mounted there, then bring it back."""
    space = quoted(one.subject.namespace, DNS_NAMESPACE)
    folder = posixpath.dirname(one.word) or "/etc/coredns"
    return (
        look(
            f"Compare the path of -conf with what is mounted at {folder}",
            f"kubectl -n {space} get deployment coredns -o jsonpath='{{..args}} {{..volumeMounts}} "
            "{..volumes}'",
            f"kubectl -n {space} get configmap coredns -o jsonpath='{{.data}}'",
            verify="the ConfigMap is there, its key is the file's name, and both paths agree",
        ),
        Remedy(
            title="Where the ConfigMap or its key is gone, restore it; where the paths differ, "
            "correct the Deployment",
            commands=(
                "kubeadm init phase addon coredns",
                f"kubectl -n {space} create configmap coredns --from-file=Corefile  # or from "
                "your own file",
            ),
            risk=Risk.DISRUPTIVE,
            verify="corediag run --check corefile-missing",
            why="kubeadm writes its default Corefile: own zones must be added again",
        ),
        restart_coredns("a pod in CrashLoopBackOff waits up to five minutes otherwise"),
    )

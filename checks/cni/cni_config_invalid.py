"""A CNI configuration cannot be read, or says what its plugin cannot do.

Limits: runtimes print it when they load the file, which may lie far back in their log; once a
sandbox started after it, it is history.
Source: containernetworking/cni v1.0.1, libcni/conf.go (ConfListFromBytes), pkg/skel/skel.go;
containerd/go-cni opts.go; cri-o/ocicni pkg/ocicni/ocicni.go; containernetworking/plugins v1.9.1,
plugins/ipam/host-local/backend/allocator/config.go, and what the other plugins say of theirs.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import CNIConfigFaults
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import NODE, look, quoted, restart_flannel


@check(
    title="A CNI configuration cannot be used",
    severity=Severity.CRITICAL,
    family="sandbox-other",
    explains=("cni-config-uninitialized", "pods-stuck-container-creating"),
)
def cni_config_invalid(faults: CNIConfigFaults) -> Iterator[Finding]:
    """Yield one finding per node whose CNI configuration is refused."""
    for one in faults.faults:
        node = one.subject.name if one.subject.kind == "Node" else one.subject.node
        where = quoted(node, NODE)
        yield Finding(
            subject=one.subject,
            message=f"{one.file or 'the CNI configuration'}: {one.reason[:160]}",
            quotes=one.quotes[:3],
            remedy=(
                look(
                    "See which file does not parse, and what it says",
                    "for f in /etc/cni/net.d/*.conf*; do python3 -m json.tool <$f >/dev/null "
                    f"|| echo $f; done  # on {where}",
                    "grep -n __ /etc/cni/net.d/*",
                    verify="the file is named: cut short, a comma too many, a placeholder left in",
                ),
                Remedy(
                    title="Correct it where it comes from: the add-on's ConfigMap",
                    commands=(
                        "kubectl -n kube-flannel edit configmap kube-flannel-cfg"
                        "  # flannel: cni-conf.json",
                    ),
                    risk=Risk.DISRUPTIVE,
                    verify="kubectl -n kube-flannel get configmap kube-flannel-cfg "
                    "-o jsonpath='{.data.cni-conf\\.json}' | python3 -m json.tool",
                ),
                restart_flannel(node),
                look(
                    "See that the runtime has loaded it",
                    f"crictl info | grep -A3 NetworkReady  # on {where}",
                    verify="status: true",
                ),
            ),
            at=one.at,
        )

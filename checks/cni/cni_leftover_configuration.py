"""Two CNI configurations are on a node, and the first in the order of their names wins.

kubeadm reset leaves /etc/cni/net.d alone, packages of CRI-O and podman bring a bridge
configuration of their own, and an add-on that was replaced may have left its file.

Limits: Multus writes a file beside the one of its delegate on purpose; a loopback configuration is
none of a network.
Source: containerd/go-cni v1.1.9, opts.go (WithDefaultConf); cri-o/ocicni pkg/ocicni/ocicni.go;
kubernetes/kubeadm issue 1259.
"""

import re
from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import CNIConfigs
from diagnose.facts.cni_config import CNIConfig
from diagnose.model import Finding, Remedy, Risk, Severity, Subject
from diagnose.remedies import NODE, look, quoted

BESIDE = frozenset({"multus", "multus-shim", "loopback"})  # rightly beside another one
FILES = re.compile(r"\.(?:conflist|conf|json)$")


@check(
    title="Two CNI configurations on a node",
    severity=Severity.CRITICAL,
    family="sandbox-other",
    explains=(
        "cni0-conflict",
        "calico-node-not-running",
        "cilium-agent-unreachable",
        "pods-stuck-container-creating",
        "pod-network-cross-node-broken",
    ),
)
def cni_leftover_configuration(configs: CNIConfigs) -> Iterator[Finding]:
    """Yield one finding per node with more than one network in its CNI folder."""
    folders: dict[tuple[Subject, str], dict[str, CNIConfig]] = {}
    for one in configs.configs:
        path = one.path or one.origin
        folder, _, file = path.rpartition("/")
        if FILES.search(path) and not BESIDE & set(one.plugins):
            folders.setdefault((one.subject, folder), {}).setdefault(file, one)
    for (subject, folder), files in folders.items():
        names = {one.name or file for file, one in files.items()}
        if len(files) < 2 or len(names) < 2 or multus(configs, subject):
            continue
        first, *others = sorted(files)
        where = quoted(subject.name if subject.kind == "Node" else subject.node, NODE)
        yield Finding(
            subject=subject if subject.kind else Subject("Node"),
            message=f"{first} ({network(files[first])}) comes before "
            + ", ".join(f"{file} ({network(files[file])})" for file in others),
            quotes=tuple(files[file].quote for file in sorted(files)[:3]),
            remedy=(
                look(
                    "See which of them is of the add-on that runs",
                    f"ls -l {folder or '/etc/cni/net.d'}  # on {where}",
                    "kubectl get daemonsets -A",
                    verify="one file is of no DaemonSet that runs",
                ),
                Remedy(
                    title="Move the leftover away",
                    commands=(
                        "mkdir -p /root/cni-old && mv /etc/cni/net.d/<leftover> /root/cni-old/",
                        "systemctl restart containerd",
                    ),
                    risk=Risk.DISRUPTIVE,
                    verify="crictl info | grep -A2 lastCNILoadStatus  # OK",
                ),
                Remedy(
                    title="Recreate the pods that got an address of the wrong network",
                    commands=(
                        f"kubectl get pods -A -o wide --field-selector spec.nodeName={where}",
                        "kubectl -n kube-system delete pod -l k8s-app=kube-dns "
                        f"--field-selector spec.nodeName={where}",
                    ),
                    risk=Risk.DISRUPTIVE,
                    verify="every pod's address is of the node's range",
                ),
            ),
            proven=False,
        )


def multus(configs: CNIConfigs, subject: Subject) -> bool:
    """Whether Multus serves the node: then a second file is its delegate's."""
    return any(
        one.subject == subject and {"multus", "multus-shim"} & set(one.plugins)
        for one in configs.configs
    )


def network(config: CNIConfig) -> str:
    """Return what a configuration calls itself and what it runs first."""
    plugin = config.plugins[0] if config.plugins else ""
    return " of ".join(word for word in (config.name, plugin) if word) or "unnamed"

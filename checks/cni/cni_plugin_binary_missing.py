"""A CNI plugin's binary is not where the runtime looks for it.

A sandbox that fails for it says so; CRI-O says so when it reads its configuration, and then has no
network; a node's own files show it too, when its configuration names a plugin that its folder does
not hold.

Limits: the path in the message is the runtime's; the binary may well be on the node elsewhere
(/usr/libexec/cni, /usr/lib/cni), where a distribution's package put it. By files alone it is
therefore a possibility.
Source: containernetworking/cni pkg/invoke/find.go (FindInPath), v1.1.2.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import MissingPlugins
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted, restart_flannel


@check(
    title="A CNI plugin's binary is missing",
    severity=Severity.CRITICAL,
    family="sandbox-cni-plugin-missing",
    explains=("pods-stuck-container-creating", "cni-config-uninitialized", "node-not-ready"),
)
def cni_plugin_binary_missing(missing: MissingPlugins) -> Iterator[Finding]:
    """Yield one finding per node and plugin that is not there."""
    for one in missing.plugins:
        if one.refused:
            continue
        node = one.subject.name if one.subject.kind == "Node" else one.subject.node
        where, plugin, folder = quoted(node, "the node"), one.plugin, one.folder
        yield Finding(
            subject=one.subject,
            message=f"{plugin} {one.what}",
            quotes=one.quotes,
            remedy=(
                look(
                    "See where the plugins are",
                    f"ls -l {folder} /usr/libexec/cni /usr/lib/cni  # on {where}",
                    verify=f"{plugin} is missing from {folder}, or stands in another folder",
                ),
                *(
                    (restart_flannel(node),)
                    if plugin == "flannel"
                    else (
                        Remedy(
                            title="Install the reference plugins",
                            commands=(
                                "apt-get install -y containernetworking-plugins "
                                "|| dnf install -y containernetworking-plugins",
                            ),
                            risk=Risk.DISRUPTIVE,
                            verify=f"ls -l {folder}/{plugin}",
                            why="the flannel plugin is not among them: flannel's init container "
                            "copies it",
                        ),
                    )
                ),
                Remedy(
                    title="Where they stand in another folder, point the runtime to it",
                    commands=(
                        "set bin_dir in /etc/containerd/config.toml (CRI-O: plugin_dirs)",
                        "systemctl restart containerd",
                    ),
                    risk=Risk.DISRUPTIVE,
                    verify="kubectl get events -A --field-selector reason=FailedCreatePodSandBox",
                ),
            ),
            proven=one.proven,
            at=one.at,
        )

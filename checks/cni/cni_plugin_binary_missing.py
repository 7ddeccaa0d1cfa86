"""A CNI plugin's binary is not where the runtime looks for it.

Limits: the path in the message is the runtime's; the binary may well be on the node elsewhere
(/usr/libexec/cni, /usr/lib/cni), where a distribution's package put it.
Source: containernetworking/cni pkg/invoke/find.go (FindInPath), v1.1.2.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import SandboxFailures
from diagnose.facts.sandbox import by_place, seen
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted, restart_flannel
from diagnose.signatures.cni import PLUGIN_MISSING, PLUGIN_NOT_EXECUTABLE


@check(
    title="A CNI plugin's binary is missing",
    severity=Severity.CRITICAL,
    family="sandbox-cni-plugin-missing",
    explains=("pods-stuck-container-creating", "cni-config-uninitialized"),
    also=("cni-plugin-not-executable",),
)
def cni_plugin_binary_missing(failures: SandboxFailures) -> Iterator[Finding]:
    """Yield one finding per node and plugin that cannot be executed there."""
    for place, several in by_place(failures.matching(PLUGIN_MISSING, PLUGIN_NOT_EXECUTABLE)):
        match = next(
            reason
            for one in several
            for reason in one.reasons
            if reason.signature in (PLUGIN_MISSING.name, PLUGIN_NOT_EXECUTABLE.name)
        )
        plugin = match["plugin"] or match["path"].rpartition("/")[2] or "the plugin"
        folder = (match["path"].strip("[]").split(" ") or [""])[0] or "/opt/cni/bin"
        if match.signature == PLUGIN_NOT_EXECUTABLE.name:
            folder, what = folder.rpartition("/")[0], f"cannot be executed: {match['reason']}"
        else:
            what = f"is not in {folder}"
        node = place.name if place.kind == "Node" else place.node
        where = quoted(node, "the node")
        yield Finding(
            subject=place,
            message=f"{plugin} {what} ({seen(several)})",
            quotes=tuple(one.quote for one in several[:3]),
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
            at=several[0].first_at,
        )

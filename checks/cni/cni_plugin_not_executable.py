"""A CNI plugin's binary is there, and the kernel does not run it.

It is for another kind of processor, was copied in part, lacks the permission or lies on a file
system mounted noexec, a security module denies it, or the program that starts it is not there.

Limits: "permission denied" does not tell a mode from a mount or a security module.
Source: golang/go os/exec_posix.go (startProcess), through containernetworking/cni v1.1.2,
pkg/invoke/raw_exec.go (pluginErr); Linux execve(2).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import MissingPlugins
from diagnose.facts.missing_plugins import MissingPlugin
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import NODE, look, quoted, restart_flannel, stuck_pods_go_on

DENIED = ("permission denied", "operation not permitted")
WRONG_FILE = ("exec format error", "no such file or directory")


@check(
    title="A CNI plugin's binary cannot be executed",
    severity=Severity.CRITICAL,
    family="sandbox-cni-plugin-missing",
    explains=("pods-stuck-container-creating",),
)
def cni_plugin_not_executable(missing: MissingPlugins) -> Iterator[Finding]:
    """Yield one finding per node and plugin that the kernel refuses to run."""
    for one in missing.plugins:
        if one.refused:
            yield Finding(
                subject=one.subject,
                message=f"{one.plugin} {one.what}",
                quotes=one.quotes,
                remedy=steps(one),
                proven=one.proven,
                at=one.at,
            )


def steps(one: MissingPlugin) -> tuple[Remedy, ...]:
    """Return the remedy for what the kernel says of the file."""
    node = one.subject.name if one.subject.kind == "Node" else one.subject.node
    path = quoted(f"{one.folder}/{one.plugin}", "<plugin>")
    first = look(
        "See what the file is, what the node is, and who denies it",
        f"ls -lZ {path}; file {path}; uname -m  # on {quoted(node, NODE)}",
        f"findmnt -T {path} -o TARGET,OPTIONS; ausearch -m avc -ts recent; dmesg | tail",
        f"{path} </dev/null",
        verify="the file is whole, for this machine, executable and not under noexec; by hand it "
        "prints a line about CNI",
    )
    if one.refused in DENIED:
        return (
            first,
            Remedy(
                title="Permit it: the mode, the mount or the label",
                commands=(
                    f"chmod 755 {path}",
                    "mount -o remount,exec <mount point>  # and in /etc/fstab",
                    f"restorecon -Rv {quoted(one.folder, '/opt/cni/bin')}",
                ),
                risk=Risk.DISRUPTIVE,
                verify=f"{path} </dev/null",
            ),
            stuck_pods_go_on(),
        )
    if one.refused in WRONG_FILE:
        again = (
            restart_flannel(node, title="Restart flannel, whose init container copies its plugin")
            if one.plugin == "flannel"
            else Remedy(
                title="Install the plugins again, for the node's kind of processor",
                commands=(
                    "apt-get install --reinstall containernetworking-plugins "
                    "|| dnf reinstall -y containernetworking-plugins",
                ),
                risk=Risk.DISRUPTIVE,
                verify=f"file {path}  # fits uname -m",
                why="an add-on that copies its own plugins copies those of its image: see that "
                "this is one for the node's architecture",
            )
        )
        return (first, again, stuck_pods_go_on())
    return (
        first,
        Remedy(
            title="Let the copy end, or repair the disk, and install the plugins again",
            commands=(f"fuser -v {path}; dmesg | grep -i -e error -e ext4 -e xfs",),
            risk=Risk.MANUAL,
            verify=f"{path} </dev/null",
        ),
        stuck_pods_go_on(),
    )

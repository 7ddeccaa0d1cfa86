"""One node: its file system, its containerd and its kubelet."""

import json
import os
import shutil
from pathlib import Path

from lab import plan
from lab.build import Built
from lab.certificates import kubeconfig as kubeconfig_text
from lab.images import PAUSE, Image, archive
from lab.process import LabError, say, wait_for
from lab.spaces import MARK, Space

CNI_BINARIES = Path("/usr/lib/cni")
CNI_WANTED = ("bandwidth", "bridge", "host-local", "loopback", "portmap")
FOLDERS = {  # path on the node -> folder below the node's state
    "/opt/cni/bin": "cni-bin",
    "/var/lib/cni": "cni-state",
    "/var/lib/containerd": "containerd",
    "/var/lib/etcd": "etcd",
    "/var/lib/kubelet": "kubelet",
    "/var/log": "log",
}
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
KUBELET_CONFIG = "/etc/kubernetes/kubelet.json"
RESOLV_CONF = "/etc/resolv.conf"
CGROUPS = Path("/sys/fs/cgroup")


def state(node: plan.Node) -> Path:
    """Return the folder that holds what the node writes."""
    return plan.state() / node.name


def prepare(space: Space, node: plan.Node) -> None:
    """Assert that the node has a file system of its own where it writes, and its sysctls."""
    etc = state(node) / "etc"
    for folder in (etc / "upper", etc / "work"):
        folder.mkdir(parents=True, exist_ok=True)
    mounts = []
    for inside, name in FOLDERS.items():
        outside = state(node) / name
        outside.mkdir(parents=True, exist_ok=True)
        mounts.append(f"mkdir -p {inside}; bind {outside} {inside}")
    space.shell(
        f"""
        bind() {{ mountpoint -q "$2" || mount --bind "$1" "$2"; mount --make-rshared "$2"; }}
        mountpoint -q /run || mount -t tmpfs -o mode=755 lab /run
        mount --make-rshared /run
        mountpoint -q /etc ||
          mount -t overlay -o lowerdir=/etc,upperdir={etc}/upper,workdir={etc}/work lab /etc
        {chr(10).join(mounts)}
        mkdir -p /run/netns /run/flannel /var/log/pods /var/log/containers /etc/cni/net.d
        echo 1 > /proc/sys/net/ipv4/ip_forward
        echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables
        echo 1 > /proc/sys/net/bridge/bridge-nf-call-ip6tables
        echo {node.name} > /etc/hostname
        """
    )
    write_resolv_conf(space)
    for name in CNI_WANTED:
        restore_cni_binary(node, name)


def write_resolv_conf(space: Space, text: str = plan.RESOLV_CONF) -> None:
    """Assert that the node's resolv.conf holds this text, also where it was removed."""
    space.write(RESOLV_CONF, text)


def restore_cni_binary(node: plan.Node, name: str) -> None:
    """Assert that a CNI plugin of the distribution is where the runtime looks for it."""
    target = state(node) / "cni-bin" / name
    if not target.exists():
        half = target.with_name(f".{name}")
        shutil.copy2(CNI_BINARIES / name, half)
        half.rename(target)


# ---------------------------------------------------------------- containerd


def start_containerd(space: Space, *, path: str = PATH) -> None:
    """Assert that containerd runs and answers; `path` is where it finds iptables."""
    if not space.daemon_pid("containerd"):
        space.write("/etc/containerd/config.toml", _containerd_config())
        space.daemon("containerd", "/usr/bin/containerd", path=path)
    wait_for(
        f"containerd of {space.name}",
        lambda: space.run("ctr", "version", check=False).returncode == 0,
        explain=lambda: tail(space, "containerd"),
    )


def _containerd_config() -> str:
    return f"""version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "docker.io/{PAUSE}"
  # A root without CAP_SYS_RESOURCE cannot lower oom_score_adj, and runc would only say "EOF".
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/opt/cni/bin"
    conf_dir = "/etc/cni/net.d"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
"""


def import_images(space: Space, images: tuple[Image, ...]) -> None:
    """Assert that the node holds these images, as a node does after its pulls."""
    have = set(space.output("ctr", "-n", "k8s.io", "images", "ls", "-q").splitlines())
    for image in images:
        tar = archive(image)
        stamp = space.root / "var/lib/containerd" / f".{tar.name}.imported"
        if f"docker.io/{image.name}" in have and stamp.exists():
            continue
        space.run("ctr", "-n", "k8s.io", "images", "import", tar, timeout_s=600)
        stamp.touch()


# ---------------------------------------------------------------- kubelet


def start_kubelet(space: Space, node: plan.Node, built: Built) -> None:
    """Assert that the kubelet runs, with the configuration that lies on the node."""
    if space.daemon_pid("kubelet"):
        return
    make_cgroups(node)
    space.daemon(
        "kubelet",
        built.command("kubelet"),
        f"--config={KUBELET_CONFIG}",
        "--kubeconfig=/etc/kubernetes/kubelet.kubeconfig",
        f"--hostname-override={node.name}",
        f"--node-ip={node.address}",
        *(
            ("--node-labels=node.kubernetes.io/exclude-from-external-load-balancers=",)
            if node.control_plane
            else ()
        ),
        "--v=2",
        path=PATH,
    )


def restart_kubelet(space: Space, node: plan.Node, built: Built) -> None:
    """Assert that a kubelet runs that has read its configuration anew."""
    space.stop("kubelet")
    start_kubelet(space, node, built)


def write_kubelet_files(space: Space, node: plan.Node, pki: Path) -> None:
    """Assert that the kubelet's identity and configuration lie on the node."""
    for name in ("ca.crt", f"{node.name}.crt", f"{node.name}.key"):
        space.write(f"/etc/kubernetes/pki/{name}", (pki / name).read_text(), 0o600)
    text = kubeconfig_text(pki, node.name, plan.API_URL)
    space.write("/etc/kubernetes/kubelet.kubeconfig", text, 0o600)
    space.write(KUBELET_CONFIG, json.dumps(kubelet_config(node), indent=1))
    (space.root / "etc/kubernetes/manifests").mkdir(parents=True, exist_ok=True)


def kubelet_config(node: plan.Node) -> dict[str, object]:
    """Return the kubelet's configuration; faults change it and restart the kubelet."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": "/etc/kubernetes/pki/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{MARK}/{node.name}",
        "clusterDNS": [plan.DNS_SERVICE],
        "clusterDomain": plan.DOMAIN,
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "eventRecordQPS": 0,  # a dropped event would be evidence that no real cluster lacks
        "evictionHard": {"memory.available": "50Mi", "nodefs.available": "1%"},
        "failCgroupV1": False,
        "failSwapOn": False,
        "imageGCHighThresholdPercent": 100,  # images come from no registry: none may go
        "nodeStatusUpdateFrequency": "4s",
        "resolvConf": RESOLV_CONF,
        "syncFrequency": "10s",
        "staticPodPath": "/etc/kubernetes/manifests",
        "tlsCertFile": f"/etc/kubernetes/pki/{node.name}.crt",
        "tlsPrivateKeyFile": f"/etc/kubernetes/pki/{node.name}.key",
    }


def tail(space: Space, daemon: str, lines: int = 15) -> str:
    """Return the last lines of a daemon's log."""
    return "\n".join(space.read(f"/var/log/{daemon}.log").splitlines()[-lines:])


# ---------------------------------------------------------------- cgroups


def cgroup_trees() -> list[Path]:
    """Return the lab's folder in every cgroup hierarchy of this machine."""
    if (CGROUPS / "cgroup.controllers").exists():
        return [CGROUPS / MARK]
    found: dict[int, Path] = {}
    for folder in sorted(CGROUPS.iterdir()):
        if (folder / "cgroup.procs").exists():
            found.setdefault(folder.stat().st_dev, folder / MARK)
    return list(found.values())


def make_cgroups(node: plan.Node) -> None:
    """Assert that the node's cgroup root exists, which a kubelet does not make itself."""
    for tree in cgroup_trees():
        (tree / node.name).mkdir(parents=True, exist_ok=True)
        if (tree.parent / "cgroup.controllers").exists():
            wanted = (tree.parent / "cgroup.controllers").read_text().split()
            for folder in (tree.parent, tree):
                for controller in wanted:
                    _try_write(folder / "cgroup.subtree_control", f"+{controller}")
        for name in ("cpuset.cpus", "cpuset.mems"):
            for folder in (tree, tree / node.name):
                if (folder / name).exists() and not (folder / name).read_text().strip():
                    _try_write(folder / name, (tree.parent / name).read_text())


def _try_write(path: Path, text: str) -> None:
    try:
        path.write_text(text)
    except OSError as error:  # a controller that cannot be delegated is not needed by the lab
        say(f"{path}: {error.strerror}")


def remove_cgroups() -> None:
    """Assert that no cgroup of the lab exists; its processes have ended before."""
    for tree in cgroup_trees():
        for folder, _, _ in os.walk(tree, topdown=False):
            try:
                Path(folder).rmdir()
            except OSError as error:
                raise LabError(f"{folder}: {error.strerror}") from error

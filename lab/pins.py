"""What the lab is built from: every version that is chosen, as data.

A part's folder in the cache is named after its pins, so a changed line here builds that part
anew and nothing else. etcd, containerd, runc and iptables are Debian's, whatever its release has.
"""

from dataclasses import dataclass

KUBERNETES = "1.35.4"
STAGING = "0.35.4"  # k8s.io/api and its siblings carry the minor version of Kubernetes
FLANNEL = "0.26.7"  # 0.28 needs modules that the module proxy does not serve
FLANNEL_CNI = "0.9.1"  # the last release in which the CNI plugins still held this one
COREDNS = "1.12.4"
COREDNS_TRIED = ("1.9.3", "1.12.4", "1.15.0")  # each prints some faults in its own words


@dataclass(frozen=True)
class GoPart:
    """Commands of one Go module; `packages` are the import paths of the commands."""

    name: str
    module: str
    version: str
    packages: tuple[str, ...]
    ldflags: str = "-s -w"
    cgo: bool = False
    staging: str = ""  # version that replaces the module's in-tree ./staging modules
    rename: tuple[tuple[str, str], ...] = ()


def _kubernetes() -> GoPart:
    major, minor, _ = KUBERNETES.split(".")
    stamp = "k8s.io/component-base/version"
    commands = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet")
    return GoPart(
        name="kubernetes",
        module="k8s.io/kubernetes",
        version=f"v{KUBERNETES}",
        packages=tuple(
            f"k8s.io/kubernetes/cmd/{command}" for command in (*commands, "kube-proxy", "kubectl")
        ),
        # Unstamped binaries call themselves v0.0.0-master, and so does node.status.nodeInfo.
        ldflags=(
            f"-s -w -X {stamp}.gitVersion=v{KUBERNETES}"
            f" -X {stamp}.gitMajor={major} -X {stamp}.gitMinor={minor}"
        ),
        staging=f"v{STAGING}",
    )


def coredns(version: str) -> GoPart:
    """Return the part that builds one version of CoreDNS."""
    module = "github.com/coredns/coredns"
    # Before 1.11 its golang.org/x/net links into package syscall, which Go 1.23 ended.
    old = tuple(map(int, version.split(".")[:2])) < (1, 11)
    ldflags = "-s -w -checklinkname=0" if old else "-s -w"
    return GoPart(f"coredns-{version}", module, f"v{version}", (module,), ldflags)


PARTS = (
    _kubernetes(),
    GoPart(
        name="flannel",
        module="github.com/flannel-io/flannel",
        version=f"v{FLANNEL}",
        packages=("github.com/flannel-io/flannel",),
        ldflags=(
            f"-s -w -X github.com/flannel-io/flannel/pkg/version.Version=v{FLANNEL}"
            " -linkmode external -extldflags -static"
        ),
        cgo=True,  # its udp backend is C
        rename=(("flannel", "flanneld"),),
    ),
    GoPart(
        name="flannel-cni",
        module="github.com/containernetworking/plugins",
        version=f"v{FLANNEL_CNI}",
        packages=("github.com/containernetworking/plugins/plugins/meta/flannel",),
    ),
)

DEBIAN = (
    "busybox-static",
    "conntrack",
    "containerd",
    "containernetworking-plugins",
    "ethtool",
    "gcc",
    "iproute2",
    "iptables",
    "kmod",
    "libc6-dev",
    "nftables",
    "openssl",
    "etcd-server",
    "runc",
    "socat",
    "util-linux",
)

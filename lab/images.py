"""Writes container images from built commands, without a registry and without a builder.

An image is one layer of files; the archive is Docker's format, which `ctr images import` reads.
"""

import hashlib
import io
import json
import os
import re
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lab.build import Built, cache
from lab.pins import FLANNEL, FLANNEL_CNI, KUBERNETES
from lab.process import run

XTABLES = Path("/usr/lib/x86_64-linux-gnu/xtables")
# Debian's busybox has no UDP in its nc, which those of Alpine and of most images have.
BASH = ("usr/bin/bash", Path("/usr/bin/bash"))
# The value that `setcap cap_net_bind_service=+ep` writes: revision 2 with the effective bit,
# permitted bit 10. CoreDNS's own image carries it, since it runs as nobody and binds port 53.
NET_BIND_SERVICE = "\x01\x00\x00\x02\x00\x04\x00\x00" + "\x00" * 12


@dataclass(frozen=True)
class Image:
    """What an image holds: commands by their paths inside, links, and how it starts."""

    name: str
    files: tuple[tuple[str, Path], ...]
    links: tuple[tuple[str, str], ...] = ()
    entrypoint: tuple[str, ...] = ()
    user: str = ""
    capability: str = ""  # path inside that may bind low ports as nobody


PAUSE = "lab/pause:3.10"
BUSYBOX_COMMANDS = (
    "cat", "cp", "date", "dd", "env", "grep", "head", "hexdump", "id", "ip", "kill", "ls",
    "mkdir", "nc", "netstat", "nslookup", "od", "ping", "ps", "rm", "route", "sh", "sleep",
    "tail", "test", "timeout", "top", "traceroute", "true", "vi", "wget",
)  # fmt: skip
IPTABLES_COMMANDS = tuple(
    f"{family}{suffix}"
    for family in ("iptables", "ip6tables")
    for suffix in ("", "-save", "-restore")
)


def cluster_images(built: Built, version_of_coredns: str) -> tuple[Image, ...]:
    """Return the images that every node gets."""
    kubernetes = f"v{KUBERNETES}"
    return (
        Image(PAUSE, (("pause", built.command("pause")),), entrypoint=("/pause",)),
        Image(
            f"lab/kube-proxy:{kubernetes}",
            (("usr/local/bin/kube-proxy", built.command("kube-proxy")), *_iptables()),
            _shell() + _iptables_links(),
        ),
        Image(
            f"flannel/flannel:v{FLANNEL}",
            (("opt/bin/flanneld", built.command("flanneld")), BASH, *_iptables()),
            _shell() + _iptables_links(),
        ),
        Image(
            f"flannel/flannel-cni-plugin:v{FLANNEL_CNI}",
            (("flannel", built.command("flannel")), _busybox()),
            _shell(),
        ),
        coredns_image(built, version_of_coredns),
        Image("lab/client:1", (_busybox(), BASH), _shell()),
    )


def coredns_image(built: Built, version: str) -> Image:
    """Return CoreDNS's image: the one command, run as nobody with leave to bind port 53."""
    return Image(
        f"coredns/coredns:{version}",
        (("coredns", built.command("coredns")),),
        entrypoint=("/coredns",),
        user="65532:65532",
        capability="coredns",
    )


def control_plane_images(built: Built) -> tuple[Image, ...]:
    """Return the images of the static pods of the first node."""
    names = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
    return (
        *(
            Image(f"lab/{name}:v{KUBERNETES}", ((f"usr/local/bin/{name}", built.command(name)),))
            for name in names
        ),
        Image("lab/etcd:debian", (("usr/bin/etcd", Path("/usr/bin/etcd")),)),
    )


def archive(image: Image) -> Path:
    """Return the image's archive, written unless the cache holds it."""
    files = dict(_with_libraries(image.files))
    stamps = [(inside, str(path), path.stat().st_mtime_ns) for inside, path in files.items()]
    told = json.dumps([image.name, stamps, image.links, image.entrypoint, image.user])
    key = hashlib.sha256(told.encode()).hexdigest()[:12]
    path = cache() / "images" / f"{re.sub(r'[/:]', '_', image.name)}-{key}.tar"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_name(f".{path.name}.{os.getpid()}")
        _write(image, files, half)
        half.rename(path)
    return path


def _write(image: Image, files: dict[str, Path], to: Path) -> None:
    layer = to.with_suffix(".layer")
    try:
        with tarfile.open(layer, "w", format=tarfile.PAX_FORMAT) as tar:
            for folder in ("tmp", "run", "etc", "var", "var/run"):
                tar.addfile(_entry(folder, tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755))
            for inside, path in sorted(files.items()):
                entry = _entry(inside, tarfile.REGTYPE, 0o755)
                entry.size = path.stat().st_size
                if inside == image.capability:
                    entry.pax_headers = {"SCHILY.xattr.security.capability": NET_BIND_SERVICE}
                with path.open("rb") as stream:
                    tar.addfile(entry, stream)
            for inside, target in image.links:
                entry = _entry(inside, tarfile.SYMTYPE, 0o777)
                entry.linkname = target
                tar.addfile(entry)
        with layer.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        config = json.dumps(
            {
                "architecture": "amd64",
                "os": "linux",
                "config": {
                    "Entrypoint": list(image.entrypoint) or None,
                    "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
                    "User": image.user,
                },
                "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
                "history": [{"created_by": "corediag lab"}],
            }
        ).encode()
        name = hashlib.sha256(config).hexdigest()
        tag = f"docker.io/{image.name}"
        manifest = [{"Config": f"{name}.json", "RepoTags": [tag], "Layers": ["layer.tar"]}]
        with tarfile.open(to, "w") as tar:
            tar.add(layer, "layer.tar")
            for inside, content in (
                (f"{name}.json", config),
                ("manifest.json", json.dumps(manifest).encode()),
            ):
                entry = _entry(inside, tarfile.REGTYPE, 0o644)
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
    finally:
        layer.unlink(missing_ok=True)


def _entry(name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type = kind
    entry.mode = mode
    return entry


def _busybox() -> tuple[str, Path]:
    return ("bin/busybox", Path(shutil.which("busybox") or "/bin/busybox"))


def _shell() -> tuple[tuple[str, str], ...]:
    return tuple((f"bin/{command}", "busybox") for command in BUSYBOX_COMMANDS)


def _iptables() -> Iterator[tuple[str, Path]]:
    yield _busybox()
    for command in ("xtables-nft-multi", "xtables-legacy-multi"):
        yield (f"usr/sbin/{command}", Path("/usr/sbin") / command)
    yield ("usr/sbin/conntrack", Path("/usr/sbin/conntrack"))
    for extension in sorted(XTABLES.glob("*.so")):
        yield (str(extension)[1:], extension.resolve())


def _iptables_links() -> tuple[tuple[str, str], ...]:
    return tuple((f"usr/sbin/{command}", "xtables-nft-multi") for command in IPTABLES_COMMANDS)


def _with_libraries(files: tuple[tuple[str, Path], ...]) -> Iterator[tuple[str, Path]]:
    yield from files
    # Debian's alone; ours are static. Extensions count too: libxt_statistic.so wants libm.
    if linked := [path for _, path in files if path.is_relative_to("/usr")]:
        said = run("ldd", *linked, check=False).stdout  # it fails for those that are static
        for library in sorted(set(re.findall(r"(/\S+\.so\S*) \(0x", said))):
            yield library[1:], Path(library).resolve()

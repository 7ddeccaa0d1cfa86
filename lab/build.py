"""Builds the parts of the lab into the cache, each in a folder named after its pins."""

import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lab.pins import DEBIAN, PARTS, GoPart, coredns
from lab.process import LabError, Missing, run, say

# What the go command says when a module cannot be had; cmd/go/internal/modfetch and web.
NOT_FETCHED = re.compile(
    r"dial tcp|no such host|i/o timeout|connection refused|TLS handshake|reading https?://"
    r"|module lookup disabled|40[0-9] [A-Z]|410 Gone|50[0-9] [A-Z]"
)
PROGRAMS = Path(__file__).parent / "programs"


def cache() -> Path:
    """Return the folder that keeps what was built, outside the checkout."""
    if chosen := os.environ.get("COREDIAG_LAB_CACHE"):
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "corediag-lab"


@dataclass(frozen=True)
class Built:
    """Where the commands lie, by their names."""

    folders: tuple[Path, ...]

    def command(self, name: str) -> Path:
        """Return the path of a built command."""
        for folder in self.folders:
            if (folder / name).is_file():
                return folder / name
        raise LabError(f"{name} was not built")


def missing_prerequisites() -> list[str]:
    """Return one line per thing that this machine lacks, in the order to mend them."""
    lacks = []
    if platform.system() != "Linux":
        lacks.append("Linux: the lab is made of network namespaces")
    elif os.geteuid() != 0:
        lacks.append("root: the lab makes namespaces, mounts and links")
    elif said := refused_namespaces():
        lacks.append(f"namespaces of its own: {said}")
    if not shutil.which("go"):
        lacks.append("Go: the cluster is built from Go modules")
    if not shutil.which("apt-get"):
        lacks.append("apt-get: etcd, containerd and runc come from Debian")
    return lacks


def refused_namespaces() -> str:
    """Return why this machine gives no namespaces with mounts and links; "" where it does."""
    try_out = "mount -t tmpfs none /mnt && ip link add type bridge && ip link add type veth"
    spaces = ("unshare", "--net", "--mount", "--uts", "--pid", "--fork", "sh", "-c", try_out)
    if not shutil.which("unshare") or not shutil.which("ip"):
        return ""  # their packages are installed first
    done = run(*spaces, check=False, timeout_s=30)
    return done.stderr.strip()[-200:] if done.returncode else ""


def require_prerequisites() -> None:
    """Assert that the machine has what the lab is built from and with; raise Missing."""
    if lacks := missing_prerequisites():
        raise Missing("the lab needs " + "; ".join(lacks))


def build(versions_of_coredns: tuple[str, ...]) -> Built:
    """Return the built commands, building only what the cache does not hold."""
    require_prerequisites()
    install_debian()
    parts = (*PARTS, *(coredns(version) for version in versions_of_coredns))
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / ".lock").open("w") as lock:  # two builds at once would do all work twice
        fcntl.flock(lock, fcntl.LOCK_EX)
        folders = [_built(_folder(part), part.name, partial(_go, part)) for part in parts]
        folders.append(_built(_pause_folder(), "pause", _pause))
    return Built(tuple(folders))


def built(version_of_coredns: str) -> Built:
    """Return the built commands with this CoreDNS, without building; raise LabError if absent."""
    parts = (*PARTS, coredns(version_of_coredns))
    folders = (*(_folder(part) for part in parts), _pause_folder())
    if absent := [folder.name for folder in folders if not folder.is_dir()]:
        raise LabError(f"not built yet: {', '.join(absent)}; run: python -m lab build")
    return Built(folders)


def build_coredns(version: str) -> Path:
    """Return the binary of one version of CoreDNS alone, built if the cache does not hold it."""
    return build_part(coredns(version)) / "coredns"


def build_part(part: GoPart) -> Path:
    """Return the folder of one part alone, built if the cache does not hold it."""
    if not shutil.which("go") and not _folder(part).is_dir():
        raise Missing(f"{part.name} is built from Go modules, and there is no Go")
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _built(_folder(part), part.name, partial(_go, part))


def install_debian() -> None:
    """Assert that the Debian packages are installed, fetching those that are not."""
    query = ("dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n")
    have = {
        line.split()[0]
        for line in run(*query, *DEBIAN, check=False).stdout.splitlines()
        if line.endswith(" installed")
    }
    if lacks := [package for package in DEBIAN if package not in have]:
        say(f"apt-get install {' '.join(lacks)}")
        quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        install = ("apt-get", "install", "-y", "--no-install-recommends", *lacks)
        # Package lists age: what they name is gone from the archive after a point release.
        fetched = run("apt-get", "update", check=False, timeout_s=300)
        # Debian would start its own etcd and containerd; the lab runs its own of both.
        policy = Path("/usr/sbin/policy-rc.d")
        ours = not policy.exists()
        if ours:
            policy.write_text("#!/bin/sh\nexit 101\n")
            policy.chmod(0o755)
        try:
            installed = run(*install, env=quiet, check=False, timeout_s=600)
        finally:
            if ours:
                policy.unlink()
        if installed.returncode != 0:
            said = (fetched.stderr + installed.stderr).strip().splitlines()[-3:]
            raise Missing("the lab needs Debian's packages: " + " ".join(said))


def _folder(part: GoPart) -> Path:
    pins = json.dumps([part.module, part.version, part.packages, part.ldflags, part.staging])
    key = hashlib.sha256(pins.encode()).hexdigest()[:8]
    return cache() / "parts" / f"{part.name}-{part.version}-{key}"


def _pause_folder() -> Path:
    key = hashlib.sha256((PROGRAMS / "pause" / "main.go").read_bytes()).hexdigest()[:8]
    return cache() / "parts" / f"pause-{key}"


def _built(folder: Path, name: str, make: Callable[[Path], None]) -> Path:
    if not folder.is_dir():
        say(f"building {name}")
        started = time.monotonic()
        half = folder.with_name(f".{folder.name}.{os.getpid()}")
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(parents=True)
        try:
            make(half)
            half.rename(folder)  # a folder that exists is whole, whenever the build was cut off
        finally:
            shutil.rmtree(half, ignore_errors=True)
        say(f"built {name} in {time.monotonic() - started:.0f}s")
    return folder


def _go_environment(part: GoPart | None = None) -> dict[str, str]:
    cgo = "1" if part and part.cgo else "0"
    flags = f"{os.environ.get('GOFLAGS', '')} -buildvcs=false".strip()
    return os.environ | {"CGO_ENABLED": cgo, "GOFLAGS": flags, "GOWORK": "off"}


def _go(part: GoPart, into: Path) -> None:
    work = into / "src"
    work.mkdir()
    lines = ["module corediag.lab/build", "", f"require {part.module} {part.version}"]
    if part.staging:
        lines += [
            f"replace {module} => {module} {part.staging}" for module in _staging_modules(part)
        ]
    (work / "go.mod").write_text("\n".join(lines) + "\n")
    build = ("go", "build", "-mod=mod", "-trimpath", "-ldflags", part.ldflags, "-o", f"{into}/")
    done = run(
        *build, *part.packages, cwd=work, env=_go_environment(part), check=False, timeout_s=3000
    )
    if done.returncode != 0:
        said = done.stderr.strip()[-1000:]
        kind = Missing if NOT_FETCHED.search(said) else LabError
        raise kind(f"{part.module} {part.version} cannot be built: {said}")
    shutil.rmtree(work)
    for old, new in part.rename:
        (into / old).rename(into / new)


def _staging_modules(part: GoPart) -> list[str]:
    fetch = ("go", "mod", "download", "-json", f"{part.module}@{part.version}")
    told = json.loads(run(*fetch, env=_go_environment(), timeout_s=600).stdout)
    text = Path(told["GoMod"]).read_text()
    return re.findall(r"^\s*(?:replace )?(\S+) => \./staging/src/", text, re.M)


def _pause(into: Path) -> None:
    build = ("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", into / "pause", ".")
    run(*build, cwd=PROGRAMS / "pause", env=_go_environment(), timeout_s=300)

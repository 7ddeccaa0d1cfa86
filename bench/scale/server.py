"""Starts etcd and kube-apiserver with many objects in them, in a network of their own.

Everything runs in network and process namespaces that `inside` enters: all addresses of 10.0.0.0/8
are this machine's there, so nodes and pods have addresses that answer, nothing can be reached but
the cluster, and when the bench ends the kernel ends every process with it. Root is not needed where
the kernel lets users make namespaces.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from bench.scale import objects, shape
from bench.scale.objects import World
from bench.scale.shape import API_ADDRESS, API_PORT, Shape
from bench.scale.store import Store
from lab import control_plane
from lab.build import build_part, cache
from lab.certificates import Identity, issue, kubeconfig, make_authority
from lab.pins import COREDNS, PARTS, GoPart, coredns
from lab.process import LabError, run, say, wait_for

# The lab's own etcd is Debian's, too old for reads from the watch cache that Kubernetes 1.31 and
# later do wherever etcd tells of its progress (3.4.31, 3.5.13).
ETCD = GoPart(
    name="etcd",
    module="go.etcd.io/etcd/server/v3",
    version="v3.6.16",
    packages=("go.etcd.io/etcd/server/v3",),
    rename=(("server", "etcd"),),
)
KUBERNETES = next(part for part in PARTS if part.name == "kubernetes")
MARK = "COREDIAG_BENCH_SCALE_INSIDE"
ETCD_PORT = 2379
URL = f"https://{API_ADDRESS}:{API_PORT}"
IDENTITIES = (
    Identity("apiserver-kubelet-client", "kube-apiserver", "system:masters"),
    Identity("kubelet", "system:node:node", "system:nodes", (API_ADDRESS,)),
    Identity("admin", "kubernetes-admin", "system:masters"),
    Identity("bench", "bench", "system:masters"),
)
FURTHER = (
    f"--service-cluster-ip-range={shape.SERVICE_RANGE}",
    "--event-ttl=87600h",
    "--disable-admission-plugins=ServiceAccount",
)
LEFT_OUT = (
    "--kubelet-certificate-authority",  # nor does kubeadm set it; each node would have to be named
    "--audit-",
    "--etcd-servers",
)


def inside() -> None:
    """Assert that this process has a network of its own, by running itself anew in one."""
    if os.environ.get(MARK):
        run("ip", "link", "set", "lo", "up")
        run("ip", "route", "add", "local", "10.0.0.0/8", "dev", "lo")
        return
    missing = [one for one in ("unshare", "ip", "openssl") if not shutil.which(one)]
    if missing or sys.platform != "linux":
        raise LabError(f"bench-scale needs Linux with {', '.join(missing) or 'namespaces'}")
    words = ["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if os.geteuid() != 0:
        words.append("--map-root-user")
    words += [sys.executable, "-m", "bench.scale", *sys.argv[1:]]
    os.execvpe(words[0], words, os.environ | {MARK: "1"})


@dataclass(frozen=True)
class Programs:
    """Where the programs lie."""

    etcd: Path
    kube_apiserver: Path
    kubectl: Path
    coredns: Path


def programs() -> Programs:
    """Return the programs, built if the cache does not hold them."""
    kubernetes = build_part(KUBERNETES)
    return Programs(
        etcd=build_part(ETCD) / "etcd",
        kube_apiserver=kubernetes / "kube-apiserver",
        kubectl=kubernetes / "kubectl",
        coredns=build_part(coredns(COREDNS)) / "coredns",
    )


@dataclass
class Cluster:
    """A running API server with what it needs, and a folder for it all."""

    shape: Shape
    folder: Path
    programs: Programs
    world: World = field(init=False)
    store: Store = field(init=False)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig of whoever is measured."""
        return self.folder / "kubeconfig"

    def start(self) -> None:
        """Start everything, loading the objects or restoring them from the cache."""
        self.make_keys()
        data = self.folder / "etcd"
        kept = cached(self.shape)
        if not kept.is_dir():
            load(self.shape, self.programs, kept)
        say(f"restoring {self.shape.name}")
        run("cp", "-a", "--reflink=auto", kept / "etcd", data, timeout_s=600)
        at = datetime.fromisoformat((kept / "at").read_text())
        self.world = World(self.shape, at)
        self.store = Store("127.0.0.1", ETCD_PORT)
        self.processes["etcd"] = etcd(self.programs, data, self.folder / "etcd.log")
        self.spawn("kube-apiserver", *self.flags())
        seconds = wait_for("the API server", self.is_ready, timeout_s=600, explain=self.last_words)
        say(f"API server ready after {seconds:.0f} s")
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])}
        self.spawn(
            "kubelet", sys.executable, "-m", "bench.scale.kubelet", self.folder, env=environment
        )
        mode = self.folder / "upstream"
        mode.write_text("answer")
        self.spawn(
            "upstream", sys.executable, "-m", "lab.upstream", mode, shape.UPSTREAM, env=environment
        )
        corefile = self.folder / "Corefile"
        corefile.write_text(self.corefile())
        self.spawn("coredns", self.programs.coredns, "-conf", corefile)
        wait_for("CoreDNS", lambda: answers("127.0.0.1", 8181, "/ready"), timeout_s=120)

    def make_keys(self) -> None:
        """Make the keys of a new cluster, and the kubeconfigs."""
        pki = self.folder / "pki"
        make_authority(pki)
        names = (API_ADDRESS, shape.API_SERVICE, "127.0.0.1", "localhost", "kubernetes")
        issue(pki, Identity("apiserver", "kube-apiserver", serves=names))
        for one in IDENTITIES:
            issue(pki, one)
        for name, path in (("admin", self.kubeconfig), ("bench", self.folder / "bench.conf")):
            path.write_text(kubeconfig(pki, name, URL))
            path.chmod(0o600)

    def flags(self) -> list[str]:
        """Return the API server's command: that of the lab, with this cluster's places."""
        manifest: objects.Object = dict(control_plane.manifest("kube-apiserver", FURTHER))
        _, *flags = manifest["spec"]["containers"][0]["command"]
        own = []
        for flag in flags:
            if flag.startswith(LEFT_OUT):
                continue
            moved = flag.replace("/etc/kubernetes", str(self.folder))
            own.append(moved.replace(control_plane.OWN_NAMES[0], API_ADDRESS))
        own.append(f"--etcd-servers=http://127.0.0.1:{ETCD_PORT}")
        return [str(self.programs.kube_apiserver), *own]

    def corefile(self) -> str:
        """Return what CoreDNS runs with: that of the cluster, bound to its pods' addresses."""
        text: str = self.world.manifests["ConfigMap", "coredns"]["data"]["Corefile"]
        pods = " ".join(address for address, *_ in self.world.dns_places())
        text = text.replace("errors\n", f"errors\n    bind {pods} {shape.DNS_SERVICE}\n", 1)
        text = text.replace(
            "fallthrough", f"kubeconfig {self.folder}/bench.conf\n      fallthrough"
        )
        return text.replace("/etc/resolv.conf", shape.UPSTREAM)

    def spawn(self, name: str, *command: str | Path, env: Mapping[str, str] | None = None) -> None:
        """Start a process that stays, with its log in the folder."""
        self.processes[name] = spawned(command, self.folder / f"{name}.log", env)

    def is_ready(self) -> bool:
        """Whether the API server says that it is ready."""
        if self.processes["kube-apiserver"].poll() is not None:
            raise LabError("it ended")
        return self.get("/readyz")[0] == 200

    def get(self, path: str) -> tuple[int, bytes]:
        """Return status and body of a request that is not counted; 0 where nothing answers."""
        pki = self.folder / "pki"
        context = ssl.create_default_context(cafile=str(pki / "ca.crt"))
        context.load_cert_chain(pki / "bench.crt", pki / "bench.key")
        connection = http.client.HTTPSConnection(API_ADDRESS, API_PORT, context=context, timeout=60)
        with contextlib.closing(connection):
            try:
                connection.request("GET", path)
                answer = connection.getresponse()
                return answer.status, answer.read()
            except OSError:
                return 0, b""

    def last_words(self) -> str:
        """Return the end of the API server's log."""
        return (self.folder / "kube-apiserver.log").read_text(errors="replace")[-2000:]

    def cpu_s(self) -> float:
        """Return the processor time that the API server has used so far."""
        pid = self.processes["kube-apiserver"].pid
        told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        """End everything that was started; its data is a copy, so nothing needs to be put away."""
        for one in self.processes.values():
            one.kill()
        for one in self.processes.values():
            one.wait()


@contextlib.contextmanager
def running(shape_: Shape, folder: Path, built: Programs) -> Iterator[Cluster]:
    """Yield a running cluster; end it afterwards."""
    cluster = Cluster(shape_, folder, built)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


# ---------------------------------------------------------------- the store


def cached(shape_: Shape) -> Path:
    """Return the folder that keeps a loaded etcd; its name says what the loader writes."""
    small = replace(shape_, nodes=4, pods=30, namespaces=2, services=5)
    sample = replace(small, events=40, sandbox_failures=4, warnings=9)
    key = hashlib.sha256(repr(shape_).encode())
    for name, value in World(sample, datetime(2026, 1, 1, tzinfo=UTC)).stored():
        key.update(name.encode() + value)
    return cache() / "scale" / f"{shape_.name}-{key.hexdigest()[:12]}"


def load(shape_: Shape, built: Programs, into: Path) -> None:
    """Write all objects into an etcd of its own, and keep its data."""
    half = into.with_name(f".{into.name}.{os.getpid()}")
    half.mkdir(parents=True)
    at = datetime.now(UTC).replace(microsecond=0)
    started = time.monotonic()
    process = etcd(built, half / "etcd", half / "etcd.log")
    try:
        count, size = Store("127.0.0.1", ETCD_PORT).load(World(shape_, at).stored())
    except BaseException:
        process.kill()
        process.wait()
        shutil.rmtree(half, ignore_errors=True)
        raise
    process.terminate()
    process.wait(timeout=120)
    (half / "at").write_text(at.isoformat())
    for old in into.parent.glob(f"{shape_.name}-*"):
        shutil.rmtree(old)  # what an earlier loader wrote
    half.rename(into)
    took = time.monotonic() - started
    say(f"loaded {shape_.name}: {count:,} objects, {size / 1e6:,.0f} MB in {took:.0f} s")


def etcd(built: Programs, data: Path, log: Path) -> subprocess.Popen[bytes]:
    """Return an etcd that answers."""
    command = (
        str(built.etcd),
        f"--data-dir={data}",
        f"--listen-client-urls=http://127.0.0.1:{ETCD_PORT}",
        f"--advertise-client-urls=http://127.0.0.1:{ETCD_PORT}",
        "--listen-peer-urls=http://127.0.0.1:2380",
        "--unsafe-no-fsync",
        "--quota-backend-bytes=8589934592",
        "--snapshot-count=2000",  # so that little is read again at the next start
        "--log-level=warn",
    )
    process = spawned(command, log)
    wait_for("etcd", lambda: answers("127.0.0.1", ETCD_PORT, "/health"), timeout_s=120)
    return process


def spawned(
    command: Sequence[str | Path], log: Path, env: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Return a process that was started, its words in a log."""
    with log.open("ab") as out:
        return subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=env,
        )


def answers(host: str, port: int, path: str) -> bool:
    """Whether something answers a request with 200."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    with contextlib.closing(connection):
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except OSError:
            return False

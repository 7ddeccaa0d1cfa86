"""Writes the state that explains a failure into one folder: objects, events, logs, rules, links."""

import subprocess
import time
from pathlib import Path

from lab import plan
from lab.cluster import Lab
from lab.process import LabError
from lab.spaces import Space, spaces

OBJECTS = {
    "pods.txt": ("get", "pods", "-A", "-o", "wide"),
    "events.txt": ("get", "events", "-A", "--sort-by=.lastTimestamp"),
    "nodes.txt": ("describe", "nodes"),
    "kube-system.txt": ("-n", "kube-system", "describe", "pods"),
    "dns.yaml": ("-n", "kube-system", "get", "svc,endpointslices,cm,deploy,ds", "-o", "yaml"),
}
NODE_STATE = {
    "addresses.txt": "ip -d address; ip route; bridge fdb",
    "rules.txt": "iptables-save",
    "files.txt": "head -50 /etc/resolv.conf /etc/cni/net.d/* /run/flannel/*; ls -l /opt/cni/bin",
    "processes.txt": "ps -ef",
    "containers.txt": "ctr -n k8s.io tasks ls",
}


def snapshot(lab: Lab, name: str) -> Path:
    """Return a new folder with whatever can still be asked; it never raises LabError."""
    folder = plan.failures() / f"{time.strftime('%H%M%S')}-{name}"
    folder.mkdir(parents=True, exist_ok=True)
    for file, words in OBJECTS.items():
        _write(folder / file, lambda words=words: lab.kubectl(*words, "--request-timeout=10s"))
    try:
        pods = lab.items("-A", "pods") if lab.api_answers() else []
    except LabError:
        pods = []
    for pod in pods:
        namespace, pod_name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        for suffix, extra in (("", ()), (".previous", ("--previous",))):
            words = ("-n", namespace, "logs", pod_name, "--tail=2000", "--all-containers", *extra)
            target = folder / "logs" / f"{namespace}.{pod_name}{suffix}.log"
            _write(target, lambda words=words: lab.kubectl(*words, check=False))
    for space in spaces().values():
        for file, script in NODE_STATE.items():
            if space.name != "outside" or file in {"addresses.txt", "processes.txt"}:
                _write(
                    folder / space.name / file,
                    lambda space=space, script=script: space.run("sh", "-c", script, check=False),
                )
        for daemon in ("kubelet", "containerd", "upstream"):
            _write(folder / space.name / f"{daemon}.log", lambda s=space, d=daemon: _tail(s, d))
    return folder


def _tail(space: Space, daemon: str) -> subprocess.CompletedProcess[str]:
    return space.run("tail", "-c", "1000000", f"/var/log/{daemon}.log", check=False)


def _write(path: Path, ask) -> None:  # type: ignore[no-untyped-def]
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        told = ask()
        path.write_text(told.stdout + told.stderr)
    except (LabError, OSError, ValueError) as error:
        path.write_text(f"{error}\n")

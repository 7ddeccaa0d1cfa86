"""The running lab as its users see it: kubectl, the nodes' insides, what clients are answered."""

import json
import ssl
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from string import Template
from typing import Any

from lab import control_plane, network, node, plan
from lab.build import Built, built
from lab.dns import Answer
from lab.pins import COREDNS, FLANNEL, FLANNEL_CNI, KUBERNETES
from lab.process import LabError, run, wait_for
from lab.spaces import Space, spaces

MANIFESTS = Path(__file__).parent / "manifests"
CLIENT = b"corediag-lab-client"
INTERNAL = f"kubernetes.default.svc.{plan.DOMAIN}."
EXTERNAL = "example.com."
SETTINGS = "settings.json"


@dataclass(frozen=True)
class Lab:
    """A lab that was started; `helm` says that CoreDNS has the names of its helm chart."""

    coredns: str = COREDNS
    helm: bool = False

    @classmethod
    def running(cls) -> "Lab":
        """Return the lab that runs on this machine; raise LabError when there is none."""
        try:
            settings = json.loads((plan.state() / SETTINGS).read_text())
        except (OSError, ValueError) as error:
            raise LabError("no lab runs here; start one with: python -m lab up") from error
        return cls(**settings)

    def remember(self) -> None:
        """Assert that later commands find this lab's settings."""
        text = json.dumps({"coredns": self.coredns, "helm": self.helm})
        (plan.state() / SETTINGS).write_text(text)

    @cached_property
    def built(self) -> Built:
        """The built commands."""
        return built(self.coredns)

    # ------------------------------------------------------------ spaces

    def space(self, name: str) -> Space:
        """Return the space of a node, or `outside`; raise LabError when it is gone."""
        try:
            return spaces()[name]
        except KeyError:
            raise LabError(f"{name} does not run; mend it with: python -m lab up") from None

    @property
    def first(self) -> Space:
        """The space of the node that runs the control plane."""
        return self.space(plan.FIRST.name)

    @property
    def outside(self) -> Space:
        """The space of the bridge and of the upstream resolver."""
        return self.space("outside")

    def nodes(self) -> tuple[Space, ...]:
        """Return the spaces of the nodes, in order."""
        return tuple(self.space(each.name) for each in plan.NODES)

    # ------------------------------------------------------------ the API

    def kubectl(
        self, *words: str, stdin: str | None = None, check: bool = True, timeout_s: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Return the ended kubectl; raise LabError unless it ended well."""
        kubectl = self.built.command("kubectl")
        access = f"--kubeconfig={plan.kubeconfig()}"
        return run(kubectl, access, *words, stdin=stdin, check=check, timeout_s=timeout_s)

    def get(self, *words: str) -> Any:
        """Return what `kubectl get … -o json` said."""
        return json.loads(self.kubectl("get", *words, "-o", "json").stdout)

    def items(self, *words: str) -> list[Any]:
        """Return the items of a list."""
        found: list[Any] = self.get(*words)["items"]
        return found

    def exists(self, kind: str, name: str, namespace: str = "kube-system") -> bool:
        """Whether the object exists."""
        words = ("-n", namespace, "get", kind, name, "--ignore-not-found", "-o", "name")
        return bool(self.kubectl(*words).stdout.strip())

    def apply(self, manifest: str, *changes: tuple[str, str]) -> None:
        """Assert that the objects of one of the lab's manifests are as it says, with `changes`.

        Each change is a text and what stands in its place; the next apply takes it back.
        """
        text = Template((MANIFESTS / f"{manifest}.yaml").read_text()).substitute(
            API_URL=plan.API_URL,
            COREDNS=self.coredns,
            DNS_SERVICE=plan.DNS_SERVICE,
            DOMAIN=plan.DOMAIN,
            FLANNEL=FLANNEL,
            FLANNEL_CNI=FLANNEL_CNI,
            KUBERNETES=KUBERNETES,
            PODS=plan.PODS,
        )
        for old, new in changes:
            if old not in text:
                raise LabError(f"{manifest}: no {old!r} to change")
            text = text.replace(old, new)
        # Server-side and forced: what a fault patched in is put back, whoever owns the field.
        words = ("apply", "--server-side", "--force-conflicts", "--field-manager=lab", "-f", "-")
        self.kubectl(*words, stdin=text)

    @property
    def coredns_manifest(self) -> str:
        """The manifest that deploys CoreDNS here."""
        return "coredns-helm" if self.helm else "coredns"

    @property
    def coredns_label(self) -> str:
        """The label that selects CoreDNS's pods."""
        return "k8s-app=coredns" if self.helm else "k8s-app=kube-dns"

    @property
    def coredns_role(self) -> str:
        """The name of CoreDNS's ClusterRole and of its binding."""
        return "coredns" if self.helm else "system:coredns"

    @property
    def dns_service(self) -> str:
        """The name of the Service in kube-system."""
        return "coredns" if self.helm else "kube-dns"

    def audited(self, agent: str, since: datetime) -> list[Any]:
        """Return what the API server wrote down of requests of a user agent since a moment."""
        found = []
        for line in self.first.read(control_plane.AUDIT_LOG).splitlines():
            event = json.loads(line)
            at = datetime.fromisoformat(event["requestReceivedTimestamp"])
            if at >= since and event.get("userAgent", "").startswith(agent):
                found.append(event)
        return found

    # ------------------------------------------------------------ conditions

    def api_answers(self) -> bool:
        """Whether the API server is ready."""
        words = ("get", "--raw", "/readyz", "--request-timeout=5s")
        return self.kubectl(*words, check=False).returncode == 0

    def nodes_ready(self) -> bool:
        """Whether every node is registered and Ready."""
        conditions = [
            condition["status"]
            for each in self.items("nodes")
            for condition in each["status"].get("conditions", ())
            if condition["type"] == "Ready"
        ]
        return conditions == ["True"] * len(plan.NODES)

    def pods(self, label: str, namespace: str = "kube-system") -> list[Any]:
        """Return the pods with this label that are not on their way out."""
        return [
            pod
            for pod in self.items("-n", namespace, "pods", "-l", label)
            if not pod["metadata"].get("deletionTimestamp")
        ]

    def all_ready(self, label: str, namespace: str = "kube-system", count: int = 2) -> bool:
        """Whether this many pods run with this label, all of them ready, and no other."""
        everything = self.items("-n", namespace, "pods", "-l", label)
        return len(everything) == count and all(is_ready(pod) for pod in everything)

    def wait(self, what: str, condition: Callable[[], object], timeout_s: float = 180) -> float:
        """Return the seconds until the condition held; raise LabError with the pods' states."""
        return wait_for(what, condition, timeout_s=timeout_s, explain=self.summary)

    def summary(self) -> str:
        """Return the pods and their states, in kubectl's table."""
        words = ("get", "pods", "-A", "-o", "wide", "--request-timeout=10s")
        told = self.kubectl(*words, check=False)
        return "\n" + (told.stdout or told.stderr).strip()

    # ------------------------------------------------------------ acts that faults share

    def recreate(
        self, label: str, namespace: str = "kube-system", on: str = "", *, wait: bool = True
    ) -> None:
        """Delete the pods with this label at once, all or those of one node."""
        words = ["-n", namespace, "delete", "pod", "-l", label, "--grace-period=1"]
        words += [f"--field-selector=spec.nodeName={on}"] if on else []
        words += ["--timeout=60s"] if wait else ["--wait=false"]
        self.kubectl(*words, timeout_s=90)

    def recreate_coredns(self, on: str = "", *, wait: bool = True) -> None:
        """Delete CoreDNS's pods, so that their successors read everything anew."""
        self.recreate(self.coredns_label, on=on, wait=wait)

    def recreate_pods_on(self, name: str) -> None:
        """Delete every pod of a node that has an address of its own."""
        for pod in self.items("-A", "pods", f"--field-selector=spec.nodeName={name}"):
            if not pod["spec"].get("hostNetwork"):
                about = pod["metadata"]
                words = ("-n", about["namespace"], "delete", "pod", about["name"])
                self.kubectl(*words, "--grace-period=1", "--wait=false")

    def patch(
        self, kind: str, name: str, change: dict[str, Any], namespace: str = "kube-system"
    ) -> None:
        """Merge a change into an object."""
        space = ("-n", namespace) if namespace else ()
        self.kubectl(*space, "patch", kind, name, "--type=merge", "-p", json.dumps(change))

    def rolled_out(self) -> None:
        """Return once CoreDNS's deployment has rolled out what it says."""
        words = ("rollout", "status", "deployment/coredns", "--timeout=180s")
        self.kubectl("-n", "kube-system", *words, timeout_s=200)
        self.wait("the pods before to be gone", lambda: self.all_ready(self.coredns_label))

    def unselect(self, daemonset: str, namespace: str) -> None:
        """Let a DaemonSet fit no node, and wait until its pods are gone."""
        change = {"spec": {"template": {"spec": {"nodeSelector": {"lab/absent": "true"}}}}}
        self.patch("daemonset", daemonset, change, namespace)
        self.wait(
            f"the pods of {daemonset} to be gone",
            lambda: not self.owned_by(daemonset, namespace),
        )

    def reselect(self, daemonset: str, namespace: str) -> None:
        """Let a DaemonSet fit every node again."""
        change = {"spec": {"template": {"spec": {"nodeSelector": None}}}}
        self.patch("daemonset", daemonset, change, namespace)

    def owned_by(self, daemonset: str, namespace: str) -> list[Any]:
        """Return the pods of a DaemonSet, those on their way out included."""
        return [
            pod
            for pod in self.items("-n", namespace, "pods")
            if any(
                owner["name"] == daemonset for owner in pod["metadata"].get("ownerReferences", ())
            )
        ]

    def flush_service_rules(self) -> None:
        """Remove every rule of the service proxy and every tracked flow, as a reboot does."""
        for space in self.nodes():
            space.shell("iptables-save | grep -v KUBE- | iptables-restore; conntrack -F 2>&1")

    def restart_containerd(self, name: str, *, path: str = node.PATH) -> None:
        """Assert that a containerd runs that looks for commands along this path."""
        space = self.space(name)
        space.stop("containerd")
        node.start_containerd(space, path=path)

    def start_netns_reaper(self, name: str) -> None:
        """Start a process that unmounts and removes each new network namespace of a sandbox."""
        script = """
            cd /run/netns
            spared=" $(ls | tr "\\n" " ") "
            while :; do
              for name in cni-*; do
                case "$spared" in *" $name "*) continue;; esac
                umount -l "$name" && rm -f "$name"
              done
            done
        """
        self.space(name).daemon("netns-reaper", "nice", "sh", "-c", script)

    def logs(self, pod: str, namespace: str = "kube-system", *, previous: bool = False) -> str:
        """Return a pod's log, or nothing where there is none."""
        words = ["-n", namespace, "logs", pod, "--tail=200", *(["--previous"] if previous else [])]
        return self.kubectl(*words, check=False).stdout

    def coredns_logs(self) -> str:
        """Return the logs of CoreDNS's pods, of the instances before as well."""
        names = [pod["metadata"]["name"] for pod in self.pods(self.coredns_label)]
        return "".join(
            self.logs(name, previous=previous) for name in names for previous in (True, False)
        )

    def metrics(self) -> list[str]:
        """Return the lines of metrics of every replica, asked through the API server."""
        lines: list[str] = []
        for pod in self.pods(self.coredns_label):
            name = f"{pod['metadata']['name']}:9153"
            path = f"/api/v1/namespaces/kube-system/pods/{name}/proxy/metrics"
            lines += self.kubectl("get", "--raw", path).stdout.splitlines()
        return lines

    def said(self, text: str, reason: str = "", *, healthy: bool = False) -> bool:
        """Whether an event about a pod that is there, ailing unless `healthy`, holds this text.

        Events outlive their pods by an hour, so those of an earlier fault are told from this one's.
        """
        there = {
            pod["metadata"]["uid"]
            for pod in self.items("-A", "pods")
            if healthy or not is_ready(pod)
        }
        return any(
            text in event.get("message", "")
            and event["involvedObject"].get("uid") in there
            and reason in ("", event["reason"])
            for event in self.items("-A", "events")
        )

    def sandbox_failed(self, text: str) -> bool:
        """Whether the sandbox of a pod could not be made, with this text as the reason."""
        return self.said(text, "FailedCreatePodSandBox")

    def crashing(self, label: str = "", namespace: str = "kube-system") -> int:
        """Return how many pods (CoreDNS's by default) are in CrashLoopBackOff."""
        return sum(
            any(
                status["state"].get("waiting", {}).get("reason") == "CrashLoopBackOff"
                for status in pod["status"].get("containerStatuses", ())
            )
            for pod in self.pods(label or self.coredns_label, namespace)
        )

    def ended_by(self, reason: str) -> bool:
        """Whether a container of CoreDNS ended for this reason, now or before its restart."""
        return any(
            status.get(when, {}).get("terminated", {}).get("reason") == reason
            for pod in self.pods(self.coredns_label)
            for status in pod["status"].get("containerStatuses", ())
            for when in ("state", "lastState")
        )

    def coredns_age_s(self) -> float:
        """Return how long the youngest of CoreDNS's pods is there."""
        made = [
            datetime.fromisoformat(pod["metadata"]["creationTimestamp"])
            for pod in self.pods(self.coredns_label)
        ]
        return (datetime.now(UTC) - max(made)).total_seconds() if made else 0.0

    def running_unready(self) -> int:
        """Return how many of CoreDNS's containers have run for some seconds without being ready."""
        return sum(
            pod["status"].get("phase") == "Running"
            and not is_ready(pod)
            and any("running" in status["state"] for status in pod["status"]["containerStatuses"])
            for pod in self.pods(self.coredns_label)
        )

    def coredns_addresses(self) -> dict[str, str]:
        """Return the pod address of each replica by its node."""
        return {
            pod["spec"]["nodeName"]: pod["status"]["podIP"]
            for pod in self.pods(self.coredns_label)
            if pod["status"].get("podIP")
        }

    def pod_range(self, name: str) -> str:
        """Return the range that a node gives its pods addresses from."""
        found: str = self.get("node", name)["spec"]["podCIDR"]
        return found

    def create(self, what: dict[str, Any]) -> None:
        """Create an object."""
        self.kubectl("create", "-f", "-", stdin=json.dumps(what))

    def serve_under(self, names: tuple[str, ...]) -> None:
        """Assert that the API server shows a new certificate, one for these names."""
        control_plane.reissue(self.first, names)
        wanted = (control_plane.pki() / "apiserver.crt").read_text().split()

        def shown() -> bool:  # it reads the file anew by itself
            address = (plan.FIRST.address, 6443)
            try:
                return ssl.get_server_certificate(address, timeout=5).split() == wanted
            except OSError:
                return False

        self.wait("the API server to show its new certificate", shown)

    def corefile(self) -> str:
        """Return the Corefile of the ConfigMap."""
        text: str = self.get("-n", "kube-system", "configmap", "coredns")["data"]["Corefile"]
        return text

    def set_corefile(self, text: str) -> None:
        """Assert that the ConfigMap holds this Corefile."""
        patch = json.dumps({"data": {"Corefile": text}})
        words = ("patch", "configmap", "coredns", "--type=merge", "-p", patch)
        self.kubectl("-n", "kube-system", *words)

    def restart_kubelet(self, name: str, config: dict[str, object] | None = None) -> None:
        """Assert that the node's kubelet runs with this configuration, or with the lab's own."""
        each = plan.node(name)
        text = json.dumps(config or node.kubelet_config(each), indent=1)
        self.space(name).write(node.KUBELET_CONFIG, text)
        node.restart_kubelet(self.space(name), each, self.built)

    # ------------------------------------------------------------ what clients are answered

    def client(self, name: str) -> int:
        """Return the machine's number of the client process on a node; raise LabError if gone."""
        for folder in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: -int(path.name)):
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
                if CLIENT not in words:
                    continue
                environment = (folder / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if f"NODE_NAME={name}".encode() in environment:
                return int(folder.name)
        raise LabError(f"no client runs on {name}")

    def ask(
        self,
        on: str,
        name: str = INTERNAL,
        server: str = plan.DNS_SERVICE,
        *,
        tcp: bool = False,
        size: int = 0,
    ) -> Answer:
        """Return what a client on the node is answered; the question starts inside its pod.

        With a size the question is padded to so many bytes, which CoreDNS answers with FORMERR.
        """
        words = ["nsenter", f"--target={self.client(on)}", "--net", "--", sys.executable]
        words += ["-m", "lab.dns", server, name, "A", *(["tcp"] if tcp else [])]
        words += [str(size)] if size else []
        told = json.loads(run(*words, cwd=network.CHECKOUT).stdout)
        return Answer(told["rcode"], tuple(told["records"]), told["truncated"], told["said"])

    def flood(self, on: str, count: int, server: str = plan.DNS_SERVICE) -> None:
        """Send this many questions about new names from the client on a node."""
        words = ("nsenter", f"--target={self.client(on)}", "--net", "--", sys.executable)
        run(*words, "-m", "lab.load", server, str(count), cwd=network.CHECKOUT, timeout_s=300)

    def resolves(self, on: str, name: str = INTERNAL) -> bool:
        """Whether a client's own nslookup, with its own resolv.conf, finds the name."""
        inside = ("nsenter", f"--target={self.client(on)}", "--net", "--mount", "--")
        words = (*inside, "/bin/timeout", "20", "/bin/nslookup", name)
        return run(*words, check=False).returncode == 0

    def answered(self, name: str = INTERNAL, *, tries: int = 2) -> bool:
        """Whether clients on every node are answered, each time of several."""
        return all(self.ask(each.name, name).good for each in plan.NODES for _ in range(tries))

    def unanswered(self, name: str = INTERNAL, on: str = "") -> bool:
        """Whether a client on the node, or any client, fails three times in a row."""
        names = [on] if on else [each.name for each in plan.NODES]
        return any(not any(self.ask(where, name).good for _ in range(3)) for where in names)

    def healthy(self) -> bool:
        """Whether both replicas are ready and clients on every node are answered all names."""
        return (
            self.nodes_ready()
            and self.all_ready(self.coredns_label)
            and self.all_ready("app=client", "default")
            and self.answered(INTERNAL, tries=3)
            and self.answered(EXTERNAL)
        )

    def wait_healthy(self, timeout_s: float = 240) -> float:
        """Return the seconds until all of it is well; raise LabError with the pods' states."""
        return self.wait("the cluster to be well", self.healthy, timeout_s)


def is_ready(pod: Any) -> bool:
    """Whether a pod, as the API shows it, runs and is ready."""
    ready = any(
        condition["type"] == "Ready" and condition["status"] == "True"
        for condition in pod["status"].get("conditions", ())
    )
    return ready and not pod["metadata"].get("deletionTimestamp")


def withdraw_static_pod(lab: Lab, component: str) -> None:
    """Assert that a control plane component is gone, its process as well."""
    control_plane.withdraw(lab.first, component)
    lab.wait(
        f"{component} to end",
        lambda: lab.first.run("pgrep", "-x", component[:15], check=False).returncode != 0,
    )

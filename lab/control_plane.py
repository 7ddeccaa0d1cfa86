"""The control plane: etcd, API server, controller-manager and scheduler as the first node's pods.

They are static pods, as kubeadm makes them, so their logs and states reach the API like any pod's.
"""

import json
import shutil
from pathlib import Path

from lab import plan
from lab.certificates import Identity, issue, make_authority
from lab.certificates import kubeconfig as kubeconfig_text
from lab.pins import KUBERNETES
from lab.spaces import Space

MANIFESTS = "/etc/kubernetes/manifests"
PKI = "/etc/kubernetes/pki"
AUDIT_POLICY = "/etc/kubernetes/audit-policy.json"
AUDIT_LOG = "/etc/kubernetes/audit.log"
OWN_NAMES = (plan.FIRST.address, "127.0.0.1", "localhost")
SERVES = (
    *("kubernetes", "kubernetes.default", "kubernetes.default.svc"),
    *(f"kubernetes.default.svc.{plan.DOMAIN}", plan.API_SERVICE, *OWN_NAMES),
)
COMPONENTS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
CLIENTS = (
    Identity("admin", "kubernetes-admin", "system:masters"),
    Identity("kube-controller-manager", "system:kube-controller-manager"),
    Identity("kube-scheduler", "system:kube-scheduler"),
)


def pki() -> Path:
    """Return the folder of the cluster's keys."""
    return plan.state() / "pki"


def make_keys() -> None:
    """Assert that every identity of the control plane has its certificate."""
    make_authority(pki())
    issue(pki(), Identity("apiserver", "kube-apiserver", serves=SERVES))
    issue(pki(), Identity("apiserver-kubelet-client", "kube-apiserver", "system:masters"))
    for identity in CLIENTS:
        issue(pki(), identity)
    for node in plan.NODES:
        serves = (node.name, node.address)
        issue(pki(), Identity(node.name, f"system:node:{node.name}", "system:nodes", serves))
    plan.kubeconfig().write_text(kubeconfig_text(pki(), "admin", plan.API_URL))
    plan.kubeconfig().chmod(0o600)


def install(space: Space) -> None:
    """Assert that the first node holds the control plane's files; its kubelet does the rest."""
    target = space.root / PKI.lstrip("/")
    target.mkdir(parents=True, exist_ok=True)
    for source in pki().iterdir():
        if source.suffix in {".crt", ".key", ".pub"}:
            shutil.copy2(source, target / source.name)
    for identity in CLIENTS[1:]:
        text = kubeconfig_text(pki(), identity.name, plan.API_URL)
        space.write(f"/etc/kubernetes/{identity.name}.kubeconfig", text, 0o600)
    space.write(AUDIT_POLICY, json.dumps(audit_policy(), indent=1))
    for component in COMPONENTS:
        place(space, component)


def audit_policy() -> dict[str, object]:
    """Return what the API server writes down: what the lab's own user does, one line a request."""
    of_admin = {
        "level": "Metadata",
        "users": ["kubernetes-admin"],
        "omitStages": ["RequestReceived"],
    }
    return {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "rules": [of_admin, {"level": "None"}],
    }


def reissue(space: Space, serves: tuple[str, ...]) -> None:
    """Assert that the API server's certificate on the node is one for these names."""
    issue(pki(), Identity("apiserver", "kube-apiserver", serves=serves), anew=True)
    shutil.copy2(pki() / "apiserver.crt", space.root / PKI.lstrip("/") / "apiserver.crt")


def place(space: Space, component: str, further: tuple[str, ...] = ()) -> None:
    """Assert that the kubelet is told to run this component, with further flags."""
    path = f"{MANIFESTS}/{component}.json"
    text = json.dumps(manifest(component, further), indent=1)
    if space.read(path) != text:
        space.write(path, text)


def withdraw(space: Space, component: str) -> None:
    """Assert that the kubelet is told to run this component no more."""
    (space.root / MANIFESTS.lstrip("/") / f"{component}.json").unlink(missing_ok=True)


def manifest(component: str, further: tuple[str, ...] = ()) -> dict[str, object]:
    """Return the static pod of one component."""
    image = "lab/etcd:debian" if component == "etcd" else f"lab/{component}:v{KUBERNETES}"
    mounts = {"etcd": {"data": "/var/lib/etcd"}}.get(component, {"kubernetes": "/etc/kubernetes"})
    container: dict[str, object] = {
        "name": component,
        "image": image,
        "imagePullPolicy": "Never",
        "command": [component, *_flags(component), *further],
        "resources": {"requests": {"cpu": "10m"}},
        "volumeMounts": [{"name": name, "mountPath": path} for name, path in mounts.items()],
    }
    if component == "kube-apiserver":
        container["readinessProbe"] = {
            "httpGet": {
                "host": plan.FIRST.address,
                "path": "/readyz",
                "port": 6443,
                "scheme": "HTTPS",
            },
            "periodSeconds": 2,
            "timeoutSeconds": 15,
        }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": component,
            "namespace": "kube-system",
            "labels": {"component": component, "tier": "control-plane"},
        },
        "spec": {
            "hostNetwork": True,
            "priorityClassName": "system-node-critical",
            "containers": [container],
            "volumes": [
                {"name": name, "hostPath": {"path": path}} for name, path in mounts.items()
            ],
        },
    }


def _flags(component: str) -> tuple[str, ...]:
    own_kubeconfig = f"/etc/kubernetes/{component}.kubeconfig"
    return {
        "etcd": (
            "--data-dir=/var/lib/etcd",
            "--listen-client-urls=http://127.0.0.1:2379",
            "--advertise-client-urls=http://127.0.0.1:2379",
            "--unsafe-no-fsync",
            "--log-level=warn",
            "--logger=zap",
        ),
        "kube-apiserver": (
            f"--advertise-address={plan.FIRST.address}",
            "--allow-privileged=true",
            f"--audit-log-path={AUDIT_LOG}",
            "--audit-log-maxsize=50",
            f"--audit-policy-file={AUDIT_POLICY}",
            "--authorization-mode=Node,RBAC",
            f"--client-ca-file={PKI}/ca.crt",
            "--enable-admission-plugins=NodeRestriction",
            "--etcd-servers=http://127.0.0.1:2379",
            f"--kubelet-certificate-authority={PKI}/ca.crt",
            f"--kubelet-client-certificate={PKI}/apiserver-kubelet-client.crt",
            f"--kubelet-client-key={PKI}/apiserver-kubelet-client.key",
            "--kubelet-preferred-address-types=InternalIP",
            "--secure-port=6443",
            f"--service-account-issuer=https://kubernetes.default.svc.{plan.DOMAIN}",
            f"--service-account-key-file={PKI}/sa.pub",
            f"--service-account-signing-key-file={PKI}/sa.key",
            f"--service-cluster-ip-range={plan.SERVICES}",
            f"--tls-cert-file={PKI}/apiserver.crt",
            f"--tls-private-key-file={PKI}/apiserver.key",
        ),
        "kube-controller-manager": (
            "--allocate-node-cidrs=true",
            f"--cluster-cidr={plan.PODS}",
            f"--kubeconfig={own_kubeconfig}",
            "--leader-elect=false",
            "--node-monitor-grace-period=20s",
            f"--root-ca-file={PKI}/ca.crt",
            f"--service-account-private-key-file={PKI}/sa.key",
            f"--service-cluster-ip-range={plan.SERVICES}",
            "--use-service-account-credentials=true",
        ),
        "kube-scheduler": (f"--kubeconfig={own_kubeconfig}", "--leader-elect=false"),
    }[component]

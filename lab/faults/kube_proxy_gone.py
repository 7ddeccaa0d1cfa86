"""kube-proxy's pods are gone and their rules with them: no Service address leads anywhere."""

from lab.cluster import Lab
from lab.fault import Expect

EXPECT = Expect(
    first=("kube-proxy-not-running",),
    founding=True,
    versions=True,
    answers=("kube-proxy-not-running",),
)


def stage(lab: Lab) -> None:
    """Let the DaemonSet's selector fit no node, clean up as after a reboot, recreate CoreDNS."""
    lab.unselect("kube-proxy", "kube-system")
    lab.flush_service_rules()
    lab.recreate_coredns()


def symptom(lab: Lab) -> None:
    """Return once clients get no answer and CoreDNS waits for the API in vain."""
    lab.wait("clients without answers", lab.unanswered)
    lab.wait("CoreDNS to run unready", lambda: lab.running_unready() == 2)
    lab.wait("its complaint", lambda: "plugin/kubernetes" in lab.coredns_logs())


def cure(lab: Lab) -> None:
    """Restart kube-proxy, then flannel, in that order."""
    lab.reselect("kube-proxy", "kube-system")
    lab.wait("kube-proxy to be ready", lambda: lab.all_ready("k8s-app=kube-proxy"))
    lab.recreate("app=flannel", "kube-flannel")

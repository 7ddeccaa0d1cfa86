"""After both were lost flannel starts before kube-proxy, and reaches the API through no rule."""

from lab.cluster import Lab
from lab.fault import Expect

EXPECT = Expect(
    first=("kube-proxy-not-running",),
    founding=True,
)


def stage(lab: Lab) -> None:
    """Lose kube-proxy, its rules and flannel's state, then start flannel alone."""
    lab.unselect("kube-proxy", "kube-system")
    lab.flush_service_rules()
    for space in lab.nodes():
        space.run("rm", "-f", "/run/flannel/subnet.env")
    lab.recreate("app=flannel", "kube-flannel")
    lab.recreate_coredns()


def symptom(lab: Lab) -> None:
    """Return once flannel crashes, pods stay without a sandbox, and clients get no answer."""
    lab.wait("the plugin's complaint", lambda: lab.sandbox_failed("/run/flannel/subnet.env"))
    lab.wait("flannel to crash", lambda: lab.crashing("app=flannel", "kube-flannel"))
    lab.wait("clients without answers", lab.unanswered)


def cure(lab: Lab) -> None:
    """Restart kube-proxy, then flannel, in that order."""
    lab.reselect("kube-proxy", "kube-system")
    lab.wait("kube-proxy to be ready", lambda: lab.all_ready("k8s-app=kube-proxy"))
    lab.recreate("app=flannel", "kube-flannel")

"""kube-proxy hangs, and the rules for the API's Service address are gone."""

from lab import plan
from lab.cluster import Lab
from lab.fault import Expect

EXPECT = Expect(
    first=(
        "service-proxy-rules-missing",
        "service-proxy-rules-stale",  # CoreDNS was recreated, and nobody told the rules
        "apiserver-unreachable-timeout",
        "coredns-api-error-hidden",
    ),
    folded=("coredns-not-ready",),
    versions=True,
    answers=("service-proxy-rules-missing", "service-proxy-broken"),
)


def stage(lab: Lab) -> None:
    """Stop kube-proxy's processes, delete the rules, recreate CoreDNS.

    A kube-proxy that works writes the rules anew within half a minute.
    """
    for space in lab.nodes():
        space.shell(
            f"""
            pkill -STOP -x kube-proxy
            iptables-save | grep -v -e '-d {plan.API_SERVICE}/32' | iptables-restore
            conntrack -D -d {plan.API_SERVICE} > /dev/null 2>&1 || true
            """
        )
    lab.recreate_coredns()


def symptom(lab: Lab) -> None:
    """Return once CoreDNS runs unready and clients get no answer."""
    lab.wait("CoreDNS to run unready", lambda: lab.running_unready() == 2)
    lab.wait("clients without answers", lab.unanswered)


def cure(lab: Lab) -> None:
    """Restart kube-proxy, then flannel, in that order."""
    lab.recreate("k8s-app=kube-proxy")
    lab.wait("kube-proxy to be ready", lambda: lab.all_ready("k8s-app=kube-proxy"))
    lab.recreate("app=flannel", "kube-flannel")

"""kube-proxy does not run on a node, so Service addresses lead nowhere there.

Without its rules neither the DNS address nor the API server's (the first of the service range)
is translated. What kube-proxy wrote before it ended stays in force until a restart or a flush,
so the trouble often begins only when pods are recreated elsewhere.

A listing of the system's pods that shows an API server as a pod and its network add-on, and no
kube-proxy, is a possibility: kubeadm makes both alike, and may be told to leave kube-proxy out.

Limits: clusters whose network add-on replaces kube-proxy (Cilium, for one) rightly have none.
Source: kubernetes/kubernetes v1.31.0, pkg/proxy/iptables/proxier.go; apps/v1 DaemonSetStatus.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from diagnose.check import NotApplicable, check
from diagnose.facts import DaemonSets, NetworkAddOn
from diagnose.facts.pods import Pod
from diagnose.model import CLUSTER, Finding, Quote, Remedy, Risk, Severity, Subject
from diagnose.remedies import quoted, restart_proxy

REPLACEMENTS = ("cilium", "kube-router", "ovnkube", "antrea-agent")
WELL = ("Running", "Completed", "Succeeded")


@check(
    title="kube-proxy does not run",
    severity=Severity.CRITICAL,
    family="service-proxy",
    explains=(
        "service-proxy-rules-missing",
        "apiserver-unreachable-timeout",
        "apiserver-connection-refused",
        "apiserver-no-route",
        "coredns-api-error-hidden",
        "flannel-daemonset-failing",
        "nodelocaldns-upstream-unreachable",
    ),
)
def kube_proxy_not_running(sets: DaemonSets, add_on: NetworkAddOn | None) -> Iterator[Finding]:
    """Yield one finding per broken kube-proxy pod, or one per DaemonSet that lacks pods."""
    told = partial(finding, add_on=add_on.name if add_on else "")
    proxies = sets.named("kube-proxy")
    broken = [
        pod
        for pod in sets.pods_named("kube-proxy")
        if not (pod.finished or pod.out_of_sight)
        and (pod.ready is False or (pod.status and pod.status not in WELL))
    ]
    lost = sum(pod.out_of_sight for pod in sets.pods_named("kube-proxy"))
    lacking = [
        one
        for one in proxies
        if (one.desired is not None and one.ready is not None and one.ready + lost < one.desired)
        or one.desired == 0
    ]
    absent = left_out(sets) if sets.listed and not proxies else None
    if absent:
        yield replace(
            told(
                absent.subject,
                "no pod of kube-proxy is listed beside the control plane's",
                absent.quote.on("name"),
            ),
            proven=False,
            subject=CLUSTER,
        )
        return
    if not proxies and not broken:
        if not sets.listed:
            return  # pods alone, and none that is broken: whether it runs is not known
        if any(sets.named(word) for word in REPLACEMENTS):
            raise NotApplicable("the network add-on replaces kube-proxy")
        raise NotApplicable("no DaemonSet of kube-proxy: it runs as a service of the node, or not")
    for pod in broken:
        state = pod.status or "not ready"
        yield told(pod.subject, f"{state} on {pod.subject.node or 'its node'}", pod.quote)
    for one in lacking if not broken else ():
        many = f"{one.ready} of {one.desired} pods are ready"
        none = "wants no pod at all: its node selector or the taints exclude every node"
        yield told(one.subject, none if one.desired == 0 else many, one.quote)


def left_out(sets: DaemonSets) -> Pod | None:
    """Return the API server's pod where a listing shows no kube-proxy, nor what replaces it.

    Only flannel and weave need kube-proxy for certain; others can do its work.
    """
    if sets.pods_named("kube-proxy", *REPLACEMENTS, "calico-node", "canal"):
        return None
    servers, add_ons = (
        sets.pods_named("kube-apiserver-"),
        sets.pods_named("kube-flannel", "weave-net"),
    )
    waiting = [pod for pod in sets.pods if pod.serves_dns and pod.ready is False]
    return servers[0] if servers and add_ons and waiting else None


def finding(subject: Subject, message: str, quote: Quote, *, add_on: str) -> Finding:
    """Return the finding with its remedy in order: kube-proxy, then flannel where it runs."""
    space = subject.namespace or "kube-system"
    pod = quoted(subject.name, "<pod>") if subject.kind == "Pod" else "daemonset/kube-proxy"
    return Finding(
        subject=subject,
        message=message,
        quotes=(quote,),
        remedy=(
            Remedy(
                title="Read why it ended",
                commands=(f"kubectl -n {space} logs {pod} --previous --tail=30",),
                risk=Risk.SAFE,
                verify="the last error names the cause; repair that first",
            ),
            *restart_proxy(subject.node, add_on=add_on, namespace=space),
        ),
    )

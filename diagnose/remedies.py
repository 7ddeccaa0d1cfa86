"""Steps that several remedies share, filled in with names from the evidence.

What was not seen stays a placeholder in angle brackets, so that nobody runs a guessed name.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from diagnose.model import Remedy, Risk, Subject

DNS_NAMESPACE = "kube-system"
NODE = "<node>"
ORDER = (
    "kube-proxy goes first: flannel reaches the API server through the Service address that "
    "kube-proxy provides, and started before it, it exits after 30 s and starts over"
)


def quoted(word: str, fallback: str) -> str:
    """Return a name safe to paste into a shell, or the placeholder where it is not known."""
    return shlex.quote(word) if word else fallback


def nodes_of(subjects: Iterable[Subject]) -> tuple[str, ...]:
    """Return the names of the nodes that subjects are or lie on, without doubles, in order."""
    names = (one.name if one.kind == "Node" else one.node for one in subjects)
    return tuple(dict.fromkeys(name for name in names if name))


def restart_pods(selector: str, namespace: str, node: str = "") -> str:
    """Return the command that deletes the pods of a selector, on one node when it is named."""
    where = f" --field-selector spec.nodeName={quoted(node, NODE)}" if node else ""
    return f"kubectl -n {quoted(namespace, '<namespace>')} delete pod -l {selector}{where}"


def restart_kube_proxy(node: str = "", namespace: str = DNS_NAMESPACE) -> Remedy:
    """Return the step that restarts kube-proxy, on one node or everywhere."""
    command = (
        restart_pods("k8s-app=kube-proxy", namespace, node)
        if node
        else f"kubectl -n {namespace} rollout restart daemonset kube-proxy"
    )
    return Remedy(
        title="Restart kube-proxy" + (f" on {node}" if node else ""),
        commands=(command,),
        risk=Risk.DISRUPTIVE,
        verify="iptables-save -t nat | grep -c KUBE-SERVICES  # on the node: not 0",
        why=ORDER,
    )


def restart_flannel(node: str = "", namespace: str = "kube-flannel") -> Remedy:
    """Return the step that restarts flannel after kube-proxy, on one node or everywhere."""
    command = (
        restart_pods("app=flannel", namespace, node)
        if node
        else f"kubectl -n {namespace} rollout restart daemonset kube-flannel-ds"
    )
    return Remedy(
        title="Then restart flannel" + (f" on {node}" if node else ""),
        commands=(command,),
        risk=Risk.DISRUPTIVE,
        verify=f"kubectl -n {namespace} get pods -l app=flannel -o wide  # Running, Ready",
        why=ORDER,
    )


def restart_coredns(why: str = "") -> Remedy:
    """Return the step that recreates CoreDNS's pods one after the other."""
    return Remedy(
        title="Recreate the CoreDNS pods",
        commands=(f"kubectl -n {DNS_NAMESPACE} rollout restart deployment coredns",),
        risk=Risk.DISRUPTIVE,
        verify=f"kubectl -n {DNS_NAMESPACE} rollout status deployment coredns",
        why=why,
    )


def edit_corefile(title: str, check: str, why: str = "") -> Remedy:
    """Return the step that changes the Corefile; its check proves that it worked."""
    return Remedy(
        title=title,
        commands=(f"kubectl -n {DNS_NAMESPACE} edit configmap coredns",),
        risk=Risk.DISRUPTIVE,
        verify=f"corediag run --check {shlex.quote(check)}",
        why=why or "CoreDNS reloads the file within two minutes if it has the reload plugin",
    )


def look(title: str, *commands: str, verify: str) -> Remedy:
    """Return a step that only reads."""
    return Remedy(title=title, commands=commands, risk=Risk.SAFE, verify=verify)


def find_api_layer(target: str, node: str = "") -> Remedy:
    """Return the step that finds the hop on which requests to the API server end.

    `target` is the host:port that was asked, "" when it is not known.
    """
    address = quoted(target, "<service address>:443")
    return look(
        "Find the hop that fails: endpoint, Service address on the node, then in a pod",
        "kubectl get endpointslices -l kubernetes.io/service-name=kubernetes",
        f"curl -sk --max-time 5 https://{address}/version  # on {quoted(node, 'the node')}",
        "kubectl -n kube-system get pods -l k8s-app=kube-proxy -o wide",
        verify="endpoint fails: the API server; only the Service address: kube-proxy; only in "
        "pods: the pod network or a filter",
    )


def ask_upstream(server: str, node: str = "") -> Remedy:
    """Return the step that asks an upstream itself, from the node and from a pod."""
    address = quoted(server, "<upstream>")
    return look(
        "Ask the upstream itself, from the node and from a pod of that node",
        f"dig +time=2 +tries=1 @{address} example.com  # on {quoted(node, 'the node')}",
        f"dig +tcp +time=2 +tries=1 @{address} example.com",
        f"kubectl exec <pod> -- nslookup example.com {address}",
        verify="fails everywhere: the server; only in pods: masquerading, a filter or a policy; "
        "only UDP: a filter or the path",
    )


def name_upstream(server: str) -> Remedy:
    """Return the step that gives CoreDNS an upstream that answers."""
    return edit_corefile(
        "Let CoreDNS forward to a resolver that answers: forward . <resolver>",
        "upstream-*",
        f"where {server or 'the address'} comes from the node's resolv.conf, repair that file "
        "instead and recreate the CoreDNS pods",
    )


def stuck_pods_go_on() -> Remedy:
    """Return the step that sees pods in ContainerCreating go on by themselves."""
    return look(
        "Stuck pods go on by themselves: the kubelet tries again",
        "kubectl get pods -A -o wide | grep ContainerCreating",
        verify="none is left after a minute",
    )


def agent_pods(selector: str, namespace: str, node: str, name: str) -> tuple[Remedy, ...]:
    """Return the steps that read a network agent's log and then restart its pod of one node.

    `node` is a name or the placeholder, quoted already.
    """
    where = f"-l {selector} --field-selector spec.nodeName={node}"
    return (
        look(
            f"See whether {name} runs on the node, and what it says last",
            f"kubectl -n {namespace} get pods -o wide {where}",
            f"kubectl -n {namespace} logs -l {selector} --tail=30 --prefix --all-containers",
            verify="no pod of it there, one that is not ready, or its last error: repair that "
            "first",
        ),
        Remedy(
            title=f"Restart {name} on the node",
            commands=(f"kubectl -n {namespace} delete pod {where}",),
            risk=Risk.DISRUPTIVE,
            verify=f"kubectl -n {namespace} get pods -o wide {where}  # Running, Ready",
        ),
    )

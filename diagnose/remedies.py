"""Steps that several remedies share, filled in with names from the evidence.

What was not seen stays a placeholder in angle brackets, so that nobody runs a guessed name.
"""

from __future__ import annotations

import ipaddress
import shlex
from collections.abc import Iterable, Sequence

from diagnose.model import Remedy, Risk, Subject
from diagnose.text.regex import regex

DNS_NAMESPACE = "kube-system"
NODE = "<node>"
FLANNEL = "flannel"
# What people, and programs that hide addresses, put in place of pieces: 10.x.x.x, ::…, <ip>
ELIDED = regex(
    r"…|\.\.\.|[<>*]|REDACTED|^[xX]{2,}$"
    r"|^(?=[\d.]*[xX])(?:\d{1,3}|[xX]{1,3})(?:\.(?:\d{1,3}|[xX]{1,3})){3}(?::\d+)?$"
    r"|^\[?(?=[^\]]*:)(?:[0-9a-fA-F]{0,4}:)*[xX]{1,4}(?=[:\]]|$)"
)
ORDER = (
    "kube-proxy goes first: flannel reaches the API server through the Service address that "
    "kube-proxy provides, and started before it, it exits after 30 s and starts over"
)


def quoted(word: str, fallback: str) -> str:
    """Return a name safe to paste into a shell, or the placeholder where it is not known.

    An address of which somebody left out a piece is not known: it would be asked as if it were one.
    """
    return shlex.quote(word) if word and not ELIDED.search(word) else fallback


def nodes_of(subjects: Iterable[Subject]) -> tuple[str, ...]:
    """Return the names of the nodes that subjects are or lie on, without doubles, in order."""
    names = (one.name if one.kind == "Node" else one.node for one in subjects)
    return tuple(dict.fromkeys(name for name in names if name))


def restart_pods(selector: str, namespace: str, node: str = "") -> str:
    """Return the command that deletes the pods of a selector, on one node when it is named."""
    where = f" --field-selector spec.nodeName={quoted(node, NODE)}" if node else ""
    return f"kubectl -n {quoted(namespace, '<namespace>')} delete pod -l {selector}{where}"


def restart_kube_proxy(
    node: str = "", namespace: str = DNS_NAMESPACE, title: str = "Restart kube-proxy", why: str = ""
) -> Remedy:
    """Return the step that restarts kube-proxy, on one node or everywhere."""
    command = (
        restart_pods("k8s-app=kube-proxy", namespace, node)
        if node
        else f"kubectl -n {namespace} rollout restart daemonset kube-proxy"
    )
    return Remedy(
        title=title + (f" on {node}" if node else ""),
        commands=(command,),
        risk=Risk.DISRUPTIVE,
        verify="iptables-save -t nat | grep -c KUBE-SERVICES  # on the node: not 0",
        why=why,
    )


def restart_flannel(
    node: str = "", namespace: str = "kube-flannel", title: str = "Then restart flannel"
) -> Remedy:
    """Return the step that restarts flannel after kube-proxy, on one node or everywhere."""
    command = (
        restart_pods("app=flannel", namespace, node)
        if node
        else f"kubectl -n {namespace} rollout restart daemonset kube-flannel-ds"
    )
    return Remedy(
        title=title + (f" on {node}" if node else ""),
        commands=(command,),
        risk=Risk.DISRUPTIVE,
        verify=f"kubectl -n {namespace} get pods -l app=flannel -o wide  # Running, Ready",
        why=ORDER,
    )


def restart_proxy(
    node: str, *, add_on: str, where: str = "", namespace: str = DNS_NAMESPACE
) -> tuple[Remedy, ...]:
    """Return the restart of kube-proxy, then of the agent that reaches the API server through it.

    `where` is the condition under which kube-proxy is to be restarted, as its title says it;
    `add_on` the name of the network add-on, "" when nothing tells it. Only flannel is known to end
    and start over while it waits, so of another one no restart is asked for.
    """
    title = f"{where}: restart kube-proxy" if where else "Restart kube-proxy"
    first = restart_kube_proxy(node, namespace, title, "" if add_on not in ("", FLANNEL) else ORDER)
    if add_on == FLANNEL:
        return first, restart_flannel(node)
    if add_on:
        return (first,)
    command = (
        restart_pods("app=flannel", "kube-flannel", node)
        if node
        else "kubectl -n kube-flannel rollout restart daemonset kube-flannel-ds"
    )
    then = Remedy(
        title="Then, if the network add-on is flannel and does not recover, restart it",
        commands=("kubectl get daemonsets -A  # which add-on there is", command),
        risk=Risk.DISRUPTIVE,
        verify="its pods are Running and Ready",
        why=ORDER,
    )
    return first, then


def restart_add_on(node: str, *, add_on: str) -> Remedy:
    """Return the step that has the network add-on of a node write its rules anew."""
    if add_on == FLANNEL:
        return restart_flannel(node, title="Restart flannel, which writes its rules anew")
    return Remedy(
        title="Have the network add-on write its rules anew: restart its agent's pod of the node",
        commands=(
            "kubectl get pods -A -o wide --field-selector "
            f"spec.nodeName={quoted(node, NODE)}  # which is the agent",
            "kubectl -n <its namespace> delete pod <the agent>",
        ),
        risk=Risk.DISRUPTIVE,
        verify="iptables-save  # on the node: the add-on's chains are there",
    )


def after_api_layer(target: str, node: str, *, add_on: str) -> tuple[Remedy, ...]:
    """Return what follows find_api_layer: kube-proxy concerns only a Service's address.

    The Service `kubernetes` has port 443; servers themselves are asked at another, or by a name.
    """
    host, _, port = target.rpartition(":")
    try:
        address = ipaddress.ip_address(host.strip("[]")) if host else None
    except ValueError:
        return ()
    if address is not None and (port != "443" or address.is_loopback):
        return ()
    return restart_proxy(node, add_on=add_on, where="Where only the Service address fails")


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


def ask_endpoints(addresses: Sequence[str]) -> Remedy:
    """Return the step that asks each CoreDNS pod by its own address, past the Service."""
    first = list(addresses[:4]) or ["<each CoreDNS pod IP>"]
    return look(
        "Ask each endpoint by its own address: which of them fails?",
        "kubectl get pods -A -l k8s-app=kube-dns -o wide",
        *(
            "kubectl exec <pod> -- sh -c 'for i in 1 2 3 4 5; do nslookup -timeout=2 "
            f"kubernetes.default.svc.cluster.local. {one}; done'"
            for one in first
        ),
        verify="one always fails: that replica or the way to its node; none fails: the Service's "
        "rules, conntrack; each fails now and then: packet loss or overload",
    )


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


def names_of_certificate(verify: str) -> Remedy:
    """Return the step that shows the names in the API server's certificate."""
    return look(
        "Show the names in the certificate, and those that kubeadm was told to put into it",
        "openssl s_client -connect 127.0.0.1:6443 </dev/null 2>/dev/null "
        "| openssl x509 -noout -ext subjectAltName  # on each control-plane node",
        "kubectl -n kube-system get configmap kubeadm-config "
        "-o jsonpath='{.data.ClusterConfiguration}' "
        "| grep -E -A9 'certSANs|dnsDomain|serviceSubnet|controlPlaneEndpoint'",
        verify=verify,
    )


def issue_certificate(title: str, names: str, check: str) -> Remedy:
    """Return the step that issues the API server's certificate anew; `names` says with which.

    kubeadm makes the names of its configuration, not of the certificate before: what only the
    command line added then is lost unless it is written down. What it finds it leaves as it is.

    Source: kubernetes/kubernetes v1.31.0 cmd/kubeadm/app/util/pkiutil/pki_helpers.go
    (GetAPIServerAltNames), cmd/kubeadm/app/phases/certs/certs.go.
    """
    return Remedy(
        title=title,
        commands=(
            "kubectl -n kube-system get configmap kubeadm-config "
            "-o jsonpath='{.data.ClusterConfiguration}' > kubeadm.yaml",
            names,
            "mkdir -p /root/pki-before && mv /etc/kubernetes/pki/apiserver.crt "
            "/etc/kubernetes/pki/apiserver.key /root/pki-before/",
            "kubeadm init phase certs apiserver --config kubeadm.yaml",
            "openssl x509 -noout -ext subjectAltName -in /etc/kubernetes/pki/apiserver.crt"
            "  # all that are to be there?",
            "crictl stop $(crictl ps -q --name kube-apiserver)",
            "kubeadm init phase upload-config kubeadm --config kubeadm.yaml  # for later ones",
        ),
        risk=Risk.DISRUPTIVE,
        verify=f"corediag run --check {check}",
        why="on one control-plane node after the other; where kubeadm did not make it, have it "
        "made anew where it was made, with the same names",
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

    `node` is a name or the placeholder, quoted already. Without a namespace all are searched, as
    an operator installs an agent elsewhere than its manifest does.
    """
    where = f"-l {selector} --field-selector spec.nodeName={node}"
    space = f"-n {namespace}" if namespace else "-A"
    logs = (
        f"kubectl -n {namespace} logs -l {selector} --tail=30 --prefix --all-containers"
        if namespace
        else "kubectl -n <its namespace> logs <that pod> --tail=30 --prefix --all-containers"
    )
    return (
        look(
            f"See whether {name} runs on the node, and what it says last",
            f"kubectl get pods {space} -o wide {where}",
            logs,
            verify="no pod of it there, one that is not ready, or its last error: repair that "
            "first",
        ),
        Remedy(
            title=f"Restart {name} on the node",
            commands=(f"kubectl delete pod {space} {where}",),
            risk=Risk.DISRUPTIVE,
            verify=f"kubectl get pods {space} -o wide {where}  # Running, Ready",
        ),
    )

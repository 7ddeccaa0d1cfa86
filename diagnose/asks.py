"""What can be asked of a cluster, by name: the unit that is requested, recorded and permitted."""

from __future__ import annotations

from enum import Enum

from diagnose.values import dataclass


@dataclass(frozen=True)
class Rule:
    """A row of a ClusterRole: API group, resources, verbs; of a Role where it has a namespace."""

    group: str
    resources: tuple[str, ...]
    verbs: tuple[str, ...] = ("list",)
    namespace: str = ""


@dataclass(frozen=True)
class AskText:
    """What an ask brings, the command that brings it by hand, and the permission it takes.

    `rung` says how far one has to go for it on a running cluster: 1 gets, lists and logs; 2 what
    kubelets and CoreDNS answer through the API server; 3 commands in pods that run; 4 a probe pod.
    """

    title: str
    by_hand: str
    rules: tuple[Rule, ...] = ()
    rung: int = 1


class Ask(Enum):
    """Everything that evidence is asked for; the value names it in manifests and gaps."""

    DNS_PODS = "dns-pods"
    DNS_SERVICES = "dns-services"
    DNS_ENDPOINTS = "dns-endpoints"
    DNS_CONFIG = "dns-config"
    DNS_LOGS = "dns-logs"
    DAEMON_SETS = "daemon-sets"
    DEPLOYMENTS = "deployments"
    SYSTEM_PODS = "system-pods"
    EVENTS = "events"
    NODES = "nodes"
    KUBELET_CONFIG = "kubelet-config"
    KUBELET_CONFIGZ = "kubelet-configz"
    RBAC = "rbac"
    API_CERTIFICATE = "api-certificate"
    PROXY_LOGS = "kube-proxy-logs"
    FLANNEL_LOGS = "flannel-logs"
    FLANNEL_CONFIG = "flannel-config"
    CONTROLLER_MANAGER_LOGS = "controller-manager-logs"
    KUBELET_LOGS = "kubelet-logs"
    RUNTIME_LOGS = "container-runtime-logs"
    CLIENT_OUTPUT = "client-output"
    RESOLV_CONF = "resolv-conf"
    NODE_NETWORK = "node-network"
    KERNEL_LOGS = "kernel-logs"
    KERNEL_SETTINGS = "kernel-settings"
    NETWORK_POLICIES = "network-policies"
    DNS_HEALTH = "dns-health"
    DNS_METRICS = "dns-metrics"
    DNS_ANSWERS = "dns-answers"
    CLIENT_ANSWERS = "client-answers"
    PROBE_ANSWERS = "probe-answers"
    NODE_FILES = "node-files"


PODS = Rule("", ("pods",))
EVENTS = Rule("", ("events",))
NODES = Rule("", ("nodes",), ("get", "list"))
SERVICES = Rule("", ("services",))
GET_SERVICES = Rule("", ("services",), ("get",))  # the address of `kubernetes`
DAEMON_SETS = Rule("apps", ("daemonsets",))
DEPLOYMENTS = Rule("apps", ("deployments",))
CONFIG_MAPS = Rule("", ("configmaps",), ("get",))
LOGS = (PODS, Rule("", ("pods/log",), ("get",)))
POD_PROXY = Rule("", ("pods/proxy",), ("get",))
NODE_PROXY = Rule("", ("nodes/proxy",), ("get",))
# Both are opened by a GET; from Kubernetes 1.35 on the server asks for `create` as well.
FORWARD = Rule("", ("pods/portforward",), ("get", "create"))
EXEC = Rule("", ("pods/exec",), ("get", "create"))
# What is created: probe pods, in one namespace; see diagnose.sources.probe.
PROBE = (
    Rule("", ("pods",), ("create", "delete", "get", "list"), "default"),
    Rule("", ("pods/log",), ("get",), "default"),
)
# Which Services and pods serve DNS is found by labels, and by the kubelets' configuration.
FIND_SERVICES = (SERVICES, CONFIG_MAPS)
FIND_PODS = (PODS, *FIND_SERVICES)

ASKS: dict[Ask, AskText] = {
    Ask.DNS_PODS: AskText(
        "the pods that serve DNS",
        "kubectl get pods -A -l k8s-app=kube-dns -o yaml",
        FIND_PODS,
    ),
    Ask.DNS_SERVICES: AskText(
        "the DNS service",
        "kubectl get services -A -l k8s-app=kube-dns -o yaml",
        FIND_SERVICES,
    ),
    Ask.DNS_ENDPOINTS: AskText(
        "the endpoints of the DNS service",
        "kubectl get endpointslices -A -l k8s-app=kube-dns -o yaml",
        (
            *FIND_SERVICES,
            Rule("discovery.k8s.io", ("endpointslices",)),
            Rule("", ("endpoints",), ("get",)),
        ),
    ),
    Ask.DNS_CONFIG: AskText(
        "CoreDNS's configuration",
        "kubectl -n kube-system get configmap coredns -o yaml",
        (*FIND_PODS, DEPLOYMENTS),
    ),
    Ask.DNS_LOGS: AskText(
        "the logs of CoreDNS",
        "kubectl -n kube-system logs -l k8s-app=kube-dns --prefix --timestamps --tail=-1\n"
        "kubectl -n kube-system logs -l k8s-app=kube-dns --prefix --timestamps --tail=-1 "
        "--previous",
        (*FIND_PODS, *LOGS),
    ),
    Ask.DAEMON_SETS: AskText(
        "the DaemonSets of kube-proxy and the network add-on",
        "kubectl get daemonsets -A -o yaml",
        (DAEMON_SETS,),
    ),
    Ask.DEPLOYMENTS: AskText(
        "the Deployment of CoreDNS",
        "kubectl get deployments -A -l k8s-app=kube-dns -o yaml",
        (DEPLOYMENTS,),
    ),
    Ask.SYSTEM_PODS: AskText(
        "the pods of node agents that are not well, and pods that wait",
        "kubectl get pods -A -o wide",
        (PODS, DAEMON_SETS),
    ),
    Ask.EVENTS: AskText(
        "warning events",
        "kubectl get events -A --field-selector type=Warning",
        (EVENTS, DAEMON_SETS),
    ),
    Ask.NODES: AskText(
        "the nodes",
        "kubectl get nodes -o wide",
        (NODES,),
    ),
    Ask.KUBELET_CONFIG: AskText(
        "the kubelets' configuration",
        "cat /var/lib/kubelet/config.yaml on a node, or "
        "kubectl -n kube-system get configmap kubelet-config -o yaml",
        (CONFIG_MAPS,),
    ),
    Ask.KUBELET_CONFIGZ: AskText(
        "the configuration that kubelets run with",
        "kubectl get --raw /api/v1/nodes/<node>/proxy/configz",
        (*FIND_PODS, NODES, NODE_PROXY),
        rung=2,
    ),
    Ask.RBAC: AskText(
        "what CoreDNS's service account may do",
        "kubectl get clusterrole,clusterrolebinding system:coredns -o yaml",
        (
            *FIND_PODS,
            Rule("rbac.authorization.k8s.io", ("clusterroles", "clusterrolebindings"), ("get",)),
        ),
    ),
    Ask.API_CERTIFICATE: AskText(
        "the API server's certificate",
        "openssl s_client -connect <API server>:6443 </dev/null 2>/dev/null | "
        "openssl x509 -noout -ext subjectAltName -subject -issuer -dates\n"
        "kubectl get service kubernetes -o yaml",
        (GET_SERVICES,),
    ),
    Ask.PROXY_LOGS: AskText(
        "the logs of kube-proxy",
        "kubectl -n kube-system logs -l k8s-app=kube-proxy",
        (*FIND_PODS, DAEMON_SETS, *LOGS),
    ),
    Ask.FLANNEL_LOGS: AskText(
        "the logs of flannel",
        "kubectl -n kube-flannel logs -l app=flannel",
        (*FIND_PODS, DAEMON_SETS, *LOGS),
    ),
    Ask.FLANNEL_CONFIG: AskText(
        "flannel's configuration",
        "kubectl -n kube-flannel get configmap kube-flannel-cfg -o yaml",
        (DAEMON_SETS, CONFIG_MAPS),
    ),
    Ask.CONTROLLER_MANAGER_LOGS: AskText(
        "the log of kube-controller-manager",
        "kubectl -n kube-system logs -l component=kube-controller-manager",
        LOGS,
    ),
    Ask.KUBELET_LOGS: AskText(
        "the kubelet's log of a node",
        "journalctl -u kubelet on the node",
        (NODES, EVENTS, DAEMON_SETS, NODE_PROXY),
        rung=2,
    ),
    Ask.RUNTIME_LOGS: AskText(
        "the container runtime's log of a node", "journalctl -u containerd on the node"
    ),
    Ask.CLIENT_OUTPUT: AskText(
        "what a client saw", "nslookup kubernetes.default in a pod, and the application's error"
    ),
    Ask.RESOLV_CONF: AskText(
        "resolv.conf of a node and of a pod",
        "cat /etc/resolv.conf on the node and in a pod",
        (*FIND_PODS, NODES, EVENTS, DAEMON_SETS, EXEC),
        rung=3,
    ),
    Ask.NODE_NETWORK: AskText(
        "addresses, routes and rules of a node",
        "ip addr; ip route; iptables-save on the node",
        (*FIND_PODS, NODES, EVENTS, DAEMON_SETS, EXEC),
        rung=3,
    ),
    Ask.KERNEL_LOGS: AskText("the kernel's log of a node", "dmesg -T on the node"),
    Ask.KERNEL_SETTINGS: AskText(
        "the kernel's network settings of a node",
        "sysctl net.ipv4.ip_forward net.bridge.bridge-nf-call-iptables on the node",
        (*FIND_PODS, NODES, EVENTS, DAEMON_SETS, EXEC),
        rung=3,
    ),
    Ask.NETWORK_POLICIES: AskText(
        "the network policies",
        "kubectl get networkpolicies -A -o yaml",
        (Rule("networking.k8s.io", ("networkpolicies",)),),
    ),
    Ask.DNS_HEALTH: AskText(
        "what CoreDNS says of its health and readiness",
        "kubectl get --raw /api/v1/namespaces/kube-system/pods/<pod>:8181/proxy/ready",
        (*FIND_PODS, POD_PROXY),
        rung=2,
    ),
    Ask.DNS_METRICS: AskText(
        "the metrics of CoreDNS",
        "kubectl get --raw /api/v1/namespaces/kube-system/pods/<pod>:9153/proxy/metrics",
        (*FIND_PODS, POD_PROXY),
        rung=2,
    ),
    Ask.DNS_ANSWERS: AskText(
        "what each CoreDNS pod answers",
        "kubectl -n kube-system port-forward <pod> 5353:53, then "
        "dig +tcp -p 5353 @127.0.0.1 kubernetes.default.svc.cluster.local",
        (*FIND_PODS, GET_SERVICES, DAEMON_SETS, DEPLOYMENTS, FORWARD),
        rung=2,
    ),
    Ask.CLIENT_ANSWERS: AskText(
        "what DNS answers to pods and nodes",
        "kubectl exec <a pod> -- nslookup kubernetes.default",
        (*FIND_PODS, GET_SERVICES, NODES, EVENTS, DAEMON_SETS, DEPLOYMENTS, EXEC),
        rung=3,
    ),
    Ask.PROBE_ANSWERS: AskText(
        "what DNS answers to a probe pod on each node",
        "corediag run --probe",
        (
            *FIND_PODS,
            DAEMON_SETS,
            DEPLOYMENTS,
            GET_SERVICES,
            NODES,
            EVENTS,
            *PROBE,
        ),
        rung=4,
    ),
    Ask.NODE_FILES: AskText(
        "the files of the pod network on a node",
        "cat /run/flannel/subnet.env /etc/cni/net.d/*; ls /opt/cni/bin on the node",
        (*FIND_PODS, NODES, EVENTS, DAEMON_SETS, EXEC),
        rung=3,
    ),
}

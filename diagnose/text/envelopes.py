"""What log collectors and log libraries wrap around a message, taken off; and who printed it.

The formats: `kubectl logs --timestamps --prefix` (kubernetes/kubectl pkg/cmd/logs), CRI files
(kubernetes/kubernetes pkg/kubelet/kuberuntime/logs), Docker's json-file driver (moby/moby
daemon/logger/jsonfilelog), journald's short outputs (systemd src/shared/logs-show.c), klog's
header (kubernetes/klog klog.go, formatHeader) and its JSON (component-base/logs/json), logrus'
text, Go's log package, stern (stern/stern stern/tail.go).
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import ahocorasick_rs

from diagnose.signatures.base import Emitter
from diagnose.text.regex import regex
from diagnose.values import dataclass

LONGEST_JSON = 1_000_000
LAYERS = 8  # more than that nobody nests; a bound for hostile lines
LEVELS = {
    **dict.fromkeys(("d", "debug", "trace", "verbose", "7"), "debug"),
    **dict.fromkeys(("i", "info", "notice", "default", "information", "5", "6"), "info"),
    **dict.fromkeys(("w", "warn", "warning", "4"), "warning"),
    **dict.fromkeys(("e", "err", "error", "3"), "error"),
    **dict.fromkeys(
        ("f", "fatal", "panic", "dpanic", "crit", "critical", "alert", "emerg", "0", "1", "2"),
        "fatal",
    ),
}


@dataclass(frozen=True)
class Envelope:
    """A line of a log, taken apart.

    `line` is what the program itself printed, with its own header; `text` is the message alone.
    `at` is aware and in UTC: times without a zone are taken for UTC. `level` is one of debug,
    info, warning, error, fatal, or "" when not told. `program` is journald's or syslog's
    identifier, `node` its host. `source` is the file:line of klog's header or of a JSON log.
    `partial` says that a CRI or docker record continues in the next one.
    """

    text: str
    line: str = ""
    at: datetime | None = None
    pod: str = ""
    namespace: str = ""
    container: str = ""
    stream: str = ""
    level: str = ""
    program: str = ""
    node: str = ""
    source: str = ""
    partial: bool = False


DATE = r"(?P<at>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)"
MONTH_DAY = (
    r"(?P<yearless>(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d "
    r"\d\d:\d\d:\d\d(?:\.\d{1,9})?)"
)
HOST = r"(?P<node>[A-Za-z0-9][\w.:-]{0,252})"
NAME = r"[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?"
# Beside a full date the host and program of journald's short-iso look like any two words.
DAEMONS = (
    "kernel|kubelet|containerd|crio|dockerd|cri-dockerd|k3s|rke2|systemd|kube-proxy|flanneld|"
    "coredns"
)
UNIT = rf"(?P<program>[\w./@+-]{{1,64}}?)\[\d{{1,10}}\]|(?P<daemon>{DAEMONS})"

OUTER = tuple(
    regex(pattern)
    for pattern in (
        # grep over the kubelet's log folders
        r"\S{0,200}?/?(?:var/log/)?pods/(?P<namespace>[a-z0-9-]+)_(?P<pod>[a-z0-9.-]+)_"
        r"[0-9a-f-]{8,40}/(?P<container>[a-z0-9-]+)/\d+\.log\S{0,20}?:(?:\d+:)?(?=\S)",
        r"\S{0,200}?/?var/log/containers/(?P<pod>[a-z0-9.-]+)_(?P<namespace>[a-z0-9-]+)_"
        r"(?P<container>[a-z0-9-]+)-[0-9a-f]{64}\.log:(?:\d+:)?(?=\S)",
        r"\[pod/(?P<pod>[a-z0-9.-]+)/(?P<container>[a-z0-9-]+)\] ",
        r"\[(?P<pod>[a-z0-9.-]+-[a-z0-9]{5}) (?P<container>[a-z0-9-]+)\] ",
        rf"{DATE} (?P<stream>stdout|stderr) (?P<tag>[FP])(?::\S{{1,100}})?(?: |$)",
        rf"(?:<\d{{1,3}}>\d? ?)?{DATE} {HOST} (?:{UNIT}): ",
        rf"<\d{{1,3}}>1 {DATE} {HOST} (?P<program>[\w./-]{{1,64}}) (?:\d+|-) \S+ (?:-|\[[^\]]*\]) ",
        rf"(?:<\d{{1,3}}>)?{MONTH_DAY} {HOST} (?P<program>[\w./@+-]{{1,64}}?)(?:\[\d{{1,10}}\])?: ",
        r"(?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d))(?:\s+|$)",
    )
)
# What stern prints carries no mark of its own: it counts only before what begins a log entry.
STERN = regex(
    rf"(?:(?P<namespace>{NAME}) )?(?P<pod>[a-z0-9.-]{{1,240}}-[a-z0-9]{{5}}|kube-[a-z-]{{1,200}}|"
    rf"etcd-[a-z0-9.-]{{1,200}}) (?P<container>{NAME}) (?=\S)"
)
KLOG = regex(
    r"(?P<level>[DIWEF])(?P<klogtime>\d{4} \d\d:\d\d:\d\d\.\d{1,9})\s+(?:\d+ )?"
    r"(?P<source>[\w./-]{1,200}:\d+)\] ?"
)
OWN = tuple(
    regex(pattern)
    for pattern in (
        KLOG.pattern,
        r"\[pid:\d{1,10}\] (?=\d{4}/)",
        r"(?P<gotime>\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?) "
        r"(?:(?P<source>[\w.-]{1,100}\.go:\d+): )?",
        rf"{DATE} ",
        r"\[(?P<longtime>(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d "
        r"\d\d:\d\d:\d\d \d{4})\] ",
        r"\[ {0,6}\d{1,9}\.\d{6}\] ",
    )
)
BRACKET = regex(r"\[(?P<level>INFO|WARNING|WARN|ERROR|FATAL|PANIC|DEBUG|NOTICE)\] ?")
WORD_LEVEL = regex(r"(?P<level>INFO|WARN(?:ING)?|ERRO?R?|FATAL|DEBUG|PANIC)\b")
LOGFMT_HEAD = regex(
    r"(?:time|ts|t|level|lvl|msg|caller|logger|severity|timestamp|@timestamp)=(?:\"|\S)"
)
PAIR = regex(r'([A-Za-z_@][\w.@/-]{0,100})=("(?:[^"\\]++|\\.)*+"|[^\s"]*) ?')
LOGFMT_HEADER = {
    **dict.fromkeys(("time", "ts", "t", "timestamp", "@timestamp"), "at"),
    **dict.fromkeys(("level", "lvl", "severity"), "level"),
    **dict.fromkeys(("caller", "source"), "source"),
    "logger": "",
}

# Which keys of a JSON log hold what, by dotted path; the first that is there counts.
JSON_KEYS: Mapping[str, tuple[str, ...]] = {
    "text": ("log", "msg", "message", "MESSAGE", "textPayload", "jsonPayload.message", "line"),
    "at": ("time", "ts", "timestamp", "@timestamp", "receiveTimestamp", "__REALTIME_TIMESTAMP"),
    "level": ("level", "severity", "lvl", "PRIORITY"),
    "stream": ("stream",),
    "source": ("caller",),
    "pod": (
        "kubernetes.pod_name",
        "kubernetes.pod.name",
        "resource.labels.pod_name",
        "labels.pod",
        "stream.pod",
        "pod_name",
    ),
    "namespace": (
        "kubernetes.namespace_name",
        "kubernetes.namespace",
        "resource.labels.namespace_name",
        "labels.namespace",
        "stream.namespace",
    ),
    "container": (
        "kubernetes.container_name",
        "kubernetes.container.name",
        "resource.labels.container_name",
        "labels.container",
        "stream.container",
    ),
    "node": ("kubernetes.host", "kubernetes.node.name", "labels.node_name", "_HOSTNAME"),
    "program": ("SYSLOG_IDENTIFIER", "_COMM"),
}
JSON_MESSAGES = ("msg", "message")
JSON_SILENT = frozenset({"v", "logger", "stacktrace", "stream"})

BEGINS = regex(
    "|".join(
        (
            r"[DIWEF]\d{4} \d\d:\d\d",
            r"\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d",
            r"(?:<\d{1,3}>)?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d:",
            r"\[(?:INFO|WARNING|WARN|ERROR|FATAL|PANIC|DEBUG|NOTICE)\]",
            r"\[pod/",
            r"\[pid:\d",
            r"\[ {0,6}\d{1,9}\.\d{6}\] ",
            r"\[(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ",
            LOGFMT_HEAD.pattern,
            r'\{"',
            r"[\w.-]{0,200}\.?:\d{1,5}(?: on \S{1,45})?$",  # CoreDNS names its zones: .:53
            r"CoreDNS-\d",
            r"\w+/\w+, go\d",
            r"Trace\[\d",
            r"maxprocs: ",
            r"(?:panic|fatal error|runtime|log): ",
            r"goroutine \d",
            r"plugin/\w+: ",
            r"/etc/[\w./-]{1,100}:\d+ - ",
            # CoreDNS's last words when it cannot start, and what stands in a log's place
            r"(?:Listen(?:Packet)?: )?listen (?:tcp|udp)",
            r"cannot serve |no action found |error inspecting |loading Caddyfile |Warning: Domain ",
            r"address \d+: |exec /\S+: |standard_init_linux\.go:",
            # not the second half of gRPC's "rpc error: code = ... desc = ..."
            r"unable to retrieve container logs |Error from server|error: (?!code = )"
            r"|The connection to the ",
            r"Unable to connect to the server",
            r"-- ",
        )
    )
)


@dataclass(frozen=True)
class Sign:
    """A text that tells who printed the line that holds it."""

    emitter: Emitter
    literals: tuple[str, ...]


# In order: where several occur in a line, the first row tells.
SIGNS = (
    Sign(
        Emitter.COREDNS,
        (
            "[INFO] plugin/",
            "[ERROR] plugin/",
            "[WARNING] plugin/",
            "[FATAL] plugin/",
            "[DEBUG] plugin/",
            "[INFO] SIGTERM: ",
            "[INFO] Reloading",
            "[ERROR] Restart failed",
            "[ERROR] Recovered from panic",
            "[WARNING] No files matching import",
            "plugin/errors: ",
            "plugin/kubernetes: ",
            "plugin/forward: ",
            "plugin/loop: ",
            "plugin/health: ",
            "plugin/ready: ",
            "plugin/cache: ",
            "plugin/reload: ",
            "plugin/prometheus: ",
            "plugin/hosts: ",
            "plugin/etcd: ",
            "plugin/rewrite: ",
            "plugin/template: ",
            "plugin/tls: ",
            "plugin/log: ",
            "plugin/loadbalance: ",
            "plugin/proxy: ",
            "plugin/file: ",
            "plugin/autopath: ",
            "github.com/coredns/",
            "CoreDNS-1.",
            "CoreDNS-0",
            " - Error during parsing: ",
            " - Syntax error: ",
            "Caddyfile",
            "cannot serve dns://",
            "error inspecting server blocks",
            "/coredns-cap",
            '"HINFO IN ',
            "node-cache image",
            "nodelocaldns",
            "NodeLocal DNS",
            "no action found for directive",
            "does not follow RFC1035",
            "Listen: listen tcp",
            "ListenPacket: listen udp",
            "[ERROR] SIGUSR1",
            "metrics handler",
            "dnsmasq[",
            "skydns",
            "[endpoints services] to be initialized",
        ),
    ),
    Sign(
        Emitter.CONTROLLER_MANAGER,
        (
            "find ipfamilies for ",
            "yncing endpoint slices for service",
            "Error updating Endpoint Slices for Service",
            "range_allocator",
            "CIDR allocation failed",
            "kube-controller-manager",
        ),
    ),
    Sign(
        Emitter.FLANNEL,
        (
            "SubnetManager",
            "ubnet manager",
            "subnet found for key: FLANNEL",
            "Wrote subnet file",
            "write subnet file",
            "br_netfilter: ",
            "CLI flags config: {etcd",
            "Found network config - Backend type",
            "Error registering network",
            "shutdownHandler",
            "github.com/flannel-io/flannel/",
            "github.com/coreos/flannel/",
            "evts chan closed",
            "Creating the node lease for IP",
            "flanneld",
            "CompleteLease",
            "fetch network config",
            "Error fetching backend",
            "interface to use",
            "Using interface with name",
            "Defaulting external",
            "Running backend.",
            "List of node(",
            "masq rules",
            "masking rules",
            "default FORWARD chain policy",
            "rules are missing; deleting and recreating",
            "Starting flannel in ",
            "could not watch leases",
            "Lease renewed",
        ),
    ),
    Sign(
        Emitter.KUBE_PROXY,
        (
            "Using iptables Proxier",
            "sing iptables proxy",
            "sing ipvs Proxier",
            "IPVS proxier",
            "IPVS scheduler",
            "ipvs scheduler",
            "kube-proxy running in",
            "Error running ProxyServer",
            "iptables-restore",
            "unknown proxy mode",
            "KUBE-SERVICES",
            "KUBE-POSTROUTING",
            "KUBE-FORWARD",
            "Kube-proxy configuration",
            "service config",
            "endpoint slice config",
            "config controller",
            "KubeProxyConfiguration",
            "unable to create proxier",
            "retrieve node info",
            "retrieved node IP",
            "nf_conntrack_max",
            "parameters/hashsize",
            "kube-proxy",
        ),
    ),
    Sign(
        Emitter.KUBELET,
        (
            "Failed to create pod sandbox: ",
            "Failed create pod sandbox: ",
            "Error syncing pod",
            "with CreatePodSandboxError",
            "with KillPodSandboxError",
            "KubeletNotReady",
            "untime network not ready",
            "ClusterDNS IP configured",
            "Nameserver limits were exceeded",
            "Search Line limits were exceeded",
            "Pod sandbox changed, it will be killed",
            "validate nodeIP",
            "envvars",
            "Back-off restarting failed container",
            "networkPlugin cni failed to ",
            "Kubelet version",
            "run Kubelet",
            "Failed to pull image",
            "probe failed: ",
            "failed liveness probe",
            "MountVolume.SetUp failed",
            "The node was low on resource",
            "System OOM encountered",
            "search line consisting of more than",
            "node lease",
            "Failed to ensure lease exists",
        ),
    ),
    Sign(
        Emitter.RUNTIME,
        (
            "for &PodSandboxMetadata{",
            "containerd successfully booted",
            "starting containerd",
            "io.containerd.",
            "StopPodSandbox for ",
            "CreateContainer within sandbox",
            "StartContainer for ",
            "failed to load cni during init",
            "failed to reload cni configuration",
            "cni network conf syncer",
            "shim disconnected",
            "namespace=moby",
            "libcontainerd",
            "unable to retrieve container logs for ",
            'msg="PullImage ',
        ),
    ),
    Sign(
        Emitter.CNI,
        (
            'plugin type="',
            'plugin type=\\"',
            "failed to set bridge addr",
            "failed to delegate add",
            "failed to allocate for range",
            "no IP addresses available in range set",
            "failed to find plugin ",
            "failed to Statfs ",
            "/run/flannel/subnet.env",
            "neither iptables nor ip6tables",
            "failed to open netns",
            "netplugin failed",
            "failed to open iptables",
            "failed to locate iptables",
            "find nftables binary",
            "CNI-HOSTPORT",
            "loadFlannelSubnetEnv",
            "flannel 'subnet.env'",
            "unmarshall network config",
            "parsing configuration list",
            "Error loading CNI config",
            "networks found in /etc/cni",
            "network config found in /etc/cni",
            "No CNI configuration file",
            "cni plugin not initialized",
            "cni config uninitialized",
            "container veth name",
            "failed to create bridge",
            "IP ranges specified",
            "RangeStart",
            "/var/lib/cni/",
            "/var/lib/calico/nodename",
            "Calico pools",
            "cilium agent",
            "start cni process",
            "end cni process",
            "multus",
            "Multus",
        ),
    ),
    Sign(
        Emitter.KERNEL,
        (
            "nf_conntrack: ",
            "table full, dropping packet",
            "eighbour table overflow",
            "eighbor table overflow",
            "ut of memory: Kill",
            "martian source",
            "bad checksum. From",
            "can't initialize ip",
            "do you need to insmod?",
            "xtables lock",
            "Could not fetch rule set generation id",
        ),
    ),
    Sign(
        Emitter.API_CLIENT,
        (
            "client-go@",
            "client-go/informers",
            "ailed to list *v1",
            "ailed to watch *v1",
            "tools/cache/reflector.go",
            " is forbidden: User ",
            "The connection to the server ",
            "Unable to connect to the server",
        ),
    ),
    Sign(
        Emitter.CLIENT,
        (
            "getaddrinfo",
            "Could not resolve host",
            "ould not resolve '",
            "couldn't resolve host",
            "nable to resolve host",
            "UnknownHostException",
            "Temporary failure in name resolution",
            "Temporary failure resolving",
            "Name or service not known",
            "Name does not resolve",
            "ame resolution failure",
            "bad address '",
            "Bad hostname",
            "EAI_AGAIN",
            "ENOTFOUND",
            ": no such host",
            "server misbehaving",
            "tcp: lookup ",
            "net.LookupHost: lookup ",
            "could not translate host name",
            "NameResolutionError",
            ";; connection timed out; no servers could be reached",
            ";; communications error to ",
            ";; reply from unexpected source",
            "** server can't find ",
            "nslookup: can't resolve",
        ),
    ),
)

# By the file of klog's header; names that several programs share stand here for none.
FILES: Mapping[str, Emitter] = {
    name: emitter
    for emitter, names in (
        (
            Emitter.KUBELET,
            "kubelet kubelet_node_status kubelet_node_status_others kubelet_pods kubelet_network "
            "kubelet_network_linux kubelet_volumes kubelet_getters kubelet_resources "
            "kuberuntime_manager kuberuntime_sandbox kuberuntime_container kuberuntime_gc "
            "kuberuntime_image kuberuntime_logs kuberuntime_container_linux remote_runtime "
            "remote_image pod_workers pod_container_deletor pod_container_manager_linux cni "
            "plugins container_manager_linux eviction_manager image_gc_manager prober "
            "prober_manager status_manager reconciler_common reconstruct operation_generator "
            "desired_state_of_world_populator volume_manager plugin_watcher plugin_manager "
            "docker_service docker_sandbox docker_container qos_container_manager_linux "
            "cpu_manager memory_manager topology_manager generic evented setters "
            "pod_startup_latency_tracker fs_resource_analyzer cri_stats_provider "
            "oom_watcher_linux projected configmap secret scope csi_plugin summary_sys_containers "
            "nestedpendingoperations kubelet_server swap_util nodeshutdown_manager_linux",
        ),
        (
            Emitter.KUBE_PROXY,
            "proxier server_others server_linux proxier_health service_health endpointslicecache "
            "servicechangetracker endpointschangetracker graceful_termination ipset conntrack "
            "bounded_frequency_runner roundrobin healthcheck cleanup nodeport_addresses",
        ),
        (
            Emitter.CONTROLLER_MANAGER,
            "controllermanager endpointslice_controller endpoints_controller range_allocator "
            "node_lifecycle_controller replica_set deployment_controller garbagecollector "
            "graph_builder resource_quota_controller job_controller horizontal taint_manager "
            "taint_eviction topologycache cidr_allocator tokens_controller pv_controller "
            "attach_detach_controller publisher ttl_controller daemon_controller stateful_set "
            "disruption endpointslicemirroring_controller namespace_controller expand_controller",
        ),
        (
            Emitter.FLANNEL,
            "kube vxlan vxlan_network match local_manager route_network hostgw hostgw_network "
            "device ipmasq nftables simple_network",
        ),
        (Emitter.COREDNS, "nanny server_dns"),
        (Emitter.API_CLIENT, "reflector"),
    )
    for name in names.split()
}
# zap names the folder too (aws/amazon-vpc-cni-k8s v1.6 and later); its files have common names.
CNI_FOLDERS = frozenset({"routed-eni-cni-plugin", "ipamd", "datastore"})
# By journald's identifier, or by how the names of containers and pods begin.
PROGRAMS = (
    ("kubelet", Emitter.KUBELET),
    ("coredns", Emitter.COREDNS),
    ("rke2-coredns", Emitter.COREDNS),
    ("kubedns", Emitter.COREDNS),
    ("kube-dns", Emitter.COREDNS),
    ("dnsmasq", Emitter.COREDNS),
    ("node-cache", Emitter.COREDNS),
    ("node-local-dns", Emitter.COREDNS),
    ("nodelocaldns", Emitter.COREDNS),
    ("containerd", Emitter.RUNTIME),
    ("crio", Emitter.RUNTIME),
    ("cri-dockerd", Emitter.RUNTIME),
    ("docker", Emitter.RUNTIME),
    ("kube-proxy", Emitter.KUBE_PROXY),
    ("kube-flannel", Emitter.FLANNEL),
    ("flannel", Emitter.FLANNEL),
    ("kube-controller-manager", Emitter.CONTROLLER_MANAGER),
    ("controller-manager", Emitter.CONTROLLER_MANAGER),
    ("kernel", Emitter.KERNEL),
)
# What tells only where it begins the line: CoreDNS's query log, zones and plugins; a URL.
BEGINNINGS = (
    (regex(r'\[(?:INFO|ERROR)\] \S{3,60}:\d+ - \d+ "'), Emitter.COREDNS),
    (regex(r"[a-z0-9.-]{0,200}\.:\d{1,5}(?: on \S{1,45})?$"), Emitter.COREDNS),
    (regex(r"\w{3,9}/\w{3,9}, go1\.\d|plugin/\w{1,40}: "), Emitter.COREDNS),
    (
        regex(r'(?:Get|Post|Patch|Put) "?https://\S+/(?:api|version|healthz)'),
        Emitter.API_CLIENT,
    ),
)


def begins_entry(line: str) -> bool:
    """Whether a plain line begins like a log entry: with a header, or as programs say hello."""
    return BEGINS.match(line) is not None or STERN_LIKE.match(line) is not None


STERN_LIKE = regex(STERN.pattern + f"(?:{BEGINS.pattern})")


def strip(line: str, reference: datetime | None = None) -> Envelope:
    """Return a plain line taken apart, whatever wraps it, in whatever nesting.

    `reference` is when the log was read: times that lack the year are taken for the last such
    moment before it, and stay unknown without it.
    """
    found: dict[str, str] = {}
    times: list[tuple[bool, datetime]] = []
    text = line.rstrip("\r\n")
    own = ""
    partial = False
    for _ in range(LAYERS):
        layer = outer_layer(text)
        if layer is None:
            break
        text, values = layer
        partial = partial or values.pop("tag", "") == "P" or "partial" in values
        note(values, found, times, reference)
        if "line" in values:  # JSON that holds the program's own structured message
            own = values["line"]
            break
    own = own or text
    for _ in range(LAYERS):
        layer = own_layer(text)
        if layer is None:
            break
        text, values = layer
        note(values, found, times, reference)
    if level := BRACKET.match(text) or WORD_LEVEL.match(text):
        found["level"] = level["level"]
    zoned = [at for certain, at in times if certain]
    return Envelope(
        text=text,
        line=own,
        at=zoned[0] if zoned else times[0][1] if times else None,
        pod=found.get("pod", ""),
        namespace=found.get("namespace", ""),
        container=found.get("container", ""),
        stream=found.get("stream", ""),
        level=LEVELS.get(found.get("level", "").lower(), ""),
        program=found.get("program", ""),
        node=found.get("node", ""),
        source=found.get("source", ""),
        partial=partial,
    )


def note(
    values: Mapping[str, str],
    found: dict[str, str],
    times: list[tuple[bool, datetime]],
    reference: datetime | None,
) -> None:
    """Add what a layer tells: the innermost level, of the rest the outermost; and its time."""
    for name, value in values.items():
        if name in TIMES:
            if at := TIMES[name](value, reference):
                times.append((name == "at", at))
        elif name == "daemon":
            found.setdefault("program", value)
        elif name == "level":
            found[name] = value
        else:
            found.setdefault(name, value)


def outer_layer(text: str) -> tuple[str, dict[str, str]] | None:
    """Return (the rest, what the layer tells) of a collector's layer; None where there is none."""
    if text.startswith("{"):
        return json_layer(text)
    for pattern in OUTER:
        if match := pattern.match(text):
            return text[match.end() :], told(match)
    stern = STERN.match(text)
    if stern and BEGINS.match(text, stern.end()):
        return text[stern.end() :], told(stern)
    return None


def own_layer(text: str) -> tuple[str, dict[str, str]] | None:
    """Return (the rest, what the layer tells) of a program's own header."""
    if LOGFMT_HEAD.match(text):
        return logfmt_layer(text)
    for pattern in OWN:
        if match := pattern.match(text):
            return text[match.end() :], told(match)
    return None


def told(match: re.Match[str]) -> dict[str, str]:
    """Return the named groups that took part."""
    return {name: value for name, value in match.groupdict().items() if value is not None}


def json_layer(text: str) -> tuple[str, dict[str, str]] | None:
    """Return the message of a one-line JSON object and what stands beside it.

    A structured message becomes what klog prints as text: "message" err="…" key="value".
    """
    if len(text) > LONGEST_JSON:
        return None
    try:
        record: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict):
        return None
    values: dict[str, str] = {}
    used = set()
    for name, paths in JSON_KEYS.items():
        for path in paths:
            value = dig(record, path)
            if isinstance(value, str | int | float) and not isinstance(value, bool):
                values[name] = str(value)
                used.add(path)
                break
    message = values.pop("text", None)
    if message is None:
        return None
    partial = "log" in used and not message.endswith("\n")
    message = " ".join(message.rstrip("\n").split("\n"))
    if used.isdisjoint(JSON_MESSAGES):
        if partial and len(message) >= 16_000:  # docker cuts at 16 KiB
            values["partial"] = "yes"
        return message, values
    rest = {
        key: value
        for key, value in record.items()
        if key not in used and key not in JSON_SILENT and not isinstance(value, dict)
    }
    if rest:
        pairs = (f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in rest.items())
        message = " ".join((json.dumps(message, ensure_ascii=False), *pairs))
    values["line"] = message
    return message, values


def dig(record: Mapping[str, Any], path: str) -> object:
    """Return the value at a dotted path; None when there is none."""
    value: object = record
    for key in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def logfmt_layer(text: str) -> tuple[str, dict[str, str]] | None:
    """Return the rest of a logfmt line behind its time, level and caller.

    A sole msg="…" is returned unquoted; with further keys the rest stays as it is printed.
    """
    values: dict[str, str] = {}
    position = 0
    while pair := PAIR.match(text, position):
        key, value = pair[1], pair[2]
        if key not in LOGFMT_HEADER:
            break
        if name := LOGFMT_HEADER[key]:
            values[name] = unquoted(value)
        position = pair.end()
    if not values and not text.startswith("msg="):
        return None
    rest = text[position:]
    sole = PAIR.match(rest)
    if sole and sole[1] == "msg" and sole.end() == len(rest):
        rest = unquoted(sole[2])
    return (rest, values) if position or rest != text else None


def unquoted(value: str) -> str:
    """Return a logfmt value without its quotes and their escapes."""
    if len(value) < 2 or not value.startswith('"'):
        return value
    return value[1:-1].replace('\\"', '"').replace("\\n", " ").replace("\\\\", "\\")


def from_iso(value: str, reference: datetime | None = None) -> datetime | None:
    """Return an RFC 3339 time or its kin, or seconds, milliseconds, microseconds since 1970."""
    del reference
    try:
        if re.fullmatch(r"\d{9,20}(?:\.\d{1,9})?", value):
            seconds = float(value)
            while seconds > 1e11:
                seconds /= 1000
            return datetime.fromtimestamp(seconds, UTC)
        # Python takes at most six digits of a second.
        at = datetime.fromisoformat(re.sub(r"[.,](\d{1,6})\d*", r".\1", value, count=1))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def from_format(value: str, form: str) -> datetime | None:
    """Return a time in strptime's format, with or without a fraction of a second."""
    whole, _, fraction = value.partition(".")
    try:
        at = datetime.strptime(f"{whole} UTC", f"{form} UTC").replace(tzinfo=UTC)
    except ValueError:
        return None
    return at.replace(microsecond=int(fraction[:6].ljust(6, "0"))) if fraction else at


def yearless(value: str, form: str, reference: datetime | None) -> datetime | None:
    """Return the last moment before the reference that a time without year can mean."""
    if reference is None:
        return None
    for year in range(reference.year, reference.year - 9, -1):  # 29 February may be far back
        at = from_format(f"{year} {value}", f"%Y {form}")
        if at and at <= reference.astimezone(UTC) + timedelta(days=1):
            return at
    return None


TIMES: Mapping[str, Callable[[str, datetime | None], datetime | None]] = {
    "at": from_iso,
    "gotime": lambda value, _: from_format(value, "%Y/%m/%d %H:%M:%S"),
    "longtime": lambda value, _: from_format(value, "%a %b %d %H:%M:%S %Y"),
    "klogtime": lambda value, reference: yearless(value, "%m%d %H:%M:%S", reference),
    "yearless": lambda value, reference: yearless(value, "%b %d %H:%M:%S", reference),
}


def join_partial(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield (index of the first line from 0, line) with the pieces of CRI records joined.

    Containers' lines beyond 16 KiB are cut by the runtime and tagged P, the last piece F. A
    piece whose stream differs from the one before ends that one.
    """
    head: re.Match[str] | None = None
    pieces: list[str] = []
    first = 0
    for number, line in enumerate(lines):
        match = CRI.match(line)
        if head and (match is None or match["stream"] != head["stream"]):
            yield first, f"{head['head']}F {''.join(pieces)}"
            head, pieces = None, []
        if match is None:
            yield number, line
            continue
        if match["tag"] == "P" or head:
            if head is None:
                head, first = match, number
            pieces.append(line[match.end() :])
            if match["tag"] == "F":
                yield first, f"{head['head']}F {''.join(pieces)}"
                head, pieces = None, []
            continue
        yield number, line
    if head:
        yield first, f"{head['head']}F {''.join(pieces)}"


CRI = regex(
    r"(?P<head>\d{4}-\d\d-\d\dT\S{8,30} (?P<stream>stdout|stderr) )(?P<tag>[FP])(?::\S{1,100})? "
)


@functools.cache
def sign_search() -> tuple[Any, tuple[int, ...]]:
    """Return the automaton of all literals, and for each the number of its row in SIGNS."""
    rows = [(literal, row) for row, sign in enumerate(SIGNS) for literal in sign.literals]
    automaton = ahocorasick_rs.AhoCorasick([literal for literal, _ in rows])
    return automaton, tuple(row for _, row in rows)


ONE_DIGIT = bytes.maketrans(b"123456789", b"000000000")
LONGEST_KNOWN, MOST_SHAPES = 600, 5000
KNOWN_SHAPES: dict[bytes, Emitter] = {}


def program_of(line: str) -> Emitter:
    """Return who printed a plain line, as its header or its words tell; UNKNOWN when neither.

    Of lines that differ in their digits alone, as most of a log do, the first one decides.
    """
    if len(line) > LONGEST_KNOWN:
        return told_program(line)
    shape = line.encode("utf-8", "surrogatepass").translate(ONE_DIGIT)
    if (found := KNOWN_SHAPES.get(shape)) is None:
        if len(KNOWN_SHAPES) >= MOST_SHAPES:
            KNOWN_SHAPES.clear()
        found = KNOWN_SHAPES[shape] = told_program(line)
    return found


def told_program(line: str) -> Emitter:
    """Return who printed a plain line, worked out anew."""
    envelope = strip(line[:4000])
    for name in (envelope.program, envelope.container, envelope.pod):
        if name and (emitter := program_named(name)) is not Emitter.UNKNOWN:
            return emitter
    return words_of(envelope.line, envelope.source)


def words_of(line: str, source: str = "") -> Emitter:
    """Return who printed a line without a collector's envelope; `source` is klog's file:line."""
    if not source and (header := KLOG.match(line)):
        source = header["source"]
    folder, _, file = source.rpartition("/")
    if folder in CNI_FOLDERS:
        return Emitter.CNI
    by_file = FILES.get(file.partition(".go")[0], Emitter.UNKNOWN)
    if by_file not in {Emitter.UNKNOWN, Emitter.API_CLIENT}:
        return by_file
    for pattern, emitter in BEGINNINGS:
        if pattern.match(line):
            return emitter
    automaton, rows = sign_search()
    hits = automaton.find_matches_as_indexes(line[:4000], overlapping=True)
    first = min((rows[index] for index, _, _ in hits), default=None)
    return by_file if first is None else SIGNS[first].emitter


def program_named(name: str) -> Emitter:
    """Return the program that a container, pod, unit or file is named after."""
    lowered = name.lower()
    for begin, emitter in PROGRAMS:
        if lowered.startswith(begin):
            return emitter
    return Emitter.UNKNOWN

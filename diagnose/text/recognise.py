"""What pasted text is: cut into parts of one kind each, by content, then command, then name.

A paste holds several things one after the other, with prompts, blank lines and prose between.
Each line is looked at once or twice with patterns that are anchored and bounded, so the time is
linear in the text whatever it holds.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import field, replace
from itertools import pairwise

from diagnose.model import Subject
from diagnose.parts import Kind, Part
from diagnose.signatures.base import Emitter
from diagnose.text.clean import NARROWEST, plain
from diagnose.text.envelopes import begins_entry, program_named, program_of
from diagnose.text.regex import regex
from diagnose.values import dataclass

SEEN = 600  # characters of a line that decide what it is
AHEAD = 8  # lines that are looked at to confirm an opening
HEAD_LINES = 400  # lines of a log's head that tell who wrote it
NOWHERE = Subject("")

# ---------------------------------------------------------------- names of files and commands


@dataclass(frozen=True)
class Named:
    """What the name of a file tells of its content; None and "" where it is silent."""

    kind: Kind | None = None
    emitter: Emitter = Emitter.UNKNOWN
    subject: Subject = NOWHERE
    container: str = ""
    previous: bool = False


@dataclass(frozen=True)
class Command:
    """What a shell command tells of its output."""

    text: str = ""
    named: Named = field(default_factory=Named)


FILE_KINDS = tuple(
    (regex(pattern, re.IGNORECASE), kind)
    for pattern, kind in (
        (r"(?:^|[./_-])corefile(?:$|[._-])", Kind.COREFILE),
        (
            r"^/proc/sys/|^/proc/net/(?:netstat|stat/nf_conntrack)$|sysctl[\w.-]{0,200}\.txt$",
            Kind.KERNEL_SETTINGS,
        ),
        (
            r"^/proc/net/(?:udp|tcp)6?$|(?:^|[/_-])(?:ss|sockets|listeners)(?:[._-]|$)",
            Kind.LISTENERS,
        ),
        (r"resolv[._-]?conf|resolv\.txt", Kind.RESOLV_CONF),
        (r"subnet\.env", Kind.SUBNET_ENV),
        (r"net-conf", Kind.NET_CONF),
        (r"\.conflist|(?:^|/)\d\d-[\w.-]+\.conf$|cni/net\.d/|cni-conf", Kind.CNI_CONFIG),
        (r"kubelet/config|kubelet[\w.-]{0,200}\.(?:ya?ml|json)$|configz", Kind.KUBELET_CONFIG),
        (
            r"\.log(?:\.\d+)?$|(?:^|[/_-])logs?(?:[._-][\w.-]{0,200})?\.txt$|(?:^|/)messages$",
            Kind.LOG,
        ),
        (r"syslog|journal|dmesg", Kind.LOG),
        (r"\.(?:ya?ml|json)$", Kind.OBJECTS),
        (r"metrics[\w.-]{0,200}\.txt$|\.prom$", Kind.METRICS),
        (r"describe", Kind.DESCRIBE),
        (r"(?:^|[/_-])events?(?:[._-]|$)", Kind.EVENTS),
        (r"nslookup|(?:^|[/_-])(?:dig|host|lookups?)(?:[._-]|$)", Kind.LOOKUP),
        (r"iptables|nft|ip6tables", Kind.FILTER_RULES),
        (r"ip-?r(?:oute)?s?(?:[._-]|$)|routes?(?:[._-]|$)|netstat", Kind.ROUTES),
        (r"ip-?a(?:ddr)?(?:[._-]|$)|ifconfig|addresses", Kind.ADDRESSES),
        (
            r"(?:^|[/_-])(?:pods?|nodes?|svc|services?|ep|endpoints?|endpointslices?|ds|"
            r"daemonsets?|deploy(?:ment)?s?|all)(?:[._-]|$)",
            Kind.TABLE,
        ),
    )
)
FILE_EMITTERS = (
    (regex(r"coredns|kube-?dns|node-?local-?dns|node-cache|dnsmasq", re.I), Emitter.COREDNS),
    (regex(r"kube-?proxy", re.I), Emitter.KUBE_PROXY),
    (regex(r"flannel", re.I), Emitter.FLANNEL),
    (regex(r"controller-?manager", re.I), Emitter.CONTROLLER_MANAGER),
    (regex(r"kubelet", re.I), Emitter.KUBELET),
    (regex(r"containerd|cri-?o(?:\b|_)|docker", re.I), Emitter.RUNTIME),
    (regex(r"dmesg|(?:^|[/_-])kern(?:el)?(?:[._-]|$)", re.I), Emitter.KERNEL),
)
# The paths under which a kubelet and `kubectl cluster-info dump` keep the logs of pods.
POD_PATHS = (
    regex(
        r"pods/(?P<namespace>[a-z0-9-]+)_(?P<pod>[a-z0-9.-]+)_[0-9a-f-]{8,40}/(?P<container>[a-z0-9-]+)/"
    ),
    regex(
        r"containers/(?P<pod>[a-z0-9.-]+)_(?P<namespace>[a-z0-9-]+)_(?P<container>[a-z0-9-]+)-[0-9a-f]{64}"
    ),
    regex(r"(?:^|/)(?P<namespace>kube-[a-z0-9-]+)/(?P<pod>[a-z0-9.-]+)/logs\.txt$"),
)
FORMATS = frozenset(
    {
        Kind.COREFILE,
        Kind.RESOLV_CONF,
        Kind.KUBELET_CONFIG,
        Kind.NET_CONF,
        Kind.SUBNET_ENV,
        Kind.CNI_CONFIG,
    }
)


# A file that somebody named after the pod of a Deployment or a DaemonSet.
POD_FILE = regex(
    r"(?:^|[/_])(?:(?P<namespace>kube-[a-z]+)[_.])?"
    r"(?P<pod>(?:coredns|kube-dns|kube-proxy|kube-flannel|flannel)[a-z0-9-]*?"
    r"(?:-[bcdfghjklmnpqrstvwxz2456789]{8,10})?-[bcdfghjklmnpqrstvwxz2456789]{5})"
    r"(?=[._-](?:previous|log|txt)|\.|$)"
)


def named(path: str) -> Named:
    """Return what a file's path tells of its content."""
    kind = next((kind for pattern, kind in FILE_KINDS if pattern.search(path)), None)
    emitter = next((one for pattern, one in FILE_EMITTERS if pattern.search(path)), Emitter.UNKNOWN)
    for pattern in POD_PATHS:
        if match := pattern.search(path):
            groups = match.groupdict()
            return Named(
                Kind.LOG,
                program_named(groups["pod"]) if emitter is Emitter.UNKNOWN else emitter,
                Subject("Pod", groups["pod"], groups["namespace"]),
                groups.get("container", ""),
                "previous" in path,
            )
    if match := POD_FILE.search(path):
        pod = Subject("Pod", match["pod"], match["namespace"] or "")
        if emitter is Emitter.UNKNOWN:
            emitter = program_named(match["pod"])
        return Named(kind, emitter, pod, previous="previous" in path)
    return Named(kind, emitter, previous="previous" in path)


KUBECTL = frozenset({"kubectl", "k", "oc", "kubecolor"})
RUNTIME_TOOLS = frozenset({"docker", "crictl", "nerdctl", "podman"})
WRAPPERS = frozenset({"sudo", "time", "watch", "microk8s", "microk8s.kubectl", "k3s", "minikube"})
WITH_VALUE = (
    "-n --namespace -c --container -l --selector -f --filename -o --output --context --kubeconfig "
    "--tail --since --since-time --image -s --server --field-selector --sort-by --as -u -p -i "
    "-L --cluster --user --token --max-log-requests --limit-bytes --profile --target"
)
VALUED = frozenset(WITH_VALUE.split())
# The output of a command inside its machine, by how the command begins.
COMMAND_KINDS = tuple(
    (regex(pattern), kind)
    for pattern, kind in (
        (r"(?:busybox )?(?:nslookup|dig|host|drill|kdig)\b|getent |resolvectl q", Kind.LOOKUP),
        (r"ip (?:-\S+ )*(?:a|ad|add|addr|address)\b|ifconfig", Kind.ADDRESSES),
        (r"ss\b|netstat -\w*l", Kind.LISTENERS),
        (r"ls (?:-\S+ )*\S*/cni\b", Kind.FILE_LIST),
        (r"ip (?:-\S+ )*(?:r|ro|route)\b|route\b|netstat -\w*r", Kind.ROUTES),
        (r"ip6?tables|nft list", Kind.FILTER_RULES),
        (r"openssl (?:s_client|x509)\b|kubeadm (?:alpha )?certs? check", Kind.CERTIFICATE),
        (r"sysctl\b|nstat\b|conntrack -S\b|ethtool -S\b", Kind.KERNEL_SETTINGS),
        (r"journalctl|dmesg|crictl logs|docker logs|nerdctl logs|stern\b|kubetail", Kind.LOG),
    )
)
# What stands before a command that a loop repeats, or that is timed or bounded.
LOOPED = regex(
    r"(?:(?:for|while|until)\b.{0,200}?[;\s]do\s+|timeout \S{1,20} |time (?:-p )?|[!({]\s*){1,6}"
)
READERS = regex(r"(?:cat|less|more|tail|head|zcat|bat|type|grep|egrep|zgrep|awk|sed)\b")
PATH = regex(r"(?:^|\s)'?((?:[\w.~-]*/[\w./*@{}-]+)|[\w-]+\.[a-z]{2,8}|Corefile)'?(?=\s|$)")
NODE_KINDS = frozenset(
    {
        Kind.RESOLV_CONF,
        Kind.ADDRESSES,
        Kind.ROUTES,
        Kind.FILTER_RULES,
        Kind.KERNEL_SETTINGS,
        Kind.LISTENERS,
        Kind.FILE_LIST,
        Kind.SUBNET_ENV,
        Kind.CNI_CONFIG,
        Kind.KUBELET_CONFIG,
        Kind.LOOKUP,
    }
)
OBJECT_OUTPUT = regex(r"(?:-o|--output)[ =]?(?:ya?ml|json)\b")
POD_LIKE = regex(r"[\w.-]*-[bcdfghjklmnpqrstvwxz2456789]{5}$|dns-?utils|busybox|debug|netshoot")
BLIND = frozenset({"localhost", "master"})  # names that a prompt has without telling a machine


def command_named(command: str, host: str = "") -> Named:
    """Return what a command tells of its output; `host` is the prompt's machine."""
    own = LOOPED.sub("", command[:4000], count=1) if LOOPED.match(command) else command
    words = own.split("|", maxsplit=1)[0].replace("\\", " ").split()[:60]
    while words and (words[0] in WRAPPERS or "=" in words[0]):
        words = words[1:]
    if words and words[0] in KUBECTL:
        return kubectl_named(words[1:])
    if words and words[0] == "ssh":
        rest = positional(words[1:], 1)
        if rest:
            return command_named(" ".join(rest[1:]), rest[0].rpartition("@")[2])
    if len(words) > 3 and words[0] in RUNTIME_TOOLS and words[1] == "exec":
        rest = positional(words[2:], 1)
        return replace(command_named(" ".join(rest[1:])), subject=NOWHERE)
    line = " ".join(words)
    found = Named()
    kind = next((kind for pattern, kind in COMMAND_KINDS if pattern.match(line)), None)
    if kind is Kind.LOG:
        found = Named(Kind.LOG, named(line).emitter)
    elif kind:
        found = Named(kind)
    elif READERS.match(line) and (paths := PATH.findall(line)):
        found = named(paths[-1])
    if host and host not in BLIND and not found.subject.kind and found.kind in NODE_KINDS:
        kind_of_host = "Pod" if POD_LIKE.match(host) else "Node"
        found = replace(found, subject=Subject(kind_of_host, host))
    return found


def kubectl_named(words: list[str]) -> Named:
    """Return what a kubectl command line, without its first word, tells of its output."""
    own, _, inner = " ".join(words).partition(" -- ")
    words = own.split()
    namespace = option(words, "-n", "--namespace")
    rest = positional(words)
    if not rest:
        return Named()
    verb, targets = rest[0], rest[1:]
    target = targets[0] if targets else ""
    kind_of_target, _, name = target.rpartition("/")
    if kind_of_target in {"", "pod", "pods", "po"} and name in {"pod", "pods", "po"}:
        name = targets[1] if len(targets) > 1 else ""
    is_pod = kind_of_target in {"", "pod", "pods", "po"} and bool(name)
    subject = Subject("Pod", name, namespace) if is_pod else NOWHERE
    if verb == "logs":
        about = " ".join((name, option(words, "-l", "--selector"), option(words, "-c")))
        return Named(
            Kind.LOG,
            named(about.replace("k8s-app=", " ")).emitter,
            subject,
            option(words, "-c", "--container"),
            "-p" in words or "--previous" in words or "--previous=true" in words,
        )
    if verb in {"exec", "debug", "run"}:
        if verb == "exec" and not inner:  # the form without --, which kubectl took until 1.30
            inner = " ".join(targets[1:])
        node = name if kind_of_target == "node" else ""
        place = Subject("Node", node) if node else subject if verb == "exec" else NOWHERE
        found = command_named(inner) if inner else Named()
        return found if found.subject.kind else replace(found, subject=place)
    if verb == "describe":
        return Named(Kind.DESCRIBE)
    if verb == "get":
        if OBJECT_OUTPUT.search(own):
            return Named(Kind.OBJECTS)
        return Named(Kind.EVENTS if target.startswith("ev") else Kind.TABLE)
    if verb in {"events", "event"}:
        return Named(Kind.EVENTS)
    return Named()


def positional(words: Sequence[str], stop: int = 0) -> list[str]:
    """Return the words that are no options; from the word number `stop` on, all that follow."""
    rest: list[str] = []
    skip = False
    for number, word in enumerate(words):
        if skip:
            skip = False
        elif word.startswith("-"):
            skip = word in VALUED and not (word == "-p" and "logs" in words)
            skip = skip and word not in {"-i", "-f"}
        else:
            rest.append(word)
            if stop and len(rest) == stop:
                return [*rest, *words[number + 1 :]]
    return rest


def option(words: Sequence[str], *names: str) -> str:
    """Return the value of a command-line option; "" when it is not given."""
    for word, value in pairwise((*words, "")):
        if word in names:
            return value
        flag, equals, inline = word.partition("=")
        if equals and flag in names:
            return inline
        if len(word) > 2 and word[:2] in names and not word.startswith("--"):
            return word[2:]
    return ""


# ---------------------------------------------------------------- prompts

TOOLS = (
    r"(?:sudo )?(?:kubectl|oc|k|cat|ip|iptables(?:-save)?|ip6tables|nslookup|dig|host|journalctl|"
    r"systemctl|crictl|docker|ctr|ls|ping|curl|wget|getent|resolvectl|ssh|helm|kubeadm|dmesg|route|"
    r"ifconfig|grep|tail|less|head|stern|nft|busybox|watch|microk8s|k3s|minikube|apt|apt-get|apk|nc|"
    r"telnet|traceroute|openssl|cd|export|vi|vim|nano|exit)\b"
)
PROMPT = regex(
    "|".join(
        (
            r"(?:\([\w.-]{1,60}\) )?\[?(?P<user>[\w.-]{1,64})@(?P<host>[\w.-]{1,253})"
            r"(?:[: ][^\s$#%>\]]{0,200})?(?: \([\w/.-]{1,80}\))?\]?\s?[$#%>](?: |$)\s*(?P<a>.*)",
            # the shell of busyboxplus, and those of SUSE: [ root@pod:/ ]$, node-1:~ #, node-1:~>
            r"\[ (?P<user2>[\w.-]{1,64})@(?P<host2>[\w.-]{1,253}):[^\s\]]{0,200} \][$#](?: |$)"
            r"\s*(?P<l>.*)",
            r"(?:sh|bash)-\d\.\d{1,2}[#$] ?(?P<e>.*)",
            rf"(?P<place3>[a-z][\w.-]{{0,100}}):[~/][\w./~-]{{0,100}}(?: #|>) (?P<m>{TOOLS}.*)",
            r"(?P<place>[a-z][\w.-]{0,100}) [~/.\w-]{1,100} (?:➜|✖|❯)\s+(?P<b>.*)",
            r"(?:➜|❯|λ|✗)\s+(?:[~/.\w-]{1,100} (?:git:\(\S{1,80}\) (?:✗ )?)?)?(?P<c>.*)",
            rf"(?P<place2>[a-z][\w.-]{{0,100}}) ?[$#] ?(?P<d>{TOOLS}.*)",
            r"(?:/|~)[\w/.-]{0,100} ?[#$](?: (?P<f>.*)|$)",
            r"PS [A-Z]?:?[^>]{0,200}> ?(?P<g>.*)",
            r"[A-Z]:\\[^>]{0,200}>(?P<h>.*)",
            r"\$ ?(?P<i>[\w./(\"'-].*)",
            rf"[%>#] ?(?P<j>{TOOLS}.*)",
            # a command that somebody wrote above what it printed, marked as code or in bold
            rf"(?:``?|\*\*)\$? ?(?P<n>{TOOLS}[^`*]{{0,1000}})(?:``?|\*\*):?$",
            r"(?P<k>(?:sudo )?(?:kubectl|oc|k|crictl|microk8s kubectl|k3s kubectl) "
            r"(?:-n \S+ |--\S+ )?(?:get|logs?|describe|exec|apply|delete|run|edit|ps|rollout|debug)"
            r" [^.]*[^.:,;?!]|(?:sudo )?(?:cat /\S+|journalctl -\S[^.]*|"
            r"nslookup [\w.-]+(?: [\w.]+)?|dig [\w.@ +-]+|"
            r"ip (?:-\S+ )?(?:a|addr|r|route)(?: show[ \w.]*)?|iptables-save|"
            r"iptables -\w[^.]*))$",
        )
    )
)
COMMANDS = ("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n")
HOSTS = ("host", "host2", "place", "place2", "place3")
HEADING = regex(
    r"==> (?P<path>\S.{0,300}?) <==$"
    r"|={2,8} (?P<edge>START|END) logs for container (?P<container>\S+) of pod "
    r"(?P<namespace>[^/\s]+)/(?P<pod>\S+) ={2,8}$"
)
FENCE = regex(r"(?:```|~~~)[\w-]{0,20}$")


IN_ROOT = regex(r"(?:\[ )?[\w.-]{1,64}@[\w.-]{1,253}:/ ?(?:\])?[#$]")


@dataclass(frozen=True)
class Prompt:
    """A shell prompt: the command typed and the machine it names, as far as they show."""

    command: str
    host: str = ""


def prompt_of(line: str) -> Prompt | None:
    """Return the prompt that a plain line begins with; None when it has none."""
    match = PROMPT.match(line)
    if match is None:
        return None
    command = next((match[name] for name in COMMANDS if match[name] is not None), "")
    host = next((match[name] for name in HOSTS if match[name]), "")
    # A shell that stands in / is a container's more often than a node's: it names neither
    return Prompt(command.strip(), "" if IN_ROOT.match(line) else host)


# ---------------------------------------------------------------- what a line opens

# The words that the heads of `kubectl get`'s columns begin with, whatever the resource.
FIRST_WORDS = (
    "NAME NAMESPACE LAST FIRST LASTSEEN FIRSTSEEN NODE POD CONTAINER COUNT KIND HOSTNAME "
    "ADDRESSTYPE CLUSTER CURRENT SVC SERVICE ENDPOINTS IP STATUS READY"
)
FIRST_COLUMNS = frozenset(FIRST_WORDS.split())
CAPITALS = regex(r"[A-Z][A-Z0-9()/:_.%-]*(?:[ \t][A-Z0-9()/:_.% \t-]*)?$")
POD_STATES = (
    r"(?:Running|Pending|Completed|Error|Terminating|Unknown|Evicted|OOMKilled|ContainerCreating|"
    r"PodInitializing|Init:\S+|Succeeded|Failed|NodeLost|NotReady|Terminated|Starting|"
    r"ContainerStatusUnknown|UnexpectedAdmissionError|NodeAffinity|CreateContainer\w+|"
    r"Invalid\w+|\w{2,40}BackOff|\w{2,40}Error|Err\w+|Preempting|Shutdown|Terminating\S*)"
)
AGE = r"(?:\d{1,5}[smhdy](?:\d{1,4}[smhd])?|<unknown>|<invalid>)"
ADDRESS = r"(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:]+)"
DESCRIBE_KEYS = (
    r"(?:Labels|Annotations|Priority|Priority Class Name|Service Account|Start Time|Status|"
    r"Controlled By|Init Containers|Containers|Container ID|Image|Image ID|Port|Ports|Host Port|"
    r"Host Ports|State|Last State|Reason|Exit Code|Started|Finished|Ready|Restart Count|Limits|"
    r"Requests|Liveness|Readiness|Environment|Mounts|Conditions|Volumes|QoS Class|Node-Selectors|"
    r"Node-Selector|Tolerations|Selector|Type|IP|IPs|IP Families|IP Family Policy|TargetPort|"
    r"NodePort|Endpoints|Session Affinity|Internal Traffic Policy|Roles|CreationTimestamp|Taints|"
    r"Unschedulable|Addresses|Capacity|Allocatable|System Info|PodCIDR|PodCIDRs|"
    r"Non-terminated Pods|Allocated resources|Desired Number of Nodes Scheduled|Pods Status|"
    r"Pod Template|Replicas|"
    r"StrategyType|AddressType|Subsets|Message|Host IP|Node|Events)"
)
OPENINGS = (
    (
        "event6",  # columns that somebody chose, with the API's dates
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\s+(?:Normal|Warning)\s+[A-Z]\w{2,60}\s",
    ),
    (
        "log",
        r"[DIWEF]\d{4} \d\d:\d\d|\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d|(?:<\d{1,3}>)?"
        r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d:|\[(?:INFO|WARN|"
        r"WARNING|ERROR|FATAL|PANIC|DEBUG|NOTICE)\]|\[pod/|(?:time|ts|level|lvl)=[\"\w]",
    ),
    ("json", r"[{[]\s*$|\{\s*\"|\[\s*[{\"]"),
    ("yaml", r"---(?:\s+#.*)?$|(?:- )?apiVersion: \S|kind: [A-Z]\w+$"),
    ("kubelet", r"(?:clusterDNS|clusterDomain|resolvConf):(?:\s|$)"),
    (
        "flags",  # of a kubelet: in its unit or what that reads, or as ps shows it
        r"(?=.{0,4000}--(?:cluster[-_]d|resolv-conf))"
        r"(?:(?:Environment|ExecStart)=|\\?\"?KUBELET_[A-Z_]{1,40}=|"
        r"(?:\S{1,60} +){0,14}\S{0,200}/(?:kubelet(?:-wrapper)?|hyperkube) )"
        r".{0,3000}?--(?:cluster[-_](?:dns|domain)|resolv-conf)[= ]|"
        r"--cluster[-_](?:dns|domain)=\S{1,200}\s*\\?$",
    ),
    ("event", r"(?:Normal|Warning)\s+[A-Z]\w{2,60}\s+(?:\d{1,5}[smhd]|<|\.\.\.|\S+/\S)"),
    ("event2", r"(?:Normal|Warning)(?:\s{2,}|\t)[A-Z]\w{2,60}(?:\s{2,}|\t|$)"),
    ("event3", rf"(?:\S{{1,64}}\s+)?{AGE}\s.{{0,300}}?\b(?:Normal|Warning)\s+[A-Z]\w{{2,60}}\s"),
    ("event4", r"Events:(?:\s*$|\s+(?:<none>|FirstSeen|Type)(?:\s|$))"),
    ("event5", r"Type\s+Reason\s+Age\s+From\s+Message|FirstSeen\s+LastSeen\s+Count\s+From"),
    ("row", rf"(?:\S+\s+){{1,2}}\d{{1,4}}/\d{{1,4}}\s+{POD_STATES}(?:\s|$)"),
    ("row2", rf"(?:\S+\s+){{1,2}}\d{{1,4}}/\d{{1,4}}\s+\d+\s+\d+\s+{AGE}"),
    ("row3", rf"\S+\s+(?:Not)?Ready(?:,SchedulingDisabled)?\s+\S+\s+(?:{AGE}|v1\.)"),
    (
        "row4",
        rf"(?:\S+\s+){{1,2}}(?:ClusterIP|NodePort|LoadBalancer|ExternalName)\s+(?:<none>|None|{ADDRESS})",
    ),
    (
        "row5",
        rf"(?:\S+\s+){{1,2}}(?:<none>|{ADDRESS}:\d+(?:,\S+)?(?: \+ \d+ more\.\.\.)?)\s+{AGE}$",
    ),
    ("row6", rf"(?:\S+\s+){{1,2}}\d+\s+\d+\s+\d+\s+\d+\s+\d+\s+\S+\s+{AGE}"),
    ("describe", r"Name:\s+\S"),
    ("field", rf"{DESCRIBE_KEYS}:(?:\s|$)"),
    (
        "lookup",
        rf"(?:Default )?Server:\s+(?:{ADDRESS}|UnKnown|\S+\.svc\.)|"
        r"\*\* server can't find|nslookup: |"
        r"(?:;; )?connection timed out; (?:no|trying) |"
        r";; (?:communications error|Got [A-Za-z]|->>HEADER|no servers|Warning: |global options|"
        r"UDP setup|[Cc]onnection to|reply from|Truncated|[fF]lags:|QUESTION|ANSWER|Question )|"
        r"; <<>> DiG|DNS request timed out|"
        r"[\w.-]+ has (?:IPv6 )?address |Host \S+ not found|[\w.-]+ is an alias for |"
        r"Non-authoritative answer|\*\*\* (?:Can't |No |Request to |\S{1,253} can't find )|"
        r"Using domain server:|[\w.-]+ domain name pointer |\S+\s+canonical name = ",
    ),
    (
        "timed",  # what `time` prints, and what curl's --write-out is often told to
        r"(?:real|user|sys)\s+\d{1,4}m ?\d{1,2}[.,]\d{1,3}s$|"
        r"(?:time_)?namelookup\s{0,3}[:=]\s{0,10}\d{1,3}[.,]\d{1,6} ?s?$",
    ),
    (
        "addresses",
        rf"\d{{1,4}}: [\w.@:-]{{1,40}}: <|\d{{1,4}}: \S{{1,40}}\s+inet6? |link/\w+ |"
        rf"inet6? {ADDRESS}/\d+ |[\w.-]{{1,20}}: flags=\d+<|[\w.-]{{1,20}}\s+Link encap:|"
        rf"[\w.@-]{{1,40}}\s+(?:UP|DOWN|UNKNOWN)\s+(?:{ADDRESS}/\d+|$)",
    ),
    (
        "routes",
        rf"default (?:via|dev) \S|{ADDRESS}(?:/\d+)? (?:dev|via|proto) \S|(?:blackhole|unreachable|"
        rf"broadcast|local|throw|prohibit) {ADDRESS}|Kernel IP(?:v6)? routing table|Destination\s+"
        rf"Gateway|{ADDRESS}\s+{ADDRESS}\s+{ADDRESS}\s+[UGH!]",
    ),
    (
        "rules",
        r"# Generated by ip6?tables|# Warning: ip6?tables|\*(?:nat|filter|mangle|raw|security)$|"
        r":[A-Z][\w-]* (?:ACCEPT|DROP|-) \[|-[ANPI] [A-Z][\w:-]+(?: |$)|COMMIT$|Chain \S+ \(|"
        r"table (?:ip|ip6|inet|bridge|arp) \S+ \{",
    ),
    (
        "resolv",
        r"nameserver\s+[\da-fA-F:.]|search\s+\S*\w\.\w|domain\s+[\w-]+\.[\w.-]+$|"
        r"options\s+(?:ndots|timeout|attempts|rotate|edns0|trust-ad|single-request|use-vc|no-)|"
        r"# (?:This (?:file )?is managed by man:systemd-resolved|"
        r"Generated by (?:NetworkManager|resolvconf)|Dynamic resolv)",
    ),
    ("subnet", r"FLANNEL_[A-Z]+="),
    (
        "sysctl",
        r"net\.(?:ipv[46]|bridge|netfilter|core|nf_conntrack_max)[\w.-]* ?= ?-?\d|"
        r"sysctl: cannot stat /proc/sys/|"
        r"cpu=\d{1,4}\s.{0,200}\binsert_failed=\d|entries\s+(?:searched|clashres)\s+found\s|"
        r"linklocal_allowance_exceeded: \d|"
        r"(?:cat|ls): (?:can't open |cannot access )?'?/proc/sys/\S+: No such file",
    ),
    (
        "sockets",
        r"(?:(?:udp|tcp)\s+)?(?:UNCONN|LISTEN)\s+\d+\s+\d+\s+\S+:\d+(?:\s|$)|Netid\s+State\s|"
        r"State\s+Recv-Q\s|Proto\s+Recv-Q\s|Active Internet connections|"
        r"(?:udp|tcp)6?\s+\d+\s+\d+\s+\S+:\d+\s+\S+:[\d*]+(?:\s|$)|"
        r"\d+: [\dA-F]{8,32}:[\dA-F]{4} [\dA-F]{8,32}:[\dA-F]{4} [\dA-F]{2} ",
    ),
    (
        "metrics",
        r"# (?:HELP|TYPE) (?:coredns|process|go|promhttp)_|"
        r"(?:[^{}\"#]{0,80}[\s:>])?coredns_[a-z0-9_]{3,80}(?:\{[^{}]{0,400}\})? "
        r"[\d.]{1,24}(?:e[+-]\d{1,3})?$|"
        r"container_cpu_cfs_(?:throttled_)?periods_total\{[^{}]{1,900}\} [\d.]{1,24}(?:e\+\d{1,3})?"
        r"(?: \d{1,20})?$",
    ),
    (
        "certificate",
        r"Certificate:$|CONNECTED\([\dA-F]{8}\)$|# shown at https?://\S|"
        r"(?:subject|issuer) ?= ?/?[A-Za-z]{1,20} ?= ?\S|"
        r"not(?:Before|After)=[A-Z][a-z]{2} |Not (?:Before|After ?): [A-Z][a-z]{2} |"
        r"X509v3 Subject Alternative Name:|-----BEGIN (?:TRUSTED )?CERTIFICATE-----$|"
        r"verify (?:error:num=|return:)\d|Verify return code: \d|"
        r"CERTIFICATE(?: AUTHORITY)?\s+EXPIRES\s+RESIDUAL TIME",
    ),
    ("health", r"/\S{1,200} of port \d{1,5} \([^()]{1,60}\): (?:\d{3}(?: |$)|no answer: )"),
    ("corefile", r"[^\s{}#\"'=<>][^{}\"'=<>]{0,300}\{(?:\s*(?:#.*)?$|\s+\w)"),
)
TAINT = regex(r"Taints:\s+[\w./-]{1,253}(?:=[\w.-]*)?:(?:PreferNoSchedule|NoSchedule|NoExecute)$")
OPENING = regex("|".join(f"(?P<{name}>{pattern})" for name, pattern in OPENINGS))
KINDS = {
    "log": Kind.LOG,
    "json": Kind.OBJECTS,
    "yaml": Kind.OBJECTS,
    "kubelet": Kind.KUBELET_CONFIG,
    "flags": Kind.KUBELET_CONFIG,
    "event": Kind.EVENTS,
    "row": Kind.TABLE,
    "describe": Kind.DESCRIBE,
    "field": Kind.DESCRIBE,
    "lookup": Kind.LOOKUP,
    "timed": Kind.LOOKUP,
    "addresses": Kind.ADDRESSES,
    "routes": Kind.ROUTES,
    "rules": Kind.FILTER_RULES,
    "resolv": Kind.RESOLV_CONF,
    "subnet": Kind.SUBNET_ENV,
    "sysctl": Kind.KERNEL_SETTINGS,
    "sockets": Kind.LISTENERS,
    "metrics": Kind.METRICS,
    "certificate": Kind.CERTIFICATE,
    "health": Kind.HEALTH,
    "corefile": Kind.COREFILE,
}
PLUGIN_NAMES = (
    "acl any auto autopath azure bind bufsize cache cancel chaos clouddns debug dns64 dnssec "
    "dnstap erratic errors etcd federation file forward geoip grpc grpc_server header health hosts "
    "https import k8s_external kubernetes kubernetai loadbalance local log loop metadata minimal "
    "multisocket nomad nsid pprof prometheus proxy proxyproto quic ready reload reverse rewrite "
    "root route53 secondary sign startup template timeouts tls trace transfer tsig unbound view "
    "whoami"
)
PLUGINS = frozenset(PLUGIN_NAMES.split())
ZONE = regex(r"\(?[\w.:/*$\[\]%-]{1,255}\)?,?$")
ONE_LINE_LOG = regex(r'"(?:msg|message|log|ts|time|@timestamp|textPayload|MESSAGE)"\s*:')
DESCRIBED = regex(
    r"\s*(?:Namespace|Labels|Roles|Node|Priority|CreationTimestamp|Annotations|Subsets|Selector|"
    r"PodSelector|Reporter|Image Repository|IsDefaultClass|AddressType|Taints):"
)
FIELD = regex(r"\s*[A-Z][\w -]{1,40}:(?:\s|$)")
KEY = regex(rf"{DESCRIBED.pattern}|\s*{DESCRIBE_KEYS}:(?:\s|$)")


@dataclass(frozen=True)
class Lines:
    """The lines of a text: `plain` in the form to match on, cut to a length that decides."""

    raw: tuple[str, ...]
    plain: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.raw)

    def blank(self, number: int) -> bool:
        """Whether a line holds nothing but blanks."""
        return not self.plain[number].strip()

    def indent(self, number: int) -> int:
        """Return how many blanks a line begins with."""
        line = self.plain[number]
        return len(line) - len(line.lstrip())

    def after(self, number: int) -> int:
        """Return the number of the first line from here on that is not blank."""
        while number < len(self) and self.blank(number):
            number += 1
        return number


def opening(lines: Lines, number: int) -> str:
    """Return the name of what a line opens, a key of KINDS or "header"; "" when nothing."""
    line = lines.plain[number].strip()
    first = line[:1]
    if first.isupper() and CAPITALS.match(line) and is_header(line):
        words = set(line.split())
        of_events = words >= {"REASON", "MESSAGE"} or words >= {"SEEN", "TYPE", "REASON"}
        return "event" if of_events else "header"
    match = OPENING.match(line)
    if match is None or match.lastgroup is None:
        return ""
    name = match.lastgroup.rstrip("0123456789")
    confirm = CONFIRMS.get(name)
    return name if confirm is None or confirm(lines, number) else ""


def is_header(line: str) -> bool:
    """Whether a line in capitals heads a table."""
    words = line.split()
    return len(words) > 1 and words[0] in FIRST_COLUMNS


def is_described(lines: Lines, number: int) -> bool:
    """Whether Name: stands above what describe prints next, not above a look-up's Address."""
    end = min(number + AHEAD, len(lines))
    return any(DESCRIBED.match(lines.plain[one]) for one in range(number + 1, end))


def is_fields(lines: Lines, number: int) -> bool:
    """Whether a line of a description is followed by another, or is one that grep took out."""
    after = number + 1
    line = lines.plain[number].strip()
    if TAINT.match(line):
        return True
    if after >= len(lines) or line.startswith(("Status:", "Reason:", "Message:", "Type:", "IP:")):
        return after < len(lines) and bool(KEY.match(lines.plain[after]))
    return bool(FIELD.match(lines.plain[after])) or lines.indent(after) > lines.indent(number)


def is_server_block(lines: Lines, number: int) -> bool:
    """Whether zones and a brace are followed by the name of a plugin."""
    keys, _, rest = lines.plain[number].strip().partition("{")
    if not all(ZONE.match(word) for word in keys.split()):
        return False
    if rest.strip() and not rest.strip().startswith("#"):
        return rest.split()[0] in PLUGINS
    for one in range(number + 1, min(number + 1 + AHEAD, len(lines))):
        words = lines.plain[one].split()
        if words and not words[0].startswith("#"):
            return words[0] in PLUGINS or words[0] == "}"
    return False


def is_json_value(lines: Lines, number: int) -> bool:
    """Whether a brace or bracket opens JSON, not a list or a sentence in brackets."""
    line = lines.plain[number].strip()
    if line in {"{", "["}:
        after = lines.after(number + 1)
        return after < len(lines) and lines.plain[after].lstrip()[:1] in {'"', "{", "}", "]", "["}
    return True


CONFIRMS: dict[str, Callable[[Lines, int], bool]] = {
    "describe": is_described,
    "field": is_fields,
    "corefile": is_server_block,
    "json": is_json_value,
}


# ---------------------------------------------------------------- how far each kind goes

Reader = Callable[[Lines, int], int]


def boundary(lines: Lines, number: int) -> bool:
    """Whether a line ends whatever stands before it: a prompt, a heading, a code fence."""
    line = lines.plain[number].strip()
    return bool(HEADING.match(line) or FENCE.match(line)) or prompt_of(line) is not None


def paragraph_end(lines: Lines, start: int) -> int:
    """Return the end of a run of lines that open nothing and are not blank."""
    number = start + 1
    while number < len(lines) and not lines.blank(number) and not boundary(lines, number):
        if opening(lines, number):
            break
        number += 1
    return number


def same_kind(*names: str, also: str = "", blanks: bool = True) -> Reader:
    """Return a reader of lines that open one of these names or match a further pattern.

    With `blanks` the block goes on behind blank lines when the next line is of the kind too.
    """
    further = regex(also) if also else None

    def belongs(lines: Lines, number: int) -> bool:
        line = lines.plain[number].strip()
        return bool(further and further.match(line)) or opening(lines, number) in names

    def read(lines: Lines, start: int) -> int:
        number = end = start + 1
        while number < len(lines):
            if lines.blank(number):
                if not blanks:
                    break
                number += 1
            elif not boundary(lines, number) and belongs(lines, number):
                number = end = number + 1
            else:
                break
        return end

    return read


def log_end(lines: Lines, start: int) -> int:
    """Return the end of a log: lines without a header belong to the entry before.

    A line at the margin that opens something else ends it, and so does a blank line unless
    another entry follows.
    """
    number = end = start + 1
    while number < len(lines):
        if lines.blank(number):
            number = lines.after(number)
            if number == len(lines) or not is_entry(lines, number):
                break
        line = lines.plain[number]
        if not line[:1].isspace():
            if boundary(lines, number) or is_said(line):
                break
            name = opening(lines, number)
            if name not in IN_LOGS:
                # The node-local cache prints the Corefile that it made.
                if name != "corefile" or "config file:" not in lines.plain[number - 1]:
                    break
                number = corefile_end(lines, number) - 1
        elif opening(lines, number) == "event":
            break
        number = end = number + 1
    return end


# What a person writes in a chat, with the time and the name before it.
SAID = regex(
    r"(?:\[\d{1,2}:\d\d(?::\d\d)?(?: ?[AP]M)?\] |\d{1,2}:\d\d (?:[AP]M )?)"
    r"(?:<[\w .-]{1,40}>|@?[A-Za-z][\w.-]{0,30}(?: [A-Z][\w.-]{0,30})?:) "
)


def is_said(line: str) -> bool:
    """Whether a person wrote a line, and no program that is known."""
    return bool(SAID.match(line)) and program_of(line.strip()) is Emitter.UNKNOWN


IN_LOGS = frozenset({"log", "", "json", "kubelet", "field", "addresses"})


def is_entry(lines: Lines, number: int) -> bool:
    """Whether a line is a log entry by its header or by words that tell a program."""
    line = lines.plain[number].strip()
    if opening(lines, number) not in {"log", ""}:
        return False
    return begins_entry(line) or program_of(line) is not Emitter.UNKNOWN


def event_end(lines: Lines, start: int) -> int:
    """Return the end of events: also their wrapped lines, and more rows behind a blank line."""
    number = end = start + 1
    while number < len(lines):
        if lines.blank(number):
            number = lines.after(number)
            if number == len(lines) or opening(lines, number) != "event":
                break
            continue
        name = opening(lines, number)
        if boundary(lines, number) or name not in {"event", "", "row", "addresses", "json"}:
            break
        number = end = number + 1
    return end


def table_end(lines: Lines, start: int) -> int:
    """Return the end of a table: lines with gaps between their cells, up to another heading.

    Behind a blank line it goes on only with cells below the heads of its columns.
    """
    headed = opening(lines, start) == "header"
    number = end = start + 1
    while number < len(lines):
        if lines.blank(number):
            number = lines.after(number)
            if number == len(lines) or not (headed and aligned(lines, start, number)):
                break
            continue
        name = opening(lines, number)
        line = lines.plain[number]
        if number == start + 1 and headed and name == "header" and is_cut_header(lines, start):
            number = end = number + 1
            continue
        if boundary(lines, number) or name not in {"", "row", "log"}:
            break
        if name != "row" and not (GAP.search(line) or (headed and len(line.split()) > 1)):
            break
        if name == "log" and begins_entry(line.strip()):
            break
        number = end = number + 1
    return end


GAP = regex(r"\S(?: {2,}|\t)\S|^\s{3,}\S")
LEADING = frozenset({"NAME", "NAMESPACE", "LAST", "LASTSEEN", "FIRSTSEEN"})


def is_cut_header(lines: Lines, start: int) -> bool:
    """Whether a terminal cut a header, so that the next line has the rest of its heads."""
    return len(lines.plain[start]) >= NARROWEST and not LEADING & set(
        lines.plain[start + 1].split()
    )


def aligned(lines: Lines, header: int, number: int) -> bool:
    """Whether a line's second and third cells begin where the header's do."""
    starts = [
        match.start() for match in re.finditer(r"(?:(?<=\s\s)|(?<=\t))\S", lines.plain[header])
    ]
    line = lines.plain[number]
    if opening(lines, number) not in {"", "row"} or boundary(lines, number):
        return False
    return bool(starts) and all(
        at < len(line) and not line[at].isspace() and line[at - 1].isspace() for at in starts[:2]
    )


def describe_end(lines: Lines, start: int) -> int:
    """Return the end of one object's description, its data and Events included."""
    base = lines.indent(start)
    number = end = start + 1
    data = False  # a ConfigMap's values are printed as they are
    while number < len(lines):
        if lines.blank(number):
            number += 1
            continue
        line = lines.plain[number].strip()
        gap = number > end
        if boundary(lines, number) and not (data and lines.indent(number) > base):
            break
        name = opening(lines, number)
        if name == "describe" and lines.indent(number) <= base:
            break
        if data and line.startswith("Events:"):
            data = False
        elif line in {"Data", "BinaryData"}:
            data = True
        elif not data and name in {"header", "yaml", "log", "corefile", "resolv", "lookup", "row"}:
            if lines.indent(number) <= base:
                break
        elif gap and not data and not described(lines, number, base, name):
            break
        number = end = number + 1
    return end


def described(lines: Lines, number: int, base: int, name: str) -> bool:
    """Whether a line behind a blank one goes on with a description."""
    return name in {"field", "event"} or lines.indent(number) > base


def yaml_end(lines: Lines, start: int) -> int:
    """Return the end of one YAML document, as indentation tells."""
    base = lines.indent(start)
    number = end = start + 1
    while number < len(lines):
        if lines.blank(number):
            number += 1
            continue
        line = lines.plain[number].strip()
        if lines.indent(number) < base:
            break
        if lines.indent(number) == base and not (
            YAML_LINE.match(line) and not boundary(lines, number)
        ):
            break
        if FENCE.match(line):
            break
        # "ping: bad address" looks like a key, and stands apart
        if lines.indent(number) == base and end < number and program_of(line) is Emitter.CLIENT:
            break
        number = end = number + 1
    return end


YAML_LINE = regex(r"[a-z\"'][\w./\"'-]{0,253}:(?:\s|$)|- |-$|#|\.\.\.$|[}\]]")
STRING = regex(r'"(?:[^"\\]++|\\.)*+("?)')  # one without an end is passed over but once


def json_end(lines: Lines, start: int) -> int:
    """Return the end of a JSON value: where its brackets close, or at a boundary."""
    depth = 0
    for number in range(start, len(lines)):
        if number > start and not lines.plain[number][:1].isspace() and boundary(lines, number):
            return number
        bare = STRING.sub(lambda one: "" if one[1] else one[0], lines.raw[number])
        depth += bare.count("{") + bare.count("[") - bare.count("}") - bare.count("]")
        if depth <= 0:
            return number + 1
    return len(lines)


def corefile_end(lines: Lines, start: int) -> int:
    """Return the end of a Corefile: further server blocks belong to it, comments too."""
    number = end = start
    depth = 0
    while number < len(lines):
        line = lines.plain[number].strip()
        code = line.partition("#")[0] if line.startswith("#") or " #" in line else line
        if depth <= 0 and line and number > start:
            imports = line.startswith(("#", "import ")) and not boundary(lines, number)
            if not imports and opening(lines, number) != "corefile":
                break
        elif number > start and boundary(lines, number) and not line.startswith(("#", "}")):
            break
        if depth > 0 and opening(lines, number) in {"log", "header", "describe", "yaml"}:
            break
        depth += code.count("{") - code.count("}")
        number += 1
        if line and not (depth <= 0 and line.startswith("#")):
            end = number
    return max(end, start + 1)


COMMENT = regex(r"[#;](?!\s?(?:cat|kubectl|ip|ls|k|dig|nslookup) )")


def resolv_end(lines: Lines, start: int) -> int:
    """Return the end of a resolv.conf: its keywords and comments, blank lines only below its head.

    The head that systemd-resolved and others write is such comments and a blank line.
    """
    end = start + 1
    heading = bool(COMMENT.match(lines.plain[start].strip()))
    for number in range(start + 1, len(lines)):
        if lines.blank(number):
            if not heading:
                break
            continue
        comment = bool(COMMENT.match(lines.plain[number].strip()))
        if boundary(lines, number) or not (comment or opening(lines, number) == "resolv"):
            break
        heading = heading and comment
        end = number + 1
    return end


def printed_resolv_end(lines: Lines, start: int) -> int:
    """Return the end of a resolv.conf that a command printed: up to what begins something else.

    Within it stand blank lines, and lines that no resolver knows.
    """
    end = start + 1
    for number in range(start + 1, len(lines)):
        if lines.blank(number):
            continue
        if boundary(lines, number):
            break
        name = opening(lines, number)
        prose = not name and number > end and not COMMENT.match(lines.plain[number].strip())
        if prose or name not in {"", "resolv"}:
            break
        end = number + 1
    return end


OF_CERTIFICATE = regex(
    r"depth=\d|Certificate chain$|Server certificate$|-----(?:BEGIN|END) |\d{1,2} s:|[isav]:|---$|"
    r"No client certificate|Peer sign|Server Temp Key|SSL handshake|SSL-Session:|Verification|"
    r"New, |Acceptable client|Client Certificate|Requested Sign|Shared Requested|Server public key|"
    r"Secure Renegotiation|Compression|Expansion|No ALPN|Early data|DONE$|\[check-expiration\]|"
    r"(?:CN|OU?|C|ST|L) ?= ?\S|(?:DNS|IP Address|email|URI):\S|serial=|[A-Za-z0-9+/]{40,76}={0,2}$|"
    r"[a-z][\w.-]{1,60}\s+[A-Z][a-z]{2} \d\d, \d{4} \d\d:\d\d UTC\s|"
    r"No extensions (?:in|matched)|<none>$"
)


def certificate_end(lines: Lines, start: int) -> int:
    """Return the end of what is told of certificates: openssl's output, or kubeadm's list.

    What is set in belongs to what stands before it, and so does a PEM block up to its end.
    """
    base = lines.indent(start)
    number = end = start
    in_pem = False
    while number < len(lines):
        line = lines.plain[number].strip()
        if line and number > start:
            inner = in_pem or lines.indent(number) > base
            if boundary(lines, number) or not (
                inner or opening(lines, number) == "certificate" or OF_CERTIFICATE.match(line)
            ):
                break
        in_pem = line.startswith("-----BEGIN ") or (in_pem and not line.startswith("-----END "))
        number += 1
        if line:
            end = number
    return end


READERS_OF: dict[str, Reader] = {
    "log": log_end,
    "json": json_end,
    "yaml": yaml_end,
    "kubelet": yaml_end,
    "flags": same_kind(
        "flags",
        also=r"(?:Environment|EnvironmentFile|Exec\w{1,20})=|--\w|\\?\"?KUBELET_[A-Z_]+=",
        blanks=False,
    ),
    "event": event_end,
    "header": table_end,
    "row": table_end,
    "describe": describe_end,
    "field": describe_end,
    "lookup": same_kind(
        "lookup",
        also=r"Name:\s|Address(?:es)?(?: \d+)?:|Aliases:|timeout was \d|;|"
        r"\S+\.\s+(?:\d+\s+)?IN\s|\S+\.\s+\d+\s+(?:IN|CH)\s|[\w:.]+#53|"
        r"\S+ (?:mail is handled|name server) |(?:real|user|sys)\s+\d{1,4}m ?\d{1,2}[.,]\d{1,3}s$",
    ),
    "timed": same_kind("timed", also=r"\d{1,3}[.,]\d{1,6}$|time_\w{1,30}\s{0,3}[:=]"),
    "addresses": same_kind(
        "addresses",
        also=r"valid_lft |inet6? |link/|altname |RX|TX|ether |UP |collisions|(?:bridge|vxlan|veth|"
        r"dummy|tun)\b|forwarding|loop |unspec ",
    ),
    "routes": same_kind("routes", also=r"nexthop |\d{1,3}\.\d{1,3}\.\S+ ", blanks=False),
    "rules": same_kind(
        "rules",
        also=r"target\s+prot|num\s+target|pkts\s+bytes|(?:\d+\s+)?(?:\S+\s+\S+\s+)?[A-Z][\w-]+\s+"
        r"(?:all|tcp|udp|icmp|ip|\d+)\s|[-:*#}]|chain \w|type \w+ hook|(?:ip6?|meta|ct|counter|"
        r"iifname|oifname|iif|oif|fib|jump|goto|mark|reject|tcp|udp|th|icmp|icmpv6|set|map|elements|"
        r"flags|limit|log|l4proto|numgen|dnat|snat|comment|policy) |"
        r"(?:accept|drop|return|reject|masquerade|counter)(?:$| )",
    ),
    "resolv": resolv_end,
    "subnet": same_kind("subnet", blanks=False),
    "sysctl": same_kind(
        "sysctl",
        also=r"(?:kernel|vm|fs|user)\.[\w.-]+ ?= ?\S|[\da-f]{8}(?:\s+[\da-f]{8}){8,20}$",
    ),
    "sockets": same_kind("sockets", also=r"sl\s+(?:local|remote)_address|/proc/net/(?:udp|tcp)"),
    "metrics": same_kind(
        "metrics",
        also=r"# (?:HELP|TYPE) [a-z]|"
        r"[a-z][a-z0-9_:]{2,100}(?:\{[^{}]{0,400}\})? (?:[-+]?[\d.]{1,24}(?:e[+-]\d{1,3})?|NaN)$",
    ),
    "certificate": certificate_end,
    "health": same_kind("health"),
    "corefile": corefile_end,
}

# ---------------------------------------------------------------- cutting


@dataclass(frozen=True)
class Block:
    """Lines `start` to `end` of one kind, with what the command before them tells."""

    kind: Kind
    start: int
    end: int
    command: Command = field(default_factory=Command)
    emitter: Emitter = Emitter.UNKNOWN


JSON_KINDS = (
    (regex(r'^\{"from": "(?:API server|pod|host network|probe pod)", '), Kind.DNS_ANSWERS),
    (regex(r'"kind"\s*:\s*"KubeletConfiguration"|"kubeletconfig"\s*:'), Kind.KUBELET_CONFIG),
    (regex(r'"apiVersion"\s*:'), Kind.OBJECTS),
    (
        regex(r'"Network"\s*:[^{]{0,300}(?:"Backend"|"SubnetLen"|\})|"Backend"\s*:'),
        Kind.NET_CONF,
    ),
    (regex(r'"interfaces"\s*:|"ips"\s*:\s*\['), Kind.TEXT),  # a CNI plugin's result
    (regex(r'"(?:cniVersion|plugins)"\s*:'), Kind.CNI_CONFIG),
    (regex(r'"code"\s*:\s*\d+\s*,\s*"msg"\s*:'), Kind.LOG),  # a CNI plugin's error
    (
        regex(r'"type"\s*:\s*"(?:bridge|flannel|loopback|portmap|calico|macvlan)"'),
        Kind.CNI_CONFIG,
    ),
    (ONE_LINE_LOG, Kind.LOG),
    (regex(r'"(?:clusterDNS|clusterDomain)"\s*:'), Kind.KUBELET_CONFIG),
    (regex(r'"(?:kind|items|metadata)"\s*:'), Kind.OBJECTS),
)
JSON_HEAD = 20_000
LINED = frozenset({Kind.LOG, Kind.DNS_ANSWERS})  # of which each line stands for itself
# An nslookup that is asked at its own prompt: what it prints belongs to what was typed there.
DIALOGUE = regex(r"(?:\S{1,300} ){0,40}(?:\S{0,200}/)?nslookup(?: -[\w=]{1,40}){0,9}$")
# Of which lines may be condensed by `uniq -c`, which puts a count of seven columns before each.
PROSE = frozenset({Kind.LOG, Kind.TEXT})
COUNTED = regex(
    r" {0,9}([1-9]\d{0,8}) {1,3}(?!(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b)"
    r"(?=[^\s\d]|\d{4}[-/]\d\d[-/]\d\d|\d\d?\d?\.)"
)
# As mail and Markdown quote, with the blank or without; prompts are on some lines only.
QUOTED = (regex(r"\s{0,3}>(?: |$)"), regex(r"\s{0,3}>"))
DEEPEST_QUOTE = 5


def cut(text: str, *, origin: str, hint: str = "", first_line: int = 1) -> tuple[Part, ...]:
    """Return the parts of a text in order; together they hold each of its lines once.

    The marks of a quotation are taken off where all lines have them. `origin` is the name that
    quotes cite, `hint` the file's name or path if it has one, `first_line` the number that the
    first line has in the origin.
    """
    raw = text.split("\n")
    if raw[-1] == "":
        raw.pop()
    file = named(hint) if hint else Named()
    if len(raw) > 1 or file.kind in FORMATS:
        raw = unquoted(raw)
    lines = Lines(tuple(raw), tuple(plain(line[:SEEN]) for line in raw))
    if not raw:
        # An empty file of a format that a file name tells is evidence: it configures nothing.
        kinds = [file.kind] if file.kind in FORMATS else []
        return tuple(Part(kind, origin, first_line=first_line) for kind in kinds if kind)
    if file.kind in FORMATS and any(FENCE.match(line.strip()) for line in lines.plain):
        file = Named()  # prose around the file that the name tells of, which is between the fences
    blocks = list(merged(lines, blocks_of(lines, Command(named=file))))
    if file.kind in FORMATS and all(block.kind in {file.kind, Kind.TEXT} for block in blocks):
        blocks = [Block(file.kind, 0, len(lines), Command(named=file))]
    times: dict[int, int] = {}
    if told := condensed(lines, blocks):
        fewer = [
            COUNTED.sub("", line, count=1) if at in told else line for at, line in enumerate(raw)
        ]
        again = Lines(tuple(fewer), tuple(plain(line[:SEEN]) for line in fewer))
        anew = list(merged(again, blocks_of(again, Command(named=file))))
        others = [one for one in anew if one.kind not in PROSE]
        if not any(one.start <= at < one.end for one in others for at in told):
            raw, lines, blocks, times = fewer, again, anew, told
    blocks = [piece for block in blocks for piece in by_emitter(lines, block)]
    return tuple(
        Part(
            kind=block.kind,
            origin=origin,
            text="\n".join(lines_of(raw[block.start : block.end], block.kind)),
            first_line=first_line + block.start,
            emitter=block.emitter,
            subject=block.command.named.subject,
            container=block.command.named.container,
            command=block.command.text,
            previous=block.command.named.previous,
            times=tuple(times.get(at, 1) for at in range(block.start, block.end))
            if block.kind in PROSE and not times.keys().isdisjoint(range(block.start, block.end))
            else (),
        )
        for block in blocks
    )


def condensed(lines: Lines, blocks: Iterable[Block]) -> dict[int, int]:
    """Return how often lines stood in what `uniq -c` made of them, by their numbers.

    Those are lines in a row that all begin with a count. Numbers that only go up by one, such as
    those of `nl`, are places, and what is the same everywhere is no count, but for 1.

    Source: GNU coreutils 9.5 src/uniq.c (writeline: a count of seven columns and a blank).
    """
    found: dict[int, int] = {}
    for block in blocks:
        if block.kind not in PROSE:
            continue
        row: list[tuple[int, int]] = []
        for at in range(block.start, block.end + 1):
            match = COUNTED.match(lines.plain[at]) if at < block.end else None
            if match is not None:
                row.append((at, int(match[1])))
                continue
            counts = [count for _, count in row]
            told = set(counts) == {1} or len(set(counts)) > 1
            if len(row) > 1 and told and any(two - one != 1 for one, two in pairwise(counts)):
                found.update(row)
            row = []
    return found


def unquoted(raw: list[str]) -> list[str]:
    """Return lines without the marks of a quotation that all of them have."""
    for _ in range(DEEPEST_QUOTE):
        shown = [line for line in raw if line.strip()]
        mark = next((one for one in QUOTED if shown and all(map(one.match, shown))), None)
        if mark is None:
            break
        raw = [mark.sub("", line, count=1) for line in raw]
    return raw


def lines_of(raw: Sequence[str], kind: Kind) -> Sequence[str]:
    """Return the lines of a part; those of a log without a margin that all of them have.

    A single line of a log may be set in, and belongs to the entry before it.
    """
    if kind is not Kind.LOG:
        return raw
    margins = [line[: len(line) - len(line.lstrip())] for line in raw if line.strip()]
    least = min(map(len, margins), default=0)
    if not least or len({one[:least] for one in margins}) > 1:
        return raw
    return [line[least:] for line in raw]


def blocks_of(lines: Lines, file: Command) -> Iterator[Block]:
    """Yield blocks in order, blank lines left out; `file` is what the file's name tells."""
    command = file
    place = ""  # the pod that an interactive exec went into
    number = lines.after(0)
    prompted = -1  # the end of the last prompt
    while number < len(lines):
        line = lines.plain[number].strip()
        if prompt := prompt_of(line):
            end = prompt_end(lines, number)
            words = " ".join(one.strip().rstrip("\\") for one in lines.plain[number:end])
            typed = prompt_of(words) or prompt
            again = typed.command == command.text  # typed anew: the first one printed nothing yet
            if prompted == number and command.named.kind in FORMATS and not again:
                yield Block(command.named.kind or Kind.TEXT, number, number, command)
            place = inside(typed.command) or ("" if typed.command == "exit" else place)
            command = Command(typed.command, command_named(typed.command, typed.host))
            if place and command.named.kind in NODE_KINDS and typed.host in {"", place}:
                there = replace(command.named, subject=Subject("Pod", place))
                command = replace(command, named=there)
            yield Block(Kind.SHELL, number, end, Command(typed.command))
            number, prompted = end, end
        elif heading := HEADING.match(line):
            command = headed(heading, file)
            yield Block(Kind.SHELL, number, number + 1)
            number += 1
        elif FENCE.match(line):
            yield Block(Kind.TEXT, number, number + 1)
            number += 1
            command = file if command is not file else command
        else:
            if command.named.kind in FORMATS and command is not file and number > prompted:
                command = file  # one file was printed; what follows is not of it
            block = block_at(lines, number, command)
            yield block
            number = block.end
        number = lines.after(number)


def prompt_end(lines: Lines, start: int) -> int:
    """Return the end of a command that goes on behind backslashes."""
    end = start + 1
    while end < len(lines) and end < start + 40 and lines.plain[end - 1].rstrip().endswith("\\"):
        end += 1
    return end


def inside(command: str) -> str:
    """Return the pod that a command opens a shell in; "" for any other command."""
    words = command.split()
    if len(words) > 2 and words[0] in KUBECTL and "exec" in words:
        shell = words[-1].rpartition("/")[2] in {"sh", "bash", "ash", "busybox"}
        return kubectl_named(words[1:]).subject.name if shell else ""
    return ""


def headed(heading: re.Match[str], file: Command) -> Command:
    """Return what a line ==> FILE <== or the head of a container's log tells."""
    if heading["edge"] == "END":
        return file
    if heading["pod"]:
        pod = Subject("Pod", heading["pod"], heading["namespace"])
        return Command(
            named=Named(Kind.LOG, program_named(heading["container"]), pod, heading["container"])
        )
    return Command(named=named(heading["path"]))


def block_at(lines: Lines, start: int, command: Command) -> Block:
    """Return the block that begins at a line: by content, else by command or file name."""
    expected = command.named.kind
    name = opening(lines, start)
    if name == "json":
        return json_block(lines, start, command)
    if name == "timed" and not RESOLVES.search(command.text[:4000]):
        name = ""
    elif not name and "namelookup}" in command.text and SECONDS.search(lines.plain[start]):
        name = "timed"
    # A look-up's or a log's own lines are not torn out of what a command is known to print.
    if name in WEAK and expected and expected not in {KINDS[name], Kind.TABLE}:
        name = ""
    if name:
        end = READERS_OF[name](lines, start)
        kind = KINDS.get(name, Kind.TABLE)
        if kind is expected is Kind.RESOLV_CONF:
            end = printed_resolv_end(lines, start)
        if name in {"yaml", "kubelet"}:
            kind = yaml_kind(lines, start, end)
        return Block(kind, start, end, command)
    end = paragraph_end(lines, start)
    if expected is Kind.LOG or (expected is None and is_log(lines, start, end)):
        return Block(Kind.LOG, start, log_end(lines, start), command)
    if expected and fits(lines, start, end, expected):
        reader = {Kind.TABLE: table_end, Kind.RESOLV_CONF: printed_resolv_end}.get(expected)
        return Block(expected, start, reader(lines, start) if reader else end, command)
    if is_log(lines, start, end):
        return Block(Kind.LOG, start, log_end(lines, start), command)
    return Block(Kind.TEXT, start, end, command)


WEAK = frozenset({"field"})
# Programs that find the address of a name before all else.
RESOLVES = regex(
    r"(?:^|[\s(/;])(?:nslookup|dig|host|drill|kdig|getent|resolvectl|curl|wget|ping6?|nc|ncat|"
    r"telnet|http|psql|mysql|redis-cli)\s|namelookup"
)
SECONDS = regex(r"(?:^|[\s:=])\d{1,3}[.,]\d{3,6}(?: ?s)?(?:$|[\s,;])")
FAILED = regex(
    r"(?:[\w./-]+: )?(?:error|Error|unable|command terminated|No resources found|"
    r"(?:cat|ls|bash|sh|tail|head|grep): .*: )"
)

TELLING_ABSENCE = frozenset(
    {Kind.RESOLV_CONF, Kind.SUBNET_ENV, Kind.KERNEL_SETTINGS, Kind.FILE_LIST}
)


def fits(lines: Lines, start: int, end: int, kind: Kind) -> bool:
    """Whether lines that open nothing can be what a command or name says that they are.

    What failed printed no such thing: `cat` without its file must not make an empty file. That
    there is none is what some parsers read from it.
    """
    first = lines.plain[start].strip()
    if FAILED.match(first):
        return kind in TELLING_ABSENCE and "No such file" in first
    if kind is Kind.TABLE:
        return any(GAP.search(lines.plain[number]) for number in range(start, end))
    return kind not in {Kind.OBJECTS, Kind.DESCRIBE, Kind.EVENTS, Kind.TEXT, Kind.SHELL}


def is_log(lines: Lines, start: int, end: int) -> bool:
    """Whether at least half of the lines are log entries, or say what only programs say."""
    shown = range(start, min(end, start + HEAD_LINES))
    return 2 * sum(is_entry(lines, number) for number in shown) >= len(shown)


def json_block(lines: Lines, start: int, command: Command) -> Block:
    """Return a block that begins with a JSON value; JSON logs go on line by line."""
    end = json_end(lines, start)
    line = lines.plain[start]
    if end == start + 1 and ONE_LINE_LOG.search(line) and '"apiVersion"' not in line:
        return Block(Kind.LOG, start, log_end(lines, start), command)
    head = "\n".join(lines.raw[start : min(end, start + HEAD_LINES)])[:JSON_HEAD]
    kind = next((kind for pattern, kind in JSON_KINDS if pattern.search(head)), Kind.TEXT)
    if kind is Kind.LOG and '"code"' in head:
        return Block(kind, start, end, command, Emitter.CNI)
    return Block(kind, start, end, command)


def yaml_kind(lines: Lines, start: int, end: int) -> Kind:
    """Return what a YAML document is: objects, or the configuration of a kubelet."""
    base = lines.indent(start)
    for number in range(start, min(end, start + HEAD_LINES)):
        if lines.indent(number) == base:
            line = lines.plain[number].strip()
            if re.match(
                r"kind:\s*KubeletConfiguration\b|kubeletconfig:|cluster(?:DNS|Domain):", line
            ):
                return Kind.KUBELET_CONFIG
            if line.startswith("kind:"):
                return Kind.OBJECTS
    return Kind.KUBELET_CONFIG if opening(lines, start) == "kubelet" else Kind.OBJECTS


def is_dialogue(block: Block) -> bool:
    """Whether a block is of an nslookup that was asked at its own prompt."""
    return block.kind is Kind.LOOKUP and DIALOGUE.match(block.command.text) is not None


def merged(lines: Lines, blocks: Iterator[Block]) -> Iterator[Block]:
    """Yield the blocks with the blank lines between them, texts and logs in a row made one."""
    last: Block | None = None
    for block in blocks:
        if last is None:
            last = replace(block, start=0)
        elif block.kind is last.kind is Kind.TEXT or (
            block.kind is last.kind
            and block.command == last.command
            and (block.kind in LINED or is_dialogue(block))
        ):
            last = replace(last, end=block.end)
        else:
            yield replace(last, end=block.start)
            last = block
    if last is None:
        yield Block(Kind.TEXT, 0, len(lines))
    else:
        yield replace(last, end=len(lines))


# ---------------------------------------------------------------- who wrote a log

# Who prints these lines is told by their neighbours, a command or a name: many programs do.
GENERIC = frozenset(
    {Emitter.UNKNOWN, Emitter.API_CLIENT, Emitter.CLIENT, Emitter.KERNEL, Emitter.CNI}
)
MIXED = 40  # lines for each change of the program; below that the programs are interleaved


def by_emitter(lines: Lines, block: Block) -> Iterator[Block]:
    """Yield a log's block with its emitter, cut where one program's lines end.

    A command or a file name that tells the program holds unless most lines say otherwise.
    """
    if block.kind is not Kind.LOG or block.emitter is not Emitter.UNKNOWN:
        yield block
        return
    each = [program_of(lines.plain[one].strip()) for one in range(block.start, block.end)]
    sure = [one if one not in GENERIC else Emitter.UNKNOWN for one in each]
    told = block.command.named.emitter
    if told is not Emitter.UNKNOWN:
        others = sum(one not in {told, Emitter.UNKNOWN} for one in sure)
        yield replace(block, emitter=told if 2 * others <= len(sure) else most(sure))
        return
    runs: list[tuple[int, Emitter]] = []  # where each program's lines begin
    for number, one in enumerate(sure):
        if one is not Emitter.UNKNOWN and (not runs or runs[-1][1] is not one):
            runs.append((number if runs else 0, one))
    if len(runs) < 2 or len(runs) > 3 + len(each) // MIXED:
        yield replace(block, emitter=most(sure) if runs else most(each))
        return
    ends = [start for start, _ in runs[1:]] + [len(each)]
    for (start, emitter), end in zip(runs, ends, strict=True):
        yield replace(block, start=block.start + start, end=block.start + end, emitter=emitter)


def most(emitters: Sequence[Emitter]) -> Emitter:
    """Return the emitter that most lines have, those of unknown ones aside."""
    counts = Counter(one for one in emitters if one is not Emitter.UNKNOWN)
    return counts.most_common(1)[0][0] if counts else Emitter.UNKNOWN


def kind_of_log(head: str, hint: str = "") -> Emitter:
    """Return who wrote a log that begins with `head`; its file's name where the text is silent."""
    lines = [plain(line[:SEEN]).strip() for line in head.split("\n", HEAD_LINES)[:HEAD_LINES]]
    each = [program_of(line) for line in lines if line]
    sure = [one for one in each if one not in GENERIC]
    if sure:
        return most(sure)
    told = named(hint).emitter if hint else Emitter.UNKNOWN
    return told if told is not Emitter.UNKNOWN else most(each)

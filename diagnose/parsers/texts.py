"""Text of no kind of its own: lines that any program may have printed, and settings among them.

Limits: of a distribution's configuration only the list of add-ons that it leaves out is read, and
of an installer's command the ranges of addresses.
Source: k3s-io/k3s v1.30 pkg/cli/cmds/server.go (disable), docs.rke2.io (rke2-coredns);
kubernetes/kubernetes v1.30.5 cmd/kubeadm/app/cmd/phases/init/addons.go (addon/coredns).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from diagnose.facts.changes import Change
from diagnose.facts.cluster_ranges import ClusterRanges
from diagnose.facts.dns_workload import DisabledAddon, NoPods
from diagnose.facts.lookup_times import LookupTime
from diagnose.facts.tracked_flows import TrackedFlow
from diagnose.model import Quote
from diagnose.parsers import captures, docker, host_firewalls, ipvs, logs, reached
from diagnose.parts import Parsed, Part
from diagnose.text.clean import plain
from diagnose.text.regex import regex
from diagnose.text.shown import visible

NAME = r"(?:rke2-)?coredns"
LIST = regex(r"disable:\s*(?P<rest>[^#]*)")
ENTRY = regex(r"\s*-\s*[\"']?(?P<name>[\w.-]+)[\"']?\s*(?:#.*)?$")
INLINE = regex(rf"(?:^|[\s,\[\"'])(?P<name>{NAME})(?=$|[\s,\]\"'])")
FLAGS = (
    regex(rf"--disable[= ][\"']?(?:[\w-]{{1,60}},){{0,20}}(?P<name>{NAME})(?![\w-])"),
    regex(r"--skip-phases[= ]\S{0,200}?addon/(?P<name>coredns)(?![\w-])"),
)
LONGEST = 2000
# The commands that make a cluster, and what they are told of its addresses.
INSTALLERS = regex(r"(?:^|[\s/])(?:kubeadm init|k3s (?:server|agent)|rke2 server|k0s controller)\b")
RANGES = {
    "pods": regex(r"--(?:pod-network-cidr|cluster-cidr)[= ](?P<value>[\d./,a-fA-F:]{7,200})"),
    "services": regex(r"--service-cidr[= ](?P<value>[\d./,a-fA-F:]{7,200})"),
    "hosts": regex(r"--(?:apiserver-)?advertise-address[= ](?P<value>[\d.a-fA-F:]{7,60})"),
}


def parse(part: Part) -> Parsed:
    """Return what the lines say, and what an installer or a distribution is told."""
    parsed = logs.parse(part)
    found = (
        *disabled(part),
        *ranges(part),
        *flows(part),
        *no_pods(part),
        *reached.read(part),
        *captures.read(part),
        *ipvs.read(part),
        *waits(part),
        *docker.options(part),
        *host_firewalls.read(part),
    )
    return replace(parsed, items=(*parsed.items, *found)) if found else parsed


# An entry of the table of connections: `conntrack -L`, or /proc/net/nf_conntrack.
ADDRESS = r"[\da-fA-F.:]{2,45}"
FLOW = regex(
    r"(?:ipv[46]\s+\d{1,3}\s+)?(?:udp|tcp)\s+\d{1,3}\s+\d{1,10}\s+(?:[A-Z_]{3,20}\s+)?"
    rf"src=(?P<client>{ADDRESS}) dst=(?P<asked>{ADDRESS}) sport=\d{{1,5}} dport=(?P<port>\d{{1,5}})"
    r"(?: packets=\d{1,20} bytes=\d{1,20})? (?P<unreplied>\[UNREPLIED\] )?"
    rf"src=(?P<backend>{ADDRESS}) dst=(?P<reply_to>{ADDRESS}) sport="
)
MOST_FLOWS = 5000


def flows(part: Part) -> Iterator[TrackedFlow]:
    """Yield the entries of a table of connections."""
    if " dport=" not in part.text:
        return
    count = 0
    for index, raw in enumerate(part.text.split("\n")):
        found = FLOW.match(plain(raw)[:LONGEST].strip())
        if found:
            count += 1
            yield TrackedFlow(
                subject=part.subject,
                origin=part.origin,
                quote=Quote(part.origin, visible(raw.strip()), part.first_line + index),
                client=found["client"],
                asked=found["asked"],
                port=int(found["port"]),
                backend=found["backend"],
                reply_to=found["reply_to"],
                replied=not found["unreplied"],
            )
        if count >= MOST_FLOWS:
            return


# A listing of the pods of cluster DNS, by the label that its Service selects, and its empty answer.
DNS_LISTING = regex(
    r"kubectl\b.{0,200}?\bget po(?:ds?)?\b.{0,200}?"
    r"(?:-l|--selector)[= ]?[\"']?k8s-app=(?:kube-dns|coredns)\b"
)
NONE_FOUND = regex(r"No resources found(?: in kube-system namespace)?\.?\s*$")


def no_pods(part: Part) -> Iterator[NoPods]:
    """Yield a listing of the pods of cluster DNS that found none."""
    command = part.command[:LONGEST]
    told = "kube-system" in command or " -A" in command or "--all-namespaces" in command
    if not told or not DNS_LISTING.search(command):
        return
    for index, raw in enumerate(part.text.split("\n")[:3]):
        if NONE_FOUND.match(plain(raw)[:LONGEST]):
            yield NoPods(part.origin, Quote(part.origin, visible(raw), part.first_line + index))
            return


def parse_shell(part: Part) -> Parsed:
    """Return what a command line sets; what it prints is a part of its own."""
    return Parsed(items=(*ranges(part), *changes(part)))


# Commands that change a cluster or a node, so that what failed before may be well behind them.
CHANGES = regex(
    r"(?:^|[\s;&|(])(?:(?:kubectl|oc|k)\b(?: +-\S+(?: +[\w./:-]+)??){0,6} +(?:apply|create|delete|"
    r"edit|patch|replace|scale|set|cordon|uncordon|drain|taint|label|annotate|rollout +(?:restart|"
    r"undo))\b|systemctl +(?:\S+ +){0,2}?(?:re)?(?:start|load|stop)\b|service +\S+ +(?:re)?"
    r"(?:start|load|stop)\b|helm +(?:upgrade|install|rollback|uninstall)\b|"
    r"ip6?tables +(?:\S+ +){0,4}?"
    r"(?:-[ADIRFPXZ]|--flush)\b|ip6?tables-restore\b|nft +(?:add|delete|flush|insert|-f)\b|"
    r"ip +(?:-\S+ +)?(?:link|route|addr|address|neigh|r|a) +(?:set|add|del|delete|replace|flush)\b|"
    r"sysctl +(?:-\S+ +)*(?:-w|-p|--system|[\w.]+=)|modprobe\b|rmmod\b|reboot\b|ufw\b|"
    r"firewall-cmd\b|ethtool +-K|conntrack +-[DF]|vim?\b|nano\b|sed +-i|tee +/|"
    r"(?:crictl|docker|nerdctl) +(?:restart|stop|rm|kill|start)\b|kubeadm +(?:init|join|reset|"
    r"upgrade)\b)"
)


def changes(part: Part) -> Iterator[Change]:
    """Yield a command that changes the cluster or the node."""
    command = part.command[:LONGEST]
    inside = command.partition(" -- ")[2]
    if CHANGES.search(inside or command):
        first = visible(part.text.split("\n", 1)[0].strip())
        yield Change(part.origin, Quote(part.origin, first, part.first_line))


# glibc waits for the answer to a query of its own by poll: strace shows what it waited in vain.
POLLED = regex(
    r"(?:\[pid +\d+\] |\d{1,7} +)?(?:[\d:.]{5,30} +)?poll\(\[\{fd=\d{1,6}, events=POLLIN\}\], 1, "
    r"(?P<ms>\d{4,5})\)\s{0,20}= 0 \(Timeout\)"
)


def waits(part: Part) -> Iterator[LookupTime]:
    """Yield how long a traced program waited for a DNS answer before it asked again."""
    if "htons(53)" not in part.text:
        return
    count = 0
    for index, raw in enumerate(part.text.split("\n")):
        found = POLLED.match(plain(raw)[:LONGEST].strip())
        if found and count < MOST_FLOWS:
            count += 1
            quote = Quote(part.origin, visible(raw.strip()), part.first_line + index)
            yield LookupTime(part.subject, part.origin, quote, int(found["ms"]) / 1000)


def ranges(part: Part) -> Iterator[ClusterRanges]:
    """Yield the ranges of addresses that an installer's command names."""
    for index, raw in enumerate(part.text.split("\n")):
        line = plain(raw)[:LONGEST]
        if "--" not in line or not INSTALLERS.search(line):
            continue
        told = {
            key: tuple(filter(None, found["value"].split(",")))
            for key, pattern in RANGES.items()
            if (found := pattern.search(line))
        }
        if told:
            quote = Quote(part.origin, visible(raw.strip()), part.first_line + index)
            yield ClusterRanges(part.origin, quote, **told)


def disabled(part: Part) -> Iterator[DisabledAddon]:
    """Yield each setting that leaves CoreDNS out."""
    if "coredns" not in part.text:
        return
    inside = False
    key: Quote | None = None
    for index, raw in enumerate(part.text.split("\n")):
        line = plain(raw)[:LONGEST]
        entry = ENTRY.match(line) if inside else None
        heading = LIST.match(line)
        match = next((found for flag in FLAGS if (found := flag.search(line))), None)
        if heading:
            match = INLINE.search(heading["rest"])
        elif entry and INLINE.fullmatch(entry["name"]):
            match = entry
        inside = heading is not None or entry is not None
        quote = Quote(part.origin, visible(raw.strip()), part.first_line + index)
        key = quote if heading else key
        if match:
            yield DisabledAddon(match["name"], part.origin, quote, key if match is entry else None)

"""Distributions of Kubernetes: how evidence shows one, and what other words its remedies take.

Checks word their remedies for a cluster that kubeadm made. Where the evidence shows another one,
whose parts have other names, run inside of one process, or are put back by an operator, the steps
are worded anew here, for all checks at once: one table.

Limits: evidence that shows two distributions, or none, changes nothing.

Sources:
- k3s: k3s-io/docs architecture, cli/server, cli/certificate (kubelet, kube-proxy and flannel run in
  the one process); k3s-io/k3s manifests/coredns.yaml and pull request 4397 (coredns-custom; the
  ConfigMap is written anew at each start)
- RKE2: docs.rke2.io networking/networking_services and helm (HelmChartConfig), architecture (the
  control plane and kube-proxy are static pods); rancher/rke2-charts rke2-coredns (names)
- MicroK8s: canonical.com/microk8s/docs configuring-services (kubelite), addon-dns, and
  microk8s refresh-certs
- OpenShift: docs.openshift.com networking/dns-operator, networking/ovn_kubernetes_network_provider
- GKE: cloud.google.com/kubernetes-engine/docs/how-to/kube-dns; kube-proxy is a static pod there
- EKS: docs.aws.amazon.com/eks/latest/userguide coredns-add-on-update, add-ons-configuration
- AKS: learn.microsoft.com/azure/aks/coredns-custom
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from diagnose.model import Finding, Remedy, Verdict
from diagnose.parts import Kind, Part
from diagnose.text.regex import regex
from diagnose.values import dataclass

SEEN = 200_000  # characters of a part that are looked at


@dataclass(frozen=True)
class Row:
    """One way to word a command anew: what it matches, and the commands in its place.

    A `piece` is put in place of what matched alone, and further rows follow; else the commands
    stand for the whole one. None at all: the step is not needed there.
    """

    pattern: re.Pattern[str]
    instead: tuple[str, ...]
    why: str = ""
    piece: bool = False


@dataclass(frozen=True)
class Distribution:
    """A distribution: what shows it in any text, and in texts that programs printed; its rows.

    Each text that shows it holds one of the `marks`, which are looked for first: that is fast.
    """

    name: str
    marks: tuple[str, ...]
    sure: re.Pattern[str]
    printed: re.Pattern[str] | None
    rows: tuple[Row, ...]


def row(pattern: str, *instead: str, why: str = "") -> Row:
    """Return the row of whole commands."""
    return Row(regex(pattern), instead, why)


def piece(pattern: str, instead: str) -> Row:
    """Return the row of a piece of commands."""
    return Row(regex(pattern), (instead,), piece=True)


EDIT_COREFILE = r"^kubectl -n kube-system edit configmap coredns\b"
RESTART_COREDNS = r"^kubectl -n kube-system rollout restart deployment coredns\b"
RESTART_PROXY = (
    r"^kubectl -n \S+ rollout restart daemonset kube-proxy\b"
    r"|^kubectl -n \S+ delete pod -l k8s-app=kube-proxy\b"
)
PROXY = r"^kubectl -n \S+ (?:get pods?|logs) -l k8s-app=kube-proxy\b"
PROXY_STATUS = r"^kubectl -n \S+ rollout status daemonset kube-proxy\b"
EDIT_PROXY = r"^kubectl -n \S+ edit (?:configmap|daemonset) kube-proxy\b"
FLANNEL = r"^kubectl -n kube-flannel (?:rollout restart|delete pod|edit)\b"
SEE_FLANNEL = r"^kubectl -n kube-flannel (?:get|logs)\b"
KUBELET = r"\bsystemctl (restart|start|stop|status) kubelet\b(?:  # or k3s.*)?"
SETTING = r"^(or )?set (resolvConf|clusterDNS|clusterDomain): (.+) in /var/lib/kubelet/config\.yaml"
LOOK_SETTING = r"^grep resolvConf /var/lib/kubelet/config\.yaml"
KUBEADM_CONFIG = r"configmap kubeadm-config\b|^kubeadm init phase upload-config"
CERTIFICATE_NAMES = r"\bkubeadm\.yaml\b"
OLD_CERTIFICATE = r"\bmv /etc/kubernetes/pki/apiserver\.crt\b"
CERTIFICATE = r"^kubeadm (?:init phase certs|certs renew)\b"
DATES = r"^kubeadm certs check-expiration\b"
SERVING = r"/etc/kubernetes/pki/apiserver\.crt"
STOP_SERVER = r"^crictl stop .*kube-apiserver"
# What only who runs the control plane can do
OF_CONTROL_PLANE = r"/etc/kubernetes/(?:pki|manifests)\b|\bkubeadm\b|^crictl stop .*kube-apiserver"
ADD_ON = r"^kubeadm init phase addon coredns\b"
NAME_STAYS = "each name of step 1 that is to stay, well-formed, and the address asked"


def rancher(name: str, server: str, agent: str) -> tuple[Row, ...]:
    """Return the rows that k3s and RKE2 share; `server` and `agent` are their services."""
    config = f"/etc/rancher/{name}/config.yaml"
    return (
        row(KUBEADM_CONFIG),
        row(OLD_CERTIFICATE),
        row(CERTIFICATE_NAMES, f"under tls-san in {config} of each server write {NAME_STAYS}"),
        row(CERTIFICATE, f"systemctl stop {server}; {name} certificate rotate"),
        row(DATES, f"{name} certificate check; timedatectl  # on each server"),
        piece(SERVING, f"/var/lib/rancher/{name}/server/tls/serving-kube-apiserver.crt"),
        row(STOP_SERVER, f"systemctl start {server}"),
        row(
            r"^(or )?set resolvConf: (\S+) in /var/lib/kubelet/config\.yaml",
            rf"\g<1>set resolv-conf: \g<2> in {config}",
        ),
        row(
            r"^(or )?set clusterDNS: \[(.+)\] in /var/lib/kubelet/config\.yaml",
            rf"\g<1>set cluster-dns: \g<2> in {config} of each server",
        ),
        row(
            r"^(or )?set clusterDomain: (\S+) in /var/lib/kubelet/config\.yaml",
            rf"\g<1>set cluster-domain: \g<2> in {config} of each server",
        ),
        row(LOOK_SETTING, f"grep resolv-conf {config}"),
        piece(KUBELET, rf"systemctl \g<1> {agent}  # {server} on a server"),
        row(ADD_ON, f"take coredns out of `disable` in {config} and restart {server}"),
    )


K3S = Distribution(
    "k3s",
    ("k3s",),
    regex(r"\+k3s\d|/rancher/k3s\b|\bk3s-(?:server|agent)\b|\bk3s\.service\b"),
    regex(r"\bk3s\b(?!-io)"),
    (
        row(
            EDIT_COREFILE,
            "kubectl -n kube-system edit configmap coredns-custom  # *.override: lines of the "
            "first server, *.server: further ones; make it where it is missing",
            "edit /var/lib/rancher/k3s/server/manifests/coredns.yaml on each server for what that "
            "cannot say, with an empty coredns.yaml.skip beside it",
            why="k3s writes the ConfigMap coredns anew at each of its starts",
        ),
        row(
            RESTART_PROXY,
            "systemctl restart k3s-agent  # k3s on a server",
            why="kube-proxy runs inside of the k3s process",
        ),
        row(PROXY, "journalctl -u k3s -u k3s-agent --since -10min | grep -i proxy  # on the node"),
        row(PROXY_STATUS, "systemctl is-active k3s k3s-agent  # on the node"),
        row(EDIT_PROXY, "set kube-proxy-arg in /etc/rancher/k3s/config.yaml"),
        row(
            FLANNEL,
            "systemctl restart k3s-agent  # k3s on a server",
            why="flannel runs inside of the k3s process; its options are flannel-backend and "
            "flannel-iface in /etc/rancher/k3s/config.yaml",
        ),
        row(
            SEE_FLANNEL,
            "journalctl -u k3s -u k3s-agent --since -10min | grep -i flannel  # on the node",
        ),
        piece(r"-u kubelet\b", "-u k3s -u k3s-agent"),
        *rancher("k3s", "k3s", "k3s-agent"),
    ),
)
RKE2 = Distribution(
    "RKE2",
    ("rke2",),
    regex(r"\+rke2r\d|\brke2-coredns\b|/rancher/rke2\b|\brke2-(?:server|agent)\b"),
    None,
    (
        row(
            EDIT_COREFILE,
            "kubectl -n kube-system get configmap rke2-coredns-rke2-coredns -o yaml  # as it is",
            "write the change under spec.valuesContent (servers:) of a HelmChartConfig "
            "rke2-coredns in kube-system",
            "kubectl apply -f rke2-coredns-config.yaml",
            why="the Helm controller puts back what is edited in the ConfigMap itself",
        ),
        row(
            RESTART_PROXY,
            "crictl stop $(crictl ps -q --name kube-proxy)  # on the node",
            why="kube-proxy is a static pod, which the kubelet starts anew",
        ),
        row(PROXY_STATUS, "kubectl -n kube-system get pods -l component=kube-proxy -o wide"),
        row(EDIT_PROXY, "set kube-proxy-arg in /etc/rancher/rke2/config.yaml"),
        piece(r"-l k8s-app=kube-proxy\b", "-l component=kube-proxy"),
        piece(
            r"\b(deployment|deploy|configmap)([ /])coredns\b",
            r"\g<1>\g<2>rke2-coredns-rke2-coredns",
        ),
        piece(r"\b(service|endpoints|svc)([ /])kube-dns\b", r"\g<1>\g<2>rke2-coredns-rke2-coredns"),
        piece(r"-u kubelet\b", "-u rke2-agent -u rke2-server"),
        *rancher("rke2", "rke2-server", "rke2-agent"),
    ),
)
EITHER = Distribution(
    "k3s or RKE2",
    ("10.43.0.1",),
    regex(r"(?!)"),
    regex(r"\b10\.43\.0\.(?:1|10)\b"),  # the first and the tenth of their range of Services
    (
        row(
            RESTART_PROXY,
            "systemctl restart k3s-agent  # k3s: kube-proxy runs inside of it; k3s on a server",
            "crictl stop $(crictl ps -q --name kube-proxy)  # RKE2, on the node",
            why="10.43.0.0/16 is the range of k3s and RKE2, neither of which has the DaemonSet",
        ),
        *rancher("<k3s or rke2>", "<k3s or rke2-server>", "<k3s-agent or rke2-agent>"),
    ),
)
MICROK8S = Distribution(
    "MicroK8s",
    ("microk8s", "10.152.183."),
    regex(r"\bmicrok8s\b"),
    regex(r"\b10\.152\.183\.\d"),
    (
        row(
            RESTART_PROXY,
            "snap restart microk8s.daemon-kubelite  # on the node",
            why="kube-proxy and the kubelet run inside of kubelite",
        ),
        row(PROXY, "journalctl -u snap.microk8s.daemon-kubelite --since -10min | grep -i proxy"),
        row(PROXY_STATUS, "snap services microk8s"),
        row(EDIT_PROXY, "edit /var/snap/microk8s/current/args/kube-proxy"),
        row(FLANNEL, "snap restart microk8s.daemon-flanneld  # where it is what is used"),
        row(
            SETTING,
            r"\g<1>set \g<2> in /var/snap/microk8s/current/args/kubelet: \g<3>",
        ),
        row(LOOK_SETTING, "grep resolv-conf /var/snap/microk8s/current/args/kubelet"),
        piece(KUBELET, r"snap \g<1> microk8s.daemon-kubelite"),
        piece(r"-u kubelet\b", "-u snap.microk8s.daemon-kubelite"),
        row(KUBEADM_CONFIG),
        row(OLD_CERTIFICATE),
        row(
            CERTIFICATE_NAMES,
            f"in /var/snap/microk8s/current/certs/csr.conf.template write {NAME_STAYS}",
        ),
        row(CERTIFICATE, "microk8s refresh-certs --cert server.crt"),
        row(DATES, "microk8s refresh-certs --check; timedatectl"),
        piece(SERVING, "/var/snap/microk8s/current/certs/server.crt"),
        row(STOP_SERVER),
        row(ADD_ON, "microk8s enable dns"),
    ),
)
OPENSHIFT = Distribution(
    "OpenShift",
    ("openshift-", "dns.operator/"),
    regex(r"\bopenshift-(?:dns|ovn-kubernetes|sdn|apiserver|kube-apiserver)\b|dns\.operator/"),
    None,
    (
        row(
            EDIT_COREFILE,
            "oc edit dns.operator/default  # spec.servers, spec.upstreamResolvers",
            why="the DNS operator makes the Corefile and puts back what is edited in it",
        ),
        row(
            RESTART_COREDNS,
            "oc -n openshift-dns delete pod -l dns.operator.openshift.io/daemonset-dns=default",
        ),
        row(
            RESTART_PROXY,
            "oc -n openshift-ovn-kubernetes delete pod -l app=ovnkube-node --field-selector "
            "spec.nodeName=<node>",
            why="OVN-Kubernetes does what kube-proxy does elsewhere",
        ),
        row(PROXY, "oc -n openshift-ovn-kubernetes get pods -l app=ovnkube-node -o wide"),
        row(PROXY_STATUS, "oc -n openshift-ovn-kubernetes rollout status daemonset ovnkube-node"),
        row(
            OF_CONTROL_PLANE,
            "oc get clusteroperators  # its operators make certificates and servers; which is not "
            "available?",
        ),
        piece(
            r"-n kube-system (.*)-l k8s-app=kube-dns\b",
            r"-n openshift-dns \g<1>-l dns.operator.openshift.io/daemonset-dns=default",
        ),
        piece(
            r"-n kube-system (rollout status|get|edit) (?:deployment|configmap)([ /])coredns\b",
            r"-n openshift-dns \g<1> daemonset\g<2>dns-default",
        ),
        piece(
            r"-n kube-system get (service|endpoints) kube-dns\b",
            r"-n openshift-dns get \g<1> dns-default",
        ),
    ),
)
PROVIDER = "ask the provider: it runs the control plane, and nobody else can change it"
GKE = Distribution(
    "GKE",
    ("-gke.", "gke-"),
    regex(r"v\d+\.\d+\.\d+-gke\.\d|cloud\.google\.com/gke-"),
    regex(r"\bgke-[a-z0-9-]{1,60}-[0-9a-f]{8}-[a-z0-9]{4}\b"),
    (
        row(
            EDIT_COREFILE,
            "kubectl -n kube-system edit configmap kube-dns  # stubDomains, upstreamNameservers",
            why="the provider puts back its own DNS add-on; that ConfigMap is what it leaves alone",
        ),
        row(
            RESTART_PROXY,
            "crictl stop $(crictl ps -q --name kube-proxy)  # on the node; none with Dataplane V2",
            why="kube-proxy is a static pod there",
        ),
        piece(r"-l k8s-app=kube-proxy\b", "-l component=kube-proxy"),
        row(OF_CONTROL_PLANE, PROVIDER),
    ),
)
EKS = Distribution(
    "EKS",
    ("-eks", "eks.amazonaws.com/", ".amazonaws.com/eks/"),
    regex(
        r"v\d+\.\d+\.\d+-eks-[0-9a-f]{6}|\beks\.amazonaws\.com/|\.amazonaws\.com/eks/"
        r"|-eksbuild\.\d"
    ),
    None,
    (
        row(
            EDIT_COREFILE,
            "aws eks describe-addon --cluster-name <cluster> --addon-name coredns  # no such "
            "add-on: edit the ConfigMap coredns",
            "aws eks update-addon --cluster-name <cluster> --addon-name coredns "
            "--resolve-conflicts PRESERVE --configuration-values file://coredns.json"
            '  # {"corefile": "…"}',
            why="an update of the add-on may put back what is edited in the ConfigMap itself",
        ),
        row(OF_CONTROL_PLANE, PROVIDER),
    ),
)
AKS = Distribution(
    "AKS",
    ("kubernetes.azure.com/", "aks-"),
    regex(r"\bkubernetes\.azure\.com/|\baks-[a-z0-9]{1,12}-\d{8}-vmss[0-9a-z]{6}\b"),
    None,
    (
        row(
            EDIT_COREFILE,
            "kubectl -n kube-system edit configmap coredns-custom  # *.override: lines of the "
            "first server, *.server: further ones",
            "kubectl -n kube-system rollout restart deployment coredns",
            why="the provider puts back what is edited in the ConfigMap coredns",
        ),
        row(OF_CONTROL_PLANE, PROVIDER),
    ),
)
# RKE2 holds parts of k3s, and both say more than the range that they share.
EVERY = (RKE2, K3S, EITHER, MICROK8S, OPENSHIFT, GKE, EKS, AKS)
BY_NAME = {one.name: one for one in EVERY}
STRONGER = {K3S.name: (RKE2.name,), EITHER.name: (RKE2.name, K3S.name)}


def shown_by(parts: Iterable[Part]) -> frozenset[str]:
    """Return the names of the distributions that parts show."""
    return frozenset(name for part in parts for name in shown_in(part))


def shown_in(part: Part) -> Iterator[str]:
    """Yield the names of the distributions that a part shows; people's sentences name many."""
    text = "\n".join((part.subject.name, part.command, part.text[:SEEN]))
    for one in EVERY:
        if not any(mark in text for mark in one.marks):
            continue
        printed = one.printed if part.kind is not Kind.TEXT else None
        if one.sure.search(text) or (printed and printed.search(text)):
            yield one.name


def only(names: Iterable[str]) -> str:
    """Return the one distribution of some that are shown; "" where it is not one."""
    shown = set(names)
    left = [one for one in shown if not shown.intersection(STRONGER.get(one, ()))]
    return left[0] if len(left) == 1 else ""


def fitted(verdicts: tuple[Verdict, ...], names: Iterable[str]) -> tuple[Verdict, ...]:
    """Return verdicts whose remedies are worded for the distribution that evidence shows."""
    if not (name := only(names)):
        return verdicts
    return tuple(
        replace(one, findings=tuple(fitted_finding(finding, name) for finding in one.findings))
        if one.findings
        else one
        for one in verdicts
    )


def fitted_finding(finding: Finding, name: str) -> Finding:
    """Return a finding with its remedy worded for a distribution."""
    steps = tuple(fitted_step(step, name) for step in finding.steps)
    return finding if steps == finding.steps else replace(finding, remedy=steps)


@functools.lru_cache(maxsize=10_000)
def fitted_step(step: Remedy, name: str) -> Remedy:
    """Return a step worded for a distribution."""
    reasons = [step.why] if step.why else []
    commands: list[str] = []
    for command in step.commands:
        instead, why = worded(command, name)
        commands += (one for one in instead if one not in commands)
        if why and why not in reasons:
            reasons.append(why)
    verify, _ = worded(step.verify, name)
    if tuple(commands) == step.commands and verify[:1] == (step.verify,):
        return step
    return replace(
        step,
        commands=tuple(commands),
        verify=verify[0] if verify else step.verify,
        why="; ".join(reasons),
    )


def worded(command: str, name: str) -> tuple[tuple[str, ...], str]:
    """Return the commands that stand for one, and why."""
    for one in BY_NAME[name].rows:
        found = one.pattern.search(command)
        if found is None:
            continue
        if not one.piece:
            return tuple(found.expand(text) for text in one.instead), one.why
        command = one.pattern.sub(one.instead[0], command)
    return (command,), ""

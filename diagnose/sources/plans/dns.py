"""Plans for DNS itself: its Services, endpoints, pods, configuration, logs and permissions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import NoneType

from diagnose.asks import ASKS, Ask
from diagnose.model import GapKind
from diagnose.signatures.base import Emitter
from diagnose.sources.http import Answer, Request, Trouble
from diagnose.sources.plans.base import (
    CACHED,
    KUBE_SYSTEM,
    PAGE,
    Listing,
    Plan,
    Run,
    config_maps,
    got,
    is_list,
    listed,
    sorted_out,
    together,
)
from diagnose.sources.plans.kubeadm import kubelet_config
from diagnose.sources.plans.logs import DNS_LINES, logs_of, rank_of
from diagnose.sources.plans.reading import (
    Object,
    at,
    labels_at,
    name_of,
    selector_text,
    several_at,
    space_of,
    text_at,
)

MOST_SERVICES = 6
MOST_CONFIGS = 4
MOST_DNS_LOGS = 10  # pods of which logs are read
DNS_SELECTORS = (
    "k8s-app in (kube-dns,coredns)",
    "app.kubernetes.io/name in (coredns,kube-dns,rke2-coredns),k8s-app notin (kube-dns,coredns)",
)
DNS_SERVICE_NAMES = ("kube-dns", "coredns", "rke2-coredns-rke2-coredns", "dns-default")
DNS_CONFIGS = (
    (KUBE_SYSTEM, "coredns"),
    (KUBE_SYSTEM, "rke2-coredns-rke2-coredns"),
    ("openshift-dns", "dns-default"),
)
EVERYWHERE = frozenset({"kube-root-ca.crt", "openshift-service-ca.crt"})  # in each namespace
DNS_ROLES = ("system:coredns", "system:kube-dns", "coredns", "rke2-coredns-rke2-coredns")
LINK_LOCAL = ("169.254.", "fe80:")


def dns_services(run: Run) -> Plan[list[Object]]:
    """The Services that serve DNS: by labels, else by name, and by the kubelets' address."""
    ask, path = Ask.DNS_SERVICES, "/api/v1/services"
    run.looked.add(ask)
    lists = yield from together(
        *(
            listed(run, ask, path, f"services by {key_of(selector)}", labels=selector, cached=True)
            for selector in DNS_SELECTORS
        )
    )
    found = [one for each in lists for one in each.items]
    if not found:
        lists = yield from together(
            *(
                listed(
                    run,
                    ask,
                    path,
                    f"services named {name}",
                    fields=f"metadata.name={name}",
                    cached=True,
                )
                for name in DNS_SERVICE_NAMES
            )
        )
        found = [one for each in lists for one in each.items]
    if Ask.KUBELET_CONFIG in run.asks or not found:
        told = yield from kubelet_config(run)
        having = {ip for one in found for ip in addresses_of(one)}
        open_ones = [ip for ip in told if ip not in having and not ip.startswith(LINK_LOCAL)]
        lists = yield from together(
            *(
                listed(
                    run, ask, path, f"services at {ip}", fields=f"spec.clusterIP={ip}", cached=True
                )
                for ip in open_ones[:2]
            )
        )
        found += [one for each in lists for one in each.items]
    return found


def key_of(selector: str) -> str:
    """Return the label that a selector begins with."""
    return selector.partition(" ")[0]


def addresses_of(service: Object) -> list[str]:
    """Return a Service's cluster addresses."""
    several = at(service, "spec", "clusterIPs")
    found = [ip for ip in several if isinstance(ip, str)] if isinstance(several, list) else []
    return found or [text_at(service, "spec", "clusterIP")]


def dns_pods(run: Run) -> Plan[list[Object]]:
    """The pods that serve DNS: by the selectors of the Services, by labels in kube-system.

    Only where neither finds one are they looked for by labels everywhere: the API server goes
    through every pod of the cluster for that.
    """
    ask, path = Ask.DNS_PODS, "/api/v1/pods"
    run.looked.add(ask)
    *lists, services = yield from together(
        *pods_by_labels(run, KUBE_SYSTEM), dns_services_only(run)
    )
    selectors = {
        (space_of(one), selector_text(labels))
        for one in services.items
        if (labels := labels_at(one, "spec", "selector"))
        and not (space_of(one) == KUBE_SYSTEM and by_labels(labels))
    }
    lists += yield from together(
        *(
            listed(
                run,
                ask,
                path,
                f"pods by {labels}",
                labels=labels,
                namespace=namespace,
                cached=True,
            )
            for namespace, labels in sorted(selectors)[:MOST_SERVICES]
        )
    )
    if not any(each.items for each in lists):
        lists += yield from together(*pods_by_labels(run, ""))
    pods = {(space_of(one), name_of(one)): one for each in lists for one in each.items}
    return list(pods.values())


def pods_by_labels(run: Run, namespace: str) -> list[Plan[Listing]]:
    """Return the plans that list the pods with the usual labels; "" means in all namespaces."""
    return [
        listed(
            run,
            Ask.DNS_PODS,
            "/api/v1/pods",
            f"pods by {key_of(selector)}",
            labels=selector,
            namespace=namespace,
            cached=True,
        )
        for selector in DNS_SELECTORS
    ]


def dns_services_only(run: Run) -> Plan[Listing]:
    """Return the Services that serve DNS as a listing, to run beside other lists."""
    services = yield from dns_services(run)
    return Listing(tuple(services), answered=True)


def by_labels(labels: Mapping[str, str]) -> bool:
    """Whether the pods of a selector are among those that DNS_SELECTORS find."""
    return labels.get("k8s-app") in ("kube-dns", "coredns") or labels.get(
        "app.kubernetes.io/name"
    ) in ("coredns", "kube-dns", "rke2-coredns")


def dns_endpoints(run: Run) -> Plan[None]:
    """What stands behind the DNS Services: EndpointSlices, where there are none Endpoints."""
    ask = Ask.DNS_ENDPOINTS
    services = yield from dns_services(run)
    run.unknown_by(ask, Ask.DNS_SERVICES)
    yield from together(
        *(endpoints_of(run, space_of(one), name_of(one)) for one in services[:MOST_SERVICES])
    )
    if len(services) > MOST_SERVICES:
        run.gap(ask, GapKind.PARTIAL, f"of {len(services)} services {MOST_SERVICES} were looked at")


def endpoints_of(run: Run, namespace: str, service: str) -> Plan[None]:
    """The endpoints of one Service; slices that cannot be had are made up for by Endpoints."""
    ask = Ask.DNS_ENDPOINTS
    slices = Request(
        f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices",
        (
            ("labelSelector", f"kubernetes.io/service-name={service}"),
            ("limit", str(PAGE)),
            *CACHED,
        ),
    )
    (answer,) = yield [slices]
    if answer.fine and is_list(answer.value):
        found, others = sorted_out(answer.value, "EndpointSlice")
        if others:
            because = f"{others} of {others + len(found)} that came are no slices, or have no name"
            run.gap(ask, GapKind.MALFORMED, because, ASKS[ask].by_hand)
        if found:
            origin = f"endpointslices of {namespace}/{service}"
            run.objects(ask, answer, origin, whole=not others)
        return
    (instead,) = yield [Request(f"/api/v1/namespaces/{namespace}/endpoints/{service}")]
    if instead.fine:
        run.objects(ask, instead, f"endpoints {namespace}/{service}")
    else:
        # that there are no Endpoints does not tell that there are no slices
        run.refused(ask, answer, f"list endpointslices in {namespace}")


def deployments(run: Run) -> Plan[list[Object]]:
    """The Deployments that run CoreDNS, by labels, else by name."""
    ask, path = Ask.DEPLOYMENTS, "/apis/apps/v1/deployments"
    run.looked.add(ask)
    lists = yield from together(
        *(
            listed(
                run, ask, path, f"deployments by {key_of(selector)}", labels=selector, cached=True
            )
            for selector in DNS_SELECTORS
        )
    )
    if not any(each.items for each in lists):
        lists = yield from together(
            *(
                listed(
                    run,
                    ask,
                    path,
                    f"deployments named {name}",
                    fields=f"metadata.name={name}",
                    cached=True,
                )
                for name in ("coredns", "kube-dns")
            )
        )
    return [one for each in lists for one in each.items]


def dns_config(run: Run) -> Plan[None]:
    """The ConfigMaps that CoreDNS's pods mount, else those of the usual names."""
    ask = Ask.DNS_CONFIG
    pods = yield from dns_pods(run)
    names = configs_of((space_of(pod), at(pod, "spec", "volumes")) for pod in pods)
    if not names:
        found = yield from deployments(run)
        names = configs_of(
            (space_of(one), at(one, "spec", "template", "spec", "volumes")) for one in found
        )
    count = yield from config_maps(run, ask, names[:MOST_CONFIGS])
    if not count:
        guesses = [one for one in DNS_CONFIGS if one not in names]
        if not (yield from config_maps(run, ask, guesses, first_only=True)):
            run.unknown_by(ask, Ask.DNS_PODS)


def configs_of(places: Iterable[tuple[str, object]]) -> list[tuple[str, str]]:
    """Return the ConfigMaps that volumes take, as (namespace, name) without doubles."""
    names: dict[tuple[str, str], None] = {}
    for namespace, volumes in places:
        for volume in several_at(volumes if isinstance(volumes, list) else []):
            sources = [at(volume, "configMap")]
            sources += [at(one, "configMap") for one in several_at(volume, "projected", "sources")]
            for source in sources:
                name = text_at(source, "name")
                if name and name not in EVERYWHERE:
                    names[namespace, name] = None
    return list(names)


def dns_logs(run: Run) -> Plan[None]:
    """The logs of the pods that serve DNS, those first that are not well."""
    pods = yield from dns_pods(run)
    if not run.unknown_by(Ask.DNS_LOGS, Ask.DNS_PODS) and not pods:
        run.gap(Ask.DNS_LOGS, GapKind.NOT_COLLECTED, "there is no pod that could have one")
    chosen = sorted(pods, key=lambda pod: (rank_of(pod), name_of(pod)))[:MOST_DNS_LOGS]
    yield from logs_of(run, Ask.DNS_LOGS, chosen, Emitter.COREDNS, DNS_LINES)
    if len(pods) > len(chosen):
        run.gap(
            Ask.DNS_LOGS,
            GapKind.PARTIAL,
            f"of {len(pods)} pods the logs of {len(chosen)} were read, those not well first",
            ASKS[Ask.DNS_LOGS].by_hand,
        )


def rbac(run: Run) -> Plan[None]:
    """CoreDNS's ClusterRole and its binding; that they do not exist is told by the answer."""
    ask = Ask.RBAC
    yield from role_and_binding(run, DNS_ROLES[:1])
    if any(part_ask is ask and found.whole for (part_ask, _), found in run.parts.items()):
        return
    if ask in run.gaps:
        return
    pods = yield from dns_pods(run)
    if run.unknown_by(ask, Ask.DNS_PODS):
        return  # they may run under an account of another name
    accounts = [text_at(pod, "spec", "serviceAccountName") for pod in pods]
    names = list(dict.fromkeys((*DNS_ROLES, *(one for one in accounts if one))))
    yield from role_and_binding(run, names)


def role_and_binding(run: Run, names: Sequence[str]) -> Plan[None]:
    """The first ClusterRole and binding of some names that exist; of several none: the first 404.

    Of one name alone nothing is kept when neither exists: it may have another.
    """
    path = "/apis/rbac.authorization.k8s.io/v1"
    roles = yield from got(*(f"{path}/clusterroles/{name}" for name in names))
    bindings = yield from got(*(f"{path}/clusterrolebindings/{name}" for name in names))
    roles = [with_list(one, "rules") for one in roles]
    bindings = [with_list(one, "subjects") for one in bindings]
    for kind, answers in (("clusterrole", roles), ("clusterrolebinding", bindings)):
        fine = next((one for one in answers if one.fine), None)
        failed = next((one for one in answers if not one.absent and not one.fine), None)
        if fine is not None:
            name = names[list(answers).index(fine)]
            run.objects(Ask.RBAC, fine, f"{kind} {name}")
        elif failed is not None:
            run.refused(Ask.RBAC, failed, f"get {kind}s")
        elif len(names) > 1 or any(one.fine for one in (*roles, *bindings)):
            run.objects(Ask.RBAC, answers[0], f"{kind} {names[0]}")


def with_list(answer: Answer, key: str) -> Answer:
    """Return an answer, in trouble where what should be a list, if it is there, is none."""
    if not answer.fine or isinstance(answer.value.get(key), list | NoneType):
        return answer
    return replace(answer, trouble=Trouble.NOT_JSON, detail=f"{key} is no list")

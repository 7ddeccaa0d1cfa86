"""The DNS service selects labels that the CoreDNS pods do not carry.

A Service finds its pods by labels alone, in its own namespace. helm's chart and
coredns/deployment label their pods differently, so one's Service over the other's pods is empty.

Limits: where labels are not in the evidence (a table without --show-labels), the pods' usual
label k8s-app=kube-dns is not assumed, and the check stays undecided.
Source: kubernetes/kubernetes v1.31.0, pkg/controller/endpointslice (selector), coredns/helm
templates/_helpers.tpl and coredns/deployment kubernetes/coredns.yaml.sed (labels).
"""

from collections.abc import Iterator, Mapping

from diagnose.check import NotApplicable, Undecided, check
from diagnose.facts import DNSDeployments, DNSPods, DNSServices, ReadyEndpoints
from diagnose.facts.services import Service
from diagnose.model import Finding, Quote, Remedy, Risk, Severity


@check(
    title="The DNS service selects no CoreDNS pod",
    severity=Severity.CRITICAL,
    family="no-endpoints",
    explains=("no-ready-endpoints",),
)
def dns_service_selector_mismatch(
    services: DNSServices,
    pods: DNSPods,
    deployments: DNSDeployments | None,
    endpoints: ReadyEndpoints | None,
) -> Iterator[Finding]:
    """Yield one finding per DNS service whose selector fits none of the CoreDNS pods."""
    selecting = [one for one in services.services if one.selector]
    if not pods.pods:
        raise NotApplicable("no CoreDNS pod exists")
    if not selecting:
        if any(one.selector is None for one in services.services):
            raise Undecided("the evidence does not tell the service's selector")
        raise NotApplicable("the DNS service has no selector; its endpoints are set by hand")
    labels = [(pod.labels, pod.quote, "labels") for pod in pods.pods if pod.labels is not None]
    labels += [
        (one.template_labels, one.quote, "template_labels")
        for one in (deployments.deployments if deployments else ())
        if one.template_labels is not None
    ]
    carried = {frozenset(having.items()) for having, *_ in labels}
    empty = {
        one.service.name
        for one in (endpoints.backends if endpoints else ())
        if not one.endpoints and not one.more
    }
    for service in selecting:
        selector = service.selector or {}
        wanted = frozenset(selector.items())
        if any(wanted <= having for having in carried):
            continue
        if labels:
            having, quote, field = labels[0]
            key = next(key for key, value in selector.items() if having.get(key) != value)
            own = quote.on(field, key) if key in having else quote.on(field)
            quotes = (service.quote.on("selector", key), own)
            yield finding(service, having, quotes, proven=True)
        elif service.subject.name in empty and all(pod.ready for pod in pods.pods):
            # Ready pods and an empty service leave only the selector, whatever the labels are
            quotes = (service.quote.on("selector"), pods.pods[0].quote)
            yield finding(service, None, quotes, proven=False)
        else:
            raise Undecided("the evidence does not tell the labels of the CoreDNS pods")


def finding(
    service: Service,
    labels: Mapping[str, str] | None,
    quotes: tuple[Quote, ...],
    *,
    proven: bool,
) -> Finding:
    """Return the finding on one service; `labels` are those of a CoreDNS pod where known."""
    selector = service.selector or {}
    wanted = ",".join(f"{key}={value}" for key, value in selector.items())
    having = (
        ", the pods carry "
        + ",".join(f"{key}={value}" for key, value in labels.items() if key != HASH)
        if labels is not None
        else ", yet CoreDNS pods are ready and the service has no endpoint"
    )
    key = "k8s-app" if labels is None or "k8s-app" in labels else next(iter(labels), "k8s-app")
    value = (labels or {}).get(key, "kube-dns")
    patch = f'{{"spec":{{"selector":{{"{key}":"{value}"}}}}}}'
    space = service.subject.namespace or "kube-system"
    return Finding(
        subject=service.subject,
        message=f"selects {wanted}{having}",
        quotes=quotes,
        remedy=(
            Remedy(
                title="Let the service select the pods' label",
                commands=(
                    f"kubectl -n {space} get pods --show-labels | grep -i dns",
                    f"kubectl -n {space} patch service {service.subject.name} -p '{patch}'",
                ),
                risk=Risk.DISRUPTIVE,
                verify=f"kubectl -n {space} get endpoints {service.subject.name}  # not <none>",
                why="further pairs of the old selector stay; remove those that no pod carries",
            ),
        ),
        proven=proven,
    )


HASH = "pod-template-hash"

"""kube-proxy waits for the API server's lists, and they do not come.

Newer versions print nothing when the API server refuses or does not answer; the log ends with the
wait. Without its first lists kube-proxy writes no rule.

Limits: a log that was cut at that line looks the same, and so does the first second of a start.
Where kube-proxy gives a reason, the finding is that reason's.
Source: kubernetes/client-go v0.35.4, tools/cache/shared_informer.go (WaitForNamedCacheSync).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import ProxyFailures
from diagnose.model import Finding, Severity
from diagnose.remedies import look, restart_kube_proxy


@check(
    title="kube-proxy waits for the API server",
    severity=Severity.CRITICAL,
    family="service-proxy",
    explains=("service-proxy-rules-missing", "service-proxy-rules-stale"),
)
def kube_proxy_apiserver_unreachable(failures: ProxyFailures) -> Iterator[Finding]:
    """Yield one finding per kube-proxy that waits for lists and says no more."""
    for one in failures.silent:
        what = one.match["controller"] or one.match["name"].strip() or "its Node"
        yield Finding(
            subject=one.subject,
            message=f"waits for {what} from the API server and says no more",
            quotes=one.quotes,
            remedy=(
                look(
                    "Ask the API server by the address that kube-proxy uses",
                    "kubectl -n kube-system get configmap kube-proxy -o yaml | grep server:",
                    "curl -sk --max-time 5 <that server>/version"
                    f"  # on {one.subject.node or 'the node'}",
                    verify="an answer; else repair the address, the load balancer or the server",
                ),
                restart_kube_proxy(one.subject.node),
            ),
            proven=False,
            at=one.first_at,
        )

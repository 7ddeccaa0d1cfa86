"""The API server refuses a CNI plugin's credentials or request, or the plugin does not trust it.

Calico's and Multus's plugins ask the API with a kubeconfig that their agent wrote on the node. Its
token ends after a day and is renewed only while the agent runs; after kubeadm reset the file of
the former cluster may still be there, with another authority. A plugin without credentials of its
own asks with the kubelet's, whose role does not allow what the plugin needs.

Limits: a clock that is wrong makes good tokens look expired.
Source: projectcalico/calico v3.26.0, cni-plugin/pkg/plugin/plugin.go (cmdAdd); node/pkg/cni;
k8snetworkplumbingwg/multus-cni v4.0.2, pkg/multus/multus.go (GetPod).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import SandboxFailures
from diagnose.facts.sandbox import SandboxFailure, by_place, seen
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import NODE, look, quoted, stuck_pods_go_on
from diagnose.signatures.cni import CNI_API_FAILED, CNI_FORBIDDEN, CNI_UNAUTHORIZED
from diagnose.signatures.mechanisms import API_UNAUTHORIZED
from diagnose.signatures.trouble import Reason, classify

MULTUS = ("app=multus", "/etc/cni/net.d/multus.d/multus.kubeconfig")
CALICO = ("k8s-app=calico-node", "/etc/cni/net.d/calico-kubeconfig")


@check(
    title="The credentials of the CNI plugin do not fit the API server",
    severity=Severity.CRITICAL,
    family="sandbox-other",
    explains=("pods-stuck-container-creating",),
)
def cni_apiserver_unauthorized(failures: SandboxFailures) -> Iterator[Finding]:
    """Yield one finding per node whose plugin is refused, or does not trust the server."""
    refused = [
        (one, why)
        for one in failures.matching(
            CNI_UNAUTHORIZED, CNI_API_FAILED, CNI_FORBIDDEN, API_UNAUTHORIZED
        )
        if (why := refusal(one))
    ]
    for place, several in by_place(one for one, _ in refused):
        why = next(text for one, text in refused if one in several)
        node = quoted(place.name if place.kind == "Node" else place.node, NODE)
        multus = any("Multus: " in one.quote.text for one in several)
        agent, kubeconfig = MULTUS if multus else CALICO
        refused_user = next((user for one in several if (user := forbidden(one))), "")
        yield Finding(
            subject=place,
            message=f"{why} ({seen(several)})",
            quotes=tuple(one.quote for one in several[:3]),
            remedy=(
                *((role(refused_user),) if refused_user else ()),
                *steps(node, agent, kubeconfig),
            ),
            at=several[0].first_at,
        )


def refusal(failure: SandboxFailure) -> str:
    """Return how plugin and server disagree on who they are; "" where that is not the trouble."""
    for match in failure.reasons:
        if match.signature == CNI_FORBIDDEN.name:
            own = (
                ""
                if match["user"].startswith("system:serviceaccount:")
                else ", no account of its own"
            )
            return (
                f"the plugin asks as {match['user']}{own}, "
                f"which may not {match['verb']} {match['resource']}"
            )
        if match.signature in (CNI_UNAUTHORIZED.name, API_UNAUTHORIZED.name):
            return "the API server refuses the plugin's token: expired, or of another cluster"
        if match.signature != CNI_API_FAILED.name:
            continue
        reason = classify(match["reason"]).reason
        if reason is Reason.UNAUTHORIZED:
            return "the API server refuses the plugin's token: expired, or of another cluster"
        if reason is Reason.CERT_UNKNOWN_AUTHORITY:
            return (
                "the plugin does not know the API server's authority: its kubeconfig is of "
                "another cluster, or older than the authority"
            )
    return ""


def forbidden(failure: SandboxFailure) -> str:
    """Return the account whose role does not allow the plugin's request; "" for other trouble."""
    return next((one["user"] for one in failure.reasons if one.signature == CNI_FORBIDDEN.name), "")


def role(user: str) -> Remedy:
    """Return the step that looks at what an account may do."""
    who = f"--as={quoted(user, '<user>')}"
    return look(
        "See what the account may do, and whether the plugin's own role is bound to it",
        f"kubectl auth can-i --list {who}",
        "kubectl get clusterrolebindings -o wide | grep -i -e calico -e multus",
        verify="the manifest of the network add-on, applied again, brings its role and account",
    )


def steps(node: str, agent: str, kubeconfig: str) -> tuple[Remedy, ...]:
    """Return the remedy: try the credentials, then have the agent write new ones.

    `agent` is the label of its pods.
    """
    return (
        look(
            "Try the plugin's credentials, and compare the clock",
            f"kubectl --kubeconfig {kubeconfig} get --raw /version  # on {node}",
            f"ls -l {kubeconfig}; timedatectl | grep -i synchronized",
            verify="Unauthorized or x509; the file is older than a day, or the clock is off",
        ),
        Remedy(
            title="Restart the agent's pod of the node, which writes the file anew",
            commands=(f"kubectl delete pod -A -l {agent} --field-selector spec.nodeName={node}",),
            risk=Risk.DISRUPTIVE,
            verify=f"ls -l {kubeconfig}  # on {node}: of this minute",
        ),
        Remedy(
            title="If the agent does not come up, remove what a former cluster left and restart it",
            commands=(
                f"rm {kubeconfig}  # on {node}",
                f"kubectl delete pod -A -l {agent} --field-selector spec.nodeName={node}",
            ),
            risk=Risk.DISRUPTIVE,
            verify=f"kubectl --kubeconfig {kubeconfig} get --raw /version  # on {node}",
        ),
        stuck_pods_go_on(),
    )

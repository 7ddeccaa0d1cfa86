"""The kubelets' configuration as kubeadm keeps it for new nodes."""

from __future__ import annotations

import re

from diagnose.asks import ASKS, Ask
from diagnose.model import GapKind
from diagnose.parsers.decode import decode as decoded
from diagnose.sources.plans.base import KUBE_SYSTEM, Plan, Run, got
from diagnose.sources.plans.reading import at, name_of, text_at


def kubelet_config(run: Run) -> Plan[list[str]]:
    """The kubelets' configuration as kubeadm keeps it; return the DNS addresses in it."""
    ask = Ask.KUBELET_CONFIG
    path = f"/api/v1/namespaces/{KUBE_SYSTEM}/configmaps"
    (answer,) = yield from got(f"{path}/kubelet-config")
    if answer.absent:
        (version,) = yield from got("/version")  # before 1.24 its name held the version
        minor = re.sub(r"\D", "", text_at(version.value, "minor"))
        if minor:
            (answer,) = yield from got(f"{path}/kubelet-config-1.{minor}")
    if answer.fine:
        run.looked.add(ask)
        run.objects(ask, answer, f"configmap {KUBE_SYSTEM}/{name_of(answer.value)}")
        return dns_addresses(text_at(answer.value, "data", "kubelet"))
    if ask in run.asks:
        if answer.absent:
            because = "the API does not hold it: kubeadm's ConfigMap kubelet-config does not exist"
            run.gap(ask, GapKind.NOT_COLLECTED, because, ASKS[ask].by_hand)
        else:
            run.refused(ask, answer, f"get configmaps in {KUBE_SYSTEM}")
    return []


def dns_addresses(text: str) -> list[str]:
    """Return clusterDNS of a KubeletConfiguration; nothing when it cannot be read."""
    found = next((at(one.value, "clusterDNS") for one in decoded(text).found), None)
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []

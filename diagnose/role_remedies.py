"""The steps that give CoreDNS's account its permissions again, by what was seen to be missing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from diagnose.facts.rbac import NEEDED
from diagnose.facts.refused_permissions import Refusal
from diagnose.model import Remedy, Risk
from diagnose.remedies import look, quoted

ROLE = "system:coredns"
ACCOUNT = "kube-system:coredns"
# coredns/deployment kubernetes/coredns.yaml.sed, 2024: what the role lists and watches
RESOURCES = ("endpoints", "services", "pods", "namespaces", "endpointslices.discovery.k8s.io")


def restored(one: Refusal, account: str) -> tuple[Remedy, ...]:
    """Return the steps for what role and binding were seen to lack; none where they tell nothing.

    `account` is as RBAC writes it: system:serviceaccount:NAMESPACE:NAME.
    """
    commands = tuple(commands_for(one, account))
    if not commands:
        return ()
    asked = (one.resources or tuple(map(named, NEEDED)))[:3]
    proof = one.resources[0] if one.resources else "services"
    return (
        look(
            "Ask the API server what the account may do",
            *(f"kubectl auth can-i list {resource} --as={account} -A" for resource in asked),
            verify="no",
        ),
        Remedy(
            title=title_of(one),
            commands=commands,
            risk=Risk.DISRUPTIVE,
            verify=f"kubectl auth can-i watch {proof} -A --as={account}",
            why="CoreDNS goes on by itself, no restart is needed; a chart or an add-on manager may "
            "take it away again, so mend it there too",
        ),
    )


def title_of(one: Refusal) -> str:
    """Return what the step does: create what does not exist, or complete what does."""
    if one.absent:
        return f"Create {' and '.join(f'{each.kind} {each.name}' for each in one.absent)}"
    if one.lacking:
        return f"Give ClusterRole {one.role} the rules that it lacks"
    return f"Name the account in ClusterRoleBinding {one.unbound}"


def commands_for(one: Refusal, account: str) -> Iterator[str]:
    """Yield what creates the role or gives it rules, then what binds it."""
    kind = {subject.kind: subject.name for subject in one.absent}
    role = quoted(one.role or kind.get("ClusterRole", ""), ROLE)
    if "ClusterRole" in kind:
        every = ",".join(RESOURCES)
        yield f"kubectl create clusterrole {role} --verb=list,watch --resource={every}"
    elif one.lacking:
        yield f"kubectl patch clusterrole {role} --type=json -p '{patch(one.lacking)}'"
    who = account.removeprefix("system:serviceaccount:")
    who = quoted(who if who != account else ACCOUNT, ACCOUNT)
    if "ClusterRoleBinding" in kind:
        name = quoted(kind["ClusterRoleBinding"], ROLE)
        yield (
            f"kubectl create clusterrolebinding {name} --clusterrole={role} --serviceaccount={who}"
        )
    elif one.unbound:
        yield (
            f"kubectl set subject clusterrolebinding {quoted(one.unbound, ROLE)} "
            f"--serviceaccount={who}"
        )


def named(resource: tuple[str, str]) -> str:
    """Return a resource as kubectl takes it."""
    group, name = resource
    return f"{name}.{group}" if group else name


def patch(lacking: Iterable[str]) -> str:
    """Return the JSON patch that gives a role the rules for some resources, one per API group."""
    groups: dict[str, list[str]] = {}
    for resource in lacking:
        name, _, group = resource.partition(".")
        groups.setdefault(group, []).append(name)
    return json.dumps(
        [
            {
                "op": "add",
                "path": "/rules/-",
                "value": {"apiGroups": [group], "resources": names, "verbs": ["list", "watch"]},
            }
            for group, names in groups.items()
        ],
        separators=(",", ":"),
    )

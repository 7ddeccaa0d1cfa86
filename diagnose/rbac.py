"""The least permissions that a live run needs, rung by rung, and which of them a user lacks.

What is read of the whole cluster is a ClusterRole. What is created, probe pods, is a Role in the
one namespace where they stand.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from diagnose.asks import ASKS, Ask, Rule
from diagnose.values import dataclass

NAME = "corediag"
USUAL = 3  # how far `corediag run` goes on its own
READS = frozenset({"get", "list"})
# A namespace that nobody has, and where therefore no RoleBinding can be: what one may do in it one
# may do everywhere.
EVERYWHERE = "corediag-asks-for-all-namespaces"


@dataclass(frozen=True, order=True)
class Right:
    """One verb on one resource; in every namespace unless it names one."""

    namespace: str
    group: str
    resource: str
    verb: str


def up_to(rung: int) -> tuple[Ask, ...]:
    """Return the asks that a run carries out which goes as far as a rung."""
    return tuple(ask for ask in Ask if ASKS[ask].rung <= rung)


def rights(asks: Iterable[Ask]) -> tuple[Right, ...]:
    """Return everything that has to be allowed for some asks, in the order of a role's rules.

    What is allowed everywhere is not named again for one namespace.
    """
    found = {
        Right(rule.namespace, rule.group, resource, verb)
        for ask in asks
        for rule in ASKS[ask].rules
        for resource in rule.resources
        for verb in rule.verbs
    }
    everywhere = {(one.group, one.resource, one.verb) for one in found if not one.namespace}
    return tuple(
        sorted(
            one
            for one in found
            if not one.namespace or (one.group, one.resource, one.verb) not in everywhere
        )
    )


def rules_of(several: Iterable[Right]) -> tuple[Rule, ...]:
    """Return rights as rules: resources with the same verbs share one."""
    verbs: dict[tuple[str, str, str], list[str]] = {}
    for one in sorted(several):
        verbs.setdefault((one.namespace, one.group, one.resource), []).append(one.verb)
    groups: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for (namespace, group, resource), allowed in verbs.items():
        groups.setdefault((namespace, group, tuple(allowed)), []).append(resource)
    return tuple(
        Rule(group, tuple(resources), allowed, namespace)
        for (namespace, group, allowed), resources in groups.items()
    )


def manifest(asks: Iterable[Ask], because: Sequence[str] = ()) -> str:
    """Return the roles for these asks, and how to bind them, as YAML for kubectl apply.

    `because` are the comment's first lines.
    """
    return documents(rights(asks), because)


def documents(several: Iterable[Right], because: Sequence[str] = (), name: str = NAME) -> str:
    """Return rights as a ClusterRole, and as a Role for each namespace that some are for."""
    by_place: dict[str, list[Rule]] = {}
    for rule in rules_of(several):
        by_place.setdefault(rule.namespace, []).append(rule)
    lines = [f"# {line}".rstrip() for line in because]
    for number, (namespace, rules) in enumerate(by_place.items()):
        lines += ["---"] if number else []
        lines += head(namespace, name)
        for rule in rules:
            lines += [
                f'  - apiGroups: ["{rule.group}"]',
                f"    resources: [{', '.join(rule.resources)}]",
                f"    verbs: [{', '.join(rule.verbs)}]",
            ]
    return "\n".join(lines) + "\n"


def head(namespace: str, name: str) -> list[str]:
    """Return the lines of a role above its rules."""
    if not namespace:
        return [
            "# Bind it to who runs corediag:",
            f"#   kubectl create clusterrolebinding {name} --clusterrole={name} --user=<you>",
            "apiVersion: rbac.authorization.k8s.io/v1",
            "kind: ClusterRole",
            "metadata:",
            f"  name: {name}",
            "rules:",
        ]
    return [
        "# Bind it to who may start probe pods:",
        f"#   kubectl -n {namespace} create rolebinding {name}-probe --role={name}-probe "
        "--user=<you>",
        "apiVersion: rbac.authorization.k8s.io/v1",
        "kind: Role",
        "metadata:",
        f"  name: {name}-probe",
        f"  namespace: {namespace}",
        "rules:",
    ]


def role(rung: int) -> str:
    """Return the roles for a run up to a rung, with what each rung takes said above them."""
    because = [f"What `corediag run` and `corediag collect` need up to rung {rung}."]
    if rung == 1:
        because.append("It only reads: objects and logs.")
    if rung >= 2:
        because.append("Rung 2 asks CoreDNS and kubelets through the API server; a port-forward")
        because.append("takes `create` from Kubernetes 1.35 on. nodes/proxy lets its holder do")
        because.append("more than corediag does: leave it out where that is too much.")
    if rung >= 3:
        because.append("Rung 3 runs read-only commands in running pods (pods/exec). RBAC cannot")
        because.append("tell commands apart: without it, `corediag run --no-exec`.")
    if rung >= 4:
        because.append("Rung 4 (--probe) creates and deletes pods, in one namespace alone.")
    because.append("`corediag run --explain-access` says what is done with it.")
    return manifest(up_to(rung), because)


def missing_role(rung: int, missing: Sequence[Right], there_only: Sequence[Right]) -> str:
    """Return what is missing of the roles for a rung, as roles; a comment where nothing is.

    Their name is that of no other role: `kubectl apply` puts rules in the place of those that a
    role has, be it the whole one or what was missing another time.
    """
    if not missing:
        return f"# You may do everything that `corediag run` needs up to rung {rung}.\n"
    because = [f"What you lack of that which `corediag run` needs up to rung {rung}."]
    if there_only:
        told = ", ".join(f"{one.verb} {one.resource}" for one in there_only)
        because.append(f"You may do it in kube-system, but not everywhere: {told}.")
    name = f"{NAME}-missing-{zlib.crc32(documents(missing).encode()):08x}"
    because.append(f"It adds to what you have: {name} is its own name, and that of its binding.")
    return documents(missing, because, name)


def held(several: Iterable[Right], status: Mapping[str, Any]) -> frozenset[Right]:
    """Return those rights that the status of a SelfSubjectRulesReview grants.

    A rule for some names grants nothing here: which names a run will meet is not known.
    Source: kubernetes/kubernetes v1.35, pkg/apis/rbac/v1/evaluation_helpers.go.
    """
    found = status.get("resourceRules")
    rules = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    whole = [one for one in rules if not one.get("resourceNames")]
    return frozenset(right for right in several if any(grants(one, right) for one in whole))


def grants(rule: Mapping[str, Any], right: Right) -> bool:
    """Whether a rule of a role grants a right."""
    _, slash, subresource = right.resource.partition("/")
    named = {"*", right.resource, *((f"*/{subresource}",) if slash else ())}
    return (
        bool({"*", right.verb} & texts(rule.get("verbs")))
        and bool({"*", right.group} & texts(rule.get("apiGroups")))
        and bool(named & texts(rule.get("resources")))
    )


def texts(value: object) -> frozenset[str]:
    """Return the texts of a list."""
    return (
        frozenset(one for one in value if isinstance(one, str))
        if isinstance(value, list)
        else (frozenset())
    )

"""The least permissions that a live run needs, as a ClusterRole."""

from __future__ import annotations

from collections.abc import Iterable

from diagnose.asks import ASKS, Ask

NAME = "corediag"
READ = tuple(ask for ask in Ask if ASKS[ask].rung == 1)


def manifest(asks: Iterable[Ask] = READ) -> str:
    """Return the ClusterRole for these asks, and how to bind it, as YAML for kubectl apply."""
    verbs: dict[tuple[str, str], list[str]] = {}
    for ask in asks:
        for rule in ASKS[ask].rules:
            for resource in rule.resources:
                known = verbs.setdefault((rule.group, resource), [])
                known.extend(verb for verb in rule.verbs if verb not in known)
    groups: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (group, resource), allowed in verbs.items():
        groups.setdefault((group, tuple(sorted(allowed))), []).append(resource)
    lines = [
        "# What `corediag run` and `corediag collect` read; they change nothing.",
        "# Bind it to who runs them:",
        f"#   kubectl create clusterrolebinding {NAME} --clusterrole={NAME} --user=<you>",
        "apiVersion: rbac.authorization.k8s.io/v1",
        "kind: ClusterRole",
        "metadata:",
        f"  name: {NAME}",
        "rules:",
    ]
    for (group, several), resources in sorted(groups.items()):
        lines += [
            f'  - apiGroups: ["{group}"]',
            f"    resources: [{', '.join(sorted(resources))}]",
            f"    verbs: [{', '.join(several)}]",
        ]
    return "\n".join(lines) + "\n"

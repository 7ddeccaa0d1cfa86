"""No server block of the Corefile answers for cluster names.

A Corefile without any server block is no error to CoreDNS: it then serves a block of its own, in
which whoami tells each client its address, and no name is known.

Limits: a block may come from an imported file that is not in the evidence. A Corefile without the
plugin is right for a cache on nodes and for a resolver that is not the cluster's, so that one which
serves some zones alone is a possibility.
Source: coredns/coredns v1.12.0, plugin/kubernetes/README.md and core/dnsserver/register.go
(DefaultInput); coredns/caddy v1.1.1, caddy.go (loadServerBlocks).
"""

from collections.abc import Iterator
from dataclasses import replace

from diagnose.check import NotApplicable, check
from diagnose.facts import Corefile
from diagnose.facts.corefile import FORWARDING, lex
from diagnose.model import CLUSTER, Finding, Remedy, Severity
from diagnose.remedies import edit_corefile

LINK_LOCAL = "169.254."


@check(
    title="No server block answers for cluster names",
    severity=Severity.CRITICAL,
    family="corefile-domain",
    explains=("internal-names-fail",),
)
def corefile_kubernetes_plugin_missing(corefile: Corefile) -> Iterator[Finding]:
    """Yield one finding when no block has the kubernetes plugin."""
    if corefile.plugin("kubernetes"):
        return
    if corefile.custom:
        raise NotApplicable("it is a part of another Corefile")
    if not corefile.blocks:
        yield from without_blocks(corefile)
        return
    cache = any(
        argument.startswith(LINK_LOCAL)
        for _, directive in corefile.plugin("bind")
        for argument in directive.args
    )
    if cache or corefile.plugin("etcd"):
        raise NotApplicable("this Corefile is not of the cluster's DNS server")
    if corefile.faults:
        raise NotApplicable("CoreDNS does not take this Corefile: what it holds comes after that")
    root = corefile.block_for(".")
    if not root and corefile.gaps:
        raise NotApplicable("this may be a part of the Corefile")
    asks = any(block.plugin(name) for block in root for name in FORWARDING)
    if asks:
        message = "cluster names go to the upstream, which does not know them"
    elif root:
        message = "nobody answers for cluster names: no kubernetes plugin, and no upstream"
    else:
        message = "no server block takes cluster names; right only for a server beside cluster DNS"
    yield Finding(
        subject=CLUSTER,
        message=message,
        quotes=(corefile.quote(corefile.blocks[0].line),),
        remedy=add_plugin(),
        severity=None if root else Severity.WARNING,
        proven=bool(root),
    )


def without_blocks(corefile: Corefile) -> Iterator[Finding]:
    """Yield the finding of a Corefile that is empty to CoreDNS, as far as it is known."""
    imports = any(token.text == "import" for token in lex(corefile.text))
    if corefile.faults or corefile.strays or corefile.torn or imports:
        raise NotApplicable("the Corefile has no server block")
    quote = corefile.quote(corefile.first_line)
    if not quote.text.strip():
        quote = replace(quote, text="(its first line is empty)", summary=True)
    yield Finding(
        subject=CLUSTER,
        message="the Corefile has no server block: CoreDNS then serves whoami alone, which knows "
        "no names",
        quotes=(quote,),
        remedy=add_plugin(),
    )


def add_plugin() -> Remedy:
    """Return the step that lets CoreDNS answer for the cluster."""
    return edit_corefile(
        "Add: kubernetes cluster.local in-addr.arpa ip6.arpa "
        "{ fallthrough in-addr.arpa ip6.arpa }, on lines of their own",
        "corefile-kubernetes-plugin-missing",
    )

"""A rewritten name comes back under another name than was asked for.

A rewrite of a suffix, a prefix, a substring or by a pattern changes the question; without an answer
rule the records in the answer keep the new name, and resolvers drop records of names that they did
not ask for.

Limits: clients that take any address of the answer are not hurt, so it is a note. An exact rewrite
changes the answer back by itself.
Source: coredns/coredns v1.12.0, plugin/rewrite/README.md (Response Rewrites); glibc
resolv/nss_dns/dns-host.c (gaih_getanswer).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import Corefile
from diagnose.facts.corefile import Directive
from diagnose.model import CLUSTER, Finding, Severity
from diagnose.remedies import edit_corefile

PARTS = frozenset({"prefix", "suffix", "substring", "regex"})
FLOWS = frozenset({"stop", "continue"})


@check(
    title="A rewrite changes the question and not the answer",
    severity=Severity.INFO,
    family="corefile-domain",
)
def corefile_rewrite_answer_missing(corefile: Corefile) -> Iterator[Finding]:
    """Yield one finding per rewrite of a part of a name without an answer rule."""
    for _, directive in corefile.plugin("rewrite"):
        if one_way(directive):
            yield Finding(
                subject=CLUSTER,
                message="answers keep the new name; resolvers may drop them",
                quotes=(corefile.quote(directive.line),),
                remedy=edit_corefile(
                    "Add to the rule: answer auto, or an answer name rule",
                    "corefile-rewrite-answer-missing",
                ),
            )


def one_way(directive: Directive) -> bool:
    """Whether a rewrite changes a part of a name and has no rule for the answer."""
    words = [word for word in directive.args if word not in FLOWS]
    inner = [
        word
        for option in directive.block
        for word in (option.name, *option.args)
        if word not in FLOWS
    ]
    rule = [*words, *inner]
    return rule[:1] == ["name"] and rule[1:2] != [] and rule[1] in PARTS and "answer" not in rule

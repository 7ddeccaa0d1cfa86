"""Text of no kind of its own: lines that any program may have printed, and settings among them.

Limits: of a distribution's configuration only the list of add-ons that it leaves out is read.
Source: k3s-io/k3s v1.30 pkg/cli/cmds/server.go (disable), docs.rke2.io (rke2-coredns);
kubernetes/kubernetes v1.30.5 cmd/kubeadm/app/cmd/phases/init/addons.go (addon/coredns).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from diagnose.facts.dns_workload import DisabledAddon
from diagnose.model import Quote
from diagnose.parsers import logs
from diagnose.parts import Parsed, Part
from diagnose.text.clean import plain
from diagnose.text.regex import regex
from diagnose.text.shown import visible

NAME = r"(?:rke2-)?coredns"
LIST = regex(r"disable:\s*(?P<rest>[^#]*)")
ENTRY = regex(r"\s*-\s*[\"']?(?P<name>[\w.-]+)[\"']?\s*(?:#.*)?$")
INLINE = regex(rf"(?:^|[\s,\[\"'])(?P<name>{NAME})(?=$|[\s,\]\"'])")
FLAGS = (
    regex(rf"--disable[= ][\"']?(?:[\w-]{{1,60}},){{0,20}}(?P<name>{NAME})(?![\w-])"),
    regex(r"--skip-phases[= ]\S{0,200}?addon/(?P<name>coredns)(?![\w-])"),
)
LONGEST = 2000


def parse(part: Part) -> Parsed:
    """Return what the lines say, and that a distribution is told to leave CoreDNS out."""
    parsed = logs.parse(part)
    found = tuple(disabled(part))
    return replace(parsed, items=(*parsed.items, *found)) if found else parsed


def disabled(part: Part) -> Iterator[DisabledAddon]:
    """Yield each setting that leaves CoreDNS out."""
    if "coredns" not in part.text:
        return
    inside = False
    for index, raw in enumerate(part.text.split("\n")):
        line = plain(raw)[:LONGEST]
        entry = ENTRY.match(line) if inside else None
        heading = LIST.match(line)
        match = next((found for flag in FLAGS if (found := flag.search(line))), None)
        if heading:
            match = INLINE.search(heading["rest"])
        elif entry and INLINE.fullmatch(entry["name"]):
            match = entry
        inside = heading is not None or entry is not None
        if match:
            quote = Quote(part.origin, visible(raw.strip()), part.first_line + index)
            yield DisabledAddon(match["name"], part.origin, quote)

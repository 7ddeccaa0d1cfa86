"""Parsers: each makes items and gaps of a part of one kind, whoever brought it.

A parser raises nothing: what it cannot read becomes a gap, and what it could read is kept.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping

from diagnose.model import Gap, GapKind
from diagnose.parts import Kind, Parsed, Part

Parser = Callable[[Part], Parsed]

# By module and function, since most evidence needs few of them and start-up counts.
PARSERS: Mapping[Kind, tuple[str, str]] = {
    Kind.OBJECTS: ("objects", "parse"),
    Kind.KUBELET_CONFIG: ("objects", "parse_kubelet_config"),
    Kind.TABLE: ("tables", "parse"),
    Kind.DESCRIBE: ("describe", "parse"),
    Kind.EVENTS: ("events", "parse"),
    Kind.LOG: ("logs", "parse"),
    Kind.TEXT: ("texts", "parse"),
    Kind.SHELL: ("texts", "parse_shell"),
    Kind.COREFILE: ("corefile", "parse"),
    Kind.RESOLV_CONF: ("config", "parse_resolv_conf"),
    Kind.SUBNET_ENV: ("config", "parse_subnet_env"),
    Kind.NET_CONF: ("config", "parse"),
    Kind.CNI_CONFIG: ("config", "parse"),
    Kind.LOOKUP: ("lookups", "parse"),
    Kind.ADDRESSES: ("network", "parse_addresses"),
    Kind.ROUTES: ("network", "parse_routes"),
    Kind.FILTER_RULES: ("network", "parse_filter_rules"),
    Kind.KERNEL_SETTINGS: ("sysctl", "parse"),
    Kind.LISTENERS: ("sockets", "parse"),
    Kind.FILE_LIST: ("file_list", "parse"),
    Kind.CERTIFICATE: ("certificates", "parse"),
    Kind.DNS_ANSWERS: ("answers", "parse"),
    Kind.METRICS: ("metrics", "parse"),
    Kind.HEALTH: ("health", "parse"),
}


def parser_of(kind: Kind) -> Parser:
    """Return the parser of a kind; of what has none, one that makes nothing of it."""
    if kind not in PARSERS:
        return lambda _: Parsed()
    module, function = PARSERS[kind]
    parse: Parser = getattr(importlib.import_module(f"diagnose.parsers.{module}"), function)

    def safely(part: Part) -> Parsed:
        try:
            return parse(part)
        except Exception as error:  # noqa: BLE001  hostile text must not cost the other parts
            gap = Gap(
                what=f"{part.origin} as {part.kind.value}",
                kind=GapKind.CRASHED,
                because=f"a defect of corediag: {type(error).__name__}: {error}",
                ask="report it with the part that shows it",
            )
            return Parsed(gaps=(gap,))

    return safely

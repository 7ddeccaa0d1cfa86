"""What the tools of a host's firewall say of it: ufw status, firewall-cmd, systemctl status.

Source: see diagnose/facts/host_firewalls.py.
"""

from __future__ import annotations

from collections.abc import Iterator

from diagnose.facts.host_firewalls import HostFirewall
from diagnose.model import Quote
from diagnose.parts import Part
from diagnose.text.clean import plain
from diagnose.text.regex import regex
from diagnose.text.shown import visible

LONGEST = 500
MOST_LINES = 400
UFW = regex(r"Status: active$")
UFW_DETAIL = regex(r"(?:Default: |Logging: |To\s+Action\s+From\b)")
ROUTED = regex(r"Default: .{0,80}?(?P<routed>deny|reject|allow|disabled) \(routed\)")
ZONE = regex(r"[\w-]{1,40} (?:\((?:default, )?active\)|\(active, default\))$")
ZONE_DETAIL = regex(r"(?:target|interfaces|services|icmp-block-inversion): ")
TRUSTED = regex(
    r"(?:interfaces: .{0,200}\b(?:cni|flannel|cali|cilium|weave|kube|vxlan)|target: ACCEPT|"
    r"sources: \d|.{0,80}?\bALLOW(?: IN| FWD)? {1,40}(?:10|172|192)\.\d{1,3}\.\d)"
)
STATE = regex(r"running$")
UNIT = regex(r"\S{0,3} ?(?P<program>firewalld|ufw|nftables)\.service - ")
RUNS = regex(r"Active: active \((?:running|exited)\)")


def read(part: Part) -> Iterator[HostFirewall]:
    """Yield the firewall that a part says to be active."""
    text = part.text
    if not ("ctive" in text or "running" in text):
        return
    lines = [plain(raw)[:LONGEST].strip() for raw in text.split("\n")[:MOST_LINES]]
    trusted = any(TRUSTED.match(line) for line in lines)
    by_ufw = "ufw" in part.command or any(UFW_DETAIL.match(line) for line in lines)
    zones = any(ZONE_DETAIL.match(line) for line in lines)
    asked = "firewall-cmd" in part.command and "--state" in part.command
    unit = ""
    for number, line in enumerate(lines):
        program = ""
        if found := UNIT.match(line):
            unit = found["program"]
        if UFW.match(line) and by_ufw:
            program = "ufw"
        elif (ZONE.match(line) and zones) or (STATE.match(line) and asked):
            program = "firewalld"
        elif RUNS.match(line) and unit:
            program = unit
        if program:
            routed = next((each["routed"] for one in lines if (each := ROUTED.match(one))), "")
            raw = part.text.split("\n")[number]
            yield HostFirewall(
                subject=part.subject,
                origin=part.origin,
                quote=Quote(part.origin, visible(raw.strip()), part.first_line + number),
                program=program,
                routed=routed in ("deny", "reject") if routed else None,
                open=trusted,
            )
            return

"""Kernel settings: lines of `sysctl`, and files below /proc/sys that a command printed.

A line that is commented out sets nothing, and a setting without a file does not exist: its module
is not loaded. Of counters those are read that tell of dropped packets: of /proc/net/netstat, where
a line of names is followed by one of numbers, of `nstat`, and of `conntrack -S` or
/proc/net/stat/nf_conntrack, where each processor has a line and the sum counts, and of what
`ethtool -S` prints that the network of a cloud drops.
Source: procps-ng src/sysctl.c (ReadSetting, "cannot stat"), v4.0; busybox procps/sysctl.c, 1.36;
Linux v6.1 net/ipv4/proc.c (netstat_seq_show); iproute2 misc/nstat.c;
net/netfilter/nf_conntrack_standalone.c (ct_cpu_seq_show); conntrack-tools src/conntrack.c (-S);
drivers/net/ethernet/amazon/ena/ena_ethtool.c; ethtool ethtool.c (do_gnicstats).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from diagnose.facts.sysctls import Counter, Sysctl
from diagnose.model import Gap, GapKind, Quote
from diagnose.parts import Parsed, Part
from diagnose.text.clean import plain
from diagnose.text.regex import regex
from diagnose.text.shown import visible

SEEN = 500  # characters of a line
LONGEST = 10_000  # of a line of counters
MOST_ITEMS = 20_000
SETTING = regex(r"(?P<name>[a-z]\w*(?:[./][\w@-]+)+)\s?=\s?(?P<value>\S[^#]{0,200})?$")
ABSENT = regex(
    r"(?:sysctl|cat|ls|head|tail|grep): .{0,60}?(?P<path>/proc/sys/[\w./@-]+?)'?: No such file"
)
READ = regex(r"(?P<path>/proc/sys/[\w./@-]+)")
VALUE = regex(r"-?\d[\d \t-]*$")
COUNTERS = frozenset({"IPReversePathFilter"})
DRIVER = regex(r"(?P<name>linklocal_allowance_exceeded): (?P<value>\d{1,20})$")
DRIVER_HEAD = "NIC statistics:"
NETSTAT = regex(r"(?P<group>TcpExt|IpExt|MPTcpExt): ")
NSTAT = regex(r"(?P<name>(?:TcpExt|Ip|IpExt|Udp)\w{2,40})\s+(?P<value>\d{1,20})\s+[\d.]+$")

# Of connection tracking; the first is what every form of it has.
INSERT_FAILED = "insert_failed"
TRACKED = (INSERT_FAILED, "drop", "early_drop")
CPU = regex(r"cpu=(?P<cpu>\d{1,5})\s.{0,300}?\binsert_failed=\d{1,20}\b")
PAIR = regex(r"(?<!\S)(?P<name>[a-z_]{2,20})=(?P<value>\d{1,20})(?!\S)")
TABLE = regex(r"entries\s+(?:searched|clashres)\s+found\s[\w ]{0,300}\binsert_failed\b")
ROW = regex(r"[\da-f]{8}(?:\s+[\da-f]{8}){8,20}$")


def parse(part: Part) -> Parsed:
    """Return the settings in the order in which they stand."""
    paths = [one["path"] for one in READ.finditer(part.command or part.origin)]
    items: list[Sysctl | Counter] = []
    seen = False
    failed: Gap | None = None

    def add(name: str, value: str | None, here: Quote) -> None:
        if len(items) < MOST_ITEMS:
            items.append(Sysctl(part.subject, part.origin, here, dotted(name), value))

    names: dict[str, list[str]] = {}
    tracked = Tracked(part)
    for index, raw in enumerate(part.text.split("\n")):
        if found := NETSTAT.match(raw):
            group, words = found["group"], raw[found.end() : found.end() + LONGEST].split()
            here = Quote(part.origin, "", part.first_line + index)
            items.extend(counted(part, group, names.pop(group, []), words, here))
            names[group] = words
            continue
        line = plain(raw[:SEEN]).strip()
        if not line or line.startswith("#kernel"):
            continue
        here = Quote(part.origin, visible(raw.rstrip("\r")[:SEEN]), part.first_line + index)
        if tracked.takes(line, here):
            seen = True
        elif found := DRIVER.match(line):
            seen = True
            if len(items) < MOST_ITEMS:
                name = found["name"]
                items.append(Counter(part.subject, part.origin, here, name, int(found["value"])))
        elif line == DRIVER_HEAD:
            seen = True
        elif found := NSTAT.match(line):
            name = found["name"].removeprefix("TcpExt")
            if name in COUNTERS:
                items.append(Counter(part.subject, part.origin, here, name, int(found["value"])))
            seen = True
        elif found := SETTING.match(line):
            add(found["name"], (found["value"] or "").strip(), here)
        elif found := ABSENT.match(line):
            add(found["path"], None, here)
        elif paths and VALUE.match(line):
            add(paths.pop(0), line, here)
        elif failed is None and not line.startswith("#"):
            what = f"{part.origin} as {part.kind.value}"
            failed = Gap(what, GapKind.MALFORMED, f"line {here.line}: {visible(line)[:200]}")
    items.extend(tracked.readings)
    return Parsed(items=tuple(items), gaps=(failed,) if failed and not (items or seen) else ())


class Tracked:
    """The sums of what connection tracking lost, one per reading of all processors."""

    def __init__(self, part: Part) -> None:
        """Begin without a reading."""
        self.part = part
        self.readings: list[Counter] = []
        self.open: dict[str, int] = {}  # the number of the last reading of each counter
        self.largest: dict[str, int] = {}
        self.columns: list[str] = []
        self.cpu = -1

    def takes(self, line: str, here: Quote) -> bool:
        """Whether a line is one of these; then it is added."""
        if found := CPU.match(line):
            pairs = {one["name"]: int(one["value"]) for one in PAIR.finditer(line)}
            self.add(int(found["cpu"]), pairs, here)
        elif TABLE.match(line):
            self.columns, self.cpu, self.open = line.split(), -1, {}
        elif self.columns and ROW.match(line):
            words = (int(word, 16) for word in line.split())
            self.add(self.cpu + 1, dict(zip(self.columns, words, strict=False)), here)
        else:
            return False
        return True

    def add(self, cpu: int, values: Mapping[str, int], here: Quote) -> None:
        """Add one processor's counts; a processor that was had begins a further reading."""
        if cpu <= self.cpu:
            self.open = {}
        self.cpu = cpu
        for name in TRACKED:
            if name not in values:
                continue
            value = values[name]
            if name in self.open:
                last = self.readings[self.open[name]]
                quote = here if value > self.largest[name] else last.quote
                self.largest[name] = max(self.largest[name], value)
                self.readings[self.open[name]] = replace(
                    last, value=last.value + value, quote=quote
                )
            elif len(self.readings) < MOST_ITEMS:
                self.open[name], self.largest[name] = len(self.readings), value
                self.readings.append(
                    Counter(self.part.subject, self.part.origin, here, name, value)
                )


def counted(
    part: Part, group: str, names: list[str], values: list[str], here: Quote
) -> Iterator[Counter]:
    """Yield the counters of two lines of /proc/net/netstat that are wanted."""
    for name, value in zip(names, values, strict=False):
        if name in COUNTERS and value.isascii() and value.isdigit() and len(value) <= 20:
            quote = Quote(here.origin, f"{group}: {name} {value}", here.line, summary=True)
            yield Counter(part.subject, part.origin, quote, name, int(value))


def dotted(name: str) -> str:
    """Return a setting's name with dots, from a path or as sysctl takes it."""
    return name.removeprefix("/proc/sys/").replace("/", ".").strip(".")

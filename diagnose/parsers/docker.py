"""What Docker is told of its bridge by the options that flannel's script writes for it.

Source: flannel-io/flannel v0.26.7 dist/mk-docker-opts.sh (DOCKER_OPT_BIP, DOCKER_OPTS, and the name
that -k gives: DOCKER_NETWORK_OPTIONS in CentOS's unit).
"""

from __future__ import annotations

from collections.abc import Iterator

from diagnose.facts.docker_bridges import DockerOptions
from diagnose.model import Quote
from diagnose.parts import Part
from diagnose.text.clean import plain
from diagnose.text.regex import regex
from diagnose.text.shown import visible

LONGEST = 1000
BIP = regex(
    r"(?:export\s+)?DOCKER_(?:OPT_BIP|OPTS|NETWORK_OPTIONS)\s*=[^#]{0,200}?"
    r"--bip=(?P<bip>\d{1,3}(?:\.\d{1,3}){3}/\d{1,2})\b"
)


def options(part: Part) -> Iterator[DockerOptions]:
    """Yield the first address that the lines give Docker's bridge."""
    if "--bip=" not in part.text:
        return
    for index, raw in enumerate(part.text.split("\n")):
        if match := BIP.match(plain(raw)[:LONGEST].strip()):
            quote = Quote(part.origin, visible(raw.strip()), part.first_line + index)
            yield DockerOptions(part.subject, part.origin, quote, match["bip"])
            return

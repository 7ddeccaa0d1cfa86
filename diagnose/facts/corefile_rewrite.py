"""Whether the rewrite plugin takes a rule, by version.

Source: coredns/coredns plugin/rewrite/{rewrite,name,edns0,ttl,cname_target,rcode,type,class}.go at
each release from 1.6.0 to 1.15.0; plugin/metadata/provider.go (IsLabel).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from diagnose.facts.corefile_rules import (
    CLASSES,
    NATURAL,
    RCODES,
    RR_TYPES,
    Version,
    bound,
    integer,
    regex_fault,
    regex_groups,
)
from diagnose.text.regex import regex

MATCHES = ("exact", "prefix", "suffix", "substring", "regex")
ACTIONS = ("append", "replace", "set", "unset")
VARIABLES = ("{qname}", "{qtype}", "{client_ip}", "{client_port}", "{protocol}", "{server_ip}")
UINT32_MOST = (1 << 32) - 1
INT32_MOST = (1 << 31) - 1
LAST_RCODE = 23
UINT16 = regex(r"(?:0[xX](_?[0-9a-fA-F])+|0[bB](_?[01])+|0[oO]?(_?[0-7])*|[1-9](_?[0-9])*)")
HEX_BYTES = regex(r"(?:[0-9a-fA-F]{2})*")
LONGEST_REGEX = 10_000  # since 1.14.0

# Our words, CoreDNS's, and the word that is meant
Fault = tuple[str, str, str]


class Wrong(Exception):
    """A rule that is not taken."""

    def __init__(self, message: str, says: str = "", word: str = "") -> None:
        """Carry why."""
        super().__init__(message)
        self.fault: Fault = (message, says, word)


def rule_fault(kind: str, rule: Sequence[str], at: Version) -> Fault | None:
    """Return why a rule of a kind that the version knows is not taken; None where it is."""
    try:
        KINDS[kind](tuple(rule), at)
    except Wrong as wrong:
        return wrong.fault
    return None


def number16(text: str) -> int:
    """Return a number as Go's strconv.ParseUint(text, 0, 16); raises Wrong."""
    if not UINT16.fullmatch(text):
        raise Wrong(f"{text} is no number", f'strconv.ParseUint: parsing "{text}"', text)
    plain = text.replace("_", "")
    octal = plain[:1] == "0" and plain[1:].isdigit()
    found = int(plain, 8) if octal else int(plain[:30], 0)
    if found > 0xFFFF:
        raise Wrong(f"{text} is above 65535", "value out of range", text)
    return found


def pattern(text: str, replacement: str, at: Version) -> None:
    """Raise Wrong unless a pattern is an expression with the groups that its replacement uses."""
    fault = regex_fault(text)
    if fault or (len(text) > LONGEST_REGEX and at >= bound("1.14.0")):
        says = f"invalid regex matching pattern: {text}"
        raise Wrong(f"{text} is no regular expression: {fault or 'too long'}", says, text)
    used = sum(f"{{{index}}}" in replacement for index in range(101))
    if used > regex_groups(text):
        raise Wrong(
            f"{replacement} uses more groups than {text} has",
            f"the rewrite regex pattern ({replacement}) uses more subexpressions than its "
            f"corresponding matching regex pattern ({text})",
            replacement,
        )


def match_word(text: str, says: str) -> str:
    """Return how names are matched; raises Wrong."""
    if text.lower() not in MATCHES:
        raise Wrong(f"names match by {', '.join(MATCHES)}, not by {text}", says, text)
    return text.lower()


def normal(name: str) -> str:
    """Return a name as CoreDNS writes it: in lower case, with its last dot."""
    return name.lower() if name.endswith(".") else f"{name.lower()}."


def name_rule(rule: tuple[str, ...], at: Version) -> None:
    """Raise Wrong where a rule of names is not taken."""
    if len(rule) < 2:
        raise Wrong(
            "a rule of name takes at least 2 arguments", "too few arguments for a name rule"
        )
    match, source, target = rule[:3] if len(rule) > 2 else ("exact", *rule)
    match = match.lower()
    if at < bound("1.8.4"):
        if len(rule) > 3 and (len(rule) != 7 or match != "regex"):
            raise Wrong("an answer rule stands after 3 words of a regex name rule", "", rule[3])
    elif len(rule) > 3:
        rest = rule[3:]
        if rest[0] == "metadata" and at >= bound("1.15.0"):
            if match != "regex":
                raise Wrong("metadata is for regex rules", "metadata is only supported", rest[0])
            rest = rest[1:]
        if rest:
            answer_rules(rest, match, at)
    says = (
        "name rule supports only exact, prefix, suffix, substring, and regex name matching, "
        f"received: {match}"
    )
    match_word(match, says)
    if match == "exact":
        pattern(normal(target), normal(source), at)
    elif match == "regex":
        pattern(source, target, at)
        if at < bound("1.8.4") and len(rule) == 7:
            if rule[3] != "answer" or rule[4].lower() != "name":
                says = "exceeded the number of arguments for a regex name rule"
                raise Wrong("only answer name may follow", says, rule[3])
            pattern(rule[5], rule[6], at)


def answer_rules(words: tuple[str, ...], match: str, at: Version) -> None:
    """Raise Wrong where the answer rules behind a rule of names are not taken; since 1.8.4."""
    if len(words) < 2:
        raise Wrong("an answer rule is not complete", f"invalid arguments for {match} rule")
    left = iter(words)
    kinds: list[str] = []
    for one in left:
        if not kinds and one != "answer":
            says = f"exceeded the number of arguments for a non-answer rule argument for {match}"
            raise Wrong(f"{one} follows a name rule, where only answer may", says, one)
        kind = next(left, None) if one == "answer" else one
        if kind is None:
            raise Wrong("answer names no type", f"type missing for answer rule for {match} rule")
        kinds.append(kind)
        if kind == "auto":
            continue
        if kind not in ("name", "value"):
            says = f'invalid type "{kind}" for answer rule for {match} rule'
            raise Wrong(f"answer takes auto, name or value, not {kind}", says, kind)
        source, target = next(left, None), next(left, None)
        if source is None or target is None:
            says = f"{kind} answer rule for {match} rule: 2 arguments required"
            raise Wrong(f"answer {kind} takes 2 arguments", says, kind)
        pattern(source, target, at)
    if "auto" in kinds and "name" in kinds:
        says = "auto name answer rule cannot be combined with explicit name anwer rules"
        raise Wrong("answer auto and answer name exclude each other", says, "auto")


def table_rule(known: frozenset[str], kind: str) -> Callable[[tuple[str, ...], Version], None]:
    """Return the check of a rule that turns one word of a table into another."""

    def check(rule: tuple[str, ...], _at: Version) -> None:
        if len(rule) != 2:
            says = f"{kind} rules must have exactly two arguments"
            raise Wrong(f"a rule of {kind} takes 2 arguments", says)
        for one in rule:
            if one.upper() not in known:
                raise Wrong(f"there is no {kind} {one}", f'invalid {kind} "{one.upper()}"', one)

    return check


def edns0_rule(rule: tuple[str, ...], at: Version) -> None:
    """Raise Wrong where a rule of EDNS0 is not taken."""
    if len(rule) < 2:
        says = "too few arguments for an EDNS0 rule"
        raise Wrong("a rule of edns0 takes at least 2 arguments", says)
    kind, action = rule[0].lower(), rule[1].lower()
    if action not in ACTIONS or (action == "unset" and at < bound("1.12.3")):
        raise Wrong(f"edns0 has no action {rule[1]}", f'invalid action: "{action}"', rule[1])
    if action != "unset" and rule[-1] == "revert" and at >= bound("1.11.4"):
        rule = rule[:-1]
    sizes = {"local": 4, "nsid": 2, "subnet": 4}
    if action == "unset":
        sizes = {"local": 3, "nsid": 2, "subnet": 2}
    if kind not in sizes:
        raise Wrong(f"edns0 has no option {rule[0]}", f'invalid rule type "{kind}"', rule[0])
    if len(rule) != sizes[kind]:
        raise Wrong(f"edns0 {kind} {action} takes {sizes[kind] - 2} arguments")
    if kind == "local":
        number16(rule[2])
        data = rule[3] if len(rule) > 3 else ""
        if data.startswith("{") and data.endswith("}"):
            space, slash, label = data[1:-1].partition("/")
            if data not in (*VARIABLES, "{server_port}") and not (space and slash and label):
                says = f'unsupported variable name "{data}"'
                raise Wrong(f"there is no variable {data}", says, data)
        elif data.startswith("0x") and not HEX_BYTES.fullmatch(data[2:]):
            raise Wrong(f"{data} are no bytes in hex", "encoding/hex: invalid", data)
    elif kind == "subnet" and action != "unset":
        for text, most in zip(rule[2:], (32, 128), strict=True):
            if number16(text) > most:
                raise Wrong(f"{text} is no length of a mask", "invalid IPv4 bit mask length", text)


def ttl_takes(text: str, at: Version) -> bool:
    """Whether a TTL is taken: a number, or since 1.9.4 a range of two."""
    if at < bound("1.9.4"):
        found = integer(text)
        return found is not None and 0 <= found <= INT32_MOST
    least, dash, most = text.partition("-")
    ends = [least or "0", most or str(INT32_MOST)] if dash and text != "-" else [text]
    if not all(NATURAL.fullmatch(one) and int(one[:12]) <= UINT32_MOST for one in ends):
        return False
    return int(ends[0]) <= int(ends[-1])


def ttl_rule(rule: tuple[str, ...], at: Version) -> None:
    """Raise Wrong where a rule of TTLs is not taken."""
    counted(rule, "ttl", 2, 3)
    if not ttl_takes(rule[-1], at):
        raise Wrong(f"{rule[-1]} is no TTL", f"invalid TTL '{rule[-1]}' for a ttl rule", rule[-1])
    if len(rule) == 3:
        matched(rule, "ttl")


def matched(rule: tuple[str, ...], kind: str) -> None:
    """Raise Wrong where a rule does not match names as it may."""
    says = f"{kind} rule supports only exact, prefix, suffix, substring, and regex name matching"
    if match_word(rule[0], says) == "regex" and (fault := regex_fault(rule[1])):
        says = f"invalid regex pattern in a {kind} rule: {rule[1]}"
        raise Wrong(f"{rule[1]} is no regular expression: {fault}", says, rule[1])


def counted(rule: tuple[str, ...], kind: str, least: int, most: int) -> None:
    """Raise Wrong where a rule has too few or too many words."""
    if not least <= len(rule) <= most:
        says = f"too few ({len(rule)}) arguments for a {kind} rule" if len(rule) < least else ""
        raise Wrong(f"a rule of {kind} takes {least} to {most} arguments", says, kind)


def cname_rule(rule: tuple[str, ...], at: Version) -> None:
    """Raise Wrong where a rule of CNAMEs is not taken; its expression is read since 1.13.2."""
    counted(rule, "cname", 2, 3)
    if len(rule) == 3:
        match = match_word(rule[0], f"unknown cname rewrite type: {rule[0].lower()}")
        fault = regex_fault(rule[1].lower()) if match == "regex" else None
        if fault and at >= bound("1.13.2"):
            says = "invalid cname rewrite regex pattern: error parsing regexp"
            raise Wrong(f"{rule[1]} is no regular expression: {fault}", says, rule[1])


def rcode_rule(rule: tuple[str, ...], _at: Version) -> None:
    """Raise Wrong where a rule of response codes is not taken."""
    counted(rule, "rcode", 3, 4)
    for one in rule[-2:]:
        small = NATURAL.fullmatch(one) and int(one[:12]) <= LAST_RCODE
        if not small and one.upper() not in RCODES:
            says = f"invalid matching RCODE '{one}' for a rcode rule"
            raise Wrong(f"there is no response code {one}", says, one)
    if len(rule) == 4:
        matched(rule, "rcode")


KINDS: dict[str, Callable[[tuple[str, ...], Version], None]] = {
    "name": name_rule,
    "type": table_rule(RR_TYPES, "type"),
    "class": table_rule(frozenset(CLASSES), "class"),
    "edns0": edns0_rule,
    "ttl": ttl_rule,
    "cname": cname_rule,
    "rcode": rcode_rule,
}

"""The Corefile, read as CoreDNS reads it, and why CoreDNS would refuse it.

Source: coredns/caddy caddyfile/{lexer,parse,dispenser}.go at v1.1.4, coredns/coredns v1.15.0
core/dnsserver/register.go, plugin/normalize.go and plugin/*/setup.go, and their releases since
1.6.0 where they differ. Limits: files that are named but not at hand are taken as right, and so
are the arguments of plugins without a row in corefile_tables.
"""

from __future__ import annotations

import bisect
import fnmatch
import functools
import ipaddress
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, known
from diagnose.facts.corefile_rules import Version, bound, is_cidr
from diagnose.facts.corefile_tables import OLDEST
from diagnose.model import Fact, Gap, GapKind, Quote, Spot
from diagnose.text.regex import regex
from diagnose.values import dataclass

MOUNTED = "/etc/coredns/Corefile"
FIRST = bound(OLDEST)

# Go's unicode.IsSpace: White_Space of Unicode; Python's str.isspace takes more. A carriage
# return stands apart: it is skipped, and does not end a word.
SPACES = " \t\n\v\f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
SKIPPED = regex(rf"(?:[{SPACES}\r]+|#[^\n]*)*")
QUOTED = regex(r'"([^"\\]*(?:\\.[^"\\]*)*)("|\\?\Z)', re.DOTALL)
WORD = regex(rf"([^{SPACES}#]+)(#[^{SPACES}]*)?")
UNRESOLVED = regex(r"\{\$[^{}]+\}|\{%[^%]+%\}|__PILLAR__", re.DOTALL)
REFERENCES = (("{%", "%}"), ("{$", "}"))

MAX_EXPANSIONS = 10_000  # caddyfile/parse.go maxSnippetExpansions
MAX_IMPORTED_WORDS = 200_000  # ours: a Corefile in a ConfigMap holds at most 1 MiB
MAX_DEPTH = 16  # ours: no plugin reads blocks in blocks
MAX_REFERENCES = 1_000  # ours: CoreDNS would not end on a variable that names itself
MAX_ZONE_BYTES = 255
MAX_LABEL_BYTES = 63
MAX_PORT = 65535

DEFAULT_PORTS = {
    "tls": 853,
    "dns": 53,
    "quic": 853,
    "grpc": 443,
    "https3": 443,
    "https": 443,
    "unix": 0,
}
FORWARDING = ("forward", "proxy", "grpc", "fanout")
CUSTOM_CONFIG = "kubectl -n kube-system get configmap coredns coredns-custom -o yaml"
ENVIRONMENT = "kubectl -n kube-system get deployment coredns -o yaml"


@dataclass(frozen=True)
class Token:
    """One word of a Corefile. `at` is the line of the import that brought it, 0 without one."""

    text: str
    line: int
    column: int
    file: str = ""
    at: int = 0

    @property
    def shown_line(self) -> int:
        """The line of the Corefile itself that brought the word."""
        return self.at or self.line

    @property
    def last_line(self) -> int:
        """The line on which a quoted word ends."""
        return self.line + self.text.count("\n")

    @property
    def place(self) -> str:
        """How CoreDNS names the place of the word."""
        return f"{self.file or MOUNTED}:{self.line}"

    def spot(self, offset: int = 0) -> Spot:
        """The place of the word; `offset` lines stand before the Corefile in its origin."""
        return Spot(self.line + (0 if self.file else offset), self.column, self.file)


@dataclass(frozen=True)
class Directive:
    """A plugin's line, or one property in a plugin's block, with what stands in its own block.

    `line` and `column` count from 1; the line is that of the Corefile also for what it imports,
    `file` then names the imported file and `file_line` the line there. `text` is the line as
    written. An argument "}" is one that CoreDNS reads so, because it stands on the line.
    """

    name: str
    args: tuple[str, ...]
    line: int
    column: int
    block: tuple[Directive, ...] = ()
    has_block: bool = False
    text: str = ""
    file: str = ""
    file_line: int = 0
    tokens: tuple[Token, ...] = field(default=(), repr=False, compare=False)

    def properties(self, name: str) -> tuple[Directive, ...]:
        """Return the lines of the block that set a property."""
        return tuple(one for one in self.block if one.name == name)


@dataclass(frozen=True)
class Key:
    """One zone that a server block serves, fully qualified and in lower case.

    `text` is the key as written; one that is a subnet (10.0.0.0/22) makes several zones.
    """

    scheme: str
    zone: str
    port: int
    text: str
    line: int
    spot: Spot | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class ServerBlock:
    """One server block: the zones that it serves and its plugins, in the order of the file."""

    keys: tuple[Key, ...]
    directives: tuple[Directive, ...]
    line: int

    def plugin(self, name: str) -> tuple[Directive, ...]:
        """Return the lines of a plugin."""
        return tuple(one for one in self.directives if one.name == name)

    def matches(self, name: str) -> int:
        """Return the length of the longest zone that holds a name; 0 when none does."""
        return max((len(key.zone) for key in self.keys if holds(key.zone, name)), default=0)


@dataclass(frozen=True)
class SyntaxFault:
    """One reason for which CoreDNS refuses a Corefile.

    `kind` is syntax, unknown-directive, removed (known to other versions), property, argument,
    upstream or duplicate. `word` is what is meant, `plugin` whose it is. `coredns_says` is its
    message where known, with the path that the usual manifests mount. `versions` says for which
    versions or builds it holds, "" for all from 1.6.0 on, or for the one that was asked for.
    `spot` is the place of the word. `certain` says that a piece of the file is enough to show it.
    """

    line: int
    message: str
    coredns_says: str = ""
    kind: str = "syntax"
    word: str = ""
    plugin: str = ""
    versions: str = ""
    spot: Spot | None = None
    certain: bool = False


@dataclass(frozen=True, kw_only=True)
class Corefile(Fact):
    """One Corefile. `faults` hold in every version; argument_faults tells the others.

    `oddities` are what CoreDNS takes, but hardly as it was meant. With a fault, `blocks` hold
    what came before it. `strays` stand in blocks without a zone: only their names matter. One that
    is `custom` is imported by another Corefile.
    """

    asks: ClassVar[tuple[Ask, ...]] = (Ask.DNS_CONFIG,)

    text: str
    blocks: tuple[ServerBlock, ...] = ()
    faults: tuple[SyntaxFault, ...] = ()
    oddities: tuple[SyntaxFault, ...] = ()
    strays: tuple[Directive, ...] = ()
    first_line: int = 1
    custom: bool = False

    @classmethod
    def read(cls, evidence: Evidence) -> Self | Gap:
        """Return the Corefile of the cluster's DNS server: the first with a kubernetes plugin.

        Without such a one, the first; node-local caches have Corefiles too.
        """
        items = evidence.of(cls)
        found = known(evidence, items, *cls.asks)
        if isinstance(found, Gap):
            return found
        if not items:
            return Gap("the Corefile", GapKind.NOT_COLLECTED, "no ConfigMap has one", CUSTOM_CONFIG)
        best = next((one for one in items if one.plugin("kubernetes")), items[0])
        return replace(best, gaps=(*best.gaps, *found[1]))

    def plugin(self, name: str) -> tuple[tuple[ServerBlock, Directive], ...]:
        """Return the lines of a plugin in all server blocks."""
        return tuple((block, one) for block in self.blocks for one in block.plugin(name))

    def block_for(self, name: str) -> tuple[ServerBlock, ...]:
        """Return the server blocks with the most specific zone for a name, one per port."""
        wanted = qualified(name)
        best = max((block.matches(wanted) for block in self.blocks), default=0)
        return tuple(block for block in self.blocks if best and block.matches(wanted) == best)

    def upstreams(self, zone: str = ".") -> tuple[str, ...]:
        """Return where queries of a zone are forwarded to, as written; files among them."""
        wanted = qualified(zone)
        found: list[str] = []
        for block in self.block_for(wanted):
            lines = [one for name in FORWARDING for one in block.plugin(name) if one.args]
            fits = [(zone_of(one.args[0]), one) for one in lines]
            best = max((len(source) for source, _ in fits if holds(source, wanted)), default=0)
            for source, one in fits:
                if best and len(source) == best and holds(source, wanted):
                    found.extend(one.args[1:])
        return tuple(dict.fromkeys(found))

    def kubernetes_zones(self) -> tuple[str, ...]:
        """Return the zones of the kubernetes plugin, fully qualified, reverse zones among them."""
        return tuple(
            dict.fromkeys(
                zone
                for block, one in self.plugin("kubernetes")
                for zone in origins(one.args, block.keys)
            )
        )

    def quote(self, line: int, spot: Spot | None = None) -> Quote:
        """Return a line of the Corefile as evidence."""
        lines = self._lines
        index = line - self.first_line
        text = lines[index].rstrip("\r") if 0 <= index < len(lines) else ""
        return Quote(self.origin, text, line, spot)

    @functools.cached_property
    def _lines(self) -> list[str]:
        return self.text.split("\n")


class Refused(Exception):
    """CoreDNS stops here."""

    def __init__(self, fault: SyntaxFault) -> None:
        """Carry the reason."""
        super().__init__(fault.message)
        self.fault = fault


class Exhausted(Exception):
    """Imports bring more than we read."""


def parse_corefile(
    text: str,
    *,
    origin: str,
    environ: Mapping[str, str] | None = None,
    files: Mapping[str, str] | None = None,
    first_line: int = 1,
) -> Corefile:
    """Return the Corefile that a text is; whatever the text, with its faults.

    `environ` is the container's whole environment and `files` are all files that an import can
    reach, by path; None where they are not at hand, which makes a gap of each use. A file that
    is imported by its full name and missing is a gap in any case. `first_line` is the number of
    the text's first line in its origin.
    """
    parser = Parser(lex(text), environ, files)
    fault: SyntaxFault | None = None
    try:
        parser.parse_all()
    except Refused as refused:
        fault = refused.fault
    except Exhausted:
        because = f"its imports bring more than {MAX_IMPORTED_WORDS} words"
        parser.gaps.append(Gap("the Corefile", GapKind.PARTIAL, because))
    shown = Lines(text, first_line)
    blocks = tuple(shown.server(raw) for raw in parser.blocks)
    early = [fault] if fault else list(invalid_zones(parser.blocks))
    moved = [moved_by(one, first_line - 1) for one in early if one.line >= 0]
    return Corefile(
        origin=origin,
        gaps=tuple(dict.fromkeys(parser.gaps)),
        text=text,
        blocks=blocks,
        faults=(*moved, *(repeated(blocks) if fault is None else ())),
        oddities=tuple(moved_by(one, first_line - 1) for one in oddities(text, parser.blocks)),
        strays=tuple(shown.directive(name, tokens) for name, tokens in parser.strays),
        first_line=first_line,
    )


def moved_by(fault: SyntaxFault, offset: int) -> SyntaxFault:
    """Return a fault of a text before which so many lines stand in its origin."""
    spot = fault.spot
    if spot and not spot.file:
        spot = replace(spot, line=spot.line + offset)
    return replace(fault, line=fault.line + offset, spot=spot)


def lex(text: str, file: str = "", at: int = 0) -> list[Token]:
    r"""Return the words of a text as CoreDNS splits them.

    Words end at white space. A word that begins with a quotation mark goes on to the next one,
    over line ends too; only \" is an escape in it. A # begins a comment anywhere outside of
    quotes; directly after a word it goes only to the next white space. Carriage returns outside
    of quotes are dropped. Source: coredns/caddy caddyfile/lexer.go (next).
    """
    start = 1 if text.startswith("\ufeff") else 0
    breaks = [-1, *(match.start() for match in re.finditer("\n", text))]
    tokens: list[Token] = []
    pos = start
    while True:
        skipped = SKIPPED.match(text, pos)
        pos = skipped.end() if skipped else pos
        if pos >= len(text):
            return tokens
        line = bisect.bisect_left(breaks, pos)
        column = pos - breaks[line - 1] - (start if line == 1 else 0)
        quoted = QUOTED.match(text, pos)
        if quoted:
            pos = quoted.end()
            if quoted[2] == '"' or quoted[1]:
                tokens.append(Token(quoted[1].replace('\\"', '"'), line, column, file, at))
            continue
        plain = WORD.match(text, pos)
        if plain is None:  # a quotation mark is a word's first letter, so this is never so
            return tokens
        pos = plain.end()
        tokens.append(Token(plain[1].replace("\r", ""), line, column, file, at))


@dataclass
class RawBlock:
    """A server block while it is read: its keys, and the words of each plugin's line."""

    keys: list[Token] = field(default_factory=list)
    stanzas: list[tuple[str, list[Token]]] = field(default_factory=list)


class Parser:
    """Groups words by server block and plugin, step by step as caddyfile/parse.go does.

    `done` ends with the current word; `todo` holds the others, the next one last.
    """

    def __init__(
        self,
        tokens: list[Token],
        environ: Mapping[str, str] | None,
        files: Mapping[str, str] | None,
    ) -> None:
        """Stand before the first word."""
        self.done: list[Token] = []
        self.todo = tokens[::-1]
        self.environ = environ
        self.files = files
        self.blocks: list[RawBlock] = []
        self.strays: list[tuple[str, list[Token]]] = []
        self.block = RawBlock()
        self.gaps: list[Gap] = []
        self.snippets: dict[str, list[Token]] = {}
        self.expansions = 0
        self.imported = 0

    def parse_all(self) -> None:
        """Fill `blocks`; raises Refused where CoreDNS stops."""
        while self.next():
            self.block = RawBlock()
            try:
                self.parse_one()
            finally:
                if self.block.keys:
                    self.blocks.append(self.block)
                else:
                    self.strays += self.block.stanzas

    def parse_one(self) -> None:
        """Read one server block or one snippet."""
        if not self.addresses():
            return
        keys = self.block.keys
        first = keys[0].text if len(keys) == 1 else ""
        if first.startswith("(") and first.endswith(")"):
            self.block.keys = []
            self.snippet(first[1:].removesuffix(")"))
            return
        opened = self.val == "{"
        if not opened:
            self.back()
        self.directives()
        if opened and self.val != "}":
            raise self.refused(
                "the closing brace of the server block is missing",
                f"Syntax error: Unexpected token '{self.val}', expecting '}}'",
            )

    def addresses(self) -> bool:
        """Read the keys of a block; False when the file ends with them."""
        expecting = False
        while True:
            word = self.resolve(self.val)
            if word == "import" and self.is_new_line():
                self.do_import()
                if not self.next():
                    if expecting:
                        raise self.refused("the file ends after a comma", "Unexpected EOF", True)
                    return False
                continue
            if word == "{":
                if expecting:
                    raise self.refused(
                        "a comma before the opening brace lets CoreDNS expect another zone",
                        "Expected another address but had '{' - check for extra comma",
                        True,
                    )
                return True
            if word:
                expecting = word.endswith(",")
                text = word[:-1] if expecting else word
                self.block.keys.append(replace(self.done[-1], text=text))
            more = self.next()
            if expecting and not more:
                raise self.refused("the file ends after a comma", "Unexpected EOF", True)
            if not more:
                return False
            if not expecting and self.is_new_line():
                return True

    def directives(self) -> None:
        """Read plugins' lines up to a closing brace or the end of the file."""
        while self.next():
            if self.val == "}":
                return
            if self.val == "import":
                self.do_import()
                continue
            self.directive()

    def directive(self) -> None:
        """Read one plugin's line with its block."""
        tokens = [self.done[-1]]
        name = self.resolve(self.val)
        nesting = 0
        self.block.stanzas.append((name, tokens))
        while self.next():
            if self.val == "{":
                nesting += 1
            elif self.is_new_line() and nesting == 0:
                self.back()
                break
            elif self.val == "}" and nesting == 0:
                raise self.refused(
                    f"a closing brace on the line of {name} has no opening one",
                    "Unexpected '}' because no matching opening brace",
                    True,
                )
            elif self.val == "}":
                nesting -= 1
            elif self.val == "import" and self.is_new_line():
                self.do_import()
                continue
            text = self.resolve(self.val)
            if text != self.val:
                self.done[-1] = replace(self.done[-1], text=text)
            tokens.append(self.done[-1])
        if nesting > 0:
            raise self.refused(
                f"the file ends within the block of {name}: a closing brace is missing",
                "Unexpected EOF",
                True,
            )

    def snippet(self, name: str) -> None:
        """Read the definition of a snippet."""
        if name in self.snippets:
            raise self.refused(
                f"the snippet {name} is defined twice",
                f"redeclaration of previously declared snippet {name}",
                True,
            )
        if self.val != "{":
            raise self.refused(
                f"the snippet {name} has no opening brace",
                f"Syntax error: Unexpected token '{self.val}', expecting '{{'",
            )
        depth = 1
        tokens: list[Token] = []
        while self.next():
            depth += (self.val == "{") - (self.val == "}")
            if depth == 0:
                break
            tokens.append(self.done[-1])
        if depth:
            raise self.refused(
                f"the closing brace of the snippet {name} is missing",
                f"Syntax error: Unexpected token '{self.val}', expecting '}}'",
            )
        for index, one in enumerate(tokens[:-1]):
            begins = index == 0 or not (
                tokens[index - 1].file == one.file and tokens[index - 1].line == one.line
            )
            if begins and one.text == "import" and self.resolve(tokens[index + 1].text) == name:
                raise self.too_deep(f"the snippet {name} imports itself")
        self.snippets[name] = tokens

    def do_import(self) -> None:
        """Put what an import brings in its place; the word before it becomes the current one."""
        statement = self.done[-1]
        if not self.next_arg():
            raise self.refused(
                "import names nothing",
                f"Wrong argument count or unexpected line ending after '{self.val}'",
                True,
            )
        pattern = self.resolve(self.val)
        if not pattern:
            raise self.refused("import names nothing", "Import requires a non-empty filepath", True)
        if self.next_arg():
            raise self.refused(
                "import takes one name: CoreDNS has no arguments for snippets",
                "Import takes only one argument (glob pattern or file)",
                True,
            )
        brought = self.brought(pattern, statement)
        self.imported += len(brought)
        if self.imported > MAX_IMPORTED_WORDS:
            raise Exhausted
        del self.done[-2:]
        self.todo.extend(reversed(brought))

    def brought(self, pattern: str, statement: Token) -> list[Token]:
        """Return the words of a snippet or of the files that a pattern names."""
        snippet = self.snippets.get(pattern)
        self.expansions += 1
        if self.expansions > MAX_EXPANSIONS:
            raise self.too_deep("snippets or files import each other without end")
        if snippet is not None:
            return snippet
        globbed = has_wildcard(pattern)
        if pattern.count("*") > 1 or pattern.count("?") > 1 or {"[", "]"} <= set(pattern):
            raise self.refused(
                "an import may hold one wildcard only",
                "Glob pattern may only contain one wildcard (*), but has others: "
                + under(statement.file, pattern),
                True,
            )
        wanted = under(statement.file, pattern)
        names = [name for name in self.files or () if reaches(wanted, name)]
        if not names and not (globbed and self.files is not None):
            self.gaps.append(import_gap(pattern, globbed))
        tokens: list[Token] = []
        for name in sorted(names):
            content = (self.files or {})[name]
            # What brings more words than we read at all is not split into words first
            if len(content) > MAX_IMPORTED_WORDS * 32:
                raise Exhausted
            tokens.extend(lex(content, under("", name), statement.shown_line))
            if self.imported + len(tokens) > MAX_IMPORTED_WORDS:
                raise Exhausted
        return tokens

    def resolve(self, text: str) -> str:
        """Return a word with its variables replaced; one that is not at hand makes a gap."""
        for opening, closing in REFERENCES:
            if opening in text:
                text = self.resolve_one(text, opening, closing)
        return text

    def resolve_one(self, text: str, opening: str, closing: str) -> str:
        """Return a word with its variables of one notation replaced."""
        if self.environ is None:
            for name in re.findall(f"{re.escape(opening)}(.+?){re.escape(closing)}", text):
                because = f"the variable {name}, which it uses, is not at hand"
                self.gaps.append(Gap("the Corefile", GapKind.PARTIAL, because, ENVIRONMENT))
            return text
        for _ in range(MAX_REFERENCES):
            start = text.find(opening)
            end = text.find(closing, start)
            if start < 0 or end <= start + len(opening):
                break
            reference = text[start : end + len(closing)]
            value = self.environ.get(reference[len(opening) : -len(closing)], "")
            if len(text) + len(value) * text.count(reference) > MAX_IMPORTED_WORDS:
                raise Exhausted
            text = text.replace(reference, value)
        return text

    def next(self) -> bool:
        """Go to the next word; False when there is none."""
        if not self.todo:
            return False
        self.done.append(self.todo.pop())
        return True

    def next_arg(self) -> bool:
        """Go to the next word if it stands on the same line."""
        if not self.todo or (self.done and not same_line(self.done[-1], self.todo[-1])):
            return False
        return self.next()

    def back(self) -> None:
        """Go back by one word."""
        self.todo.append(self.done.pop())

    @property
    def val(self) -> str:
        """The current word; "" before the first."""
        return self.done[-1].text if self.done else ""

    def is_new_line(self) -> bool:
        """Whether the current word begins a line."""
        if len(self.done) < 2:
            return True
        before, current = self.done[-2:]
        return before.file != current.file or before.last_line < current.line

    def refused(self, message: str, says: str, error: bool = False) -> Refused:
        """Return the fault at the current word."""
        token = self.done[-1] if self.done else Token("", 0, 0)
        said = f"{token.place} - {'Error during parsing: ' if error else ''}{says}"
        fault = SyntaxFault(token.shown_line, message, said, word=token.text, spot=token.spot())
        return Refused(fault)

    def too_deep(self, message: str) -> Refused:
        """Return the fault of imports without end."""
        return self.refused(
            message, f"maximum snippet import depth ({MAX_EXPANSIONS}) exceeded", True
        )


def same_line(before: Token, after: Token) -> bool:
    """Whether a word follows another one on its line."""
    return before.file == after.file and before.last_line == after.line


def under(file: str, pattern: str) -> str:
    """Return the path that an import in a file means."""
    folder = posixpath.dirname(file or MOUNTED)
    return posixpath.normpath(posixpath.join(folder, pattern))


def has_wildcard(pattern: str) -> bool:
    """Whether an import names a pattern, which may also match nothing."""
    return any(char in pattern for char in "*?[]")


def reaches(wanted: str, name: str) -> bool:
    """Whether an import of a path or pattern brings a file."""
    path = under("", name)
    if not any(char in wanted for char in "*?["):
        return path == wanted
    # As in Go's filepath.Match, a star does not cross folders
    return path.count("/") == wanted.count("/") and fnmatch.fnmatchcase(path, wanted)


def import_gap(pattern: str, globbed: bool) -> Gap:
    """Return the gap of an import whose files are not at hand."""
    what = "files" if globbed else "a file"
    because = f"it imports {pattern}, {what} not at hand"
    if not globbed and re.fullmatch(r"[\w-]+", pattern):
        because = f"it imports {pattern}: no snippet before it has the name, and no file is at hand"
    return Gap("the Corefile", GapKind.PARTIAL, because, CUSTOM_CONFIG)


class Lines:
    """Makes blocks and directives of words, with their text and their lines in the origin."""

    def __init__(self, text: str, first_line: int) -> None:
        """Keep the text in lines."""
        self.lines = text.split("\n")
        self.offset = first_line - 1

    def server(self, raw: RawBlock) -> ServerBlock:
        """Return a server block."""
        keys = tuple(
            Key(
                scheme,
                zone,
                port,
                token.text,
                token.shown_line + self.offset,
                token.spot(self.offset),
            )
            for token in raw.keys
            for scheme, zone, port in addresses_of(token.text)
        )
        return ServerBlock(
            keys,
            tuple(self.directive(name, tokens) for name, tokens in raw.stanzas),
            raw.keys[0].shown_line + self.offset,
        )

    def directive(self, name: str, tokens: Sequence[Token]) -> Directive:
        """Return a plugin's line with its block.

        A brace on a line of its own after the plugin's begins no block: CoreDNS does not read
        it so.
        """
        arguments, at = line_words(tokens, 1)
        top = self.leaf(replace(tokens[0], text=name), arguments)
        top = replace(top, tokens=tuple(tokens))
        if not opens(tokens, at):
            return top
        # Blocks in blocks are kept on a stack of our own: their depth is the file's choice
        stack: list[tuple[Directive, list[Directive]]] = [(top, [])]
        at += 1
        while at < len(tokens) and stack:
            if tokens[at].text == "}":
                done = closed(*stack.pop())
                if not stack:
                    return done
                stack[-1][1].append(done)
                at += 1
                continue
            head = tokens[at]
            arguments, at = line_words(tokens, at + 1)
            leaf = self.leaf(head, arguments)
            if not opens(tokens, at):
                stack[-1][1].append(leaf)
            elif len(stack) < MAX_DEPTH:
                stack.append((leaf, []))
                at += 1
            else:
                stack[-1][1].append(leaf)
                at = beyond(tokens, at)
        while len(stack) > 1:
            done = closed(*stack.pop())
            stack[-1][1].append(done)
        return closed(*stack.pop())

    def leaf(self, head: Token, arguments: Sequence[Token]) -> Directive:
        """Return a line without its block."""
        line = head.shown_line
        text = self.lines[line - 1].strip() if line <= len(self.lines) else ""
        return Directive(
            name=head.text,
            args=tuple(one.text for one in arguments),
            line=line + self.offset,
            column=head.column,
            text=" ".join((head.text, *(one.text for one in arguments))) if head.file else text,
            file=head.file,
            file_line=head.line if head.file else 0,
        )


def line_words(tokens: Sequence[Token], at: int) -> tuple[list[Token], int]:
    """Return the words from an index on that stand on its line, and the index after them."""
    start = at
    while at < len(tokens) and tokens[at].text != "{" and same_line(tokens[at - 1], tokens[at]):
        at += 1
    return list(tokens[start:at]), at


def opens(tokens: Sequence[Token], at: int) -> bool:
    """Whether a block begins at an index, on the line of the word before."""
    return at < len(tokens) and tokens[at].text == "{" and same_line(tokens[at - 1], tokens[at])


def beyond(tokens: Sequence[Token], at: int) -> int:
    """Return the index after the block that begins at an index."""
    depth = 0
    while at < len(tokens):
        depth += (tokens[at].text == "{") - (tokens[at].text == "}")
        at += 1
        if depth == 0:
            break
    return at


def closed(directive: Directive, block: Sequence[Directive]) -> Directive:
    """Return a directive with its block."""
    return replace(directive, block=tuple(block), has_block=True)


def qualified(name: str) -> str:
    """Return a name in lower case with its trailing dot."""
    lowered = name.lower()
    return lowered if lowered.endswith(".") else lowered + "."


def holds(zone: str, name: str) -> bool:
    """Whether a name is a zone or stands below it; both fully qualified."""
    return zone in (".", name) or name.endswith("." + zone)


def transport(text: str) -> tuple[str, str]:
    """Return the scheme of an address, dns without one, and what follows it."""
    scheme, found, rest = text.partition("://")
    return (scheme, rest) if found and scheme in DEFAULT_PORTS else ("dns", text)


def split_zone_port(text: str) -> tuple[str, int | None]:
    """Return the zone and the port of a key without scheme; None where it has no port."""
    host, colon, port = text.rpartition(":")
    if colon and re.fullmatch(r"[+-]?[0-9]{1,18}", port):
        return host, int(port)
    return text, None


def addresses_of(text: str) -> tuple[tuple[str, str, int], ...]:
    """Return scheme, zone and port of all zones that a key makes.

    Source: core/dnsserver/register.go (InspectServerBlocks), plugin/normalize.go (SplitHostPort).
    """
    scheme, rest = transport(text)
    zone, port = split_zone_port(rest)
    number = DEFAULT_PORTS[scheme] if port is None else port
    return tuple((scheme, one, number) for one in zones_of(zone))


def zones_of(zone: str) -> tuple[str, ...]:
    """Return a zone fully qualified; of a subnet its reverse zones, split at label borders."""
    if not is_cidr(zone):
        return (qualified(zone),)
    network = ipaddress.ip_network(zone, strict=False)
    step = 8 if network.version == 4 else 4
    length = -(-network.prefixlen // step) * step
    subnets = network.subnets(new_prefix=length)
    skip = (network.max_prefixlen - length) // step
    return tuple(
        ".".join(one.network_address.reverse_pointer.split(".")[skip:]) + "." for one in subnets
    )


def zone_of(text: str) -> str:
    """Return the one zone that a plugin makes of an argument."""
    return zones_of(split_zone_port(transport(text)[1])[0])[0]


def origins(arguments: Sequence[str], keys: Sequence[Key]) -> tuple[str, ...]:
    """Return the zones of a plugin: those of its arguments, or of its server block."""
    if not arguments:
        return tuple(key.zone for key in keys)
    return tuple(
        zone for text in arguments if zone_fault(text) is None for _, zone, _ in addresses_of(text)
    )


def zone_fault(text: str, at: Version = FIRST) -> str | None:
    """Return what CoreDNS says against a zone; None where it takes it.

    Source: plugin/normalize.go (SplitHostPort); miekg/dns defaults.go (IsDomainName), which
    refuses a leading dot since v1.1.55 (CoreDNS 1.11.0), and an escape of nothing at the end since
    v1.1.62 (CoreDNS 1.11.4).
    """
    rest = transport(text)[1]
    if not rest or rest.endswith(":"):
        return f'expecting data after last colon: "{rest}"'
    zone = split_zone_port(rest)[0]
    size = len(zone.encode("utf-8", "replace"))
    if size > MAX_ZONE_BYTES:
        return f"specified zone is too long: {size} > {MAX_ZONE_BYTES}"
    if not is_domain_name(zone, leading_dot=at < bound("1.11.0"), open_escape=at < bound("1.11.4")):
        return f"zone is not a valid domain name: {zone}"
    short = zone.startswith(":") or (zone.startswith("0") and ":" in zone)
    if short and at >= bound("1.8.5") and is_cidr(zone):
        return f"invalid CIDR {zone}"
    return None


def is_domain_name(name: str, *, leading_dot: bool = False, open_escape: bool = False) -> bool:
    """Whether a text can be a domain name: the lengths of its labels, and no empty one.

    Old versions let a dot stand first, and a backslash last.
    """
    if not name:
        return False
    plain = re.sub(r"\\(?:[0-9]{3}|.)", "x", name, flags=re.DOTALL)
    if plain.endswith("\\") and not open_escape:
        return False
    if plain == ".":
        return True
    if leading_dot:
        plain = plain.removeprefix(".")
    labels = plain.removesuffix(".").split(".")
    return all(0 < len(label.encode("utf-8", "replace")) <= MAX_LABEL_BYTES for label in labels)


def invalid_zones(blocks: Iterable[RawBlock]) -> Iterator[SyntaxFault]:
    """Yield the fault of each key that no version takes as a zone."""
    for token in (token for block in blocks for token in block.keys):
        says = zone_fault(token.text)
        if says and not UNRESOLVED.search(token.text):
            yield zone_refusal(token.text, token.shown_line, says, token.spot())


def zone_refusal(text: str, line: int, says: str, spot: Spot | None) -> SyntaxFault:
    """Return the fault of a key that is no zone."""
    hint = ": a space is missing before the brace" if "{" in text else ""
    return SyntaxFault(
        line,
        f"{text} is no zone that a server block can serve{hint}",
        f"error inspecting server blocks: {says}",
        word=text,
        spot=spot,
    )


def repeated(blocks: Sequence[ServerBlock]) -> Iterator[SyntaxFault]:
    """Yield what stops CoreDNS after all plugins are set up: ports, and zones served twice.

    A zone without bind takes every address. Blocks with view may share a zone, but see
    shared_with_view. Source: core/dnsserver/register.go (validateZonesAndListeningAddresses),
    address.go.
    """
    taken: set[tuple[str, str, int, str]] = set()
    covered: dict[tuple[str, str, int], str] = {}
    for block in blocks:
        hosts = [host for one in block.plugin("bind") for host in one.args] or [""]
        for key in block.keys:
            line = key.line
            if UNRESOLVED.search(key.text):
                continue
            if not 0 <= key.port <= MAX_PORT:
                message = f"{key.text}: there is no port {key.port}"
                says = f"address {key.port}: invalid port"
                yield SyntaxFault(line, message, says, "argument", str(key.port), spot=key.spot)
                continue
            if block.plugin("view"):
                continue
            name = (key.scheme, key.zone, key.port)
            shown = f"{key.scheme}://{key.zone}:{key.port}"
            for host in hosts:
                here = f"{shown} on {host}" if host else shown
                twice = (*name, host) in taken
                if twice or (name in covered and (not host or (*name, "") in taken)):
                    says = f"cannot serve {here} - " + (
                        "it is already defined"
                        if twice
                        else f"zone overlap listener capacity with {covered[name]}"
                    )
                    message = f"two servers for {key.zone} on port {key.port}"
                    yield SyntaxFault(line, message, says, "duplicate", key.zone, spot=key.spot)
                    break
                taken.add((*name, host))
                covered.setdefault(name, here)


def oddities(text: str, blocks: Sequence[RawBlock]) -> Iterator[SyntaxFault]:
    """Yield what CoreDNS takes, but otherwise than it was hardly meant."""
    if "\\n" in text and text.count("\n") <= text.count("\\n"):
        yield SyntaxFault(1, "the file holds \\n as two characters instead of line ends")
    for token in (token for block in blocks for token in block.keys):
        if ("{" in token.text or "}" in token.text) and not UNRESOLVED.search(token.text):
            message = f"a brace is read as the name of a zone: {token.text}"
            yield SyntaxFault(token.shown_line, message, word=token.text, spot=token.spot())

"""The Corefile, read as CoreDNS reads it, and why CoreDNS would refuse it.

Source: coredns/caddy caddyfile/{lexer,parse,dispenser}.go at v1.1.4, coredns/coredns v1.15.0
core/dnsserver/register.go, plugin/normalize.go and plugin/*/setup.go, and their releases since
1.6.0 where they differ. Limits: files that are named but not at hand are taken as right, and so
are the arguments of plugins without a row in corefile_tables.
"""

from __future__ import annotations

import bisect
import difflib
import fnmatch
import functools
import ipaddress
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

from diagnose.asks import Ask
from diagnose.evidence import Evidence, known
from diagnose.facts.corefile_tables import (
    CHAIN,
    EXTERNAL_PLUGINS,
    NEWEST,
    OLDEST,
    PROPERTIES,
    RELEASES,
    Property,
    Setup,
    Takes,
    Value,
    Version,
    bound,
    duration_s,
    eras,
    is_cidr,
    is_ip,
    known_plugins,
    lifetime,
    parse_version,
    plugin_row,
    property_row,
    regex_fault,
    setup_row,
    span,
    split_host_port,
    within,
)
from diagnose.model import Fact, Gap, GapKind, Quote
from diagnose.text.regex import regex

MOUNTED = "/etc/coredns/Corefile"
FIRST = bound(OLDEST)

# Go's unicode.IsSpace: White_Space of Unicode; Python's str.isspace takes more. A carriage
# return stands apart: it is skipped, and does not end a word.
SPACES = " \t\n\v\f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
SKIPPED = regex(rf"(?:[{SPACES}\r]+|#[^\n]*)*")
QUOTED = regex(r'"([^"\\]*(?:\\.[^"\\]*)*)("|\\?\Z)', re.DOTALL)
WORD = regex(rf"([^{SPACES}#]+)(#[^{SPACES}]*)?")
UNRESOLVED = regex(r"\{\$[^}]+\}|\{%.+?%\}|__PILLAR__", re.DOTALL)
REFERENCES = (("{%", "%}"), ("{$", "}"))

MAX_EXPANSIONS = 10_000  # caddyfile/parse.go maxSnippetExpansions
MAX_IMPORTED_WORDS = 200_000  # ours: a Corefile in a ConfigMap holds at most 1 MiB
MAX_DEPTH = 16  # ours: no plugin reads blocks in blocks
MAX_REFERENCES = 1_000  # ours: CoreDNS would not end on a variable that names itself
MAX_UPSTREAMS = 15  # plugin/forward/setup.go
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
REVERSE_SUFFIXES = (".in-addr.arpa.", ".ip6.arpa.")
TRANSPORTS_OF_FORWARD = (  # those that forward takes from a version on
    ("dns", ""),
    ("tls", ""),
    ("https", "1.14.5"),
    ("quic", "1.15.0"),
)
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
    """

    line: int
    message: str
    coredns_says: str = ""
    kind: str = "syntax"
    word: str = ""
    plugin: str = ""
    versions: str = ""


@dataclass(frozen=True, kw_only=True)
class Corefile(Fact):
    """One Corefile. `faults` hold in every version; argument_faults tells the others.

    `oddities` are what CoreDNS takes, but hardly as it was meant. With a fault, `blocks` hold
    what came before it.
    """

    asks: ClassVar[tuple[Ask, ...]] = (Ask.DNS_CONFIG,)

    text: str
    blocks: tuple[ServerBlock, ...] = ()
    faults: tuple[SyntaxFault, ...] = ()
    oddities: tuple[SyntaxFault, ...] = ()
    first_line: int = 1

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

    def quote(self, line: int) -> Quote:
        """Return a line of the Corefile as evidence."""
        lines = self._lines
        index = line - self.first_line
        text = lines[index].rstrip("\r") if 0 <= index < len(lines) else ""
        return Quote(self.origin, text, line)

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
    late = [*invalid_zones(parser.blocks), *repeated(blocks)] if fault is None else []
    faults = [fault] if fault else late
    moved = tuple(replace(one, line=one.line + first_line - 1) for one in faults if one.line >= 0)
    return Corefile(
        origin=origin,
        gaps=tuple(dict.fromkeys(parser.gaps)),
        text=text,
        blocks=blocks,
        faults=moved,
        oddities=tuple(
            replace(one, line=one.line + first_line - 1) for one in oddities(text, parser.blocks)
        ),
        first_line=first_line,
    )


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
        globbed = any(char in pattern for char in "*?[]")
        if pattern.count("*") > 1 or pattern.count("?") > 1 or re.search(r"\[.*\]|\].*\[", pattern):
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
        return Refused(SyntaxFault(token.shown_line, message, said, word=token.text))

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
            Key(scheme, zone, port, token.text, token.shown_line + self.offset)
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
    refuses a leading dot since v1.1.55 (CoreDNS 1.11.0).
    """
    rest = transport(text)[1]
    if not rest or rest.endswith(":"):
        return f'expecting data after last colon: "{rest}"'
    zone = split_zone_port(rest)[0]
    size = len(zone.encode("utf-8", "replace"))
    if size > MAX_ZONE_BYTES:
        return f"specified zone is too long: {size} > {MAX_ZONE_BYTES}"
    if not is_domain_name(zone, leading_dot=at < bound("1.11.0")):
        return f"zone is not a valid domain name: {zone}"
    return None


def is_domain_name(name: str, leading_dot: bool = False) -> bool:
    """Whether a text can be a domain name: the lengths of its labels, and no empty one."""
    if not name:
        return False
    plain = re.sub(r"\\(?:[0-9]{3}|.)", "x", name, flags=re.DOTALL)
    if plain.endswith("\\"):
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
            yield zone_refusal(token.text, token.shown_line, says)


def zone_refusal(text: str, line: int, says: str) -> SyntaxFault:
    """Return the fault of a key that is no zone."""
    hint = ": a space is missing before the brace" if "{" in text else ""
    return SyntaxFault(
        line,
        f"{text} is no zone that a server block can serve{hint}",
        f"error inspecting server blocks: {says}",
        word=text,
    )


def repeated(blocks: Sequence[ServerBlock]) -> Iterator[SyntaxFault]:
    """Yield what stops CoreDNS after all plugins are set up: ports, and zones served twice.

    A zone without bind takes every address. Blocks with view may share a zone. Source:
    core/dnsserver/register.go (validateZonesAndListeningAddresses), address.go.
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
                yield SyntaxFault(line, message, says, "argument", str(key.port))
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
                    yield SyntaxFault(line, message, says, "duplicate", key.zone)
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
            yield SyntaxFault(token.shown_line, message, word=token.text)


def argument_faults(corefile: Corefile, version: str | None = None) -> tuple[SyntaxFault, ...]:
    """Return why a version of CoreDNS refuses the plugins, properties and arguments of a file.

    One fault at most per plugin and server block, in the order in which CoreDNS meets them.
    Without a version, `versions` of a fault says for which ones it holds. Where the file has a
    fault of syntax, only what stands before it is looked at.
    """
    end = min((one.line for one in corefile.faults if one.kind == "syntax"), default=None)
    blocks = [
        replace(block, directives=tuple(one for one in block.directives if before(one, end)))
        for block in corefile.blocks
    ]
    at = parse_version(version)
    if at is not None:
        return tuple(faults_at(blocks, at))
    releases = eras(one.name for block in blocks for one in block.directives)
    # CoreDNS words one fault in several ways; the newest wording stands for all
    found: dict[SyntaxFault, tuple[str, set[int]]] = {}
    for index in range(len(releases) - 1, -1, -1):
        for fault in faults_at(blocks, bound(releases[index])):
            bare = replace(fault, coredns_says="")
            found.setdefault(bare, (fault.coredns_says, set()))[1].add(index)
    return tuple(
        replace(fault, coredns_says=says, versions=fault.versions or versions_of(indices, releases))
        for fault, (says, indices) in found.items()
    )


def before(directive: Directive, end: int | None) -> bool:
    """Whether a directive ends before a line."""
    return end is None or all(one.line < end for one in (directive, *directive.block))


def versions_of(indices: set[int], releases: Sequence[str]) -> str:
    """Return in words the versions of the eras with these indices; "" for all."""
    spans: list[str] = []
    for index in sorted(indices):
        if index - 1 in indices:
            continue
        last = index
        while last + 1 in indices:
            last += 1
        since = releases[index] if index else ""
        ended = releases[last + 1] if last + 1 < len(releases) else ""
        until = RELEASES[RELEASES.index(ended) - 1] if ended else ""
        spans.append(span(since, until))
    return ", ".join(spans)


def faults_at(blocks: Sequence[ServerBlock], at: Version) -> Iterator[SyntaxFault]:
    """Yield the faults that one version finds."""
    plugins = known_plugins(".".join(map(str, at)))
    for one in (one for block in blocks for one in block.directives):
        if one.name not in plugins and not UNRESOLVED.search(one.name):
            yield unknown_directive(one, at)
    for key in dict.fromkeys(key for block in blocks for key in block.keys):
        says = zone_fault(key.text, at)
        if says and zone_fault(key.text) is None and not UNRESOLVED.search(key.text):
            yield zone_refusal(key.text, key.line, says)
    if at < bound(OLDEST):
        return
    named = [by_plugin(block) for block in blocks]
    for name in CHAIN:
        for block, lines_of in zip(blocks, named, strict=True):
            lines = lines_of.get(name, ())
            setup = setup_row(name, at) if lines and name in plugins else None
            if setup is None:
                continue
            try:
                check(Stanzas(name, setup, at, block, lines))
            except Refused as refused:
                yield refused.fault


def by_plugin(block: ServerBlock) -> dict[str, list[Directive]]:
    """Return the lines of a server block by their plugin."""
    lines: dict[str, list[Directive]] = {}
    for one in block.directives:
        lines.setdefault(one.name, []).append(one)
    return lines


def unknown_directive(directive: Directive, at: Version) -> SyntaxFault:
    """Return the fault of a directive that a version's standard build does not know."""
    name = directive.name
    token = directive.tokens[0]
    says = f"{token.place} - Error during parsing: Unknown directive '{name}'"
    row = plugin_row(name)
    if row:
        instead = f"; {row.replaced_by} took its place" if row.replaced_by else ""
        message = f"{name} is a plugin of CoreDNS {lifetime((row,))} only{instead}"
        return SyntaxFault(directive.line, message, says, "removed", name, name)
    message = f"CoreDNS has no plugin {name}"
    versions = f"until {NEWEST}, later ones are not known" if at > bound(NEWEST) else ""
    if name in EXTERNAL_PLUGINS:
        message = f"{name} is a plugin that the standard build of CoreDNS does not hold"
        versions = "built without it"
    elif owners := [plugin for plugin, rows in PROPERTIES.items() if has(rows, name)]:
        message += f"; it is a property of {', '.join(owners[:3])}: a brace may be missing"
    elif close := difflib.get_close_matches(name[:64], CHAIN, 1):
        message += f"; {close[0]} may be meant"
    return SyntaxFault(directive.line, message, says, "unknown-directive", name, versions=versions)


def has(rows: Iterable[Property], name: str) -> bool:
    """Whether one of the properties has a name."""
    return any(row.name == name for row in rows)


class Stanzas:
    """All lines of one plugin in one server block, read as caddyfile/dispenser.go does."""

    def __init__(
        self,
        plugin: str,
        setup: Setup,
        at: Version,
        block: ServerBlock,
        lines: Sequence[Directive],
    ) -> None:
        """Stand before the first word."""
        self.plugin = plugin
        self.setup = setup
        self.at = at
        self.block = block
        self.tokens = [token for one in lines for token in one.tokens]
        self.offset = lines[0].line - lines[0].tokens[0].shown_line
        self.cursor = -1
        self.nesting = 0

    def next(self) -> bool:
        """Go to the next word."""
        if self.cursor + 1 >= len(self.tokens):
            return False
        self.cursor += 1
        return True

    def next_arg(self) -> bool:
        """Go to the next word if it stands on the same line."""
        after = self.cursor + 1
        if after >= len(self.tokens) or not same_line(self.token, self.tokens[after]):
            return False
        self.cursor = after
        return True

    def next_block(self) -> bool:
        """Go to the next word within the block; False at its end, or without a block."""
        if self.nesting:
            if not self.next():
                return False
            if self.val == "}":
                self.nesting -= 1
                return False
            return True
        if not self.next_arg():
            return False
        if self.val != "{":
            self.cursor -= 1
            return False
        if not self.next() or self.val == "}":
            return False
        self.nesting += 1
        return True

    def remaining(self) -> tuple[str, ...]:
        """Return the words up to the end of the line or an opening brace, and go there."""
        words: list[str] = []
        while self.next_arg():
            if self.val == "{":
                self.cursor -= 1
                break
            words.append(self.val)
        return tuple(words)

    @property
    def token(self) -> Token:
        """The current word."""
        return self.tokens[max(self.cursor, 0)]

    @property
    def val(self) -> str:
        """The text of the current word."""
        return self.token.text

    def refused(
        self, message: str, says: str = "", *, kind: str = "argument", word: str = ""
    ) -> Refused:
        """Return the fault at the current word; in `says`, {at} and {place} stand for it."""
        said = says.replace("{place}", f"{self.token.place} - ")
        said = said.replace("{at}", f"{self.token.place} - Error during parsing: ")
        if "{arguments}" in said:
            said = self.wrong_count()
        return Refused(
            SyntaxFault(
                self.token.shown_line + self.offset,
                f"{self.plugin}: {message}",
                f"plugin/{self.plugin}: {said}" if said else "",
                kind,
                word,
                self.plugin,
            )
        )

    def wrong_count(self) -> str:
        """Return what CoreDNS says of too few or too many arguments at the current word."""
        said = (
            "Unexpected token '{', expecting argument"
            if self.val == "{"
            else f"Wrong argument count or unexpected line ending after '{self.val}'"
        )
        return f"{self.token.place} - Error during parsing: {said}"

    def miscounted(self, name: str, least: int, most: int | None, says: str = "") -> Refused:
        """Return the fault of too few or too many arguments at the current word."""
        wants = count_words(least, most)
        tail = ""
        if self.val == "}":
            tail = "; a block on a single line does not work, its brace counts as an argument"
        return self.refused(f"{name} takes {wants}{tail}", says or "{arguments}", word=name)


def count_words(least: int, most: int | None) -> str:
    """Return in words how many arguments are wanted."""
    if most == 0:
        return "no argument"
    if least == most:
        return "one argument" if least == 1 else f"{least} arguments"
    if most is None:
        return f"at least {'one argument' if least == 1 else f'{least} arguments'}"
    return f"{least} to {most} arguments" if least else f"at most {most} arguments"


def check(run: Stanzas) -> None:
    """Raise Refused where a plugin's setup would end; as plugin/*/setup.go do."""
    setup = run.setup
    count = 0
    while run.next():
        if setup.once and count:
            raise run.refused(
                "may stand once in a server block",
                "this plugin can only be used once per Server Block",
                kind="duplicate",
                word=run.plugin,
            )
        count += 1
        arguments = head_arguments(run)
        seen = check_block(run, arguments)
        hook = HOOKS.get(run.plugin)
        if hook:
            hook(run, arguments, seen)
        if setup.first_only:
            return


def head_arguments(run: Stanzas) -> tuple[str, ...]:
    """Return the arguments of a plugin's line; raises Refused where one is wrong."""
    setup = run.setup
    name = run.plugin
    lead: list[str] = []
    for index in range(setup.words):
        if not run.next_arg():
            raise run.miscounted(name, setup.words + setup.least, None)
        lead.append(run.val)
        check_value(run, name, run.val, setup.values[index : index + 1])
    if setup.closed:
        if run.next_arg():
            raise run.miscounted(name, 0, 0)
        return ()
    early = EARLY.get(name)
    if early:
        early(run, tuple(lead))
    rest = run.remaining()
    if not setup.least <= len(rest) <= (len(rest) if setup.most is None else setup.most):
        most = None if setup.most is None else setup.words + setup.most
        says = setup.too_few if len(rest) < setup.least else ""
        raise run.miscounted(name, setup.words + setup.least, most, says)
    for index, argument in enumerate(rest):
        rules = setup.values[setup.words + index : setup.words + index + 1]
        check_value(run, name, argument, rules or optional(setup.rest))
    return (*lead, *rest)


def optional(value: Value | None) -> tuple[Value, ...]:
    """Return a rule as a tuple."""
    return (value,) if value else ()


def check_value(run: Stanzas, name: str, argument: str, rules: Iterable[Value]) -> None:
    """Raise Refused where a rule does not hold for an argument."""
    for rule in rules:
        says = None if UNRESOLVED.search(argument) else rule.says(argument)
        if says is not None:
            owner = f"{name} " if name != run.plugin else ""
            message = f"{owner}wants {rule.wants}, not {argument or 'nothing'}"
            raise run.refused(message, says, word=argument)


def check_block(run: Stanzas, arguments: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Return the properties of a plugin's block with their arguments, the last of each name."""
    seen: dict[str, tuple[str, ...]] = {}
    if not run.setup.block or (run.plugin == "loadbalance" and not reads_block(run, arguments)):
        return seen
    while run.next_block():
        name = run.val
        row = property_row(run.plugin, name, run.at)
        if row is None and run.plugin == "hosts" and "fallthrough" not in seen:
            run.remaining()  # an entry of the table of hosts
            continue
        if row is None or (run.plugin == "loadbalance" and not fits(name, arguments)):
            raise unknown_property(run, name)
        seen[name] = property_arguments(run, row)
        extra = PROPERTY_HOOKS.get((run.plugin, name))
        if extra:
            extra(run, seen[name])
    return seen


def property_arguments(run: Stanzas, row: Property) -> tuple[str, ...]:
    """Return the arguments of a property; raises Refused where one is wrong."""
    if row.takes is Takes.NOTHING:
        return ()
    if row.takes is Takes.WORDS:
        words: list[str] = []
        for _ in range(row.least):
            if not run.next_arg():
                raise run.miscounted(row.name, row.least, row.most)
            words.append(run.val)
        if row.most == 0 and run.next_arg():
            raise run.miscounted(row.name, 0, 0)
        found = tuple(words)
    else:
        found = run.remaining()
        if not row.least <= len(found) <= (len(found) if row.most is None else row.most):
            raise run.miscounted(row.name, row.least, row.most)
    for index, argument in enumerate(found):
        check_value(run, row.name, argument, row.values[index : index + 1] or optional(row.rest))
    if row.joined and not any(UNRESOLVED.search(one) for one in found):
        check_value(run, row.name, " ".join(found), (row.joined,))
    return found


def unknown_property(run: Stanzas, name: str) -> Refused:
    """Return the fault of a property that a version does not know, with what may be meant."""
    rows = [row for row in PROPERTIES.get(run.plugin, ()) if row.name == name]
    says = run.setup.unknown or "{at}unknown property '{value}'"
    says = says.replace("{value}", name)
    if rows and not any(within(run.at, row.since, row.until) for row in rows):
        message = f"{name} is known to CoreDNS {lifetime(rows)} only"
        return run.refused(message, says, kind="removed", word=name)
    message = f"has no property {name}"
    if UNRESOLVED.search(name):
        message += ", and the variable's value is not at hand"
    elif name in known_plugins():
        message += f"; {name} is a plugin: the closing brace of {run.plugin} is missing before it"
    elif name in "{}":
        message += "; a brace stands where a property is expected"
    elif close := difflib.get_close_matches(
        name[:64], {row.name for row in PROPERTIES.get(run.plugin, ())}, 1
    ):
        message += f"; {close[0]} may be meant"
    return run.refused(message, says, kind="property", word=name)


def check_forward(
    run: Stanzas, arguments: tuple[str, ...], seen: Mapping[str, tuple[str, ...]]
) -> None:
    """Raise Refused where forward would not take its upstreams."""
    for upstream in arguments[1:]:
        fault = upstream_fault(upstream, run.at)
        if fault:
            raise run.refused(*fault, kind="upstream", word=upstream)
    if len(arguments) - 1 > MAX_UPSTREAMS:
        raise run.refused(
            f"takes {MAX_UPSTREAMS} upstreams at most",
            f"more than {MAX_UPSTREAMS} TOs configured: {len(arguments) - 1}",
            kind="upstream",
            word=str(len(arguments) - 1),
        )


def upstream_fault(text: str, at: Version) -> tuple[str, str] | None:
    """Return our words and CoreDNS's against an upstream; None where it takes it, or may.

    A path may be that of a file. Since 1.14.4 a host name is looked up at the start, which may
    succeed. Source: plugin/pkg/parse/host.go, plugin/forward/{setup,resolve}.go.
    """
    if UNRESOLVED.search(text):
        return None
    scheme, host = transport(text)
    if not host:
        says = "invalid address" if at >= bound("1.11.0") else "not an IP address or file"
        return "an upstream is empty: a variable without a value?", f'{says}: "{text}"'
    if scheme == "https" and "/" in host and at >= bound("1.14.5"):
        return (
            f"{text}: an https upstream takes no path",
            "paths are not allowed in HTTPS upstream addresses "
            f"(the /dns-query path is used by default): {text}",
        )
    split = split_host_port(host)
    bare = host.strip("[]") if at >= bound("1.14.2") else host
    address = bare if isinstance(split, str) else split[0]
    if scheme != "unix" and not is_ip(address.rpartition("%")[0] or address):
        return unresolvable(host, address, scheme, at)
    allowed = [name for name, since in TRANSPORTS_OF_FORWARD if within(at, since, "")]
    if scheme in allowed or at < bound("1.7.0"):
        return None
    full = f"{scheme}://{host}" if scheme == "unix" or not isinstance(split, str) else ""
    says = f"'{scheme}' is not supported as a destination protocol in forward: {full}"
    return f"{text}: forward does not speak {scheme}", says if full else ""


def unresolvable(host: str, address: str, scheme: str, at: Version) -> tuple[str, str] | None:
    """Return the words against an upstream that is no IP address."""
    if host.endswith(",") and "/" not in host:
        says = f'not an IP address or file: "{host}"' if at < bound("1.14.4") else ""
        return f"{host}: upstreams are separated by spaces, without commas", says
    if "/" in host:
        return None
    if at < bound("1.14.4"):
        return (
            f"{host} is no IP address, and no path of a file",
            f'not an IP address or file: "{host}"',
        )
    if scheme in ("dns", "tls", "https") and is_domain_name(address.strip("[]")):
        return None
    return (
        f"{host} is no IP address, path or host name",
        f'not an IP address, file, or valid domain: "{host}"',
    )


def check_kubernetes_zones(run: Stanzas, _lead: tuple[str, ...]) -> None:
    """Raise Refused where the kubernetes plugin has reverse zones only."""
    ahead = run.cursor
    zones = origins(run.remaining(), run.block.keys)
    if all(zone.endswith(REVERSE_SUFFIXES) for zone in zones):
        raise run.refused("wants a zone that is not reverse", "non-reverse zone name must be used")
    run.cursor = ahead


def check_forward_zone(run: Stanzas, lead: tuple[str, ...]) -> None:
    """Raise Refused where forward would not take its zone."""
    if run.at >= bound("1.9.1") and zone_fault(lead[0], run.at) and not UNRESOLVED.search(lead[0]):
        raise run.refused(f"{lead[0]} is no zone", f"unable to normalize '{lead[0]}'", word=lead[0])


def check_kubernetes(
    run: Stanzas, _arguments: tuple[str, ...], seen: Mapping[str, tuple[str, ...]]
) -> None:
    """Raise Refused where properties of kubernetes exclude each other."""
    if {"namespaces", "namespace_labels"} <= seen.keys():
        raise run.refused(
            "namespaces and namespace_labels exclude each other",
            "{at}namespaces and namespace_labels cannot both be set",
            word="namespace_labels",
        )
    if {"zonal", "noendpoints"} <= seen.keys():
        raise run.refused(
            "zonal and noendpoints exclude each other",
            "{at}zonal requires the endpoint cache; remove noendpoints",
            word="zonal",
        )


def check_reload(
    run: Stanzas, arguments: tuple[str, ...], _seen: Mapping[str, tuple[str, ...]]
) -> None:
    """Raise Refused where the jitter of reload is too small; since 1.14.2 it may be 0."""
    jitter = duration_s(arguments[1]) if len(arguments) > 1 else None
    zero = run.at >= bound("1.14.2")
    if jitter is not None and jitter < 1 and not (zero and jitter == 0):
        least = "0 or greater" if zero else "greater"
        raise run.refused(
            f"the jitter {arguments[1]} is below 1s",
            f"jitter value must be {least} or equal to 1s",
            word=arguments[1],
        )


def check_transfer(
    run: Stanzas, _arguments: tuple[str, ...], seen: Mapping[str, tuple[str, ...]]
) -> None:
    """Raise Refused where transfer does not say to whom."""
    if "to" not in seen:
        raise run.refused("wants the property to", "plugin/transfer: {at}'to' is required")


def reads_block(run: Stanzas, arguments: tuple[str, ...]) -> bool:
    """Whether loadbalance reads a block; raises Refused where its arguments are wrong."""
    policy = arguments[0] if arguments else "round_robin"
    if policy == "round_robin" and len(arguments) > 1:
        raise run.refused("round_robin takes no argument", "{at}unknown property for round_robin")
    if policy == "weighted" and len(arguments) == 1:
        raise run.refused("weighted wants a file", "{at}missing weight file argument")
    return policy == "weighted" or run.at >= bound("1.12.4")


def fits(name: str, arguments: tuple[str, ...]) -> bool:
    """Whether a property of loadbalance belongs to its policy."""
    return name == ("reload" if arguments[:1] == ("weighted",) else "prefer")


def check_health_check(run: Stanzas, arguments: tuple[str, ...]) -> None:
    """Raise Refused where health_check of forward has an option that it does not know."""
    options = list(arguments[1:])
    while options:
        option = options.pop(0)
        takes_domain = option == "domain" and run.at >= bound("1.9.2")
        if takes_domain and options:
            options.pop(0)
        elif takes_domain:
            raise run.miscounted("domain", 1, 1)
        elif option != "no_rec" and not UNRESOLVED.search(option):
            message = f"health_check has no option {option}"
            raise run.refused(message, f"health_check: unknown option {option}", word=option)


def check_rewrite(
    run: Stanzas, arguments: tuple[str, ...], _seen: Mapping[str, tuple[str, ...]]
) -> None:
    """Raise Refused where a rule of rewrite is wrong: its type, its words, its expressions."""
    words = list(arguments)
    if len(words) < 2:
        while run.next_block():
            words.append(run.val)
    if not words:
        raise run.refused("names no rule", "no rule type specified for rewrite")
    first = words[0].lower()
    if first in ("continue", "stop"):
        words.pop(0)
        if not words:
            message = f"{first} rule must begin with a rule type"
            raise run.refused(f"{first} names no rule", message, word=first)
    kind, rule = words[0].lower(), words[1:]
    if UNRESOLVED.search(kind):
        return
    if kind == "answer":
        message = "response rewrites must begin with a name rule"
        raise run.refused("answer stands only after a name rule", message, word=kind)
    if property_row("rewrite", kind, run.at) is None:
        rows = [row for row in PROPERTIES["rewrite"] if row.name == kind]
        raise run.refused(
            f"rules of {kind} are known to CoreDNS {lifetime(rows)} only"
            if rows
            else f"has no rules of type {words[0]}",
            f'invalid rule type "{first if rows else words[0]}"',
            kind="removed" if rows else "argument",
            word=words[0],
        )
    least, most = RULE_WORDS[kind]
    if len(rule) < least or (most is not None and len(rule) > most):
        says = RULE_SAYS[kind].replace("{count}", str(len(rule)))
        message = f"a rule of {kind} takes {count_words(least, most)}"
        raise run.refused(message, says, word=kind)
    if kind == "name":
        check_name_rule(run, rule)


RULE_WORDS: dict[str, tuple[int, int | None]] = {
    "name": (2, None),
    "type": (2, 2),
    "class": (2, 2),
    "edns0": (2, None),
    "ttl": (2, 3),
    "cname": (2, 3),
    "rcode": (3, 4),
}
RULE_SAYS = {
    "name": "too few arguments for a name rule",
    "type": "type rules must have exactly two arguments",
    "class": "class rules must have exactly two arguments",
    "edns0": "too few arguments for an EDNS0 rule",
    "ttl": "too few ({count}) arguments for a ttl rule",
    "cname": "too few ({count}) arguments for a cname rule",
    "rcode": "too few ({count}) arguments for a rcode rule",
}
MATCHES = ("exact", "prefix", "suffix", "substring", "regex")


def check_name_rule(run: Stanzas, rule: Sequence[str]) -> None:
    """Raise Refused where a name rule of rewrite is wrong, as far as all versions agree."""
    match = rule[0].lower() if len(rule) > 2 else "exact"
    if UNRESOLVED.search(match):
        return
    if match not in MATCHES and len(rule) == 3:
        raise run.refused(
            f"names match by {', '.join(MATCHES)}, not by {match}",
            "name rule supports only exact, prefix, suffix, substring, and regex name matching, "
            f"received: {match}",
            word=match,
        )
    if match == "regex" and regex_fault(rule[1]) and not UNRESOLVED.search(rule[1]):
        raise run.refused(
            f"{rule[1]} is no regular expression: {regex_fault(rule[1])}",
            f"invalid regex matching pattern: {rule[1]}",
            word=rule[1],
        )
    if len(rule) > 3 and rule[3] not in ("answer", "metadata"):
        raise run.refused(f"{rule[3]} follows a name rule, where only answer may", word=rule[3])


Hook = Callable[[Stanzas, tuple[str, ...], Mapping[str, tuple[str, ...]]], None]
HOOKS: dict[str, Hook] = {
    "forward": check_forward,
    "kubernetes": check_kubernetes,
    "reload": check_reload,
    "rewrite": check_rewrite,
    "transfer": check_transfer,
}
EARLY: dict[str, Callable[[Stanzas, tuple[str, ...]], None]] = {
    "forward": check_forward_zone,
    "kubernetes": check_kubernetes_zones,
}
PROPERTY_HOOKS: dict[tuple[str, str], Callable[[Stanzas, tuple[str, ...]], None]] = {
    ("forward", "health_check"): check_health_check,
}

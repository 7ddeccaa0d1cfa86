"""The lines of one plugin, read word by word as its set-up does.

Source: coredns/caddy caddyfile/dispenser.go at v1.1.4 and before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from diagnose.facts.corefile import (
    UNRESOLVED,
    Directive,
    Refused,
    ServerBlock,
    SyntaxFault,
    Token,
    same_line,
)
from diagnose.facts.corefile_rules import Setup, Value, Version, bound


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
        self.zones: tuple[str, ...] = ()

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
        """Go to the next word within the block; False at its end, or without a block.

        Blocks in blocks are entered since Caddy v1.1.4 (CoreDNS 1.15.0), before they are words.
        """
        if self.nesting:
            if not self.next():
                return False
            if self.val != "{" or self.at < bound("1.15.0"):
                self.nesting -= self.val == "}"
                return self.val != "}"
            self.cursor -= 1
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
                spot=self.nearest(word).spot(self.offset),
            )
        )

    def nearest(self, word: str) -> Token:
        """Return the last token of the current line that is a word; the current one without it."""
        for at in range(self.cursor, -1, -1):
            if self.tokens[at].text == word:
                return self.tokens[at]
            if at and not same_line(self.tokens[at - 1], self.tokens[at]):
                break
        return self.token

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


Hook = Callable[[Stanzas, tuple[str, ...], Mapping[str, tuple[str, ...]]], None]


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

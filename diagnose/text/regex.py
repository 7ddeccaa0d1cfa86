"""Regular expressions that are compiled when they are first used.

There are some five hundred in the tables of this package; compiling them takes longer than
Python's start, and a run uses few of them.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, Generic, cast

MEMBERS = tuple(name for name in dir(re.Pattern) if not name.startswith("_"))


class Later(Generic[AnyStr]):
    """A pattern until its first use; from then on its members are those of the compiled one."""

    def __init__(self, text: AnyStr, flags: int) -> None:
        """Keep what re.compile takes."""
        self.pattern: AnyStr = text
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        compiled = re.compile(self.pattern, self._flags)
        vars(self).update((member, getattr(compiled, member)) for member in MEMBERS)
        return getattr(compiled, name)


def regex(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return what re.compile returns, but for the work, which is put off until it is used.

    A mistake in the expression raises re.error there; the tests use every one. The functions of
    module re do not take the result for a pattern: its methods are there for that.
    """
    return cast("re.Pattern[AnyStr]", Later(text, flags))

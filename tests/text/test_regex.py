"""Regular expressions that are compiled when they are first used."""

import gc
import importlib
import pkgutil
import re

import pytest

import diagnose
from diagnose.text.regex import Later, regex


def test_it_does_what_the_compiled_one_does() -> None:
    """Every member is there, with the flags applied, for text and for bytes."""
    pattern = regex(r"(?P<word>[a-z]+) ", re.IGNORECASE)
    compiled = re.compile(r"(?P<word>[a-z]+) ", re.IGNORECASE)
    assert pattern.sub("-", "Ab cd ") == "--"
    assert [found["word"] for found in pattern.finditer("Ab cd ")] == ["Ab", "cd"]
    assert (pattern.pattern, pattern.flags, pattern.groups, pattern.groupindex) == (
        compiled.pattern,
        compiled.flags,
        compiled.groups,
        compiled.groupindex,
    )
    assert regex(rb"\d").findall(b"a1b2") == [b"1", b"2"]


def test_it_is_compiled_at_its_first_use() -> None:
    """A mistake shows at the first use: before, nothing was compiled."""
    pattern = regex("(")
    assert pattern.pattern == "("
    with pytest.raises(re.error):
        pattern.match("")


def test_every_expression_of_the_package_compiles() -> None:
    """What importing the tables no longer proves, this does."""
    for module in pkgutil.walk_packages(diagnose.__path__, "diagnose."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    later = [one for one in gc.get_objects() if isinstance(one, Later) and one.pattern != "("]
    assert len(later) > 300
    assert all(one.groups >= 0 for one in later)

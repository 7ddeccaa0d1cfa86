"""Reading decoded JSON of the API, whatever shape it has; nothing here raises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Object = Mapping[str, Any]


def at(value: object, *path: str | int) -> Any:
    """Return what stands at a path in decoded JSON; None when there is nothing of that shape."""
    for one in path:
        if isinstance(one, int):
            value = value[one] if isinstance(value, list) and len(value) > one else None
        else:
            value = value.get(one) if isinstance(value, dict) else None
    return value


def text_at(value: object, *path: str | int) -> str:
    """Return the text at a path; "" when there is none."""
    found = at(value, *path)
    return found if isinstance(found, str) else ""


def number_at(value: object, *path: str | int) -> int:
    """Return the whole number at a path; 0 when there is none, as the API leaves zeros out."""
    found = at(value, *path)
    return found if isinstance(found, int) else 0


def several_at(value: object, *path: str | int) -> list[Object]:
    """Return the objects of the list at a path."""
    found = at(value, *path)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def labels_at(value: object, *path: str | int) -> dict[str, str]:
    """Return the texts of the mapping at a path."""
    found = at(value, *path)
    if not isinstance(found, dict):
        return {}
    return {key: one for key, one in found.items() if isinstance(one, str)}


def name_of(one: Object) -> str:
    """Return an object's name."""
    return text_at(one, "metadata", "name")


def space_of(one: Object) -> str:
    """Return an object's namespace."""
    return text_at(one, "metadata", "namespace")


def selector_text(labels: Mapping[str, str]) -> str:
    """Return labels as a selector."""
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))

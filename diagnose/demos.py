"""The recorded incidents that ship with the package."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path

from diagnose.values import dataclass

FOLDER = Path(__file__).parent / "demo"
ABOUT = "about.toml"
BUNDLE = "bundle.tar.gz"


@dataclass(frozen=True)
class Demo:
    """One incident: a folder of evidence or a recorded bundle, and when it was recorded."""

    name: str
    title: str
    folder: Path
    taken_at: datetime

    @property
    def evidence(self) -> Path:
        """What `run --from` takes: the bundle in the folder, or the folder itself."""
        bundle = self.folder / BUNDLE
        return bundle if bundle.exists() else self.folder


def cases() -> tuple[Demo, ...]:
    """Return the incidents by their rank in about.toml; the first is the one to show."""
    found = []
    for about in FOLDER.glob(f"*/{ABOUT}"):
        told = tomllib.loads(about.read_text(encoding="utf-8"))
        at = told["taken_at"]
        taken_at = at if at.tzinfo else at.replace(tzinfo=UTC)
        found.append((told["rank"], Demo(about.parent.name, told["title"], about.parent, taken_at)))
    return tuple(demo for _, demo in sorted(found, key=lambda pair: pair[0]))

"""How often the first cause is the right one: over recorded incidents, by family.

    python -m bench.accuracy [--corpus FOLDER]

The bundles of tests/recorded/ are held against what was staged in the lab. A corpus of incidents
with its own score.py, by default ../shared/corpus, is scored too where it is there.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
from pathlib import Path

from tabulate import tabulate

from diagnose.collect import diagnose, evidence_of
from diagnose.registry import load
from diagnose.report.json import render
from diagnose.sources import given
from lab.fault import catalogue
from lab.trial import Said, faults_of

ROOT = Path(__file__).resolve().parent.parent
RECORDED = ROOT / "tests" / "recorded"
CORPUS = ROOT.parent / "shared" / "corpus"


def recorded() -> list[tuple[str, str, str]]:
    """Return for each bundle its fault, the family of the first cause, and what is wrong."""
    checks = load().checks
    faults = catalogue()
    rows = []
    for path in sorted(RECORDED.glob("*.tar.gz")):
        name = path.name.removesuffix(".tar.gz")
        haul = given.read(str(path), io.BytesIO())
        if haul.taken_at is None:
            raise ValueError(f"{path}: a bundle without its time")
        said = Said(json.loads(render(diagnose(checks, evidence_of(haul), haul.taken_at))), 0)
        family = said.told[0]["family"] if said.told else "healthy"
        rows.append((name, family, "; ".join(faults_of(said, faults[name].expect, "first"))))
    return rows


def main() -> None:
    """Print a table by family, what is wrong, and the corpus's own figures."""
    options = argparse.ArgumentParser(description="Score recorded incidents.")
    options.add_argument("--corpus", type=Path, default=CORPUS)
    corpus = options.parse_args().corpus
    rows = recorded()
    families = sorted({family for _, family, _ in rows})
    table = [
        (
            family,
            sum(one == family and not wrong for _, one, wrong in rows),
            sum(one == family for _, one, _ in rows),
        )
        for family in families
    ]
    table.append(("all", sum(not wrong for *_, wrong in rows), len(rows)))
    print("Bundles recorded in the lab")
    print(tabulate(table, ("family of the first cause", "right", "of"), tablefmt="simple"))
    for name, _, wrong in rows:
        if wrong:
            print(f"{name}: {wrong}")
    score = corpus / "score.py"
    if score.is_file():
        print(f"\n{corpus}")
        command = f"{sys.executable} -m diagnose"
        words = [sys.executable, str(score), "--corpus", str(corpus), "--corediag", command]
        subprocess.run(words, check=True)


if __name__ == "__main__":
    main()

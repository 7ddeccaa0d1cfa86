"""The lab's commands: `python -m lab build|up|down|status|shell|faults|fault|test|record`."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import click

from lab import lifecycle, plan
from lab.build import build, cache, missing_prerequisites
from lab.cluster import Lab
from lab.fault import catalogue
from lab.network import CHECKOUT
from lab.pins import COREDNS
from lab.process import LabError, Missing, say
from lab.trial import attempt

FAILED, LACKS = 1, 69  # 69 is EX_UNAVAILABLE of sysexits: the machine lacks something


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Run a real Kubernetes cluster on this machine and stage DNS faults in it."""


@cli.command("build")
@click.argument("versions", nargs=-1)
def build_command(versions: tuple[str, ...]) -> None:
    """Build everything into the cache, with these VERSIONS of CoreDNS (default: the pinned one)."""
    build(versions or (COREDNS,))


@cli.command()
@click.option("--coredns", default=COREDNS, show_default=True, help="Version of CoreDNS.")
@click.option("--helm", is_flag=True, help="Deploy CoreDNS as its helm chart does.")
def up(coredns: str, helm: bool) -> None:
    """Start the lab, or mend it; print the kubeconfig's path."""
    seconds = lifecycle.up(Lab(coredns, helm))
    say(f"the lab is well after {seconds:.0f}s")
    click.echo(plan.kubeconfig())


@cli.command()
def down() -> None:
    """End the lab and everything in it; what was built stays in the cache."""
    lifecycle.down()


@cli.command()
def status() -> None:
    """Tell what runs."""
    for line in lifecycle.status():
        click.echo(line)


@cli.command()
@click.argument("node", default=plan.FIRST.name)
def shell(node: str) -> None:
    """Open a shell on a NODE (or `outside`, where the upstream resolver runs)."""
    words = lifecycle.shell_words(node)
    os.execvp(words[0], words)


@cli.command()
@click.argument("faults", nargs=-1)
@click.option("--founding", is_flag=True, help="Only the founding cases.")
@click.option("--coredns", multiple=True, help="Version of CoreDNS; may be repeated.")
@click.option(
    "--tries", default=1, show_default=True, help="Tries of a fault that comes out wrong."
)
@click.option("--folder", type=click.Path(path_type=Path), help="Where reports are kept.")
def test(
    faults: tuple[str, ...],
    founding: bool,
    coredns: tuple[str, ...],
    tries: int,
    folder: Path | None,
) -> None:
    """Stage FAULTS (default: all) one after another and let corediag find and cure each."""
    build(coredns or (COREDNS,))
    words = [sys.executable, "-m", "pytest", "-m", "lab", "-v", "--no-header", "-p"]
    words += ["no:cacheprovider", "--lab-tries", str(tries)]
    words += [str(CHECKOUT / "tests" / "lab"), "--lab-coredns", ",".join(coredns or (COREDNS,))]
    words += ["--lab-faults", ",".join(faults)] if faults else []
    words += ["--lab-founding"] if founding else []
    words += ["--lab-folder", str(folder)] if folder else []
    os.environ["COREDIAG_LAB_CACHE"] = str(cache())  # the tests give themselves another home
    os.chdir(CHECKOUT)
    os.execv(sys.executable, words)


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.argument("faults", nargs=-1)
def record(folder: Path, faults: tuple[str, ...]) -> None:
    """Write a bundle and reports of each of the FAULTS (default: all) into FOLDER."""
    lab = Lab.running()
    known = catalogue()
    if unknown := [name for name in faults if name not in known]:
        raise LabError(f"no fault {', '.join(unknown)}; there are {', '.join(known)}")
    for name in faults or known:
        trial = attempt(lab, known[name], folder)
        say(f"{name}: {'; '.join(trial.wrong) or 'right'}")
        if not trial.healed_s:
            lifecycle.up(lab)


@cli.command("faults")
def faults_command() -> None:
    """List the faults that can be staged."""
    for fault in catalogue().values():
        click.echo(f"{fault.name:28}  {fault.title}")


@cli.command()
@click.argument("fault")
@click.argument("step", type=click.Choice(("stage", "symptom", "cure", "healed")), nargs=-1)
def fault(fault: str, step: tuple[str, ...]) -> None:
    """Take single steps of one FAULT, to look at it by hand: stage, symptom, cure, healed."""
    known = catalogue()
    if fault not in known:
        raise LabError(f"no fault {fault}; there are {', '.join(known)}")
    lab = Lab.running()
    for name in step or ("stage", "symptom"):
        started = time.monotonic()
        getattr(known[fault], name)(lab)
        say(f"{fault}: {name} in {time.monotonic() - started:.0f}s")


def main() -> None:
    """Run a command; say in one line what the machine lacks or what went wrong."""
    try:
        cli(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except Missing as error:
        for line in missing_prerequisites() or str(error).splitlines():
            say(f"lab: {line}")
        sys.exit(LACKS)
    except LabError as error:
        say(f"lab: {error}")
        sys.exit(FAILED)
    except (KeyboardInterrupt, click.Abort):
        sys.exit(130)


if __name__ == "__main__":
    main()

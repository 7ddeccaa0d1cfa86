"""The remedies of several findings become one ordered list."""

from diagnose.model import CLUSTER, Finding, Remedy, Risk, Subject
from diagnose.report.steps import remedies, steps
from tests.report.samples import many, proven_loop


def a_step(title: str, *commands: str, risk: Risk = Risk.SAFE) -> Remedy:
    """Return a step without a reason."""
    return Remedy(title, commands, risk, "")


def a_finding(*remedy: Remedy, subject: Subject = CLUSTER) -> Finding:
    """Return a finding with a remedy."""
    return Finding(subject, "message", (), remedy)


PROXY = a_step("restart kube-proxy", "kubectl a", risk=Risk.DISRUPTIVE)
FLANNEL = a_step("restart flannel", "kubectl b", risk=Risk.DISRUPTIVE)
LOOK = a_step("look", "kubectl c")


def test_the_same_step_is_told_once() -> None:
    """Two findings with one remedy need each step once, in its order."""
    assert remedies([a_finding(LOOK, PROXY), a_finding(LOOK, PROXY)]) == (LOOK, PROXY)


def test_a_step_is_put_where_its_own_list_has_it() -> None:
    """A finding that brings an earlier step never puts it after a later one."""
    assert remedies([a_finding(FLANNEL), a_finding(PROXY, FLANNEL)]) == (PROXY, FLANNEL)
    assert remedies([a_finding(LOOK, FLANNEL), a_finding(LOOK, PROXY, FLANNEL)]) == (
        LOOK,
        PROXY,
        FLANNEL,
    )


def test_a_step_after_a_known_one_follows_it() -> None:
    """What comes last in its own list comes last."""
    assert remedies([a_finding(LOOK, PROXY), a_finding(PROXY, FLANNEL)]) == (LOOK, PROXY, FLANNEL)


def test_equal_titles_with_other_risk_are_two_steps() -> None:
    """Only what is the same in everything but names is one step."""
    twin = a_step("look", "kubectl c", risk=Risk.MANUAL)
    assert len(steps([a_finding(LOOK), a_finding(twin)])) == 2


def test_steps_of_many_nodes_are_one_with_names() -> None:
    """A step that 50 nodes need is one step for 50 objects."""
    look, proxy, flannel = steps(many().causes[0].verdict.findings)
    assert len(look.remedies) == 200
    assert len(proxy.remedies) == 50
    assert proxy.names[:2] == ("worker-001", "worker-002")
    assert flannel.first.title == "Then restart flannel on worker-001"


def test_two_like_steps_of_one_finding_stay_two() -> None:
    """Numbers do not merge steps within one remedy: first one thing, then the next."""
    first, second = a_step("delete 1", "kubectl 1"), a_step("delete 2", "kubectl 2")
    assert len(steps([a_finding(first, second)])) == 2


def test_a_finding_without_remedy_has_no_steps() -> None:
    """Nothing is made up."""
    assert steps([Finding(CLUSTER, "message", ())]) == ()


def test_order_of_one_finding_is_kept() -> None:
    """The remedy of the founding case reads as its check wrote it."""
    (finding,) = proven_loop().causes[0].verdict.findings
    assert remedies([finding]) == finding.steps

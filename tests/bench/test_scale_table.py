"""What bench-scale counts, and how it says it."""

import json

from bench.scale.contenders import FLOOR, RUNG_1, Spent
from bench.scale.relay import Asked, Reader
from bench.scale.table import Measured, against_floor, beside, markdown, wrong

TITLES = {"healthy": "healthy", "cni0": "cni0 in conflict"}
SIZES = {"S": "a few", "L": "many"}


def measured(name: str, *walls: float, size: str = "S", **rest: object) -> Measured:
    """Return a measurement with some wall times."""
    runs = tuple(Spent(wall, wall / 2, 50 + wall, 0.1, 0) for wall in walls)
    return Measured(size, "healthy", name, runs, **{"requests": 10, **rest})  # type: ignore[arg-type]


def test_a_table_holds_medians() -> None:
    """Of an odd number of runs the middle one, and a title for each size and state."""
    text = markdown(
        [
            measured(RUNG_1, 3.0, 1.0, 1.5, received_bytes=1_500_000, verdict=""),
            measured(FLOOR, 0.5),
        ],
        TITLES,
        SIZES,
    )
    assert text.startswith("### S (a few): healthy\n")
    row = next(line for line in text.splitlines() if RUNG_1 in line)
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells == [RUNG_1, "1.50", "0.75", "52", "10", "1.50", "0.10", "3", "none"]
    bare = next(line for line in text.splitlines() if FLOOR in line)
    assert [cell.strip() for cell in bare.strip("|").split("|")][3] == ""


def test_a_wrong_verdict_is_said() -> None:
    """In the row and in the list; a right one, and a tool without verdicts, are not."""
    bad = measured(RUNG_1, 1.0, verdict="loop", expected=("cni0-conflict",))
    good = measured("corediag run", 1.0, verdict="cni0-conflict", expected=("cni0-conflict",))
    silent = measured("corediag run", 1.0, verdict="", expected=("cni0-conflict",))
    other = measured("kubectl", 1.0)
    assert len(wrong([bad, good, other])) == 1
    assert good.right is not False
    assert not silent.right
    assert "loop (WRONG)" in markdown([bad], TITLES, SIZES)
    assert measured(RUNG_1, 1.0, verdict="").right
    assert not measured(RUNG_1, 1.0, verdict="loop").right


def test_a_tool_that_fails_is_seen_to_fail() -> None:
    """A process that was killed for its time has no time to compare."""
    killed = Measured("S", "healthy", "popeye", (Spent(300, 1, 5, 1, -9),))
    assert "cut off at 100 s" in markdown([killed], TITLES, SIZES)
    failed = Measured("S", "healthy", "popeye", (Spent(1, 1, 5, 1, 2),))
    assert "exit 2" in markdown([failed], TITLES, SIZES)


def test_requests_that_grow_are_said() -> None:
    """Of corediag on healthy clusters; other tools may do as they like."""
    small, large = (measured(RUNG_1, 1.0, verdict="", size=one) for one in "SL")
    assert wrong([small, large]) == []
    more = measured(RUNG_1, 1.0, verdict="", size="L", requests=11)
    assert "requests grow" in wrong([small, more])[0]
    assert wrong([measured("kubectl", 1.0), measured("kubectl", 1.0, size="L", requests=99)]) == []


def test_the_floor_is_set_against_the_run() -> None:
    """What a run takes beyond twice its bare transfer."""
    text = against_floor([measured(RUNG_1, 1.2), measured(FLOOR, 0.5)])
    assert text.splitlines()[-1].split("|")[-2].strip() == "0.20"
    assert "0.125" in beside({"S": {"start": 0.1254}})


def test_data_is_json() -> None:
    """With each run, the medians and whether the verdict is right."""
    data = json.loads(json.dumps(measured(RUNG_1, 1.0, 2.0, verdict="").data()))
    assert data["medians"]["wall_s"] == 1.5
    assert data["right"] is True
    assert len(data["runs"]) == 2


def test_the_relay_takes_requests_apart() -> None:
    """However the bytes arrive: bodies are skipped, nothing is read after an upgrade."""
    stream = (
        b"GET /api/v1/pods?limit=5 HTTP/1.1\r\nHost: x\r\nAccept: a/b\r\n\r\n"
        b"POST /apis/review HTTP/1.1\r\nContent-Length: 7\r\n\r\nGET / x"
        b"GET /portforward HTTP/1.1\r\nUpgrade: websocket\r\n\r\n\x82\x00GET / HTTP/1.1\r\n\r\n"
    )
    for size in (1, 7, len(stream)):
        asked: list[Asked] = []
        reader = Reader(asked.append)
        for start in range(0, len(stream), size):
            reader.feed(stream[start : start + size])
        assert [(one.method, one.target, one.upgrade) for one in asked] == [
            ("GET", "/api/v1/pods?limit=5", False),
            ("POST", "/apis/review", False),
            ("GET", "/portforward", True),
        ]
        assert asked[0].headers == {"accept": "a/b"}

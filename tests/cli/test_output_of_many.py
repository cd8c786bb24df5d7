"""What commands print of many packages: what differs, equal findings once, in the width of the terminal."""

from __future__ import annotations

import pytest

from castoff.cli.commands.check import show_checks
from castoff.cli.commands.ci import show_files
from castoff.cli.commands.init import show_left
from castoff.cli.render.postrelease import AnswerPrinter
from castoff.cli.render.text import show_all, show_result, show_states, show_unordered, show_waves
from castoff.cli.render.words import MANY, wrapped
from castoff.errors import Problem, Severity
from castoff.model.acts import Off
from castoff.model.graph import JudgedEdge, Order
from castoff.model.workspace import Edge
from castoff.postrelease.verify.result import Verified
from castoff.preflight.stage import Checked
from castoff.reconcile import StageState
from castoff.reconcile.observer import PartState
from castoff.reconcile.part import Stage
from castoff.release.run import Result, Upload
from castoff.release.unproven import Unproven
from castoff.release_tools.reading import Left
from castoff.values import replace
from castoff.workflows.plan import WorkflowFile


def warned(number: int, *problems: Problem) -> Checked:
    return Checked(f"published:p{number}", "preflight", "warn", problems)


def new(number: int, remedy: str = "use another token") -> Problem:
    return Problem(
        code="name-new", severity="warning", message=f"`p{number}` is new", reason="so", remedy=remedy
    )


PASSED = tuple(Checked(f"free:p{number}", "preflight", "pass") for number in range(92))


def printed(
    capsys: pytest.CaptureFixture[str], answers: tuple[Checked, ...], *, verbose: bool = False
) -> list[str]:
    show_checks(answers, verbose=verbose)
    return capsys.readouterr().out.splitlines()


def test_of_many_checks_only_those_that_differ_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, (*PASSED, *(warned(one, new(one)) for one in range(6))))

    assert lines == [
        " preflight  published:p0 and 5 more  warn    6 found",
        "            ! `p0` is new [name-new]",
        "            ! `p1` is new [name-new]",
        "            ! `p2` is new [name-new]",
        "              reason: so",
        "              remedy: use another token",
        "            3 more of the kind name-new",
        "",
        "92 passed, 6 warned, 0 failed, 0 unknown",
        "`castoff check -v` lists every check",
    ]


def test_what_one_of_several_packages_has_besides_is_a_row_of_its_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    half = Problem(
        code="half-released", severity="error", message="`p1` is half out", reason="", remedy="yank"
    )
    answers = (*PASSED, warned(0, new(0)), replace(warned(1, half, new(1)), result="fail"), warned(2, new(2)))

    lines = [one.rstrip() for one in printed(capsys, answers)[:-3]]

    assert [one for one in lines if "reason:" not in one and "remedy:" not in one] == [
        " preflight  published:p0 and 2 more  warn    3 found",
        "            ! `p0` is new [name-new]",
        "            ! `p1` is new [name-new]",
        "            ! `p2` is new [name-new]",
        " preflight  published:p1             FAIL",
        "            x `p1` is half out [half-released]",
    ]


@pytest.mark.parametrize(
    ("findings", "counted"),
    [
        pytest.param(4, [], id="one more would take the line that counts it"),
        pytest.param(5, ["            2 more of the kind name-new"], id="more are counted"),
    ],
)
def test_a_few_findings_are_all_shown(
    findings: int, counted: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    lines = printed(capsys, (warned(0, *(new(one) for one in range(findings))),))

    assert [one for one in lines if "more of the kind" in one] == counted


def test_everything_is_listed_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, (*PASSED, *(warned(one, new(one)) for one in range(6))), verbose=True)

    assert sum(" pass" in one for one in lines) == 92 + 1  # and the summary
    assert sum("is new" in one for one in lines) == 6


def test_a_remedy_stands_below_what_it_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, (warned(0, new(0), new(1, "ask the owner"), new(2, "ask the owner")),))

    assert [one.strip() for one in lines[1:-2] if "reason" not in one] == [
        "! `p0` is new [name-new]",
        "remedy: use another token",
        "! `p1` is new [name-new]",
        "! `p2` is new [name-new]",
        "remedy: ask the owner",
    ]


def test_what_many_checks_found_is_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, (warned(0, new(0)), warned(1, new(0))))

    assert sum("is new" in one for one in lines) == 1


@pytest.mark.parametrize(
    ("problems", "shown"),
    [
        pytest.param(
            (new(0), new(1)),
            [
                "warning[name-new]: `p0` is new",
                "warning[name-new]: `p1` is new",
                "  reason: so",
                "  remedy: use another token",
            ],
            id="what they have in common, once",
        ),
        pytest.param(
            (new(0), new(1, "ask the owner")),
            [
                "warning[name-new]: `p0` is new",
                "  reason: so",
                "  remedy: use another token",
                "warning[name-new]: `p1` is new",
                "  reason: so",
                "  remedy: ask the owner",
            ],
            id="another remedy stands apart",
        ),
    ],
)
def test_problems_are_shown_with_what_they_have_in_common(
    problems: tuple[Problem, ...], shown: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    show_all(problems)

    assert capsys.readouterr().err.splitlines() == shown


@pytest.mark.parametrize(
    ("severity", "lines", "counted"),
    [("warning", 12 + 3, "  8 more of the kind name-new (see --json)"), ("error", 20 + 2, None)],
)
def test_of_many_warnings_of_one_kind_the_first_are_shown_and_of_errors_all(
    severity: Severity, lines: int, counted: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    show_all([replace(new(number), severity=severity) for number in range(20)])

    printed = capsys.readouterr().err.splitlines()
    assert len(printed) == lines
    assert counted is None or counted in printed


@pytest.mark.parametrize(
    ("verbose", "lines"),
    [
        (True, ["pass     a:1", "pass     a:2", "pass     a:3", "pass     a:4", "pass     a:5", "unknown  a:6",
                "off      b:1  none", "pass     c"]),
        (False, ["pass     a:1", "pass     a:2", "pass     a:3", "unknown  a:6", "off      b:1  none", "pass     c",
                 "pass     a  2 more (-v lists them)"]),
    ],
)  # fmt: skip
def test_of_many_answers_as_expected_the_first_are_shown(
    verbose: bool, lines: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    printer = AnswerPrinter(verbose=verbose)
    answers = [*(Verified(id=f"a:{number}", result="pass") for number in range(1, 6)),
               Verified(id="a:6", result="unknown"), Verified(id="b:1", result="off", note="none"),
               Verified(id="c", result="pass")]  # fmt: skip
    for one in answers:
        printer.show(one)
    printer.show_rest()

    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == lines


def test_a_rehearsal_that_stopped_before_its_uploads_shows_only_why(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stopped = Result(
        version="1.1.0",
        waves=(),
        resumed=False,
        stages=(),
        not_proven=(Unproven("you", "your key", "whether your own key signs"),),
        problems=(replace(new(0), severity="error"),),
    )

    show_result(stopped, embedded=True)
    show_result(replace(stopped, problems=()), embedded=True)

    assert capsys.readouterr().out.count("what a rehearsal cannot prove") == 1


def test_what_a_rehearsal_cannot_prove_has_a_line_for_each_whose_it_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    unproven = (
        Unproven("you", "your key", "whether your own key signs"),
        Unproven("you", "your tokens", "whether your tokens may publish"),
        Unproven("PyPI", "2 rules", "rules of PyPI: whether this; whether that"),
    )
    result = Result(version="1.1.0", waves=(), resumed=False, stages=(), not_proven=unproven)

    show_result(result, embedded=True)
    short = capsys.readouterr().out.splitlines()
    show_result(result, embedded=True, verbose=True)

    assert short[-3:] == [
        "what a rehearsal cannot prove (-v has it in full):",
        "  you: your key, your tokens",
        "  PyPI: 2 rules",
    ]
    assert capsys.readouterr().out.splitlines()[-3:] == [f"  - {one.text}" for one in unproven]


@pytest.mark.parametrize(
    ("files", "window", "shown"),
    [
        (1, 2.7, "1 file uploaded; mismatch window 2.7 s, from the first upload to the last"),
        (3, None, "1 of 3 files uploaded; an earlier run uploaded the others and began the mismatch window"),
    ],
)
def test_the_mismatch_window_is_told_by_the_run_that_uploaded_everything(
    files: int, window: float | None, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    uploads = (Upload(package="p", filename="p-1.1.0.crate", digest="0", order=1),)
    result = Result(version="1.1.0", waves=(), resumed=False, stages=(), uploads=uploads, files=files)

    show_result(replace(result, mismatch_window=window))

    assert shown in capsys.readouterr().out.splitlines()


def test_files_for_ci_are_listed_without_their_texts(capsys: pytest.CaptureFixture[str]) -> None:
    show_files(
        [WorkflowFile("a.yml", "on: push\n", "checks labels"), WorkflowFile("b.txt", "1\n" * 900, "hashes")]
    )

    shown = capsys.readouterr()
    assert shown.out.splitlines() == ["a.yml: checks labels", "b.txt: hashes"]
    assert shown.err == "nothing was written: pass `--write .` to write these files, or -v to print them\n"


def test_what_init_leaves_is_shown_once_for_each_reason(capsys: pytest.CaptureFixture[str]) -> None:
    left = [
        Left(where="tool.json", what="the changelog of `a`", reason="one is kept"),
        Left(where="tool.json:3", what="`commit`", reason="castoff commits"),
        Left(where="tool.json", what="the changelog of `b`", reason="one is kept"),
    ]

    show_left("not needed", left)
    show_left("remove", [replace(one, need="removal") for one in left[::2]])

    assert capsys.readouterr().err.splitlines() == [
        "not needed: tool.json: the changelog of `a`",
        "    and 1 more like it (see --json)",
        "  one is kept",
        "not needed: tool.json:3: `commit`",
        "  castoff commits",
        "remove: tool.json: the changelog of `a`",
        "remove: tool.json: the changelog of `b`",
        "  one is kept",
    ]


def test_a_stage_that_this_release_does_not_have_is_shown_with_the_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    part = PartState("changelog", (), Off("`main` has no changelog"))

    show_states([StageState(Stage("changelog", ()), (part,))])

    assert capsys.readouterr().out == " changelog  off      `main` has no changelog\n"


@pytest.mark.parametrize(
    ("count", "verbose", "shown", "last"),
    [
        (12, False, 12, "p11 -> facade (extra): would close a cycle"),
        (13, False, 4, "and 9 more without an order, for the same reason (-v lists them)"),
        (13, True, 13, "p12 -> facade (extra): would close a cycle"),
    ],
)
def test_of_many_requirements_without_an_order_the_first_are_shown(
    count: int, verbose: bool, shown: int, last: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ordered = JudgedEdge(edge=Edge(origin="p0", target="p1", kind="normal"), orders=True)
    dropped = [
        JudgedEdge(
            edge=Edge(origin=f"p{number}", target="facade", kind="extra"),
            orders=False,
            why="would close a cycle",
        )
        for number in range(count)
    ]
    order = Order(waves=(), needs={}, edges=(ordered, *dropped), facade=None, facade_source="none")

    show_unordered(order, verbose=verbose)

    lines = capsys.readouterr().out.splitlines()
    assert sum("no order: " in line for line in lines) == shown
    assert lines[-1].endswith(last)


@pytest.mark.parametrize(
    ("number", "verbose", "lines"),
    [
        (2, False, ["wave 1: p1", "wave 2: p2"]),
        (MANY + 1, False, ["wave 1: p1", "wave 2: p2", "wave 3: p3", f"waves 4 to {MANY}: {MANY - 3} packages",
                           f"wave {MANY + 1}: p{MANY + 1}"]),
        (MANY + 1, True, [f"wave {one}: p{one}" for one in range(1, MANY + 2)]),
    ],
)  # fmt: skip
def test_of_many_waves_the_first_ones_and_the_last_are_listed(
    number: int, verbose: bool, lines: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    show_waves([(f"p{one}",) for one in range(1, number + 1)], verbose=verbose)

    assert capsys.readouterr().out.splitlines() == lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("  aa bb cc", "  aa bb\n     cc", id="between words, below its own indentation"),
        pytest.param("\naa", "\naa", id="an empty line before it stays"),
        pytest.param("\x1b[33maa\x1b[0m: bb cc", "\x1b[33maa\x1b[0m: bb\n   cc", id="colours take no width"),
        pytest.param("\x1b[1maa\x1b[0m", "\x1b[1maa\x1b[0m", id="a colour that ends the line stays"),
        pytest.param("toolchain-not-current", "toolchain-not-current", id="what would be copied stays whole"),
    ],
)
def test_a_line_that_is_too_wide_is_broken(text: str, shown: str) -> None:
    assert wrapped(text, 8, 3) == shown

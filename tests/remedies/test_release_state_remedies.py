"""Remedies for tags, drafts and uploads of a release under way: runs in a world of fakes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from python_bench import ended, package
from releasing import new_world, run_once, stages
from world_of_fakes import Process, Trouble, World

from castoff.ecosystems.cargo.uploader import CrateWrite, Writer
from castoff.ecosystems.python.registry import PythonRegistry
from castoff.errors import Problem
from castoff.model.acts import Person, Refused
from castoff.model.observations import Present, Withdrawn
from castoff.model.refs import TagRef
from castoff.notes.draft import hidden_lines, missing_lines
from castoff.notes.regenerate import regenerate
from castoff.ports import ForgeRelease, Listing
from castoff.release.rehearsal import inside
from castoff.rollback.withdrawn_package import WithdrawPart
from remedies.following import follow, follows


def end(world: World, trouble: Trouble | None = None, last: str | None = None) -> list[Problem]:
    """Run a release, or resume it; returns the codes that it ends with."""
    ending = run_once(world, trouble, last=last).end
    return [Problem(code=code, message=code) for code in ending.split() if code != "done"]


@follows("tag-elsewhere")
def test_a_foreign_tag_is_deleted_by_its_owner() -> None:
    world = new_world()
    world.tags["1.1.0"] = TagRef(object="theirs@older", peeled="older")

    follow(
        "tag-elsewhere",
        lambda: end(world),
        told="its owner may delete it instead",
        do=lambda: world.tags.pop("1.1.0"),
    )


def draft(number: int) -> ForgeRelease:
    """Return a draft of the version."""
    return ForgeRelease(
        id=number,
        tag="1.1.0",
        name="1.1.0",
        body="the notes",
        draft=True,
        prerelease=False,
        url=f"u{number}",
        target="main",
    )


@follows("two-releases")
def test_one_of_two_drafts_is_kept() -> None:
    world = new_world()
    end(world, last="tag")
    world.releases += [draft(91), draft(92)]

    follow("two-releases", lambda: end(world), told="delete the others", do=world.releases.pop)


@follows("no-draft")
def test_resume_makes_the_draft_again() -> None:
    world = new_world()
    end(world, last="draft")
    world.releases.pop()

    def announce() -> object:
        part = stages(Process(world, known={"base", "older", *world.history()}))[-1].parts[0]
        looks = [part.look() for _ in range(15)]  # a list that is empty is believed after some looks
        decision: Any = part.decide(looks[-1])
        return getattr(decision, "problem", ())

    follow(
        "no-draft",
        announce,
        told="`castoff resume --execute` creates the draft",
        do=lambda: end(world, last="draft"),
    )


@follows("upload-refused")
def test_an_upload_goes_on_once_its_objection_is_gone() -> None:
    world = new_world()
    refusing = Trouble(lambda number, name, write: "refused" if name.startswith("upload ") else None)

    follow(
        "upload-refused",
        lambda: end(world, refusing),
        told="otherwise correct the reported problem and run `castoff resume --execute`",
        do=lambda: None,
        then=lambda: end(world),
    )


@follows("yank-refused")
def test_a_yank_goes_on_once_its_objection_is_gone() -> None:
    writer = Writer(None, None)  # type: ignore[arg-type]
    answers = [400]

    def yank() -> object:
        talk: Any = SimpleNamespace(accepted=answers[-1] == 200, status=answers[-1], headers={}, sent=True)
        outcome = writer._outcome(CrateWrite("core", "1.3.0", "yank"), talk, ended(101, "error: no"))
        return outcome.problem if isinstance(outcome, Refused) else ()

    follow(
        "yank-refused",
        yank,
        told="run `castoff yank 1.3.0 --execute` again",
        do=lambda: answers.append(200),
    )


@follows("yank-by-hand")
def test_a_version_that_a_person_yanked_is_withdrawn() -> None:
    files: dict[str, Present | Withdrawn] = {"acme_core-1.3.0.tar.gz": Present(digest="a")}
    registry: Any = SimpleNamespace(
        look=lambda package, version: Listing(files=dict(files)),
        yank=lambda package, version: PythonRegistry.yank(SITELESS, package, version),
    )
    part = WithdrawPart(package=package(), version="1.3.0", registry=registry)

    def withdraw() -> object:
        decision = part.decide(part.look())
        outcome: Any = part.act(decision.acts[0]) if isinstance(decision, Person) else ()
        return getattr(outcome, "problem", ())

    follow(
        "yank-by-hand",
        withdraw,
        told="sign in to the index, open the project `acme-core`, its releases, and yank 1.3.0",
        do=lambda: files.update({name: Withdrawn(reason="broken") for name in files}),
    )


SITELESS: Any = SimpleNamespace(_page_for_people=lambda package, version: None)


def test_a_remedy_of_a_rehearsal_never_acts_outside() -> None:
    acting = Problem(
        code="no-draft", message="m", remedy="run `castoff resume --execute`, which creates it first"
    )
    other = Problem(code="facade-not-last", message="m", remedy="name another facade")

    assert "castoff resume" not in inside(acting).remedy
    assert "rehearse again" in inside(acting).remedy
    assert inside(other) == other


@follows("draft-lines-hidden")
def test_a_comment_in_the_notes_is_ended() -> None:
    notes = "## What's Changed\n### Fixed\n* One by @a in https://github.com/o/r/pull/1\n\n\n**Full Changelog**: x"
    bodies = [notes.replace("* One", "<!-- later\n\n* One").replace("\n\n\n", "\n-->\n\n")]

    def repair() -> tuple[Problem, ...]:
        lost = missing_lines(regenerate(bodies[-1], notes).body, notes)
        return (hidden_lines(lost),) if lost else ()

    follow(
        "draft-lines-hidden",
        repair,
        told="end the comment or the code block above the generated lines",
        do=lambda: bodies.append(bodies[0].replace("later", "later -->").replace("\n-->\n", "\n")),
    )

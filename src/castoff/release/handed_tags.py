"""Tags that are made in one process and pushed by another, so that no process holds a key and an upload's rights.

The process that signs compares the built files with their registries, and writes the tag objects to a folder. Their ids
travel another way (in CI, as an output of the job). A process that uploads takes the digests from them as its list, and
one that pushes pushes these very objects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from castoff.errors import NotYet, Problem, Refusal
from castoff.git.signing import is_signed_text
from castoff.git.tag_objects import TagText, point_tag, read_tag_object, write_tag_object
from castoff.io.files import read_text
from castoff.model.handed_tags import HandedTags
from castoff.model.observations import Answer, Present, Staged
from castoff.model.workspace import Artifact
from castoff.preflight.checks import signing_checks
from castoff.preflight.stage import errors_of, run_checks
from castoff.release.build import claimed_in
from castoff.release.candidate import build_artifacts, make_tags, require_accepted
from castoff.release.publish_rehearsal import absent_artifacts, as_published, packed_again
from castoff.release.stages import publish_stage
from castoff.session.checkout import check_out
from castoff.session.claim_history import listed_digests
from castoff.session.release import Release
from castoff.session.services import Services
from castoff.session.session import Session, open_session

_AGAIN = "run the workflow again: it makes the tag anew, with what is published by then"


class MadeTag(Struct, frozen=True, kw_only=True):
    """A tag that was made, and not pushed."""

    name: str
    object: str
    signed: bool


class MadeTags(Struct, frozen=True, kw_only=True):
    """The tags of a version, that of the release last; none where the remote has it."""

    version: str
    tags: tuple[MadeTag, ...] = ()


def make_release_tags(services: Services, version: str | None, into: Path) -> MadeTags:
    """Make the tags of a claimed version, verify their signatures, and write them to a folder; push nothing.

    They list the digests of the built files, of those that are published already those of the registry. Without a
    version, the release in flight is meant.
    Errors: those of a resumed release up to its first upload.
    """
    with open_session(services) as session:
        known, release = claimed_in(session, version)
        if release.tagged:
            return MadeTags(version=release.title)
        if errors := errors_of(run_checks(signing_checks(known))):
            raise Refusal(*errors)
        check_out(known.clone, release.commit, release.workspace)
        artifacts = build_artifacts(known, release, known.clone.folder("artifacts"))
        # Looked at first: a crate that is out may have other bytes than this build, and what is packed beside
        # it holds its digest.
        (seen,) = known.observe(publish_stage(known, release, artifacts))
        artifacts = packed_again(known, release, artifacts, seen)
        require_accepted(known, release, absent_artifacts(artifacts, seen))
        make_tags(known, release, known.template_release(release.version), as_published(artifacts, seen))
        return MadeTags(version=release.title, tags=tuple(_write(known, release, into)))


def _write(session: Session, release: Release, into: Path) -> list[MadeTag]:
    into.mkdir(parents=True, exist_ok=True)
    made = []
    for name in (*release.beside, release.tag):
        data = read_tag_object(session.clone.git, name)
        tag = write_tag_object(session.clone.git, data)
        assert tag is not None, "git made it a moment ago"
        # Named by its id: a tag's name may hold slashes.
        (into / tag.object).write_bytes(data)
        made.append(MadeTag(name=name, object=tag.object, signed=is_signed_text(tag.text)))
    return made


def read_handed_tags(folder: Path, listed: Path) -> HandedTags:
    """Read the tag objects of a list of ids, one a line, from a folder. Errors: ``built-files-differ``."""
    # Only what is listed is read: any job of the workflow can put files into the folder, but not into the
    # list.
    ids = [line.split()[0] for line in read_text(listed).splitlines() if line.strip()]
    missing = [one for one in ids if not (folder / one).is_file()]
    if missing or not ids:
        raise Refusal(*(_differs(one, "it is missing") for one in missing or ["the tag"]))
    return HandedTags({one: (folder / one).read_bytes() for one in ids})


def take_handed_tags(session: Session, release: Release, handed: HandedTags) -> Mapping[str, str]:
    """Put the tags into the clone, as if they had been made there; return the digests that they list.

    Errors: ``built-files-differ`` where they are not the objects that were made, or not the tags of this release.
    """
    git = session.clone.git
    tags = {made: write_tag_object(git, data) for made, data in handed.texts.items()}
    problems = [
        _differs(made, fault)
        for made, tag in tags.items()
        if (fault := _fault(session, release, made, tag)) is not None
    ]
    taken = [tag for tag in tags.values() if tag is not None]
    expected = {release.tag, *release.beside}
    problems += [_differs(name, "it is missing") for name in sorted(expected - {tag.name for tag in taken})]
    if problems:
        raise Refusal(*problems)
    for tag in taken:
        point_tag(git, tag)
    (text,) = (tag.text for tag in taken if tag.name == release.tag)
    return listed_digests(text)


def _fault(session: Session, release: Release, made: str, tag: TagText | None) -> str | None:
    if tag is None or tag.object != made:
        return "its contents have another id"
    if tag.name not in (release.tag, *release.beside):
        return f"it is the tag `{tag.name}`, which is not one of this release"
    if tag.commit != release.commit:
        return f"it is on {tag.commit[:12]}, and the release commit is {release.commit[:12]}"
    if session.configuration.release.sign in ("tag", "both") and not is_signed_text(tag.text):
        return "it has no signature, but `release.sign` requires one"
    return None


def require_listed(artifacts: Sequence[Artifact], listed: Mapping[str, str]) -> None:
    """Require that what is about to be uploaded is what the tag lists. Errors: ``built-files-differ``."""
    problems = [
        _differs(one.filename, f"the tag lists {listed.get(one.filename, 'no digest')}, found {one.digest}")
        for one in artifacts
        if listed.get(one.filename) != one.digest
    ]
    if problems:
        raise Refusal(*problems)


def require_published_as_listed(session: Session, release: Release, listed: Mapping[str, str]) -> bool:
    """Require that all files of the tag's list are published, with these digests; return False where some are staged.

    The tag of a release comes after its last upload, and it is what users compare their downloads with.
    Errors: ``not-visible-yet``, ``tag-unfit``.
    """
    problems: list[Problem] = []
    seen: dict[str, Answer] = {}
    for package in release.workspace.packages:
        listing = session.services.registry(package.ecosystem).look(package, release.native(package))
        if listing.unknown is not None:
            problems.append(
                _late(release, f"the registry of `{package.name}` did not answer", listing.unknown)
            )
        seen.update(listing.files)
    if problems:
        # Late, and no refusal: indexes show an upload after seconds to minutes, so the same run succeeds
        # later.
        raise NotYet(*problems)
    # Staged files wait for a person; the tag would tell users that the version is there.
    if any(isinstance(one, Staged) for one in seen.values()):
        return False
    for name, digest in listed.items():
        answer = seen.get(name)
        if not isinstance(answer, Present):
            message = f"`{name}` is listed in the tag `{release.tag}`, but it is not published"
            problems.append(_late(release, message, "the tag follows the last upload"))
        # npm registries name another digest; without one to compare, the upload's own answer has to do.
        elif answer.digest not in (None, digest):
            problems.append(outdated(release, name))
    if problems:
        raise NotYet(*problems)
    return True


def outdated(release: Release, filename: str) -> Problem:
    """Report that a file was published with other bytes than the tag lists, as a client that packs again may do."""
    return Problem(
        code="tag-unfit",
        message=f"the tag object of `{release.tag}` lists another digest of `{filename}` than the registry has",
        reason="the client packed the file again when it uploaded it; users verify the release with the tag",
        remedy=_AGAIN,
        commit=release.commit,
    )


def _late(release: Release, message: str, reason: str) -> Problem:
    return Problem(
        code="not-visible-yet",
        message=message,
        reason=reason,
        remedy=f"run the workflow again, or `castoff resume {release.title} --execute` on any machine",
    )


def _differs(name: str, how: str) -> Problem:
    return Problem(
        code="built-files-differ",
        message=f"`{name}` is not what was made: {how}",
        reason="ids and digests were handed on apart from the files, so somebody changed the files in between",
        remedy="find out what wrote to the files (another job, an artifact of the same name), then run the "
        "workflow again from its build; nothing was uploaded",
        file=name,
    )

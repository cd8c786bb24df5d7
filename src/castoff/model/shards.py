"""Shards of a build: each packs all files and verifies its share of the packages; their results are joined.

Packing is cheap beside verification, and crates hold the digests of those that they need: so each shard packs
everything, and all must get the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from castoff.errors import Problem
from castoff.regexes import regex

_SHARD = regex(r"([1-9][0-9]{0,3})/([1-9][0-9]{0,3})")


class Shard(Struct, frozen=True):
    """One of ``count`` shards; the first has the number 1."""

    number: int
    count: int

    def __str__(self) -> str:
        """Spell it as the command line does."""
        return f"{self.number}/{self.count}"

    def share(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return the packages that this shard verifies; ``names`` are all, in the order of their uploads.

        Neighbours in that order go to different shards: those of one wave cost about the same.
        """
        return tuple(names[self.number - 1 :: self.count])


class ShardFile(Struct, frozen=True, kw_only=True):
    """A file that a shard packed."""

    package: str
    filename: str
    digest: str


class ShardResult(Struct, frozen=True, kw_only=True):
    """What a shard packed, and which packages it verified."""

    version: str
    shard: Shard
    files: tuple[ShardFile, ...]
    verified: tuple[str, ...]


def read_shard(text: str) -> Shard | None:
    """Read `2/4`; None where it is none."""
    match = _SHARD.fullmatch(text)
    if match is None or int(match[1]) > int(match[2]):
        return None
    return Shard(int(match[1]), int(match[2]))


def join(results: Sequence[ShardResult]) -> tuple[tuple[ShardFile, ...], tuple[Problem, ...]]:
    """Return the files of the shards, those of the first result, and what keeps them from being one build.

    A shard may have several results: it was run again.
    """
    first = results[0]
    return first.files, (*_incomplete(results), *_differences(first, results[1:]))


def _incomplete(results: Sequence[ShardResult]) -> Iterator[Problem]:
    versions = sorted({one.version for one in results})
    counts = sorted({one.shard.count for one in results})
    if len(versions) > 1 or len(counts) > 1:
        what = ", ".join(f"{one.version} {one.shard}" for one in results)
        yield _refused(versions, "the results are not of one build", f"they are of {what}")
        return
    count = counts[0]
    there = {one.shard.number for one in results}
    if missing := [str(Shard(number, count)) for number in range(1, count + 1) if number not in there]:
        yield _refused(
            versions,
            f"the results of shards are missing: {', '.join(missing)}",
            "nobody verified their packages",
        )
        return
    verified = {name for one in results for name in one.verified}
    if left := sorted({one.package for one in results[0].files} - verified):
        yield _refused(
            versions,
            f"no shard verified {', '.join(f'`{one}`' for one in left[:5])}",
            "its result does not list it",
        )


def _refused(versions: Sequence[str], fact: str, reason: str) -> Problem:
    version = versions[0] if len(versions) == 1 else "VERSION"
    return Problem(
        code="shards-incomplete",
        message=fact,
        reason=reason,
        remedy=f"pass the result of each shard of one build, `castoff build {version} --shard I/N --json`",
    )


def _differences(first: ShardResult, others: Sequence[ShardResult]) -> Iterator[Problem]:
    expected = {one.filename: one for one in first.files}
    for other in others:
        found = {one.filename: one for one in other.files}
        for name in sorted(expected.keys() | found.keys()):
            ours, theirs = _digest(expected, name), _digest(found, name)
            if ours == theirs:
                continue
            yield Problem(
                code="not-reproducible",
                message=f"`{name}` differs between shard {first.shard} and shard {other.shard}",
                reason=f"{ours[:16]} and {theirs[:16]}: what {other.shard} verified is not what is uploaded",
                remedy="let the build depend on the commit alone (commit the lock file, take times from "
                "SOURCE_DATE_EPOCH), or build without `--shard`",
                package=(expected.get(name) or found[name]).package,
            )


def _digest(files: Mapping[str, ShardFile], name: str) -> str:
    return files[name].digest if name in files else "missing"

"""Shards of a build as work items for an executor: processes or threads of this machine, or a Dask cluster.

An item names its content: a remote, a version of it, a share. Whoever gets it clones the remote with its own settings
and credentials, so that nothing of this machine travels but the item, and the first shard's files come back. An item
that is done twice gives the same result, or one that is found to differ.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from msgspec import Struct

from castoff.config.values import BuildSettings
from castoff.errors import CastoffError, NotYet, Problem, Refusal, UsageError
from castoff.io.process import Processes
from castoff.io.scratch import scratch_prefix
from castoff.model.child_environments import Kind
from castoff.model.shards import Shard, ShardFile, ShardResult, join
from castoff.model.workspace import Artifact
from castoff.release.build import BuiltRelease, build_release, claimed_release
from castoff.session.reporters import Silence
from castoff.session.services import Services
from castoff.values import replace
from castoff.wiring.secrets import redactor_of
from castoff.wiring.services import Options, open_setting

_ATTEMPTS = 3
"""How often an item is handed out whose worker was killed."""
_CLONE = 600.0


class ShardItem(Struct, frozen=True, kw_only=True):
    """One shard of a version; ``sends_files``: its files are wanted, not their digests alone."""

    remote_url: str
    branch: str
    version: str
    shard: Shard
    sends_files: bool = False


class ShardOutput(Struct, frozen=True, kw_only=True):
    """What became of an item: artifacts with the packages that were verified, or what is wrong with them."""

    shard: Shard
    artifacts: tuple[Artifact, ...] = ()
    verified: tuple[str, ...] = ()
    contents: Mapping[str, bytes] = {}
    problems: tuple[Problem, ...] = ()


def build_item(item: ShardItem) -> ShardOutput:
    """Build a shard from a fresh clone; errors are a part of the output, since they come from another machine."""
    environment = dict(os.environ)
    try:
        with tempfile.TemporaryDirectory(prefix=scratch_prefix("shard"), ignore_cleanup_errors=True) as held:
            folder = Path(held)
            checkout = _cloned(item, folder, environment)
            services = open_setting(Options(directory=checkout), Silence(), environment)
            built = build_release(services, item.version, folder / "files", item.shard)
            names = [one.filename for one in built.artifacts] if item.sends_files else []
            return ShardOutput(
                shard=item.shard,
                artifacts=built.artifacts,
                verified=built.verified,
                contents={name: (folder / "files" / name).read_bytes() for name in names},
            )
    except CastoffError as error:
        return ShardOutput(shard=item.shard, problems=error.problems)


def build_in_shards(services: Services, version: str | None, into: Path, count: int) -> BuiltRelease:
    """Build a claimed version in so many shards by the configured executor, and join their results.

    The files are those of the first shard. Errors: those of a build, ``not-reproducible``, ``workers-lost``,
    ``executor-library-missing``.
    """
    release = claimed_release(services, version)
    if release.tagged:
        return BuiltRelease(version=release.title)
    items = [
        ShardItem(
            remote_url=release.remote_url,
            branch=release.branch,
            version=release.title,
            shard=Shard(number, count),
            sends_files=number == 1,
        )
        for number in range(1, count + 1)
    ]
    outputs = _done(services.configuration.build, items)
    problems = dict.fromkeys(problem for one in outputs for problem in one.problems)
    if problems:
        raise Refusal(*problems)
    results = [_result(release.title, one) for one in outputs]
    _, findings = join(results)
    if findings:
        raise Refusal(*findings)
    into.mkdir(parents=True, exist_ok=True)
    for name, content in outputs[0].contents.items():
        (into / name).write_bytes(content)
    return BuiltRelease(
        version=release.title,
        artifacts=tuple(replace(one, path=str(into / one.filename)) for one in outputs[0].artifacts),
        verified=tuple(sorted(name for one in results for name in one.verified)),
    )


def _result(version: str, output: ShardOutput) -> ShardResult:
    files = tuple(
        ShardFile(package=one.package, filename=one.filename, digest=one.digest) for one in output.artifacts
    )
    return ShardResult(version=version, shard=output.shard, files=files, verified=output.verified)


def _done(settings: BuildSettings, items: Sequence[ShardItem]) -> list[ShardOutput]:
    """Have all items done, those again whose worker was lost; the outputs in the order of the items."""
    found: dict[Shard, ShardOutput] = {}
    reason = ""
    for _ in range(_ATTEMPTS):
        left = [one for one in items if one.shard not in found]
        if not left:
            break
        with _executor(settings, len(left)) as (executor, lost):
            futures = {executor.submit(build_item, one): one for one in left}
            for future in as_completed(futures):
                try:
                    # The first result of a shard counts; a later one would have to be the same.
                    found.setdefault(futures[future].shard, future.result())
                except lost as error:
                    reason = f"{type(error).__name__}: {str(error)[:200]}"
    if len(found) < len(items):
        raise NotYet.of(
            "workers-lost",
            f"{len(items) - len(found)} of {len(items)} shards have no result",
            reason=f"their workers were lost {_ATTEMPTS} times: {reason}",
            remedy="look for what ends them (memory, time limits of the cluster), then run the same command again; "
            "what was verified is not verified again",
        )
    return [found[one.shard] for one in items]


Lost = tuple[type[BaseException], ...]


@contextmanager
def _executor(settings: BuildSettings, workers: int) -> Iterator[tuple[Executor, Lost]]:
    """Open the configured executor; also give the errors of a worker that is lost: its item is handed out again."""
    lost: Lost = (BrokenExecutor, CancelledError)
    local = max(1, min(workers, os.cpu_count() or 1))
    if settings.executor == "threads":
        with ThreadPoolExecutor(local) as threads:
            yield threads, lost
    elif settings.executor == "processes":
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import get_context

        # Spawned: a fork of a process with threads may wait for ever for a lock that was held.
        with ProcessPoolExecutor(local, mp_context=get_context("spawn")) as processes:
            yield processes, lost
    else:
        distributed = _distributed()
        with _cluster(distributed, settings.address, local) as executor:
            yield executor, (*lost, distributed.KilledWorker)


def _distributed() -> Any:
    try:
        return import_module("distributed")
    except ImportError as error:
        raise UsageError.of(
            "executor-library-missing",
            "`build.executor` is `dask`, and its libraries are not installed",
            reason="they are in the extra `distributed`, which most users do not need",
            remedy="install castoff with it (`castoff[distributed]`) here and on all workers, or remove `executor`",
        ) from error


@contextmanager
def _cluster(distributed: Any, address: str | None, workers: int) -> Iterator[Executor]:
    """Connect to a Dask cluster; without an address, one of this machine is started."""
    if address is None:
        with (
            distributed.LocalCluster(
                n_workers=workers, threads_per_worker=1, dashboard_address=None
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            yield client.get_executor()
        return
    try:
        client = distributed.Client(address)
    except (OSError, ValueError) as error:
        raise NotYet.of(
            "workers-lost",
            f"the scheduler at `{address}` cannot be reached",
            reason=f"{type(error).__name__}: {str(error)[:200]}",
            remedy="start it (`dask scheduler`), or correct `build.address`",
        ) from error
    with client:
        yield client.get_executor()


def _cloned(item: ShardItem, folder: Path, environment: Mapping[str, str]) -> Path:
    processes = Processes(dict(environment), redactor_of(environment))
    target = folder / "checkout"
    done = processes.run(
        ["git", "clone", "--quiet", "--branch", item.branch, item.remote_url, target],
        kind=Kind.GIT,
        cwd=folder,
        timeout=_CLONE,
    )
    if done.code != 0:
        raise NotYet.of(
            "remote-unreachable",
            f"a worker could not clone the remote for shard {item.shard}",
            reason=done.last_words,
            remedy="give the workers access to the remote, then run the same command again",
        )
    return target

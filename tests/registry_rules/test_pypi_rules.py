"""Each rule of PyPI, broken once: refused by the embedded index, and found before the upload. Legal files pass both."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from packaging.metadata import Metadata
from python_bench import package

from castoff.config.values import PythonSettings
from castoff.ecosystems.python.upload_rules import find_size_defects, judged
from castoff.model.workspace import Artifact
from castoff.registry_rules import read_rules
from castoff.values import replace
from castoff.world.clock import WorldClock
from castoff.world.messages import Rejected, Request
from castoff.world.python_index import PythonIndex
from castoff.world.python_index.artifact import read_artifact
from castoff.world.python_index.minimal import Seed
from castoff.world.python_index.store import Offered
from registry_rules.broken_uploads import BROKEN, PLAIN, SDIST, WHEEL, Broken, tagged
from registry_rules.legal_uploads import LEGAL
from registry_rules.uploads import core_metadata, form, sdist, wheel

OF_INDEX = frozenset(
    {
        *("authentication", "trailing-slash", "name-of-stdlib", "name-similar", "new-projects", "file-size"),
        *("file-exists", "file-name-reuse", "release-age", "one-sdist"),
        *("pending-publisher", "trusted-publishing", "trusted-token", "attestation-contents"),
    }
)
"""Rules on what the index holds already; their tests are at the end of this module, those of trusted publishing in
`tests/world/test_world_identity.py`."""


def judge(folder: Path, *files: tuple[str, bytes], is_pypi: bool = True) -> list[str]:
    artifacts = []
    for name, content in files:
        path = folder / name.replace("/", "")
        path.write_bytes(content)
        artifacts.append(
            Artifact(
                package="acme-core",
                ecosystem="python",
                kind="wheel" if name.endswith(".whl") else "sdist",
                filename=name,
                path=str(path),
                digest=hashlib.sha256(content).hexdigest(),
            )
        )
    return [
        one.message
        for one in judged(package("acme-core", "1.0.0"), artifacts, PythonSettings(), is_pypi=is_pypi)
    ]


def label(broken: Broken) -> str:
    return f"{broken.rule}: {broken.fact or broken.text}"[:60]


@pytest.mark.parametrize("broken", BROKEN, ids=label)
def test_a_broken_rule_is_refused_in_the_words_of_pypi(broken: Broken) -> None:
    index = PythonIndex()

    answer = index.handle(
        form(broken.filename, broken.file, broken.metadata if broken.content is None else None, **broken.sent)
    )

    assert (answer.status, broken.text in answer.body.decode()) == (broken.status, True), answer.body
    assert answer.reason is not None and broken.text in answer.reason
    assert index.store.dump() == []


@pytest.mark.parametrize("broken", [one for one in BROKEN if one.fact is not None], ids=label)
def test_a_broken_rule_is_found_in_the_built_file(broken: Broken, tmp_path: Path) -> None:
    found = judge(tmp_path, (broken.filename, broken.file))

    assert [one for one in found if (broken.fact or "") in one], found


@pytest.mark.parametrize("case", LEGAL)
def test_a_legal_file_passes_both(case: str, tmp_path: Path) -> None:
    filename, content = LEGAL[case]

    answer = PythonIndex().handle(form(filename, content))

    assert (answer.status, answer.body) == (200, b"")
    assert judge(tmp_path, (filename, content)) == []


def test_every_rule_of_the_table_is_broken_here() -> None:
    rules = read_rules("pypi").rules
    refused = {one.rule for one in BROKEN} | OF_INDEX
    found = {one.rule for one in BROKEN if one.fact is not None}

    assert {one.id for one in rules if one.index} == refused
    assert {one.id for one in rules if one.judged in ("build", "check")} - OF_INDEX == found


@pytest.mark.parametrize("rule", ["platform-tag", "classifier", "description", "summary", "url", "encrypted"])
def test_an_index_that_is_not_pypi_has_its_own_rules(rule: str, tmp_path: Path) -> None:
    index = PythonIndex()
    index.store.is_pypi = False
    broken = next(one for one in BROKEN if one.rule == rule)

    assert _answers(index, (broken.filename, broken.file)) == ["200"]
    assert judge(tmp_path, (broken.filename, broken.file), is_pypi=False) == []


Change = Callable[[Request], Request]


def _login(value: str | None) -> Change:
    def change(request: Request) -> Request:
        headers = {key: one for key, one in request.headers.items() if key != "authorization"}
        return replace(request, headers=headers if value is None else {**headers, "authorization": value})

    return change


def _basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("change", "status", "text"),
    [
        (_login(None), 403, "Invalid or non-existent authentication"),
        (_login(_basic("__token__:")), 403, "Invalid or non-existent authentication"),
        (_login(_basic("me:pw")), 403, "Migrate to API Tokens"),
        (lambda request: replace(request, path="/legacy"), 308, "slash"),
    ],
    ids=["no token", "an empty token", "a password", "no slash"],
)
def test_an_upload_needs_a_token_and_the_right_address(change: Change, status: int, text: str) -> None:
    answer = PythonIndex().handle(change(form(WHEEL, wheel(PLAIN))))

    assert (answer.status, text in answer.body.decode()) == (status, True)


def _answers(index: PythonIndex, *files: tuple[str, bytes]) -> list[str]:
    """Upload files one after the other; return `200`, or what the index refuses."""
    return [(answer := index.handle(form(*one))).body.decode() or str(answer.status) for one in files]


def test_a_file_is_taken_twice_but_neither_its_name_nor_its_contents_alone(tmp_path: Path) -> None:
    first, changed = wheel(PLAIN), wheel(PLAIN, files={"acme/more.py": ""})
    other = "acme_core-1.0.0-py2.py3-none-any.whl"

    answers = _answers(PythonIndex(), (WHEEL, first), (WHEEL, first), (WHEEL, changed), (other, first))

    assert answers[:2] == ["200", "200"]
    assert [one.startswith("400 File already exists (") for one in answers[2:]] == [True, True]
    assert "has the same contents as" in judge(tmp_path, (WHEEL, first), (other, first))[0]
    assert judge(tmp_path, (WHEEL, first), (other, changed)) == []


def test_a_release_has_one_sdist_and_any_number_of_wheels(tmp_path: Path) -> None:
    index = PythonIndex()
    index.store.is_pypi = False
    old = ("Acme-Core-1.0.0.tar.gz", sdist(PLAIN))
    found = judge(tmp_path, old, (SDIST, sdist(PLAIN, files={"acme_core-1.0.0/y.py": ""})))
    answers = _answers(
        PythonIndex(),
        (SDIST, sdist(PLAIN)),
        (WHEEL, wheel(PLAIN)),
        (tagged("win32"), wheel(PLAIN, files={"x.py": ""})),
    )

    assert answers == ["200", "200", "200"]
    assert [one for one in found if "second sdist" in one]


def test_a_second_sdist_of_another_spelling_is_refused() -> None:
    index = PythonIndex()
    index.store.is_pypi = False
    index.store.add(
        read_artifact("acme_core-1.0.tar.gz", sdist(core_metadata(version="1.0"), "acme_core-1.0")),
        seeded=True,
    )
    index.store.is_pypi = True

    assert _answers(index, (SDIST, sdist(PLAIN))) == ["400 Only one sdist may be uploaded per release."]


def test_the_name_of_a_deleted_file_stays_used() -> None:
    index = PythonIndex()
    _answers(index, (WHEEL, wheel(PLAIN)))
    index.store.delete("acme-core", "1.0.0")

    assert "previously used by a file" in _answers(index, (WHEEL, wheel(PLAIN)))[0]


@pytest.mark.parametrize(("days", "status"), [(13.9, "200"), (14.1, "400")])
def test_a_release_takes_new_files_for_14_days(days: float, status: str) -> None:
    clock = WorldClock()
    index = PythonIndex(clock=clock)
    _answers(index, (WHEEL, wheel(PLAIN)))
    clock.advance(days * 86400)

    (answer,) = _answers(index, (SDIST, sdist(PLAIN)))
    other = wheel(core_metadata(version="1.0.1"), "acme_core-1.0.1")

    assert answer.startswith(status)
    assert _answers(index, ("acme_core-1.0.1-py3-none-any.whl", other)) == ["200"]


def test_a_file_has_at_most_100_mib(tmp_path: Path) -> None:
    offered = Offered.of(WHEEL, b"", Metadata.from_email(PLAIN))
    large = tmp_path / "large"
    with large.open("wb") as stream:
        stream.truncate(100 * 2**20 + 1)  # sparse

    PythonIndex().store.check_size(replace(offered, size=100 * 2**20))
    with pytest.raises(Rejected, match=r"^File too large. Limit for project 'acme-core' is 100 MB."):
        PythonIndex().store.check_size(replace(offered, size=100 * 2**20 + 1))
    assert ["more than the 100 MiB" in one for one in find_size_defects(large)] == [True]


def test_a_limit_that_pypi_raised_and_an_index_that_is_not_pypi_take_larger_files(tmp_path: Path) -> None:
    offered = replace(Offered.of(WHEEL, b"", Metadata.from_email(PLAIN)), size=150 * 2**20)
    large = tmp_path / "large"
    with large.open("wb") as stream:
        stream.truncate(offered.size)  # sparse
    raised, other = PythonIndex().store, PythonIndex().store
    raised.file_limit, other.is_pypi = 150 * 2**20, False

    raised.check_size(offered)
    other.check_size(offered)
    assert list(find_size_defects(large, 150)) == []
    assert list(find_size_defects(large, 149)) != []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("secrets", "Standard Library"),
        ("Distutils", "Standard Library"),
        ("os.path", "Standard Library"),
        ("acmecore", "too similar"),
        ("acme-c0re", "too similar"),
        ("acme-cores", ""),
        ("secrets2", ""),
    ],
)
def test_the_name_of_a_new_project_is_judged(name: str, text: str) -> None:
    index = PythonIndex()
    index.seed([Seed(name="acme-core", version="1.0.0")])
    stem = f"{name.lower().replace('-', '_').replace('.', '_')}-1.0.0"

    (answer,) = _answers(index, (f"{stem}-py3-none-any.whl", wheel(core_metadata(name), stem)))

    assert text in answer
    assert answer.startswith("400" if text else "200")


def test_a_project_that_is_there_keeps_the_name_of_a_module() -> None:
    index = PythonIndex()
    index.seed([Seed(name="dataclasses", version="0.9")])

    file = wheel(core_metadata("dataclasses"), "dataclasses-1.0.0")

    assert _answers(index, ("dataclasses-1.0.0-py3-none-any.whl", file)) == ["200"]


def test_20_new_projects_an_hour_and_user_and_40_an_hour_in_all() -> None:
    clock = WorldClock()
    index = PythonIndex(clock=clock)
    count = iter(range(1000))

    def made(token: str) -> int:
        name = f"acme-{next(count)}"
        stem = f"{name.replace('-', '_')}-1.0.0"
        request = form(f"{stem}-py3-none-any.whl", wheel(core_metadata(name), stem))
        return index.handle(_login(_basic(f"__token__:{token}"))(request)).status

    assert [made("a") for _ in range(21)] == [200] * 20 + [429]
    assert [made("b") for _ in range(20)] == [200] * 20
    assert made("c") == 429
    clock.advance(3601)
    assert made("a") == 200

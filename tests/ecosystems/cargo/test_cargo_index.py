"""Is cargo's copy of the index read for what it is, and anything else refused?"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Set
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castoff.ecosystems.cargo.lookup import (
    UnreadableIndex,
    cache_path,
    read_cache,
    read_package,
    record_entry,
)
from castoff.ecosystems.question_rounds import QuestionRounds


def line(version: str, **fields: Any) -> dict[str, Any]:
    return {
        "name": "abcd",
        "vers": version,
        "cksum": "AB",
        "yanked": False,
        "deps": [],
        "features": {},
    } | fields


def cache(*lines: dict[str, Any], head: bytes = b"\x03\x02\0\0\0") -> bytes:
    parts = [
        b"etag: x",
        *(part for one in lines for part in (one["vers"].encode(), json.dumps(one).encode())),
    ]
    return head + b"\0".join(parts) + b"\0"


def test_versions_checksums_and_yanks_are_read() -> None:
    found = read_cache(cache(line("1.0.0"), line("1.1.0", yanked=True)))

    assert [(one.version, one.digest, one.yanked) for one in found] == [
        ("1.0.0", "ab", False),
        ("1.1.0", "ab", True),
    ]


def test_both_tables_of_features_count() -> None:
    (found,) = read_cache(cache(line("1.0.0", features={"a": []}, features2={"b": ["dep:c"]}, v=2)))

    assert found.features == {"a": (), "b": ("dep:c",)}


def test_a_record_tells_requirements_with_their_own_names() -> None:
    needs = [
        {"name": "old", "package": "x", "req": "^1", "kind": "normal", "optional": True, "features": ["f"]},
        {"name": "y", "req": "=2", "kind": "build", "default_features": False},
        {"name": "z", "req": "*", "kind": "dev"},
    ]

    entry = record_entry(read_cache(cache(line("1.0.0", deps=needs, features={"f": ["x"]}))))

    assert entry == {
        "1.0.0": {
            "yanked": False,
            "features": {"f": ["x"]},
            "requirements": [
                {
                    "key": "old",
                    "name": "x",
                    "requirement": "^1",
                    "kind": "normal",
                    "optional": True,
                    "features": ["f"],
                    "default_features": True,
                },
                {
                    "name": "y",
                    "requirement": "=2",
                    "kind": "build",
                    "optional": False,
                    "features": [],
                    "default_features": False,
                },
            ],
        }
    }


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a", "1/a"),
        ("ab", "2/ab"),
        ("abc", "3/a/abc"),
        ("abcd", "ab/cd/abcd"),
        ("Kube-Core", "ku/be/kube-core"),
    ],
)
def test_the_path_is_cargos(name: str, path: str) -> None:
    assert cache_path(name) == path


def test_a_package_is_found_in_the_one_index_of_a_home(tmp_path: Path) -> None:
    folder = tmp_path / "registry" / "index" / "somewhere-123" / ".cache" / "ab" / "cd"
    folder.mkdir(parents=True)
    (folder / "abcd").write_bytes(cache(line("1.0.0")))

    assert read_package(tmp_path, "abcd") is not None
    assert read_package(tmp_path, "abce") is None
    assert read_package(tmp_path / "nowhere", "abcd") is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x03\x02",
        cache(line("1.0.0"), head=b"\x04\x02\0\0\0"),
        cache(line("1.0.0"), head=b"\x03\x03\0\0\0"),
        b"\x03\x02\0\0\0etag\x001.0.0\x00not json\x00",
        b"\x03\x02\0\0\0etag\x001.0.0\x00[]\x00",
        b'\x03\x02\0\0\0etag\x001.0.0\x00{"name": "a"}\x00',
        b'\x03\x02\0\0\0etag\x001.0.0\x00{"name": "a", "vers": "1", "cksum": "x", "features": 3}\x00',
        b"\x03\x02\0\0\0etag\x001.0.0\x00\xff\xfe\x00",
    ],
)
def test_another_format_is_refused_and_never_guessed(data: bytes) -> None:
    with pytest.raises(UnreadableIndex):
        read_cache(data)


@given(st.binary(max_size=200))
def test_no_bytes_bring_the_reader_down(data: bytes) -> None:
    try:
        read_cache(b"\x03\x02\0\0\0" + data)
    except UnreadableIndex:
        return


def test_questions_at_the_same_time_share_an_answer() -> None:
    asked: list[frozenset[str]] = []
    first = threading.Event()

    def ask(names: Set[str]) -> Mapping[str, str]:
        asked.append(frozenset(names))
        first.wait(5 if len(asked) == 1 else 0)
        return {name: name.upper() for name in names}

    gathering = QuestionRounds(ask, window=0.0)
    answers: dict[str, Mapping[str, str]] = {}
    threads = [threading.Thread(target=lambda n=n: answers.update({n: gathering.ask({n})})) for n in "abcdef"]
    for thread in threads:
        thread.start()
    while not asked:
        pass
    while len(threading.enumerate()) < 2:
        pass
    first.set()
    for thread in threads:
        thread.join(5)

    assert answers == {n: {n: n.upper()} for n in "abcdef"}
    assert len(asked) <= 3


def test_those_who_share_a_question_share_its_failure_and_the_next_one_is_free() -> None:
    calls: list[int] = []

    def ask(names: Set[str]) -> Mapping[str, str]:
        calls.append(1)
        if len(calls) == 1:
            raise OSError("no")
        return dict.fromkeys(names, "yes")

    gathering = QuestionRounds(ask)

    with pytest.raises(OSError, match="no"):
        gathering.ask({"a"})
    assert gathering.ask({"a"}) == {"a": "yes"}

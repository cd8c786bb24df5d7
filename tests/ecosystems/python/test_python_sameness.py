from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_bench import metadata, sdist, wheel

from castoff.ecosystems.python.artifacts import compare_files

WHEEL, SDIST = "acme_core-1.3.0-py3-none-any.whl", "acme_core-1.3.0.tar.gz"
TEXT = metadata()
PLAIN = wheel(TEXT)
TREE = {"acme_core-1.3.0/PKG-INFO": TEXT, "acme_core-1.3.0/a.py": "x = 1\n"}
OURS = sdist(TREE)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        pytest.param(PLAIN, "bytes", id="equal"),
        pytest.param(wheel(TEXT, year=2020), "contents", id="other times and record"),
        pytest.param(wheel(TEXT, generator="newer"), "contents", id="other generator"),
        pytest.param(wheel(TEXT, {"acme_core/__init__.py": "x = 2\n"}), "no", id="other code"),
        pytest.param(wheel(TEXT + "\nKeywords: x"), "no", id="other metadata"),
        pytest.param(wheel(TEXT, {"acme_core/__init__.py": "x = 1\n", "b.py": ""}), "no", id="one more file"),
        pytest.param(b"PK nonsense", "not-comparable", id="no archive"),
        pytest.param(PLAIN[: len(PLAIN) // 2], "not-comparable", id="half an archive"),
        pytest.param(wheel(TEXT, pure=False), "not-comparable", id="compiled"),
    ],
)
def test_wheels_are_compared_by_their_files(other: bytes, same: str) -> None:
    assert compare_files(WHEEL, PLAIN, other) == same


@pytest.mark.parametrize(
    ("other", "same"),
    [
        pytest.param(OURS, "bytes", id="equal"),
        pytest.param(sdist(TREE, time=99, owner="b"), "contents", id="other times and owners"),
        pytest.param(sdist(dict(reversed(TREE.items()))), "contents", id="other order"),
        pytest.param(sdist({**TREE, "acme_core-1.3.0/a.py": "x = 2\n"}), "no", id="other code"),
        pytest.param(sdist({**TREE, "acme_core-1.3.0/b.py": ""}), "no", id="one more file"),
        pytest.param(b"\x1f\x8b nonsense", "not-comparable", id="no archive"),
        pytest.param(sdist(TREE)[:60], "not-comparable", id="half an archive"),
    ],
)
def test_sdists_are_compared_by_paths_and_bytes(other: bytes, same: str) -> None:
    assert compare_files(SDIST, OURS, other) == same


FILES = st.dictionaries(st.sampled_from(["a.py", "b/c.py", "d"]), st.text("xy\n", max_size=4))


@given(FILES, FILES, st.integers(0, 10**9))
def test_sdists_are_the_same_when_their_files_are(
    one: dict[str, str], two: dict[str, str], time: int
) -> None:
    result = compare_files(SDIST, sdist(one), sdist(two, time=time, owner="z"))
    assert result in (("bytes", "contents") if one == two else ("no",))


@given(st.binary(max_size=200))
def test_no_bytes_break_the_comparison(data: bytes) -> None:
    for name in (WHEEL, SDIST):
        assert compare_files(name, PLAIN, data) in ("bytes", "no", "not-comparable")

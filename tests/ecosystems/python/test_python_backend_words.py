"""What is shown of a build that failed: the lines that matter."""

from __future__ import annotations

from castoff.ecosystems.python.builder import backend_words

SETUPTOOLS = """\
Building source distribution...
Traceback (most recent call last):
  File "<string>", line 14, in <module>
  File "/tmp/builds/setuptools/build_meta.py", line 338, in get_requires_for_build_sdist
    return self._get_build_requires(config_settings, requirements=[])
           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
setuptools.errors.InvalidConfigError: License classifiers have been superseded by license expressions. Please remove:

License :: OSI Approved :: MIT License
error: Failed to build `/tmp/castoff-1/tree`
  cause: The build backend returned an error
  cause: Call to `setuptools.build_meta.get_requires_for_build_sdist` failed (exit status: 1)

hint: Build failures usually indicate a problem with the package or the build environment
"""


def test_the_words_of_the_back_end_are_left_and_no_frames() -> None:
    assert backend_words(SETUPTOOLS).splitlines() == [
        "setuptools.errors.InvalidConfigError: License classifiers have been superseded by license expressions. "
        "Please remove:",
        "License :: OSI Approved :: MIT License",
    ]


def test_of_a_long_end_twelve_lines_are_left() -> None:
    assert backend_words("\n".join(map(str, range(50)))).splitlines() == [
        str(number) for number in range(38, 50)
    ]


def test_where_only_the_front_end_spoke_nothing_is_left() -> None:
    assert backend_words("error: Failed to build `x`\n  cause: no back end\n") == ""

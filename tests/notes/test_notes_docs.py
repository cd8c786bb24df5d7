"""Do the examples of the documentation say what castoff says?"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from castoff.errors import ConfigurationError
from castoff.notes.offline import notes_from_file
from castoff.notes.render import notes_object

PAGE = (Path(__file__).parents[2] / "docs/how-to/preview-the-notes.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)\n```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_example_makes_the_text_that_the_page_shows() -> None:
    (_, changes), (_, configuration), (_, body), (_, left), _ = BLOCKS

    made = notes_from_file(changes, configuration=configuration)

    assert made.body == body
    assert {"left_out": notes_object(made.notes)["left_out"]} == json.loads(left)


def test_the_wrong_configuration_is_refused_as_the_page_shows() -> None:
    (_, changes), (_, configuration), _, _, (_, shown) = BLOCKS

    with pytest.raises(ConfigurationError) as caught:
        notes_from_file(
            changes, configuration=configuration.replace("labels: [changelog-fix]", "label: [changelog-fix]")
        )

    assert len(caught.value.problems) == 2
    for problem in caught.value.problems:
        assert f"{problem.severity}[{problem.code}]: {problem.message}\n" in shown
        assert f"at: {problem.file}:{problem.line}\n" in shown

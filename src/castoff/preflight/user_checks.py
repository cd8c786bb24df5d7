"""The user's own checks (`[[check]]`): rules on texts, and commands that must end with 0."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from msgspec import Struct

from castoff.config.replacement import check_text
from castoff.config.templates import fill
from castoff.config.values import CheckSettings
from castoff.errors import Problem
from castoff.model.child_environments import Kind, withheld_words
from castoff.model.versions import ReleaseVersion
from castoff.preflight.stage import Check, Found
from castoff.session.checkout import Checkout
from castoff.session.session import Session

PATIENCE = 1800.0
"""Seconds after which a command counts as failed."""


def user_checks(session: Session, checkout: Checkout, version: ReleaseVersion) -> tuple[Check, ...]:
    """List them in the order of the configuration; all look at the commit that a release starts from."""
    values = session.template_release(version).values()
    ground = _Ground(checkout)
    return tuple(
        Check(
            rule.name,
            "user",
            partial(ground.run, rule, values)
            if rule.command
            else partial(check_text, rule, session.snapshot.tree.read, values),
        )
        for rule in session.configuration.check
    )


class _Ground(Struct, frozen=True):
    """The files of a commit on disk; commands use them one after the other."""

    checkout: Checkout

    def run(self, rule: CheckSettings, values: Mapping[str, str]) -> Found:
        """Run one command."""
        words = [fill(word, values) for word in rule.command or ()]
        clone = self.checkout.clone
        # One at a time: commands write build folders into the same tree.
        with self.checkout.lock:
            self.checkout.ready()
            root = clone.root
            # Resolved here: which folder a relative program counts from depends on the platform (Python,
            # `subprocess.Popen`).
            program = words[0] if "/" not in words[0] else str((root / words[0]).resolve())
            done = clone.git.processes.run(
                [program, *words[1:]],
                kind=Kind.CHECK,
                cwd=root,
                timeout=PATIENCE,
                changes={
                    "NEW_VERSION": values["version"],
                    "PREV_VERSION": values.get("previous", ""),
                    "WORKSPACE_ROOT": str(root),
                },
            )
        if done.code == 0:
            return ()
        return (
            Problem(
                code="check-command-failed",
                message=f"check `{rule.name}`: `{words[0]}` ended with code {done.code}",
                reason=rule.message or done.words_of_both_streams,
                remedy=(done.words_of_both_streams if rule.message else "fix the reported problem")
                + withheld_words(Kind.CHECK, done.withheld),
            ),
        )

"""Small workspaces, as texts by path, that were released by other means before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Texts:
    """A tree of texts."""

    texts: Mapping[str, str]

    def read(self, path: str) -> str | None:
        return self.texts.get(path)

    def paths(self) -> Sequence[str]:
        return sorted(self.texts)


SHARED_HOOK = """#!/bin/bash
set -euo pipefail

update-documents() {
  # the heading of what is not released yet becomes that of the version
  sd "UNRELEASED" "${NEW_VERSION} / $(date +%Y-%m-%d)" CHANGELOG.md
  sd " \\* see https://github.com/acme/rocket/compare/.*...main\\n" "" CHANGELOG.md
  sd "<!-- next-header -->" "<!-- next-header -->\\nUNRELEASED\\n==========\\n" CHANGELOG.md
  sd ' \\#(\\d+)' ' [#$1](https://github.com/acme/rocket/issues/$1)' CHANGELOG.md
  sd "${PREV_VERSION}" "${NEW_VERSION}" rocket-derive/README.md
  sd "${PREV_VERSION}" "${NEW_VERSION}" README.md
}

look() {
  FOUND="$(cargo tree -i fuel --depth=0 -e=normal | choose 1)"
  USED="${FOUND:1}"
  RECOMMENDED="$(rg "fuel =" README.md | head -n 1)"
  if ! [[ $RECOMMENDED =~ $USED ]]; then
    echo "abort: ${RECOMMENDED} vs. ${USED}"
    exit 1
  fi
}

main() {
  cd "$(dirname "${BASH_SOURCE[0]}")" && cd ..
  local -r CURRENT="$(rg 'rocket = "(\\S*)"' -or '$1' README.md | head -n1)"
  if [[ "${NEW_VERSION}" = "${CURRENT}" ]]; then
    echo "${CRATE_NAME} nothing to do"
  else
    look
    update-documents
  fi
}
main $@
"""

ROCKET = {
    "Cargo.toml": '[workspace]\nmembers = ["rocket", "rocket-derive"]\n[workspace.package]\nversion = "1.2.0"\n'
    '[workspace.dependencies]\nfuel = { version = "0.28.0", default-features = false }\n',
    "rocket/Cargo.toml": '[package]\nname = "rocket"\nversion.workspace = true\n',
    "rocket-derive/Cargo.toml": '[package]\nname = "rocket-derive"\nversion.workspace = true\n',
    "README.md": 'rocket = "1.2.0"\nfuel = { version = "0.28.0" }\n',
    "rocket-derive/README.md": 'rocket = "1.1.0"\n',
    "CHANGELOG.md": "<!-- next-header -->\nUNRELEASED\n==========\n\n1.2.0 / 2026-01-02\n==========\n- News.\n",
    "release.toml": 'consolidate-commits = true\nshared-version = true\npre-release-hook = ["../scripts/pre.sh"]\n'
    'pre-release-commit-message = "release {{version}}"\ntag-name = "{{version}}"\nsign-tag = true\n'
    'sign-commit = true\nenable-features = ["fuel/latest"]\n',
    "scripts/pre.sh": SHARED_HOOK,
    ".github/release.yml": "changelog:\n  categories: []\n",
    ".github/workflows/release.yml": "on:\n  push:\n    tags: ['[0-9]+.[0-9]+.[0-9]+']\njobs:\n  make:\n    steps:\n"
    "      - uses: softprops/action-gh-release@v3\n        with:\n          draft: true\n",
}
"""A workspace with the means of a Cargo project that releases with cargo-release, a hook and a workflow."""

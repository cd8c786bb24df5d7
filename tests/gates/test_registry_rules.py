"""The tables of registry rules are well formed, and their page is current."""

from __future__ import annotations

from pathlib import Path

import pytest

from castoff.registry_rules import RuleTable, read_rules, reference_text, services

ROOT = Path(__file__).parents[2]
TABLES = [read_rules(service) for service in services()]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.service)
def test_each_rule_is_applied_judged_or_listed_as_not_provable(table: RuleTable) -> None:
    ids = [rule.id for rule in table.rules]

    assert len(ids) == len(set(ids))
    assert [one.id for one in table.rules if not (one.index or one.judged != "no" or one.not_provable)] == []
    assert [one.id for one in table.rules if not (one.sites or one.sources)] == []
    assert {one.document for rule in table.rules for one in rule.sources} == set(table.documents)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.service)
def test_each_site_belongs_to_one_rule(table: RuleTable) -> None:
    sites = [(one.path, one.line) for rule in table.rules for one in rule.sites]

    assert len(sites) == len(set(sites))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.service)
def test_what_cannot_be_proven_reads_as_a_phrase(table: RuleTable) -> None:
    assert [one for one in table.not_provable if one.split()[0] not in ("whether", "how", "which")] == []


def test_the_page_of_the_rules_is_current() -> None:
    assert (ROOT / "docs/reference/registry-rules.md").read_text("utf-8") == reference_text()

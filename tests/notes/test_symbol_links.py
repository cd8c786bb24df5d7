"""References in double brackets, and the documentation that they lead to."""

from __future__ import annotations

import zlib
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from castoff.errors import CastoffError
from castoff.notes.links import (
    Inventory,
    Symbol,
    find_references,
    link_symbols,
    pages_needed,
    read_objects_inventory,
    read_rustdoc_item,
    read_rustdoc_items,
    resolve,
)

DATA = Path(__file__).parent / "data" / "rustdoc"
ROOT = "https://docs.rs/harbor/0.1.0/harbor/"


@pytest.fixture(scope="module")
def harbor() -> Inventory:
    items = read_rustdoc_items((DATA / "all.html").read_text(), "harbor", ROOT + "all.html")
    api = next(symbol for symbol in items.symbols if symbol.path == "harbor::Api")
    return items + read_rustdoc_item((DATA / "struct.Api.html").read_text(), api)


@pytest.mark.parametrize(
    ("reference", "address"),
    [
        pytest.param("Api", "struct.Api.html", id="the shortest of two paths"),
        pytest.param("harbor::Api", "struct.Api.html", id="a whole path"),
        pytest.param("api::Api", "api/struct.Api.html", id="the end of a path"),
        pytest.param("Api::patch", "struct.Api.html#method.patch", id="a method"),
        pytest.param("Api::patch()", "struct.Api.html#method.patch", id="a method as a call"),
        pytest.param("Api::name", "struct.Api.html#structfield.name", id="a field"),
        pytest.param("Error", "api/enum.Error.html", id="an enum"),
        pytest.param("sail!", "macro.sail.html", id="a macro"),
        pytest.param("runtime", "runtime/index.html", id="a module"),
        pytest.param("harbor", "index.html", id="the crate"),
        pytest.param("runtime::watcher", "runtime/fn.watcher.html", id="one of two of a name"),
    ],
)
def test_a_reference_finds_its_symbol(harbor: Inventory, reference: str, address: str) -> None:
    symbol = resolve(reference, harbor).symbol
    assert symbol is not None
    assert symbol.url == ROOT + address


@pytest.mark.parametrize(
    ("reference", "candidates"),
    [
        pytest.param(
            "watcher", ("harbor::api::watcher (fn)", "harbor::runtime::watcher (fn)"), id="two of a name"
        ),
        pytest.param("Watcher", ("harbor::api::watcher",), id="another case"),
        pytest.param("Api::ptch", ("harbor::Api::patch",), id="a slip"),
        pytest.param("zzzz", (), id="nothing like it"),
    ],
)
def test_what_is_not_one_symbol_lists_those_that_may_be_meant(
    harbor: Inventory, reference: str, candidates: tuple[str, ...]
) -> None:
    found = resolve(reference, harbor)
    assert found.symbol is None
    assert found.candidates == candidates


def test_a_name_of_two_packages_means_the_first_one() -> None:
    facade, core = (
        Symbol("kube::Api", "struct", "https://a/"),
        Symbol("kube_core::Api", "struct", "https://b/"),
    )
    assert resolve("Api", Inventory((facade, core))).symbol == facade
    assert resolve("kube_core::Api", Inventory((facade, core))).symbol == core


def test_references_wait_as_code_and_become_links_once_the_documentation_is_built(harbor: Inventory) -> None:
    text = "Use [[Api::patch]] and [[Api]], not `Api`.\n"
    before = link_symbols(text, None)
    assert before.text == "Use `` Api::patch `` and `` Api ``, not `Api`.\n"
    assert before.waiting == ("Api::patch", "Api")
    assert link_symbols(before.text, None).text == before.text
    after = link_symbols(before.text, harbor)
    assert after.text == (
        f"Use [`Api::patch`]({ROOT}struct.Api.html#method.patch) and [`Api`]({ROOT}struct.Api.html), not `Api`.\n"
    )
    assert after.text == link_symbols(text, harbor).text
    assert link_symbols(after.text, harbor).text == after.text
    assert link_symbols(after.text, None).text == after.text


def test_what_is_unknown_waits_and_is_listed_with_its_line(harbor: Inventory) -> None:
    found = link_symbols("a\n\n[[Api]] and [[ptch]]\n", harbor)
    assert found.linked == ("Api",)
    assert "`` ptch ``" in found.text
    assert [(one.path, one.line, one.candidates) for one in found.unresolved] == [
        ("ptch", 3, ("harbor::Api::patch",))
    ]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("```rust\nlet x = [[Api]];\n```\n", id="a fence"),
        pytest.param("    [[Api]]\n", id="indented code"),
        pytest.param("`[[Api]]`\n", id="code"),
        pytest.param("[see [[Api]] there](https://a.b)\n", id="a link's text"),
        pytest.param("[[Api]](https://a.b)\n", id="a link of its own"),
        pytest.param("[[Api]]: https://a.b\n", id="before a colon"),
        pytest.param("\\[[Api]]\n", id="escaped"),
        pytest.param("![[Api]]\n", id="an image"),
        pytest.param("<!-- [[Api]] -->\n", id="a comment"),
        pytest.param("<a title='[[Api]]'>x</a>\n", id="a tag"),
        pytest.param("* take [[Api]] by @jo in https://github.com/a/b/pull/1\n", id="a generated line"),
        pytest.param("[`` Api ``](https://a.b)\n", id="waiting code in a link"),
        pytest.param("``` Api ```\n", id="three ticks"),
        pytest.param("[[a b]] [[]] [[1x]] [[x;y]] [[../x]]\n", id="no paths"),
        pytest.param("[Api]\n\n[api]: https://a.b\n", id="a reference link"),
    ],
)
def test_nothing_else_is_taken_for_a_reference(harbor: Inventory, text: str) -> None:
    assert find_references(text) == ()
    assert link_symbols(text, harbor).text == text


def test_the_pages_with_methods_are_asked_for_only_where_they_are_needed() -> None:
    items = read_rustdoc_items((DATA / "all.html").read_text(), "harbor", ROOT + "all.html")
    wanted = pages_needed(find_references("[[Api::patch]] [[Error]] [[Nothing::at_all]]"), items)
    assert [symbol.path for symbol in wanted] == ["harbor::Api", "harbor::api::Api"]


def test_the_inventory_of_sphinx_and_mkdocs_is_read() -> None:
    sphobjinv = import_module("sphobjinv")
    objects = sphobjinv.Inventory()
    objects.project, objects.version = "acme", "1.0"
    for name, domain, role, uri in [
        ("acme.Client", "py", "class", "api.html#$"),
        ("acme.Client.get", "py", "method", "api.html#$"),
        ("genindex", "std", "label", "genindex.html"),
    ]:
        objects.objects.append(sphobjinv.DataObjStr(name, domain, role, "1", uri, "-"))
    data = sphobjinv.compress(objects.data_file())
    found = read_objects_inventory(data, "https://acme.readthedocs.io/en/1.0/")
    text = link_symbols("[[Client.get]] and [[genindex]]", found).text
    assert (
        text
        == "[`Client.get`](https://acme.readthedocs.io/en/1.0/api.html#acme.Client.get) and `` genindex ``"
    )


@pytest.mark.parametrize("data", [b"", b"<html>", b"# Sphinx inventory version 2\n# Project: x\nbroken"])
def test_a_broken_inventory_is_refused(data: bytes) -> None:
    with pytest.raises(CastoffError) as caught:
        read_objects_inventory(data, "https://a.b/")
    assert caught.value.problems[0].code == "links-inventory-invalid"


def test_an_inventory_that_unpacks_to_too_much_is_refused_before_it_is_unpacked() -> None:
    head = b"# Sphinx inventory version 2\n# Project: x\n# Version: 1\n# The remainder of this file is compressed.\n"

    with pytest.raises(CastoffError) as caught:
        read_objects_inventory(head + zlib.compress(bytes((64 << 20) + 1), 1), "https://a.b/")

    assert caught.value.problems[0].reason == "it holds more than 64 MiB"


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ("", ("mod harbor",)),
        ('<a href="struct.Ship.html">Ship</a>', ("mod harbor", "struct harbor::Ship")),
        ("</a>", ("mod harbor",)),
        ('<a href="struct.Ship.html"><b>Sh</b>ip</a>', ("mod harbor", "struct harbor::Ship")),
    ],
    ids=["nothing", "a link", "an end alone", "a link with markup in its text"],
)
def test_the_items_of_a_page_are_its_links(html: str, found: tuple[str, ...]) -> None:
    items = read_rustdoc_items(html, "harbor", ROOT + "all.html")

    assert tuple(f"{one.kind} {one.path}" for one in items.symbols) == found


@given(st.text(alphabet="[]`()<>!Api:.\\ \n", max_size=80))
@settings(max_examples=300, deadline=None)
def test_linking_is_done_once_whatever_the_text(text: str) -> None:
    known = Inventory((Symbol("kube::Api", "struct", "https://docs.rs/kube/1.0.0/kube/struct.Api.html"),))
    once = link_symbols(text, known).text
    assert link_symbols(once, known).text == once
    waiting = link_symbols(text, None).text
    assert link_symbols(waiting, None).text == waiting
    if not find_references(text):
        assert once == text

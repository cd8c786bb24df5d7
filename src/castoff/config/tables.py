"""Reading of configuration tables into values, and their description in words and schema.

A table is a frozen class; each field carries a :class:`Key` that says how it is spelled, which form its value
has, and what it is for. Reading, the JSON schema and the reference page all come from that.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, cast, dataclass_transform

from msgspec import NODEFAULT, Struct, StructMeta

from castoff.config.fields import Form, Schema, wrong_type
from castoff.config.positions import Conflict, TablePath, nearest, shown
from castoff.values import replace

_C = TypeVar("_C")


class Key(Struct, frozen=True, kw_only=True):
    """What is known of one key: its spelling, its form, and a sentence or two of help."""

    name: str
    form: Form
    help: str
    default: object
    required: bool
    field: str


class _Declared(Struct, frozen=True):
    form: Form
    help: str
    default: Any
    name: str | None


def key(form: Form, help: str, *, default: Any = NODEFAULT, name: str | None = None) -> Any:  # noqa: A002
    """Declare a key of a table; without a default it must be given."""
    return _Declared(form, help, default, name)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(key,))
def table(cls: type[_C]) -> type[_C]:
    """Make a class a table of the configuration."""
    inside = {name: value for name, value in vars(cls).items() if name not in ("__dict__", "__weakref__")}
    declared = {name: value for name, value in inside.items() if isinstance(value, _Declared)}
    defaults = {name: one.default for name, one in declared.items()}
    keys = tuple(
        Key(
            name=one.name or field.replace("_", "-"),
            form=one.form,
            help=one.help,
            default=None if one.default is NODEFAULT else one.default,
            required=one.default is NODEFAULT,
            field=field,
        )
        for field, one in declared.items()
    )
    inside |= {name: one for name, one in defaults.items() if one is not NODEFAULT}
    for name in (name for name, one in defaults.items() if one is NODEFAULT):
        del inside[name]
    inside["_keys"] = keys
    return cast("type[_C]", StructMeta(cls.__name__, (Struct,), inside, frozen=True, kw_only=True))


def keys_of(cls: type) -> tuple[Key, ...]:
    """List the keys of a table, as they stand in its class."""
    return cast("tuple[Key, ...]", vars(cls)["_keys"])


class Table(Struct, frozen=True):
    """The form of a table: only its own keys, the required ones there, and no two that contradict."""

    cls: type
    expects: str = "a table"

    def read(self, value: object, place: TablePath) -> Any:
        """Read a table; None where a key that must be there is missing."""
        if not isinstance(value, dict):
            wrong_type(value, place, self.expects)
            return None
        before = len(place.report.problems)
        values = self._values(value, place)
        if not self._complete(values, place):
            return None
        made = self.cls(**values)
        rule = place.report.rules.get(self.cls)
        # Rules between keys are only meaningful if each value is valid on its own.
        if rule is not None and len(place.report.problems) == before:
            for conflict in rule(made):
                _contradiction(conflict, place.below(conflict.key) if conflict.key in value else place)
        return made

    def schema(self) -> Schema:
        """Describe the table: its keys, which of them must be there, and nothing else."""
        keys = keys_of(self.cls)
        required = [one.name for one in keys if one.required]
        return {
            "type": "object",
            "description": summary(self.cls),
            "properties": {one.name: _described(one) for one in keys},
            "additionalProperties": False,
            **({"required": required} if required else {}),
        }

    def _values(self, value: Mapping[str, object], place: TablePath) -> dict[str, object]:
        keys = {one.name: one for one in keys_of(self.cls)}
        values: dict[str, object] = {}
        for name, inner in value.items():
            if name in keys:
                values[keys[name].field] = keys[name].form.read(inner, place.below(name))
            else:
                _unknown(name, tuple(keys), place.below(name))
        return values

    def _complete(self, values: Mapping[str, object], place: TablePath) -> bool:
        missing = [one.name for one in keys_of(self.cls) if one.required and one.field not in values]
        for name in missing:
            place.wrong(
                "missing-key",
                f"`{place.name}` has no `{name}`",
                reason="the table has no effect without that key",
                remedy=f"add `{name}`",
            )
        return not missing


class Named(Struct, frozen=True):
    """A table of tables whose keys are names: ``[limits."NAME"]``; the name becomes the field ``name``."""

    cls: type
    expects: str = "a table of tables"

    def read(self, value: object, place: TablePath) -> tuple[Any, ...]:
        """Read all tables, in file order."""
        if not isinstance(value, dict):
            wrong_type(value, place, self.expects)
            return ()
        return tuple(self._one(str(name), inner, place.below(str(name))) for name, inner in value.items())

    def schema(self) -> Schema:
        """Describe the tables."""
        return {"type": "object", "additionalProperties": Table(self.cls).schema()}

    def _one(self, name: str, value: object, place: TablePath) -> Any:
        made = Table(self.cls).read(value, place)
        return None if made is None else replace(made, name=name)


def summary(cls: type) -> str:
    """Return the first paragraph of a class's docstring, as one line."""
    return " ".join((cls.__doc__ or "").split("\n\n")[0].split())


@cache
def homes_of(top: type) -> Mapping[str, str]:
    """Say of each key below the top in which table it stands, so that a key in a wrong place can be told."""
    homes: dict[str, str] = {}
    for outer in keys_of(top):
        inner = getattr(outer.form, "cls", None)
        for one in keys_of(inner) if inner is not None else ():
            homes.setdefault(one.name, outer.name)
    return homes


def _unknown(name: str, known: tuple[str, ...], place: TablePath) -> None:
    near = nearest(name, known)
    home = place.report.homes.get(name)
    listed = ", ".join(f"`{one}`" for one in known)
    # People copy a table from a manifest into `castoff.toml`, with its prefix.
    if not place.prefix and place.path[:-1] == () and name in ("castoff", "tool", "workspace", "package"):
        remedy = "in `castoff.toml`, the tables are at the top level: `[release]`, `[notes]`"
    elif near is not None:
        remedy = f"did you mean `{near}`?"
    elif home is not None and home not in known:
        remedy = f"`{name}` belongs to `[{home}]`"
    elif home is not None:
        remedy = f"move it below `[{home}]`"
    else:
        remedy = f"known keys: {listed}"
    place.wrong("unknown-key", f"`{shown(place.name)}` is not a castoff setting", remedy=remedy)


def _contradiction(conflict: Conflict, place: TablePath) -> None:
    found = conflict.found
    where = f"`{place.name}`: " if place.path else ""
    place.wrong(found.code, where + found.message, reason=found.reason, remedy=found.remedy)


def _described(one: Key) -> Schema:
    described: Schema = {
        **one.form.schema(),
        "description": one.help or summary(getattr(one.form, "cls", object)),
    }
    if isinstance(one.default, bool | int | float | str):
        described["default"] = one.default
    elif isinstance(one.default, tuple) and one.default and all(isinstance(x, str) for x in one.default):
        described["default"] = list(one.default)
    return described

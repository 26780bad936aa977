"""The page docs/settings.md, made from the schema of config and from what modules declare."""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from typing import Any

from softbench import losses, networks
from softbench.plan import modules, rule_files
from softbench.plan.answers import rater_laboratory
from softbench.plan.checks.raters import BAND_MM, MARGIN_MM
from softbench.plan.config import schema, walk
from softbench.plan.config.schema import Schema, constant
from softbench.training.protocol import Protocol
from softbench.training.run import Scoring

HEAD = """# Settings

<!-- Made by `make docs`: edit workflow/schemas/config.schema.yaml or the `ALLOWED` of a module, not this file. -->

What config may hold: each key with what it means, what is allowed, and what holds where it is left out. `snakemake -n`
refuses anything else, with the file and line, what is known, and what was probably meant:

```text
config/demo.yaml, line 41: tables.demo_brain.columns.2.metric is 'esc', which does not exist. Did you mean 'ece'? …
```

Recipes, maps, networks, losses and sources declare their settings in their own modules, as `ALLOWED`; yours may, too
(`docs/extend.md`). How the files of config are read, `like` and `sweep`: `docs/config.md`. A test fails when this page
is stale.
"""
TABLE = "| key | meaning | allowed | left out |\n|---|---|---|---|\n"
SOURCES = "| source | axes | label maps of a case | structures | splits by a rule |\n|---|---|---|---|---|\n"
OPEN = "Other keys are arguments of the class, as its library has them."
MISSED = object()  # no default is known


def page() -> str:
    """Return the page."""
    parts = [HEAD, *_circumstances(), *_datasets(), *_soft_labels(), *_methods(), *_networks(), *_training(), *_shown()]
    parts += _raters()
    return "".join(parts)


def rows(properties: Mapping[str, Schema], defaults: Mapping[str, Any], needed: Iterable[str] = ()) -> str:
    """Return a table of settings.

    Args:
        properties: key -> schema, without references.
        defaults: what holds where a key is left out, of those of which that is known.
        needed: keys that may not be left out.
    """
    lines = [
        f"| `{key}` | {part.get('description', '')} | {_allowed(part)} | {_default(key, defaults, needed)} |\n"
        for key, part in properties.items()
    ]
    return TABLE + "".join(lines)


def _allowed(part: Schema) -> str:
    inner = part.get("properties") or {}
    held = [f"`{key}`: {walk.wanted(part)}" for key, part in inner.items()] if len(inner) < 4 else []
    return f"{walk.wanted(part)}{': ' if held else ''}{'; '.join(held)}".replace("|", "\\|")


def _default(key: str, defaults: Mapping[str, Any], needed: Iterable[str]) -> str:
    if key in needed:
        return "needed"
    value = defaults.get(key, MISSED)
    return "" if value is MISSED else f"`{_written(value)}`"


def _written(value: Any) -> str:
    """Return a value as YAML writes it on one line."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_written, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {_written(part)}' for key, part in value.items())}}}"
    return str(value)


def _properties(part: Schema, *left_out: str) -> dict[str, Schema]:
    return {key: part for key, part in part["properties"].items() if key not in left_out}


def _section(title: str, part: Schema, defaults: Mapping[str, Any], said: str = "") -> str:
    text = f"{said}\n\n" if said else ""
    return f"\n{title}\n\n{text}{rows(part['properties'], defaults, part.get('required', []))}"


def _sentence(part: Schema) -> str:
    said: str = part["description"]
    return f"{said[0].upper()}{said[1:]}."


def _circumstances() -> list[str]:
    """The keys at the top that hold no entries."""
    whole = schema.whole()
    single = {key: part for key, part in whole["properties"].items() if not part.get("name")}
    sections = [key for key, part in whole["properties"].items() if part.get("name")]
    said = f"\nSections with entries of their own: {', '.join(f'`{key}`' for key in sections)}; see below.\n"
    return [f"\n## At the top\n\n{rows(single, {}, [key for key in whole['required'] if key in single])}{said}"]


def _datasets() -> list[str]:
    """Data sets: what all published sources share, phantoms, and what some sources have besides."""
    shared = schema.mapping(constant("datasets/prepare/prepare.py:ALLOWED"))
    made = schema.mapping(schema.source_settings("phantom_brain"))
    parts = [
        "\n## Data sets\n\n`datasets.<key>`: `source` names where the cases come from, and decides the other keys.\n",
        _section("### Of a published source", shared, constant("datasets/prepare/prepare.py:DEFAULTS")),
        _section("### Of a phantom", made, constant("datasets/prepare/prepare.py:DEFAULTS_MADE")),
    ]
    for name in modules.sources():
        module = modules.file_of_source(name)
        if own := modules.constant(module, "SETTINGS", {}):
            allowed = modules.constant(module, "ALLOWED", {})
            parts.append(_section(f"### Besides, of `{name}`", schema.mapping(schema.settings(own, allowed)), own))
    return [*parts, f"\n### Sources\n\n{SOURCES}{''.join(map(_source, modules.sources()))}"]


def _source(name: str) -> str:
    module = modules.file_of_source(name)
    structures, dims, maps, splits = (
        modules.constant(module, key, None) for key in ("STRUCTURES", "DIMS", "LABEL_MAPS", "SPLITS")
    )
    return f"| `{name}` | {dims or ''} | {maps or ''} | {', '.join(structures or [])} | {', '.join(splits or [])} |\n"


def _soft_labels() -> list[str]:
    """Maps and recipes."""
    rules = rule_files.find()
    parts = ["\n## Maps\n\n`maps.<key>`: `map` names the kind, the key's own name where left out.\n"]
    for kind, recipe in rules.maps.items():
        entry = schema.entry("map", kind, {"map": kind}, rules.maps)
        parts.append(_settings(f"### `{kind}`", entry, f"soft_labels/{recipe}.py", "map"))
    parts.append(
        "\n## Soft labels\n\n`soft_labels.<key>`: `recipe` names how it is made, the key's own name where left out.\n"
    )
    for recipe in rules.recipes:
        entry = schema.entry("soft_label", recipe, {"recipe": recipe}, rules.maps)
        parts.append(_settings(f"### `{recipe}`", entry, f"soft_labels/{recipe}.py", "recipe"))
    teacher = schema.definition("teacher")
    parts.append(_section("## Teachers", teacher, {"folds": 2}, "`teachers.<key>`, which `distilled` and `slsr` name."))
    return parts


def _settings(title: str, entry: Schema, module: str, naming: str) -> str:
    defaults = {
        "intensities": constant("soft_labels/maps.py:DEFAULT"),
        **modules.constant(module, "SETTINGS", {}),
    }
    properties, needed = _properties(entry, naming), entry.get("required", ())
    return f"\n{title}\n\n{rows(properties, defaults, needed) if properties else 'No settings.' + chr(10)}"


def _methods() -> list[str]:
    """Methods, and the arguments of losses."""
    method = schema.definition("method")
    parts = [
        _section("## Methods", {"properties": _properties(method, "resolution", "protocol")}, {}, "`methods.<key>`")
    ]
    parts.append(
        _section("### `protocol` of a method", method["properties"]["protocol"], {}, "In place of the protocol's.")
    )
    coarse = {"properties": method["properties"]["resolution"]["properties"], "required": ["factor"]}
    parts.append(_section("### `resolution`", coarse, {"images": "mean", "labels": "soft_label"}, "A coarser grid."))
    parts.append("\n### Losses\n\n`docs/losses.md` has the equations, and their defaults.\n")
    for name, loss in losses.catalogue.known().items():
        if loss.allowed:
            parts.append(f"\n#### `{name}`\n\n{rows(loss.allowed, {})}")
    return parts


def _networks() -> list[str]:
    """Networks."""
    parts = ["\n## Networks\n\n`networks.<key>`: `name` names the module (`docs/networks.md`).\n"]
    for name in networks.names():
        entry = schema.entry("network", name, {"name": name}, {})
        needed, _, takes_others = networks.known_settings(name)
        table = rows(_properties(entry, "name"), networks.default_settings(name), needed)
        parts.append(f"\n### `{name}`\n\n{table}{chr(10) + OPEN + chr(10) if takes_others else ''}")
    return parts


def _training() -> list[str]:
    """Protocols and experiments."""
    experiment = schema.definition("experiment")
    plain = {"properties": _properties(experiment, "rehearsal", "scoring"), "required": experiment["required"]}
    rehearsal, scoring = experiment["properties"]["rehearsal"], experiment["properties"]["scoring"]
    how_long = "`protocols.<key>`. Either `epochs` or `steps`."
    return [
        _section("## Protocols", schema.definition("protocol"), _defaults(Protocol), how_long),
        _section("## Experiments", plain, {}, "`experiments.<key>`"),
        _section("### `scoring`", scoring, _defaults(Scoring), _sentence(scoring)),
        _section("### `rehearsal`", rehearsal, {}, _sentence(rehearsal)),
    ]


def _defaults(kind: type) -> dict[str, Any]:
    """Return the defaults of a dataclass."""
    defaults: dict[str, Any] = {}
    for field in fields(kind):
        if field.default_factory is not MISSING:
            defaults[field.name] = field.default_factory()
        elif field.default is not MISSING:
            defaults[field.name] = field.default
    return {name: value for name, value in defaults.items() if name not in ("steps", "epochs")}


def _raters() -> list[str]:
    """Studies of soft labels against raters."""
    study, sweep = schema.definition("rater_study"), schema.definition("rater_sweep")
    lines = "`rater_sweeps.<key>`, a line of each study (`docs/raters.md`)."
    return [
        _section("## Studies of raters", study, {"band_mm": BAND_MM, "margin_mm": MARGIN_MM}, "`rater_studies.<key>`"),
        _section("### What they try", sweep, {}, lines),
        *_laboratory(),
    ]


def _laboratory() -> list[str]:
    """Panels of simulated raters."""
    laboratory, population, habits = (
        schema.definition(f"rater_{name}") for name in ("laboratory", "population", "habits")
    )
    people = "`rater_laboratory.populations.<key>`"
    defaults = rater_laboratory.DEFAULTS | {"lines": list(rater_laboratory.LINES)}
    return [
        _section("## Panels of simulated raters", laboratory, defaults, "`rater_laboratory`"),
        _section("### `populations`", population, {}, people),
        _section("#### `habits`", habits, {}, "Each of them, a number or a range [low, high]:"),
    ]


def _shown() -> list[str]:
    """Tables and figures."""
    table, paper, block = (schema.definition(name) for name in ("table", "paper_table", "block"))
    parts = [
        _section("## Tables", table, {}, "`tables.<key>`, of experiments. Metrics: `docs/metrics.md`."),
        _section("### `columns`", schema.definition("column"), {}, "Each of them:"),
        _section("## Papers' tables", paper, {}, "`tables.<key>` with `published`: ours beside the printed numbers."),
        _section("### `blocks`", block, {}, "Each of them:"),
        _section("### `pick`", block["properties"]["pick"], {}, _sentence(block["properties"]["pick"])),
        _section("## Figures", schema.definition("figure"), {}, "`figures.<key>`, of all kinds:"),
    ]
    shared = schema.definition("figure")["properties"]
    for kind in shared["kind"]["enum"]:
        figure = schema.figure(kind)
        own = {"properties": _properties(figure, *shared), "required": figure["required"]}
        parts.append(_section(f"### `{kind}`", own, {}))
    return parts

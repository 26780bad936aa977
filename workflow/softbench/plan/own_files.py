"""Files that a user added to the package, checked by their text before any job: losses, metrics, networks and the like.

None is imported here, so that planning needs neither torch nor any other library of theirs; `own_imports` imports them,
in a process of its own. Files of the suite are not looked at again at each start: tests hold them to the same checks.
"""

import ast
import difflib
import functools
import importlib.util
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from softbench.errors import InputError, listed, short
from softbench.losses import catalogue as losses
from softbench.plan import modules, views
from softbench.plan.config import metrics

ACCESS = ("open", "tcia", "token", "manual", "own", "made")
NEAR = 0.8  # of difflib: how like a known name a constant must be to be taken for a misspelt one
SHIPPED = {  # the suite's own modules; one that is left out here is checked at each start, like a user's
    "losses": "acls adaptive_wing arithmetic catalogue ce dice dice_vnet dsc_pp ecp flsd focal jaccard kl l1 "
    "label_relaxation learned_weights mbls ml1_ace nacl sdc soft_dice target trial tversky wce weighted_sum written",
    "metrics": "calibration catalogue centreline cross_check inputs known_truth lesions metric overlap pooled regions "
    "rows score soft structure surface threshold true_distribution",
    "networks": "compact_unet epd_net monai monai_arguments unet3d xception_unet",
    "soft_labels": "blur boundary_uncertainty dilation distance distilled epd geols ls moh msvls one_hot resampled "
    "sauna shuffled slsr staple superpixel svls wrong_image",
    "datasets": "case folder folds splits",
    "datasets/sources": "abdomenct1k brats2019 chase_db1 contours curvas dicom dncnn flare2021 hippocampus kits2019 "
    "kits2023 layout lidc mrbrains18 msd_brain nnunet oct_dme prostatex_zones reading saros",
    "datasets/phantoms": "abdomen annotators body brain kidney lesions nodule retina shapes",
    "tables/views": "agreement comparison costs empty_mask_sensitivity post_hoc posthoc_baseline posthoc_grid "
    "rater_agreement ranks results soft_label_quality statistics truth tuning",
    "figures/views": "cases posthoc_figure ranks_figure reliability reliability_beside_paper segmentations soft_labels "
    "tuning_figure",
}  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """What files of one room must hold.

    name: in messages. mark: the constant or function by which such a file is found. written: how the mark is written.
    known: further constants and functions that the suite looks for. check: raises for what is wrong with such a file.
    """

    name: str
    mark: str
    written: str
    page: str
    known: tuple[str, ...]
    check: Callable[[str], None]


def check(recipes: Collection[str]) -> None:
    """Raise for the first fault in a file that a user added.

    Args:
        recipes: those that have a rule; only their modules are soft labels.
    Raises: InputError: naming the file, what was found and what to write.
    """
    found = [(room, path) for room in KINDS for path in own(room, recipes)]
    helpers = _imported(path for _, path in found)
    for room, path in found:
        check_file(f"{room}/{path.name}", is_helper=path.stem in helpers)
    _require_one_file_a_source()


def own(room: str, recipes: Collection[str] = ()) -> list[Path]:
    """Return the files of a room that are not the suite's; of soft labels, those that have a rule."""
    shipped = SHIPPED[room].split()
    files = sorted((modules.PACKAGE / room).glob("[!_.]*.py"))
    return [path for path in files if path.stem not in shipped and (room != "soft_labels" or path.stem in recipes)]


def check_file(module: str, *, is_helper: bool = False) -> None:
    """Raise for the first fault of a file, a path below the package; a helper is one that another such file imports."""
    path = modules.PACKAGE / module
    if not path.stem.isidentifier():
        raise InputError(f"{short(path)}: the name of the file must be made of letters, digits and _. Rename it.")
    kind, names = KINDS[str(Path(module).parent)], modules.names(module)
    if kind.mark in names:
        version = modules.constant(module, "VERSION")
        if not isinstance(version, int) or isinstance(version, bool) or version < 1:
            raise InputError(f"{short(path)}: VERSION must be a whole number, but is {version!r}. Write `VERSION = 1`.")
        kind.check(module)
        _require_spelling(module, kind)
    elif not is_helper:
        raise _unmarked(path, kind, names)
    _require_packages(path)


def _unmarked(path: Path, kind: Kind, names: Iterable[str]) -> InputError:
    near = difflib.get_close_matches(kind.mark, names, 1, NEAR)
    found = f"it has {near[0]!r}, probably meant as {kind.mark!r}" if near else "nothing uses the file"
    return InputError(
        f"{short(path)} has no {kind.mark}, by which a {kind.name} is found: {found}. Write it as in docs/extend.md, "
        f'"{kind.page}" (`{kind.written}`), or take the file away.'
    )


def _require_spelling(module: str, kind: Kind) -> None:
    """Raise for a name at the top that nothing reads and that is nearly one which the suite looks for."""
    tree, names = modules.tree(module), modules.names(module)
    read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    wanted = [name for name in (*kind.known, "VERSION", "ALLOWED") if name not in names]
    for name in modules.own_names(module):
        if name in read or name in kind.known or name.startswith("_"):
            continue
        if near := difflib.get_close_matches(name, wanted, 1, NEAR):
            path = modules.PACKAGE / module
            raise InputError(f"{short(path)}: nothing reads {name!r}. Did you mean {near[0]!r}? Else rename it.")


def _require_packages(path: Path) -> None:
    """Raise where a file imports a package that no environment of the suite has."""
    if (
        importlib.util.find_spec("torch") is None
    ):  # only Snakemake is installed here; jobs have environments of their own
        return
    for line, package in sorted(_packages(path)):
        if package != "softbench" and importlib.util.find_spec(package) is None and package not in _listed_packages():
            raise InputError(
                f"{short(path)}, line {line} imports {package!r}, a package that is not installed. Correct the name, "
                "or install the package (for `--sdm conda`, add it to the file of the stage in envs/)."
            )


def _packages(path: Path) -> Iterator[tuple[int, str]]:
    """Give line and name of each package that a file imports, but for those that it can do without."""
    waiting: list[ast.AST] = [modules.tree(str(path.relative_to(modules.PACKAGE)))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.partition(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.lineno, str(node.module).partition(".")[0]
        elif not isinstance(node, ast.Try) and not (
            isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        ):
            waiting.extend(ast.iter_child_nodes(node))


@functools.cache
def _listed_packages() -> set[str]:
    """Return what the environment files of the suite list, as it is imported where it is called alike."""
    files = (modules.PACKAGE.parents[1] / "envs").glob("*.yaml")
    names = re.findall(r"^ *- ([\w.-]+)", "\n".join(file.read_text(encoding="utf-8") for file in files), re.MULTILINE)
    return {name.replace("-", "_").lower() for name in names}


def _imported(files: Iterable[Path]) -> set[str]:
    """Return the last names of what files import from the package; a file that is no Python is told later."""
    found: set[str] = set()
    for path in files:
        text = path.read_text(encoding="utf-8", errors="replace")
        for start, names in re.findall(r"^\s*(?:from\s+(\S+)\s+)?import\s+([^#\n]+)", text, re.MULTILINE):
            found |= set(re.findall(r"\w+", names)) | {start.rpartition(".")[2]}
    return found


def _check_loss(module: str) -> None:
    losses.read_file(modules.PACKAGE / module)


def _check_metric(module: str) -> None:
    metrics.entries()


def _check_network(module: str) -> None:
    path = modules.PACKAGE / module
    build = modules.function(module, "build")
    if build is None:
        return
    given = [argument.arg for argument in (*build.args.posonlyargs, *build.args.args)]
    if given != ["in_channels", "classes", "dims"]:
        raise InputError(
            f"{short(path)}, line {build.lineno}: `build` takes {', '.join(given) or 'nothing'} before its settings, "
            "but must begin `build(in_channels, classes, dims, *, …)`."
        )
    dims = modules.constant(module, "DIMS", (2, 3)) if modules.defines(module, "DIMS") else (2, 3)
    if not isinstance(dims, tuple) or not dims or not set(dims) <= {2, 3}:
        raise InputError(f"{short(path)}: DIMS must be (2, 3), (2,) or (3,), but is {dims!r}.")
    settings = [argument.arg for argument in build.args.kwonlyargs]
    if build.args.kwarg is None:
        _require_settings(module, "ALLOWED", settings, "a setting of `build`")


def _check_recipe(module: str) -> None:
    modules.check_recipe_module(Path(module).stem)
    settings = modules.constant(module, "SETTINGS", None)
    if settings is not None:
        _require_settings(module, "ALLOWED", settings, "one of SETTINGS")


def _require_settings(module: str, name: str, settings: Iterable[str], what: str) -> None:
    """Raise where a constant, written out, has a key that is no setting."""
    stated, known = modules.constant(module, name, {}) if modules.defines(module, name) else {}, list(settings)
    for key in stated:
        if key not in known:
            path = modules.PACKAGE / module
            raise InputError(
                f"{short(path)}: {name} has {key!r}, which is not {what}: {listed(key, known)}. Rename it."
            )


SOURCE = ("TITLE", "LICENCE", "CITATION", "ACCESS", "MODALITIES", "CLASSES", "STRUCTURES")  # of every source
FILES = ("LAYOUT", "find_cases")  # of every source that is not made
OF_ACCESS = {  # what a source of this access has besides; of alternatives one
    "open": ("ARCHIVES|archives",),
    "tcia": ("SERIES",),
    "token": ("ARCHIVES|archives", "TOKEN", "STEPS"),
    "manual": ("STEPS",),
    "own": (),
    "made": ("SIZES", "CASES", "make"),
}
MAY = (
    "DIMS",
    "LABEL_MAPS",
    "LABEL_IDS",
    "OTHER_RELEASES",
    "OTHER_NAMES",
    "IGNORED",
    "DROPPED",
    "DEFAULTS",
    "SETTINGS",
    "PSEUDO_RATERS",
    "PATIENTS_UNKNOWN",
    "SPLITS",
    "SIZE_GB",
    "LABEL_ARCHIVES",
)
MAY_DEFINE = (
    "find_dropped",
    "read",
    "read_raters",
    "require_raters",
    "extra_files",
    "choose_series",
    "archives",
    "ARCHIVES",
    "SERIES",
    "TOKEN",
    "STEPS",
)


def _check_source(module: str) -> None:
    path, names = modules.PACKAGE / module, modules.names(module)
    access = modules.constant(module, "ACCESS")
    if access not in ACCESS:
        raise InputError(f"{short(path)}: ACCESS is {access!r}, but must be one of {', '.join(map(repr, ACCESS))}.")
    needed = [*SOURCE, *(() if access == "made" else FILES), *OF_ACCESS[access]]
    missing = [name.replace("|", " or ") for name in needed if not set(name.split("|")) & set(names)]
    if missing:
        near = {name: difflib.get_close_matches(name, modules.own_names(module), 1, NEAR) for name in missing}
        told = [f"{name} (it has {close[0]!r})" if close else name for name, close in near.items()]
        raise InputError(
            f"{short(path)} lacks {', '.join(told)}. What a source says stands at the top of "
            "workflow/softbench/datasets/__init__.py."
        )
    for name in ("TITLE", "LICENCE"):
        modules.constant(module, name)
    if modules.defines(module, "SETTINGS"):
        _require_settings(module, "ALLOWED", modules.constant(module, "SETTINGS"), "one of SETTINGS")


def _require_one_file_a_source() -> None:
    """Raise where two files are sources of one name."""
    found: dict[str, Path] = {}
    for folder, start in modules.SOURCES.items():
        for path in sorted((modules.PACKAGE / folder).glob("[!_.]*.py")):
            if modules.defines(f"{folder}/{path.name}", "ACCESS"):
                first = found.setdefault(start + path.stem, path)
                if first != path:
                    raise InputError(
                        f"{short(path)} and {short(first)} are sources of one name. Rename the one of yours."
                    )


def _check_view(module: str) -> None:
    for kind in views.declared_in(module).of:
        views.declared(kind)


OF_SOURCES = (*SOURCE, *FILES, *MAY, *MAY_DEFINE, "SIZES", "CASES", "make")
SOURCES = Kind("source of data", "ACCESS", 'ACCESS = "own"', "Your own data set", OF_SOURCES, _check_source)
OF_RECIPES = (
    *modules.CONTRACT, "soften_batch", "MAP_SETTINGS", "make_map", "apply_map", "map_facts", "doubt", "grid",
    "NEEDS_SHARES", "NEEDS_VALID", "NEEDS_TEACHER", "learn", "DIRECTED", "SINGLE_VOXEL_KEEPS", "soften_each",
    "needed_around_mm", "BELOW",
)  # fmt: skip
VIEW = Kind("view", "VIEW", "VIEW = View(name=…, …)", "Your own view of a table", (), _check_view)
KINDS = {
    "losses": Kind(
        "loss",
        "LOSS",
        'LOSS = {"class": "WeightedDice"}',
        "Your own loss",
        ("SMALLEST_AT_TARGET", "STANDS_BESIDE"),
        _check_loss,
    ),
    "metrics": Kind("metric", "METRIC", "METRIC = Metric(key=…, …)", "Your own metric", (), _check_metric),
    "networks": Kind(
        "network", "build", "def build(in_channels, classes, dims, *, …)", "Your own network", ("DIMS",), _check_network
    ),
    "soft_labels": Kind("soft label", "soften", "def soften(…)", "Your own method", OF_RECIPES, _check_recipe),
    "datasets": SOURCES,
    "datasets/sources": SOURCES,
    "datasets/phantoms": SOURCES,
    "tables/views": VIEW,
    "figures/views": VIEW,
}

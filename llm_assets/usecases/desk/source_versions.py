"""Versions of rules as digests of their source code: an edited rule cannot keep its old version.

A version covers a module and every module of ours that it imports, wherever they are, and the data files beside them. So
an edit of a prompt or of a mask leaves what was read as it is, and an edit of a parser reads it again. A version changes
more often than it must (an edited comment counts); that costs some reading and rendering, and no request.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.util import find_spec, resolve_name
from pathlib import Path

from llm_assets.domain.desk.step import Step
from llm_assets.domain.digest import digest

OURS = "llm_assets"
_ROOT = Path(__file__).parents[2]
READER = ("llm_assets.intake.workers.worker",)
"""What turns the bytes of a message into its row."""
DAY_READER = ("llm_assets.engine.night.read_day",)
"""What places the messages of a day in cases, besides."""
MASKING = ("llm_assets.intake.pii.masking",)
ROWS = ("llm_assets.engine.answers.rows",)
_IMPORT = re.compile(
    rf"""^[ \t]*(
        from [ \t]+ (?: \. | {OURS}\b ) [.\w]* [ \t]+ import\b (?: [ \t]* \( (?: [^)\#] | \#.*\n )* \) | (?: [^\\\n] | \\\n )* )
        | import\b (?: [^\\\n] | \\\n )* \b{OURS}\b (?: [^\\\n] | \\\n )*
    )""",
    re.MULTILINE | re.VERBOSE,
)
"""A statement at the beginning of a line, whole: names in parentheses may follow on further lines."""
_LONG_STRING = re.compile(r'("""|\'\'\').*?\1', re.DOTALL)


@cache
def reader_version() -> str:
    """24 hex digits over what reads one message; stored in each row of `documents`."""
    return _version(READER)


@cache
def day_version() -> str:
    """24 hex digits over what places messages in cases."""
    return _version(DAY_READER)


@cache
def masking_version() -> str:
    """24 hex digits over what masks personal data."""
    return _version(MASKING)


def rules_version(steps: Iterable[Step]) -> str:
    """24 hex digits over what renders, masks and makes rows of these steps. A prompt has a version of its own."""
    return _version((*MASKING, *ROWS, *sorted({name for step in steps for name in modules_of(step)})))


def modules_of(step: Step) -> list[str]:
    """The modules of the folder in which a step's output model is defined."""
    package, _, _ = step.output.__module__.rpartition(".")
    file = _file_of(step.output.__module__)
    if not package or file is None:
        return [step.output.__module__]
    return [f"{package}.{path.stem}" for path in file.parent.glob("*.py") if path.stem != "__init__"]


def sources_of(modules: Iterable[str]) -> frozenset[Path]:
    """The files of these modules, of all modules of ours that they import, and of the data beside them.

    Raises ModuleNotFoundError for a name that is no module.
    """
    waiting, found = list(modules), dict[str, Path]()
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        file = _file_of(name)
        if file is None:
            raise ModuleNotFoundError(name)
        found[name] = file
        waiting.extend(imported for imported in _imports(name, file) if imported not in found)
    return frozenset(found.values()).union(*(_data_beside(path.parent) for path in found.values()))


def _version(modules: Iterable[str]) -> str:
    read = {digest(path.read_text(encoding="utf-8")) for path in sources_of(modules)}
    return digest(sorted(read))


@cache
def _imports(name: str, file: Path) -> frozenset[str]:
    """Parsed once a process: the versions share most of their files, and a night asks for them in every round."""
    return frozenset(_imported(name, file))


def _imported(name: str, file: Path) -> Iterator[str]:
    """Modules of ours that a module imports anywhere in it, by a statement or by `import_module` with a plain name.

    Of `from package import name` they are the name, where that is a module, and else the package.
    """
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    code = file.read_text(encoding="utf-8")
    # Every process that loads the assets comes by here: to parse all files whole takes a third of a second of CPU.
    for node in ast.walk(ast.parse(code)) if "import_module" in code else _statements(code):
        match node:
            case ast.Import(names=names):
                yield from (imported.name for imported in names if _is_ours(imported.name))
            case ast.ImportFrom(module=module, names=names, level=level):
                source = resolve_name("." * level + (module or ""), package) if level else str(module)
                inside = [f"{source}.{imported.name}" for imported in names] if _is_ours(source) else []
                yield from (found if _file_of(found) is not None else source for found in inside)
            case ast.Call(
                func=ast.Name("import_module") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(str(module)), *_],
            ) if _is_ours(module):
                yield module


def _statements(code: str) -> Iterable[ast.AST]:
    """The statements that import something of ours, found by their first words. A file with such words in a docstring is parsed
    whole: they may be an example, or no Python at all."""
    found = _IMPORT.findall(code)
    if len(found) != len(_IMPORT.findall(_LONG_STRING.sub("", code))):
        return ast.walk(ast.parse(code))
    return [statement for words in found for statement in ast.parse(words).body]


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] == OURS


@cache
def _file_of(module: str) -> Path | None:
    """None for a name that is no module. Digests depend on what a file says, not on where it is.

    Ours are looked up as files: `find_spec` imports what a name is in, here every parser into every process that loads the assets.
    """
    if _is_ours(module):
        place = _ROOT.joinpath(*module.split(".")[1:])
        for file in (place / "__init__.py", place.with_name(f"{place.name}.py")):
            if file.is_file():
                return file
        if place.parent.is_dir() or place.parent.with_name(f"{place.parent.name}.py").is_file():
            return None  # a name in a module of this folder; a package's path may lead elsewhere, too
    try:
        spec = find_spec(module)
    except ModuleNotFoundError:
        return None
    return Path(spec.origin) if spec is not None and spec.origin is not None else None


def _data_beside(folder: Path) -> set[Path]:
    """Words and patterns as data, in folders below too unless they are packages: those belong to their own modules.

    Prompts are no rule of reading, and each has a version of its own.
    """
    data = {path for kind in ("*.yaml", "*.json", "*.txt") for path in folder.glob(kind)}
    below = (path for path in folder.iterdir() if path.is_dir() and not (path / "__init__.py").exists())
    return data.union(*map(_data_beside, below))

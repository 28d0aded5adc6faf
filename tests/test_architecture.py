"""What no file of the package may do, whoever writes it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import oddflow

SOURCE = Path(oddflow.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
MAX_LINES = 350

UNSAFE_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal"}
UNSAFE_CALLS = {"eval", "exec", "__import__", "os.system", "os.popen", "joblib.load", "torch.load"}
UNSAFE_CALLS |= {"yaml.load", "yaml.unsafe_load", "yaml.full_load"}
UNSAFE_ARGUMENTS = {"shell", "allow_pickle"}
STREAMS = {"sys.stdout", "sys.stderr", "sys.__stdout__", "sys.__stderr__", "sys.argv"}

Check = Callable[[ast.AST], Iterator[ast.AST]]
"""Gives the nodes of a file that are not allowed in it."""


def dotted(node: ast.AST) -> str:
    """`a.b.c` for a name or an attribute, or nothing."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return ""


def imported(node: ast.AST) -> set[str]:
    """What an import names: modules, and what is taken from them."""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if isinstance(node, ast.ImportFrom) and node.module:
        return {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return set()


def prints(tree: ast.AST) -> Iterator[ast.AST]:
    """Uses of print, of the standard streams and of argv."""
    for node in ast.walk(tree):
        is_print = isinstance(node, ast.Call) and dotted(node.func) in {"print", "input"}
        if is_print or dotted(node) in STREAMS or imported(node) & STREAMS:
            yield node


def loads_unsafely(tree: ast.AST) -> Iterator[ast.AST]:
    """Imports of modules that turn data into code."""
    for node in ast.walk(tree):
        if UNSAFE_MODULES & {name.split(".")[0] for name in imported(node)}:
            yield node


def runs_what_it_is_given(tree: ast.AST) -> Iterator[ast.AST]:
    """Calls that run text or unpickle files, and the arguments that make harmless calls do it."""
    for node in ast.walk(tree):
        if imported(node) & UNSAFE_CALLS:
            yield node
        if not isinstance(node, ast.Call):
            continue
        if dotted(node.func).removeprefix("builtins.") in UNSAFE_CALLS:
            yield node
        for given in node.keywords:
            is_off = isinstance(given.value, ast.Constant) and not given.value.value
            if given.arg in UNSAFE_ARGUMENTS and not is_off:
                yield node


EVERYWHERE: tuple[Check, ...] = (loads_unsafely, runs_what_it_is_given)
OUTSIDE_THE_COMMAND_LINE: tuple[Check, ...] = (*EVERYWHERE, prints)


def name_of(check: Check) -> str:
    return str(getattr(check, "__name__", check))


def check_file(path: Path, text: str) -> None:
    """Assert that a file does nothing that is not allowed where it stands."""
    n_lines = len(text.splitlines())
    assert n_lines <= MAX_LINES, f"{path}:{n_lines}: more than {MAX_LINES} lines"
    tree = ast.parse(text)
    is_cli = path.is_relative_to(SOURCE / "cli")
    checks = EVERYWHERE if is_cli else OUTSIDE_THE_COMMAND_LINE
    found = [
        f"{path}:{getattr(node, 'lineno', '?')}: {name_of(check)}: {ast.unparse(node)[:80]}"
        for check in checks
        for node in check(tree)
    ]
    assert not found, "\n".join(found)


def test_there_are_files_to_check() -> None:
    assert len(FILES) > 40
    assert {path.relative_to(SOURCE).parts[0] for path in FILES} > {"cli", "core", "detect"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_file_does_only_what_it_may(path: Path) -> None:
    check_file(path, path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "text",
    [
        "print('hello')",
        "import sys\nsys.stderr.write('hello')",
        "import sys\nname = sys.argv[1]",
        "from sys import stdout",
        "answer = input()",
    ],
)
def test_printing_is_for_the_command_line_alone(text: str) -> None:
    check_file(SOURCE / "cli" / "new.py", text)
    with pytest.raises(AssertionError, match=r"new.py:\d+: prints"):
        check_file(SOURCE / "detect" / "new.py", text)


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "import os, pickle as p",
        "from pickle import loads",
        "def load():\n    import dill",
        "from marshal import load",
        "eval('1 + 1')",
        "exec(text)",
        "import builtins\nbuiltins.eval('1')",
        "import os\nos.system('ls')",
        "from os import system",
        "import subprocess\nsubprocess.run('ls', shell=True)",
        "import subprocess\nsubprocess.run('ls', shell=flag)",
        "import yaml\nyaml.load(text)",
        "from yaml import load",
        "import joblib\njoblib.load(path)",
        "from joblib import load",
        "import numpy as np\nnp.load(path, allow_pickle=True)",
        "x = 1\n" * (MAX_LINES + 1),
    ],
)
def test_what_nobody_may_do_is_rejected(text: str) -> None:
    for folder in ("cli", "core"):
        with pytest.raises(AssertionError, match=r"new.py:\d+: "):
            check_file(SOURCE / folder / "new.py", text)


@pytest.mark.parametrize(
    "text",
    [
        "import subprocess\nsubprocess.run(['ls'], shell=False)",
        "import numpy as np\nnp.load(path, allow_pickle=False)",
        "model.eval()",
        "import yaml\nyaml.safe_load(text)",
        "import sys\nsys.modules",
        "x = 1\n" * MAX_LINES,
    ],
)
def test_what_only_looks_like_it_is_not(text: str) -> None:
    check_file(SOURCE / "core" / "new.py", text)


def unresolved(names: list[str], home: object) -> list[str]:
    """Names that a module promises and does not have."""
    return [name for name in names if not hasattr(home, name)]


def test_every_public_name_resolves() -> None:
    assert unresolved(oddflow.__all__, oddflow) == []
    assert sorted(oddflow.__all__) == dir(oddflow)
    assert unresolved([*oddflow.__all__, "load_modell"], oddflow) == ["load_modell"]


def test_public_names_are_listed_once_and_typed() -> None:
    """mypy reads the imports under TYPE_CHECKING, Python the table of homes."""
    assert set(oddflow._HOME) | {"__version__"} == set(oddflow.__all__)
    typed = {
        alias.name
        for node in ast.walk(ast.parse((SOURCE / "__init__.py").read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("oddflow.")
        for alias in node.names
    }
    assert typed == set(oddflow._HOME)

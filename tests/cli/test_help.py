"""Version, help, and examples that can be typed as they stand."""

from __future__ import annotations

import pkgutil
import re
import shlex
from importlib import import_module
from types import ModuleType

import pytest
from typer.main import get_command

import oddflow
from oddflow.cli import commands
from oddflow.cli.app import app
from tests.cli.running import Run, run_apart

MODULES: list[ModuleType] = [
    import_module(f"{commands.__name__}.{found.name}")
    for found in pkgutil.iter_modules(commands.__path__)
]
NAMES = [str(module.NAME) for module in MODULES]


def options_of(name: str) -> set[str]:
    """What may be written after `oddflow NAME`."""
    command = getattr(get_command(app), "commands")[name]  # noqa: B009 - typer hides the type
    return {opt for parameter in command.params for opt in parameter.opts} | {"--help", "-h"}


def check_example(line: str) -> None:
    """Assert that a command line names a command and options that exist."""
    words = shlex.split(line, comments=True)
    words = words[: next((i for i, word in enumerate(words) if word in "|>&&"), len(words))]
    assert words[:1] == ["oddflow"], line
    assert len(words) > 1, line
    if words[1].startswith("-"):
        assert words[1] in {"--version", "--help", "-h"}, line
        return
    assert words[1] in NAMES, f"no command {words[1]!r}: {line}"
    used = {word.split("=")[0] for word in words[2:] if re.match(r"--?[a-z]", word)}
    assert used <= options_of(words[1]), f"no such options in: {line}"


def examples_in(text: str) -> list[str]:
    """Command lines between backticks."""
    return re.findall(r"`(oddflow [^`]*)`", text)


def test_version(run: Run) -> None:
    assert run("--version") == (0, f"oddflow {oddflow.__version__}\n", "")


def test_version_from_a_process_of_its_own() -> None:
    assert run_apart("--version") == (0, f"oddflow {oddflow.__version__}\n", "")


def test_help_lists_every_command_and_the_exit_codes(run: Run) -> None:
    ran = run("--help")
    assert ran.code == 0
    for name in NAMES:
        assert re.search(rf"\b{name}\b", ran.out)
    for code in ("0 done", "2 bad input", "3 data not available", "130 interrupted"):
        assert code in ran.out


def test_every_command_file_is_a_command() -> None:
    assert sorted(getattr(get_command(app), "commands")) == sorted(NAMES)  # noqa: B009
    assert len(NAMES) >= 8


@pytest.mark.parametrize("module", MODULES, ids=NAMES)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_shows_the_example(run: Run, module: ModuleType, flag: str) -> None:
    ran = run(module.NAME, flag)
    assert ran.code == 0
    assert ran.err == ""
    assert module.EXAMPLE.replace("`", "") in ran.out
    for option in options_of(module.NAME):
        assert option in ran.out


@pytest.mark.parametrize("name", [module.NAME for module in MODULES if module.NEEDS_ARGUMENTS])
def test_no_arguments_where_some_are_needed_show_the_help(run: Run, name: str) -> None:
    ran = run(name)
    assert ran.code == 2
    assert "Usage: " in ran.out + ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("module", MODULES, ids=NAMES)
def test_examples_name_what_exists(module: ModuleType) -> None:
    examples = examples_in(module.EXAMPLE)
    assert examples
    assert examples[0].split()[1] == module.NAME
    for line in examples:
        check_example(line)


@pytest.mark.parametrize(
    "line",
    [
        "oddflow detect MODEL FILE --no-such-option",
        "oddflow detect MODEL FILE -z",
        "oddflow detect MODEL FILE --fp=0.1",
        "oddflow detekt MODEL FILE",
        "oddflow --verbose",
    ],
)
def test_the_check_rejects_what_does_not_exist(line: str) -> None:
    assert examples_in(f"Example: `{line}`, or another") == [line]
    with pytest.raises(AssertionError):
        check_example(line)


@pytest.mark.parametrize("arguments", [("detekt",), ("detect", "m", "f", "--no-such")])
def test_wrong_usage_ends_with_2(run: Run, arguments: tuple[str, ...]) -> None:
    ran = run(*arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert "No such" in ran.err

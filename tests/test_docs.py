"""Examples in the documentation run: Python blocks, commands, and the numbers they cite."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

from oddflow.cli.app import app
from oddflow.core.errors import OddflowError

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
RUN_THROUGH = ROOT / "docs" / "train-and-detect.md"
"""The page whose commands are run one after the other."""


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


def commands(page: Path) -> list[list[str]]:
    """Arguments of every `$ oddflow ...` line of the console blocks of a page."""
    lines = "\n".join(blocks(page, "console")).replace("\\\n", " ").splitlines()
    return [shlex.split(line[2:])[1:] for line in lines if line.startswith("$ oddflow")]


def help_examples() -> list[list[str]]:
    """Arguments of every example in the help of a command."""
    epilogs = [command.epilog or "" for command in _group().commands.values()]
    return [
        shlex.split(e.split(">")[0])[1:] for e in re.findall(r"`(oddflow .*?)`", "".join(epilogs))
    ]


def _group() -> typer.core.TyperGroup:
    command = typer.main.get_command(app)
    assert isinstance(command, typer.core.TyperGroup)
    return command


def parse(arguments: list[str]) -> None:
    """Raise unless these arguments are understood; nothing is run."""
    if arguments == ["--version"]:
        return
    name, *rest = arguments
    command = _group().commands[name]
    command.make_context(name, rest)


def test_examples_are_found() -> None:
    assert len(commands(ROOT / "README.md")) >= 3
    assert len(commands(RUN_THROUGH)) >= 6
    assert len(help_examples()) >= 8
    assert len(blocks(ROOT / "README.md", "python")) >= 1


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_in_the_docs_is_understood(page: Path) -> None:
    for arguments in commands(page):
        parse(arguments)


def test_every_example_in_the_help_is_understood() -> None:
    for arguments in help_examples():
        parse(arguments)


def test_a_wrong_example_would_be_noticed() -> None:
    with pytest.raises(Exception, match="No such option"):
        parse(["detect", "model", "file", "--no-such-option"])


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.usefixtures("corpora")
def test_the_commands_of_the_guide_run_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments in commands(RUN_THROUGH):
        result = CliRunner().invoke(app, arguments, catch_exceptions=False)
        assert result.exit_code == 0, f"oddflow {shlex.join(arguments)}: {result.output}"
    assert (tmp_path / "alerts.jsonl").stat().st_size > 0


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.usefixtures("corpora")
@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "python")], ids=lambda p: p.name)
def test_python_in_the_docs_runs(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "capture.pcap").symlink_to(ROOT / "examples" / "lab.pcap")
    names: dict[str, object] = {}
    for block in blocks(page, "python"):
        exec(compile(block, str(page), "exec"), names)  # noqa: S102 - our own documentation


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_within_the_project_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_errors_have_documented_exit_codes() -> None:
    codes = {OddflowError.exit_code} | {e.exit_code for e in OddflowError.__subclasses__()}
    page = (ROOT / "docs" / "train-and-detect.md").read_text()
    assert all(re.search(rf"\b{code}\b", page) for code in codes)

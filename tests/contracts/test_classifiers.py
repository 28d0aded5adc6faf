"""Every classifying network keeps the promises of detectors and those of classifiers."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import CodeType, FunctionType
from typing import Any

import pytest

import oddflow.models
from oddflow.detect.recipes import RECIPES, Recipe
from tests.contracts import broken_classifiers as broken
from tests.contracts import checks, class_checks
from tests.contracts.checks import FOR_OURS, Traffic
from tests.contracts.class_checks import FOR_CLASSIFIERS, ClassCheck, Supervised, SupervisedFactory
from tests.contracts.networks import SLOW_LEARNERS, SUBJECTS

Reason = str
Excuse = tuple[Callable[..., None], str]
UNTRAINED = "its learning rate keeps it where its random weights put it"
EXCUSED: Mapping[Excuse, Reason] = {
    (checks.check_attacks_score_higher, "ann_untrained"): UNTRAINED,
    (class_checks.check_it_beats_the_majority, "ann_untrained"): UNTRAINED,
    (class_checks.check_training_loss_falls, "ann_untrained"): UNTRAINED,
}
"""(check, recipe) -> why this network cannot keep that promise."""
SEQUENCES = "rebuilds histories of hosts, and names no classes: tests/detect/test_sequence.py"

UNREACHED: Mapping[str, Reason] = {
    "oddflow.models.sequence_autoencoder.build_sequence_autoencoder": SEQUENCES,
    "oddflow.models.sequence_stateful.build_stateful_autoencoder": SEQUENCES,
}
"""Functions of `oddflow.models` that build or train a network which no recipe uses -> why."""


FOR_BOTH: tuple[Callable[[Any, Traffic], None], ...] = (*FOR_OURS, *FOR_CLASSIFIERS)

Wrong = type[broken.NearestMean]
BROKEN: Mapping[ClassCheck, tuple[Wrong, ...]] = {
    class_checks.check_probabilities_are_probabilities: (
        broken.GivesLogOdds,
        broken.GivesOneProbabilityTooFew,
        broken.SumsToMore,
    ),
    class_checks.check_the_likeliest_class_is_named: (
        broken.NamesTheSecond,
        broken.SortsNormalAmongTheOthers,
    ),
    class_checks.check_an_attack_scores_above_0: (broken.FlagsLess,),
    class_checks.check_names_are_names_alone: (broken.LearnsNames, broken.KnowsNamesByHeart),
    class_checks.check_wrong_names_are_refused: (
        broken.TakesAnyLength,
        broken.NeedsNoNormal,
        broken.NeedsNoAttack,
    ),
    class_checks.check_it_beats_the_majority: (broken.NamesTheCommonest,),
    class_checks.check_training_loss_falls: (broken.LearnsNothing, broken.StopsAtOnce),
}


@pytest.fixture(scope="module")
def traffic() -> Traffic:
    return checks.make_traffic()


def name_of(part: object) -> str:
    return str(getattr(part, "__name__", part))


# The checks of one subject stand together, so that one fit serves them all on one worker.
@pytest.mark.parametrize("check", FOR_BOTH, ids=name_of)
@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_network_keeps_its_promises(
    subject: str, check: Callable[[Any, Traffic], None], traffic: Traffic
) -> None:
    """An excused one breaks them, or it needs no excuse."""
    if (check, subject) in EXCUSED:
        with pytest.raises(AssertionError):
            check(SUBJECTS[subject], traffic)
    else:
        check(SUBJECTS[subject], traffic)


def supervised(seed: int, *, kind: Wrong) -> Supervised:
    return Supervised(kind(seed))


RIGHT: SupervisedFactory = partial(supervised, kind=broken.NearestMean)


@pytest.mark.parametrize("check", FOR_BOTH, ids=name_of)
def test_a_right_classifier_passes(check: Callable[[Any, Traffic], None], traffic: Traffic) -> None:
    check(RIGHT, traffic)


@pytest.mark.parametrize(
    ("check", "wrong"),
    [(check, wrong) for check, wrongs in BROKEN.items() for wrong in wrongs],
    ids=name_of,
)
def test_a_check_rejects_what_it_exists_to_reject(
    check: ClassCheck, wrong: Wrong, traffic: Traffic
) -> None:
    with pytest.raises(AssertionError):
        check(partial(supervised, kind=wrong), traffic)


def test_every_check_is_used_and_has_something_to_reject() -> None:
    written = {f for name, f in vars(class_checks).items() if name.startswith("check_")}
    assert written == set(FOR_CLASSIFIERS) == set(BROKEN)
    assert all(BROKEN.values())


def test_every_broken_classifier_is_rejected_by_something() -> None:
    written = {
        c for c in vars(broken).values() if inspect.isclass(c) and c.__base__ is broken.NearestMean
    }
    assert written == {wrong for wrongs in BROKEN.values() for wrong in wrongs}


def test_no_exception_outlives_its_network_or_its_check() -> None:
    assert set(SLOW_LEARNERS) <= set(RECIPES)
    assert {subject for _, subject in EXCUSED} <= set(RECIPES)
    assert {check for check, _ in EXCUSED} <= set(FOR_BOTH)


def makers_of_networks() -> set[str]:
    """Every function of `oddflow.models` that builds or trains a kind of network."""
    modules = [
        importlib.import_module(module.name)
        for module in pkgutil.iter_modules(oddflow.models.__path__, "oddflow.models.")
    ]
    return {
        f"{module.__name__}.{name}"
        for module in modules
        for name, member in vars(module).items()
        if inspect.isfunction(member)
        and member.__module__ == module.__name__
        and name.startswith(("build_", "learn_"))
    }


def reached(recipe: Recipe) -> set[str]:
    """Every function of ours that the training of a recipe may call, by its full name."""
    found: dict[str, FunctionType] = {}
    waiting = [recipe.learn]
    while waiting:
        for function in functions_in(waiting.pop()):
            name = f"{function.__module__}.{function.__qualname__}"
            if function.__module__.startswith("oddflow.") and name not in found:
                found[name] = function
                waiting.extend(called_by(function))
    return set(found)


def functions_in(thing: object) -> Iterator[FunctionType]:
    """The function, or that of a partial one and those among its arguments."""
    if isinstance(thing, partial):
        for part in (thing.func, *thing.args, *thing.keywords.values()):
            yield from functions_in(part)
    elif isinstance(thing, FunctionType):
        yield thing


def called_by(function: FunctionType) -> Iterator[Any]:
    """What a function may call: globals that it names, and what it closes over."""
    for cell in function.__closure__ or ():
        yield cell.cell_contents
    codes = [function.__code__]
    while codes:
        code = codes.pop()
        yield from (function.__globals__[n] for n in code.co_names if n in function.__globals__)
        codes.extend(constant for constant in code.co_consts if isinstance(constant, CodeType))


def test_every_maker_of_networks_is_reached_or_excused() -> None:
    makers = makers_of_networks()
    covered = {name for recipe in RECIPES.values() for name in reached(recipe)}
    missing, stale = makers - covered - set(UNREACHED), set(UNREACHED) - makers
    assert not missing, f"no recipe and no reason given for {sorted(missing)}"
    assert not stale, f"excuses for functions that there are not: {sorted(stale)}"
    assert not covered & set(UNREACHED), "excused and reached"


def test_a_maker_that_no_recipe_calls_is_noticed() -> None:
    without = [recipe for name, recipe in RECIPES.items() if not name.startswith("cnn")]
    covered = {name for recipe in without for name in reached(recipe)}
    missing = {"oddflow.models.cnn.learn_cnn", "oddflow.models.cnn.build_cnn"}
    assert makers_of_networks() - covered - set(UNREACHED) == missing

import pytest

from forecastctl.records import Fold, Model, Trial
from forecastctl.search.single import choose_one, with_reason

NAIVE = (2.0, 2.0)


def trial(number, losses, family="fake", start=None):
    folds = tuple(Fold(f"2020-0{n + 1}-01", 1, {"mase": loss}) for n, loss in enumerate(losses))
    loss = sum(losses) / len(losses) if losses else None
    model = Model(family, {"n": number}, f"F{number}")
    return Trial(number, model, "ok" if losses else "failed", loss, folds=folds, start=start)


def chosen(*trials, pool=()):
    keys = frozenset(trials[n].model.key for n in pool)
    (member,) = choose_one(trials, keys, "mase").members
    assert member.weight == 1.0
    assert member.model == trials[member.trial].model
    return member.trial


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ((0.9, 0.9), 2),  # better by the same at every origin
        ((0.9, 0.7), 2),  # by 0.1 and 0.3: the mean is twice its standard error, 0.1
        ((0.9, 0.69), 1),  # by 0.1 and 0.31: 0.205, less than twice 0.105
        ((0.2, 1.1), 1),  # much better once, and worse the other time
    ],
)
def test_another_model_must_be_better_by_two_standard_errors(losses, expected):
    exact = [(1.0, 1.0), tuple(loss - 1e-12 * (expected == 2) for loss in losses)]
    assert chosen(trial(0, NAIVE), trial(1, exact[0]), trial(2, exact[1])) == expected


@pytest.mark.parametrize("start", ["tpe", "random"])
def test_a_model_that_was_proposed_must_be_better_by_six(start):
    """By 0.5 and 0.7, 0.6 is six times 0.1; by 0.5 and 0.71 it is a little less."""
    for second, expected in ((0.3 + 1e-9, 2), (0.29, 1)):
        models = [trial(0, NAIVE), trial(1, (1.0, 1.0))]
        assert chosen(*models, trial(2, (0.5, second), start=start)) == expected
        assert chosen(*models, trial(2, (0.5, second), start="family")) == 2


def test_of_those_that_are_clearly_better_the_lowest_loss_is_taken():
    """Also where a lower one is not clearly better."""
    known, doubtful, better = (0.8, 0.8), (0.1, 0.9), (0.7, 0.7)
    trials = [trial(n, losses) for n, losses in enumerate([NAIVE, (1.0, 1.0), known, doubtful])]
    assert chosen(*trials) == 2
    assert chosen(*trials, trial(4, better)) == 4


def test_the_network_is_kept_whatever_the_folds_say():
    trials = [trial(0, NAIVE), trial(1, (1.0, 1.0), "pretrained"), trial(2, (0.1, 0.1))]
    assert chosen(*trials, pool=(1, 2)) == 1


def test_one_fold_is_no_evidence():
    assert chosen(trial(0, (2.0,)), trial(1, (1.0,)), trial(2, (0.1,))) == 1


def test_the_default_is_the_first_of_the_pool_and_network_and_annual_before_it():
    wide = [(1.0, 1.2), (1.1, 1.0), (1.2, 1.0)]
    models = [trial(n, losses) for n, losses in enumerate(wide, 1)]
    assert chosen(trial(0, NAIVE), *models) == 1
    assert chosen(trial(0, NAIVE), *models, pool=(2, 3)) == 2
    annual = [*models[:2], trial(3, wide[2], "annual")]
    assert chosen(trial(0, NAIVE), *annual, pool=(2, 3)) == 3
    assert chosen(trial(0, NAIVE), *annual, pool=(2,)) == 2
    network = [*annual, trial(4, wide[2], "pretrained")]
    assert chosen(trial(0, NAIVE), *network, pool=(2, 3, 4)) == 4


def test_a_default_that_failed_is_none():
    assert chosen(trial(0, NAIVE), trial(1, ()), trial(2, (1.0, 1.2))) == 2
    assert chosen(trial(0, NAIVE), trial(1, ())) == 0


def test_what_is_chosen_says_that_another_loss_was_lower():
    trials = [trial(0, NAIVE), trial(1, (1.0, 1.0)), trial(2, (0.2, 1.1))]
    told = with_reason(trials, trials, choose_one(trials, frozenset(), "mase"))
    said = "the loss of trial 2 is lower, but not clearly lower than the default's"
    assert [t.reason for t in told] == [None, said, None]
    trials.append(trial(3, (0.9, 0.9)))
    told = with_reason(trials, trials, choose_one(trials, frozenset(), "mase"))
    assert [t.reason for t in told] == [None, None, None, said]
    best = [trials[0], trial(1, (0.1, 0.1))]
    assert with_reason(best, best, choose_one(best, frozenset(), "mase")) == tuple(best)


def test_the_network_says_why_it_is_kept():
    trials = [trial(0, NAIVE), trial(1, (1.0, 1.0), "pretrained"), trial(2, (0.1, 0.1))]
    found = choose_one(trials, frozenset([trials[1].model.key]), "mase")
    told = with_reason(trials, trials, found)
    assert told[1].reason == (
        "the network is kept: the loss of trial 2 is lower, which says too little"
    )

"""How large an error usually is at a lead, from few folds."""

import numpy as np
import pytest

from forecastctl.models.usual_error import usual_error, usual_errors

LEADS = range(1, 13)


def walks(seed, folds, growth=0.5, leads=12):
    """Errors of independent folds and leads whose standard deviation is a power of the lead."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((folds, leads)) * 100 * np.arange(1, leads + 1) ** growth


def test_errors_that_grow_with_the_lead_are_usual_by_lead():
    found = np.array([usual_errors(walks(seed, 4), LEADS) for seed in range(200)]).mean(axis=0)
    assert np.all(np.diff(found) > 0)
    assert found[0] == pytest.approx(100, rel=0.5)
    assert found[-1] == pytest.approx(100 * np.sqrt(12), rel=0.25)


def test_it_is_nearer_to_the_truth_than_one_number_for_all_leads():
    truth = 100 * np.sqrt(np.arange(1, 13))
    smooth, pooled = [], []
    for seed in range(200):
        errors = walks(seed, 4)
        smooth.append(np.abs(np.log(usual_errors(errors, LEADS) / truth)).mean())
        pooled.append(np.abs(np.log(np.sqrt((errors**2).mean()) / truth)).mean())
    assert np.mean(smooth) < 0.7 * np.mean(pooled)


def test_many_folds_tell_the_growth_themselves():
    for growth in (0.0, 0.5):
        found = usual_errors(walks(3, 2000, growth), LEADS)
        expected = 100 * np.arange(1, 13) ** growth
        assert found == pytest.approx(expected, rel=0.15)


def test_errors_of_one_size_keep_their_root_mean_square():
    errors = np.full((4, 12), -7.0)
    assert usual_errors(errors, LEADS).mean() == pytest.approx(7, rel=0.05)


def test_a_scale_scales_and_a_sign_does_not_matter():
    errors = walks(5, 4)
    expected = usual_errors(errors, LEADS)
    assert usual_errors(-1000 * errors, LEADS) == pytest.approx(1000 * expected)
    assert np.isfinite(usual_errors(1e300 * errors, LEADS)).all()


def test_folds_of_different_lengths_and_holes():
    whole = walks(6, 4).tolist()
    ragged = [whole[0], whole[1][:6], [np.nan, *whole[2][1:]], []]
    known = [e for fold in ragged for e in fold if not np.isnan(e)]
    found = usual_errors(ragged, LEADS)
    assert np.isfinite(found).all()
    assert min(found) > 0.5 * min(map(abs, known))
    assert max(found) < 2 * max(map(abs, known))


def test_a_lead_beyond_the_backtest_goes_on_growing():
    errors = walks(7, 8, leads=6)
    assert usual_error(errors, 18) > usual_error(errors, 6)


def test_one_lead_alone_or_no_error_at_all():
    assert usual_error([[3.0], [4.0]], 1) == pytest.approx(np.sqrt(12.5))
    assert usual_errors([], [1, 2]).tolist() == [0.0, 0.0]
    assert usual_errors([[0.0, 0.0]], [1, 2]).tolist() == [0.0, 0.0]
    assert usual_errors([[np.nan]], [1]).tolist() == [0.0]

import hyperopt
import numpy as np
import pytest
from hyperopt.pyll import stochastic

from forecastctl.models import (
    Choice,
    Uniform,
    family,
    family_names,
)
from forecastctl.models.make import make_model
from forecastctl.search.hyperopt import hyperopt_space
from forecastctl.search.space import (
    ROOT,
    decode,
    encode,
    labels,
)
from tests.series import seasonal_data

SPACE = {
    "trend": Choice(("none", "add")),
    "flag": Choice((False, True, 0, 1, None)),
    "smoothing": Choice(
        (
            "estimated",
            {
                "smoothing": "given",
                "alpha": Uniform(0, 1),
                "kind": Choice(("a", {"kind": "b", "x": 2})),
            },
        ),
        (0.7, 0.3),
    ),
}
SPACES = {"other": {"k": Choice((1,))}, "ets": SPACE}


def test_encode_gives_hyperopts_values():
    options = {
        "trend": "add",
        "flag": True,
        "smoothing": "given",
        "alpha": 0.25,
        "kind": "b",
        "x": 2,
    }
    assert encode(SPACES, "ets", options) == {
        ROOT: 1,
        "ets/trend": 1,
        "ets/flag": 1,
        "ets/smoothing": 1,
        "ets/smoothing/1/alpha": 0.25,
        "ets/smoothing/1/kind": 1,
    }


@pytest.mark.parametrize(
    "change",
    [
        {"trend": "damped"},
        {"flag": "yes"},
        {"smoothing": "given"},
        {"smoothing": "given", "alpha": 2.0, "kind": "a"},
        {"smoothing": "given", "alpha": None, "kind": "a"},
        {"smoothing": "given", "alpha": 0.2, "kind": "b", "x": 3},
    ],
)
def test_what_lies_outside_has_no_point(change):
    options = {"trend": "add", "flag": None, "smoothing": "estimated"}
    assert encode(SPACES, "ets", options) is not None
    assert encode(SPACES, "ets", options | change) is None
    assert encode(SPACES, "nowhere", options) is None


@pytest.mark.parametrize(("flag", "index"), [(False, 0), (True, 1), (0, 2), (1, 3), (None, 4)])
def test_truth_is_not_one(flag, index):
    options = {"trend": "none", "flag": flag, "smoothing": "estimated"}
    assert encode(SPACES, "ets", options)["ets/flag"] == index


def test_labels_are_all_of_them():
    assert labels(SPACES) == [
        ROOT,
        "other/k",
        "ets/trend",
        "ets/flag",
        "ets/smoothing",
        "ets/smoothing/1/alpha",
        "ets/smoothing/1/kind",
    ]


def test_decode_flattens_and_rounds():
    sample = {
        "family": "holt_winters",
        "options": {
            "trend": "none",
            "shape": {"seasonal": "add", "transform": "none"},
            "smoothing": {"smoothing": "given", "alpha": 0.123456789},
        },
    }
    model = decode(sample)
    assert model.options == {
        "trend": "none",
        "seasonal": "add",
        "transform": "none",
        "smoothing": "given",
        "alpha": 0.1235,
    }
    assert model.label == "HW(A,N,A) alpha 0.12"
    assert model == make_model("holt_winters", model.options)


def spaces_of(y):
    found = ((name, family(name).space(y, 12, 84)) for name in family_names())
    return {name: space for name, space in found if space is not None}


def test_samples_of_hyperopt_come_back_as_the_same_points():
    y = np.where(np.arange(84) % 5 == 2, 0.0, seasonal_data(84))
    spaces = spaces_of(y)
    assert "intermittent" in spaces
    space = hyperopt_space(spaces)
    for seed in range(40):
        sample = stochastic.sample(space, np.random.default_rng(seed))
        model = decode(sample)
        point = encode(spaces, model.family, model.options)
        assert set(point) <= set(labels(spaces))
        again = decode(hyperopt.space_eval(space, point))
        assert again == model


def test_hyperopt_knows_the_same_labels():
    spaces = spaces_of(seasonal_data(84))
    domain = hyperopt.base.Domain(lambda _: 0.0, hyperopt_space(spaces))
    assert sorted(domain.params) == sorted(labels(spaces))

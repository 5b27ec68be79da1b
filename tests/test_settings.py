"""Defaults < file < environment < flags, and every mistake named with its place."""

import pytest

from forecastctl.errors import SettingsError
from forecastctl.settings import load_settings


def write(tmp_path, text):
    path = tmp_path / "forecastctl.toml"
    path.write_text(text)
    return path


def test_each_source_overrides_the_one_before(tmp_path):
    config = write(tmp_path, "[tune]\nmax_evals = 7\nfolds = 2\nseed = 5\n")
    env = {"FORECASTCTL_TUNE__MAX_EVALS": "8", "FORECASTCTL_TUNE__FOLDS": "4"}
    settings = load_settings({"tune.max_evals": 9, "tune.loss": None}, config, env)
    tune = settings.tune
    assert (tune.max_evals, tune.folds, tune.seed, tune.loss) == (9, 4, 5, "mase")
    origins = {name: origin for name, _, origin in settings.items()}
    assert origins["tune.max_evals"] == "--max-evals"
    assert origins["tune.folds"] == "FORECASTCTL_TUNE__FOLDS"
    assert origins["tune.seed"] == str(config)
    assert origins["tune.loss"] == "default"


@pytest.mark.parametrize(
    ("flags", "times", "limit"),
    [
        ({}, 1, 20 * 60),
        ({"tune.max_evals": 3}, 1, 900),
        ({"tune.max_evals": 3, "tune.engine": "statsmodels"}, 1, 1800),
        ({"tune.max_evals": 10**15}, 1, 10_000_000),
        ({"run.airport_timeout": 5.5}, 1, 5.5),
        ({"run.airport_timeout": 5.5}, 4, 22),
    ],
)
def test_the_limit_of_an_airport_grows_with_what_is_asked_for(flags, times, limit):
    assert load_settings(flags, environ={}).airport_limit(times) == limit


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "1e300", "soon"])
def test_a_limit_that_no_clock_can_count_is_refused(seconds):
    with pytest.raises(SettingsError, match=r"run\.airport_timeout"):
        load_settings({}, environ={"FORECASTCTL_RUN__AIRPORT_TIMEOUT": seconds})


def test_mlflow_names_are_honoured_below_our_own(tmp_path):
    config = write(tmp_path, "[tracking]\nuri = 'sqlite:////a.db'\nexperiment = 'file'\n")
    env = {"MLFLOW_TRACKING_URI": "http://m:5000", "MLFLOW_EXPERIMENT_NAME": "mlflow"}
    assert load_settings({}, config, env).tracking.uri == "http://m:5000"
    env["FORECASTCTL_TRACKING__EXPERIMENT"] = "ours"
    assert load_settings({}, config, env).tracking.experiment == "ours"


def test_lists_from_the_environment():
    env = {"FORECASTCTL_FORECAST__LEVEL": "50, 90"}
    assert load_settings({}, None, env).forecast.level == (50, 90)


def test_paths_in_the_file_are_relative_to_the_file(tmp_path):
    folder = tmp_path / "etc"
    folder.mkdir()
    text = "[data]\nsource = 'air.csv'\n[tracking]\nuri = 'sqlite:///m.db'\n[forecast]\nout = '-'\n"
    settings = load_settings({}, write(folder, text), {})
    assert settings.data.source == str(folder / "air.csv")
    assert settings.tracking.uri == f"sqlite:///{folder / 'm.db'}"
    assert settings.forecast.out == "-"


@pytest.mark.parametrize(
    ("flags", "env", "message", "hint"),
    [
        ({}, {"FORECASTCTL_TUNE__MAX_EVAL": "3"}, "FORECASTCTL_TUNE__MAX_EVAL", "'max_evals'"),
        ({}, {"FORECASTCTL_TUNES__LOSS": "mae"}, "no section 'tunes'", "[tune]"),
        ({}, {"FORECASTCTL_TUNE__HORIZON": "3"}, "'horizon'", "[forecast]"),
        ({"tune.loss": "mse"}, {}, "--loss: there is no loss 'mse'", "'rmse'"),
        ({"run.backend": "flink"}, {}, "--backend: there is no executor 'flink'", "loky, serial"),
        ({"forecast.horizon": 0}, {}, "--horizon", ""),
        ({"forecast.level": [101]}, {}, "--level", ""),
        ({"tune.families": ["etss"]}, {}, "no model family 'etss'", "'ets'"),
        ({}, {"FORECASTCTL_TUNE__MAX_EVALS": "many"}, "'many'", ""),
    ],
)
def test_a_mistake_is_named_with_its_place(flags, env, message, hint):
    with pytest.raises(SettingsError) as caught:
        load_settings(flags, None, env)
    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("[tune]\nmax_eval = 3\n", "no setting 'max_eval' in [tune]", "'max_evals'"),
        ("[tun]\n", "no section 'tun'", "[tune]"),
        ("loss = 'mae'\n", "no section 'loss'", "Sections are"),
        ("tune = 3\n", "outside a section", "Sections are"),
        ("[tune\n", "cannot be read as TOML", "Mend"),
        ("[tune]\nmax_evals = 'x'\n", "tune.max_evals = 'x'", "settings"),
    ],
)
def test_a_mistake_in_the_file_names_the_file(tmp_path, text, message, hint):
    config = write(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        load_settings({}, config, {})
    assert str(config) in caught.value.message
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_a_missing_file_that_was_named_is_an_error(tmp_path):
    with pytest.raises(SettingsError, match=r"no settings file .*nowhere\.toml"):
        load_settings({}, tmp_path / "nowhere.toml", {})


def test_the_result_digest_ignores_what_cannot_change_a_forecast():
    base = load_settings({}, None, {}).result_digest()
    same = {"run.jobs": 2, "tracking.uri": "sqlite:///b.db", "forecast.out": "x.csv"}
    assert load_settings(same, None, {}).result_digest() == base
    for change in ({"tune.seed": 1}, {"forecast.horizon": 3}, {"data.gaps": "reject"}):
        assert load_settings(change, None, {}).result_digest() != base


def test_passwords_are_masked():
    url = "postgresql+psycopg2://me:s3cret@db/x"
    settings = load_settings({"tracking.uri": url}, None, {})
    assert "s3cret" not in str(list(settings.items()))


def test_a_settings_file_may_begin_with_the_mark_that_windows_writes(tmp_path):
    path = tmp_path / "forecastctl.toml"
    path.write_bytes(b'\xef\xbb\xbf[tracking]\nexperiment = "nightly"\n')
    assert load_settings(config=path, environ={}).tracking.experiment == "nightly"

"""What all engines have in common, with an engine that is none: it does the work where it is asked."""

import pickle
import socket
import sys
import threading
from types import SimpleNamespace

import pytest

from forecastctl.api.compose import make_executor
from forecastctl.errors import ClusterError, SettingsError, UsageError
from forecastctl.execute import address, cluster
from forecastctl.execute.cluster import ClusterExecutor, Lost
from forecastctl.execute.installed import Place, place
from forecastctl.execute.remote import Answer
from forecastctl.execute.serial import attempt
from forecastctl.execute.worker import Limits
from forecastctl.settings.sources import load_settings
from forecastctl.testing.executor import square
from tests.services import free_port


class Nowhere:
    """Carries groups nowhere: it does them at once, loses those it is told to, or never answers.

    Args:
        lose: How often each task is lost.
        there: Where its worker is.
    """

    name, where, patience, worth, cost = "nowhere", "nowhere:1", None, 1.0, 0.001

    def __init__(self, lose=None, there=None):
        self.lose, self.there = lose or {}, there or place()
        self.answers, self.groups, self.stopped, self.closed = [], [], [], 0
        self.mute = False

    def open(self):
        pass

    def close(self):
        self.closed += 1

    def workers(self):
        return 2

    def begin(self, call, parcels, limits):
        self.groups.append([parcel.index for parcel in parcels])
        ticket = len(self.groups)
        if not self.mute:
            self.answers.append((ticket, self._answer(parcels)))
        return ticket

    def _answer(self, parcels):
        lost = [p.index for p in parcels if self.lose.get(p.index, 0) > 0]
        for index in lost:
            self.lose[index] -= 1
        if lost:
            return Lost("the lights went out")
        return Answer(self.there, [attempt(_done, p.index, p.content) for p in parcels])

    def ended(self, seconds):
        found, self.answers = self.answers, []
        return found

    def stop(self, call):
        self.stopped.append(call)


def _done(content):
    fn, task = pickle.loads(content)  # noqa: S301 - packed above
    return pickle.dumps(fn(task))


def run(engine, n=200):
    with ClusterExecutor(engine, None, Limits()) as executor:
        return {o.index: o for o in executor.map(square, range(n))}


def test_short_tasks_go_in_groups_that_get_smaller_towards_the_end():
    engine = Nowhere()
    assert [o.value for _, o in sorted(run(engine).items())] == [i * i for i in range(200)]
    sizes = [len(group) for group in engine.groups[1:]]
    assert max(sizes) > 5
    assert sizes[-1] == 1
    assert engine.stopped == []
    assert engine.closed == 1


def test_what_is_lost_is_tried_once_more_and_told():
    outcomes = run(Nowhere({7: 1}))
    assert (outcomes[7].value, outcomes[7].retries) == (49, 1)
    assert outcomes[0].retries == 0


def test_what_is_lost_twice_fails_alone_although_it_went_with_others():
    outcomes = run(Nowhere({150: 2}))
    assert outcomes[150].failure.type == "WorkerDied"
    assert outcomes[150].failure.message == "its worker was lost twice: the lights went out"
    assert outcomes[150].retries == 1
    assert [i for i, o in outcomes.items() if o.failure] == [150]


def test_a_worker_with_other_versions_is_named_once(caplog):
    here = place()
    facts = {**here.facts, "numpy": "1.0", "processor": "another"}
    run(Nowhere(there=Place("far", facts)))
    assert caplog.text.count("the worker far has numpy 1.0 instead of") == 1
    assert "processor another instead of" in caplog.text
    assert "statsmodels" not in caplog.text


def test_a_cluster_without_workers_is_away(monkeypatch):
    monkeypatch.setattr(cluster, "_FIRST_ANSWER", 0.0)
    engine = Nowhere()
    engine.mute = True
    with pytest.raises(ClusterError, match="No worker of nowhere:1 has answered"):
        run(engine)
    assert engine.closed == 1


def test_a_worker_without_forecastctl_is_said():
    class Bare(Nowhere):
        def _answer(self, parcels):
            return Lost("No module named 'forecastctl'")

    with pytest.raises(ClusterError, match="cannot do the work: No module named") as caught:
        run(Bare())
    assert "Install the same forecastctl" in caught.value.hint


def test_a_worker_that_was_being_ended_when_it_was_greeted_is_no_reason():
    class Ending(Nowhere):
        def _answer(self, parcels):
            if len(self.groups) == 1:
                return Lost("the worker of an earlier call was ended")
            return super()._answer(parcels)

    assert [o.value for _, o in sorted(run(Ending(), 3).items())] == [0, 1, 4]


def test_what_listens_and_never_lets_us_in_is_given_up():
    never = threading.Event()

    class Deaf(Nowhere):
        patience = 0.1

        def open(self):
            never.wait()

    with pytest.raises(ClusterError, match=r"nowhere:1 has not answered as nowhere does in 0\.1"):
        run(Deaf())
    never.set()


@pytest.mark.parametrize("backend", ["dask", "ray", "spark"])
class TestSettings:
    def test_what_is_not_installed_is_said_with_what_installs_it(self, backend, monkeypatch):
        monkeypatch.setattr(address.importlib.util, "find_spec", lambda _: None)
        with pytest.raises(UsageError, match=f"'{backend}' needs the package") as caught:
            make_executor(load_settings({"run.backend": backend}, None, {}), 60.0)
        assert caught.value.hint == f"Install it with: pip install 'forecastctl[{backend}]'"

    def test_time_memory_workers_and_address_reach_it(self, backend, monkeypatch):
        monkeypatch.setattr(address.importlib.util, "find_spec", lambda _: True)
        given = {"run.backend": backend, "run.jobs": 3, "run.airport_memory": "2GB"}
        local = make_executor(load_settings(given, None, {}), 60.0)
        assert local.limits == Limits(60.0, 2_000_000_000)
        assert (local.jobs, local.where) == (3, "this machine")
        given |= {"run.cluster": "tcp://me:secret@there:1", "run.jobs": -1}
        assert make_executor(load_settings(given, None, {}), 60.0).where == "tcp://me:***@there:1"


def test_an_address_is_refused_where_there_is_no_cluster():
    settings = load_settings({"run.cluster": "tcp://x:1"}, None, {})
    with pytest.raises(SettingsError, match="--cluster: the executor 'loky' has no cluster"):
        make_executor(settings, 60.0)


def test_an_address_where_nothing_listens_is_said_at_once():
    with pytest.raises(ClusterError, match=r"Nothing answers at tcp://127\.0\.0\.1:\d+: "):
        address.knock(f"tcp://127.0.0.1:{free_port()}", "", ("tcp",))


@pytest.mark.parametrize(
    "wrong", ["nonsense", "tcp://host", "tcp://host:99999", "host:port", "http://host:1", "host:1"]
)
def test_what_is_no_address_is_said_with_an_example(wrong):
    with pytest.raises(UsageError, match="it is no address of it") as caught:
        address.knock(wrong, "Give tcp://host:1.", ("tcp",))
    assert caught.value.hint == "Give tcp://host:1."


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, "HADOOP_CONF_DIR and YARN_CONF_DIR are not set"),
        ({"HADOOP_CONF_DIR": ""}, "HADOOP_CONF_DIR and YARN_CONF_DIR are not set"),
        ({"YARN_CONF_DIR": "/nowhere"}, "YARN_CONF_DIR is /nowhere, which is no folder"),
    ],
)
def test_yarn_that_nothing_describes_is_said_before_java_is_started(environ, said, tmp_path):
    with pytest.raises(UsageError, match=f"--cluster yarn: Spark cannot find YARN: {said}"):
        address.need_hadoop(environ, tmp_path)
    address.need_hadoop({**environ, "HADOOP_CONF_DIR": str(tmp_path)}, tmp_path)
    (tmp_path / "spark-env.sh").touch()  # it may set them
    address.need_hadoop({**environ, "SPARK_CONF_DIR": str(tmp_path)}, tmp_path / "nowhere")


def test_a_run_on_yarn_asks_for_its_description_and_no_other_cluster_does(monkeypatch):
    monkeypatch.setattr(address.importlib.util, "find_spec", lambda _: SimpleNamespace(origin="x"))
    for name in ("HADOOP_CONF_DIR", "YARN_CONF_DIR", "SPARK_CONF_DIR", "SPARK_HOME"):
        monkeypatch.delenv(name, raising=False)
    given = {"run.backend": "spark", "run.cluster": "yarn"}
    with pytest.raises(UsageError, match="Spark cannot find YARN"):
        make_executor(load_settings(given, None, {}), 60.0)
    make_executor(load_settings(given | {"run.cluster": "spark://x:7077"}, None, {}), 60.0)


@pytest.mark.parametrize(
    ("where", "said"), [("ray://127.0.0.1:", "asks for a token"), ("127.0.0.1:", "Check --cluster")]
)
def test_a_ray_that_lets_nobody_in_without_its_token_may_be_why(where, said, monkeypatch):
    """A real one takes half a minute, in which its client tries again."""
    from forecastctl.execute.ray import RayEngine

    def init(**_):
        raise ConnectionError("ray client connection timeout")

    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(init=init))
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"{where}{server.getsockname()[1]}"
        with pytest.raises(ClusterError, match="No Ray cluster answers") as caught:
            RayEngine(1, address).open()
    assert said in caught.value.hint


def test_a_scheduler_that_is_lost_while_results_are_fetched_is_a_lost_cluster():
    """Dask says so with an error of the system, and only once it has tried to come back."""
    pytest.importorskip("distributed")
    from forecastctl.execute.dask import DaskEngine

    class Gone:
        status = "running"

        def gather(self, futures):
            raise OSError("Timed out trying to connect to tcp://127.0.0.1:8786 after 10 s")

    class Done:
        key, status = "one", "finished"

    engine = DaskEngine(1, "tcp://127.0.0.1:8786")
    engine._client = Gone()
    engine._futures["one"] = ("call", Done())
    engine._done.put(Done())
    with pytest.raises(
        ClusterError, match=r"The Dask scheduler of tcp://127\.0\.0\.1:8786 was lost"
    ):
        engine.ended(0.1)

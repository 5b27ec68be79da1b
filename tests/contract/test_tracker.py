"""The contract of stores, for every tracker of our own on every store."""

from forecastctl.testing.store import StoreContract


class TestStores(StoreContract):
    def answer(self, fleet, query):
        """What MLflow's own client finds, behind a tracker that uses it on a database.

        Earlier versions of MLflow take NaN for zero and know no IS NULL.
        """
        client = getattr(fleet, "_client", None)
        if client is None or fleet.url("x") is not None:
            return None
        import mlflow

        if tuple(map(int, mlflow.__version__.split(".")[:2])) < (3, 17):
            return None
        found = client.search_runs(
            [fleet._experiment], filter_string=query.filter or "", order_by=[query.order_by]
        )
        return [run.info.run_name for run in found]

    def test_the_page_of_a_run_lies_on_its_server(self, tracker):
        url = tracker.url("x")
        assert url is None or url.startswith("http://127.0.0.1")

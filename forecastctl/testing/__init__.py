"""What families, losses, executors and stores promise, as classes of pytest, for those who add one.

A package that adds one takes the class that fits, says in a fixture what is to be tested, and runs
pytest: `forecastctl.testing.family.FamilyContract`, `forecastctl.testing.loss.LossContract`,
`forecastctl.testing.executor.ExecutorContract` with `ProcessContract` for one that works in other
processes, and `forecastctl.testing.store.StoreContract`. Our own are tested by the same classes,
and our registered models by `forecastctl.testing.models.ModelsContract`. Nothing else of
forecastctl imports pytest or this.
"""

import pytest

pytest.register_assert_rewrite(
    *(
        f"forecastctl.testing.{name}"
        for name in ("executor", "family", "loss", "models", "store", "store_search")
    )
)

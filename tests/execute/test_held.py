"""Results that wait for the last of them."""

from forecastctl.execute.held import HeldExecutor
from forecastctl.execute.serial import SerialExecutor


def test_nothing_comes_before_the_last_is_done():
    done = []

    def work(n):
        done.append(n)
        return n * n

    with HeldExecutor(SerialExecutor()) as executor:
        first = next(executor.map(work, [1, 2, 3]))
    assert (first.value, done) == (1, [1, 2, 3])
    assert (executor.name, executor.jobs) == ("serial, held", 1)

"""What a job says that it took."""

import threading
import time

from forecastctl.jobs.work import clock


def test_cpu_time_is_that_of_the_thread_that_works():
    """Else each of two threads would count what both have done."""
    seen = []
    thread = threading.Thread(target=lambda: seen.append((clock()[1], time.process_time())))
    thread.start()
    thread.join()
    ((own, of_all),) = seen
    assert own < of_all / 2  # the thread has just begun; importing the tests took seconds

import threading
import time

import pytest
import torch

from recsys_lessons.encoders.base import ahead


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_come_in_order_however_long_each_takes(workers):
    def work(item):
        time.sleep(0.02 if item % 3 == 0 else 0)
        return item * 10

    assert list(ahead(work, range(20), workers)) == [(item, item * 10) for item in range(20)]
    assert list(ahead(work, [], workers)) == []


def test_workers_compute_at_the_same_time():
    meeting = threading.Barrier(3)  # passed only if three are inside at once
    assert len(list(ahead(lambda item: meeting.wait(20), range(6), 3))) == 6


def test_few_items_are_drawn_before_they_are_needed():
    drawn = []
    results = ahead(lambda item: item, (drawn.append(i) or i for i in range(1000)), 2)
    next(results)
    assert len(drawn) <= 5
    results.close()
    assert len(drawn) <= 5


def test_what_has_not_begun_when_the_caller_stops_is_never_computed():
    computed = []
    results = ahead(lambda item: time.sleep(0.2) or computed.append(item), range(1000), 2)
    next(results)  # 0 is ready, 1 and 2 are under way, 3 and 4 wait
    results.close()
    assert 4 not in computed


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_workers_error_reaches_the_caller_and_the_rest_is_not_computed(error):
    computed = []

    def work(item):
        if item == 3:
            raise error("item 3 is broken")
        computed.append(item)

    with pytest.raises(error, match="item 3 is broken"):
        list(ahead(work, range(1000), 2))
    assert len(computed) < 20
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("encode")]


@pytest.mark.parametrize("ends", ["all taken", "error", "closed"])
def test_the_callers_number_of_torch_threads_is_as_it_was(ends):
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    inside = []

    def work(item):
        inside.append(torch.get_num_threads())
        if ends == "error" and item == 5:
            raise ValueError

    def of_a_new_thread():
        found = []
        thread = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
        thread.start()
        thread.join()
        return found[0]

    try:
        results = ahead(work, range(9), 2)
        if ends == "closed":
            next(results)
            results.close()
        elif ends == "error":
            with pytest.raises(ValueError):
                list(results)
        else:
            list(results)
        assert set(inside) == {2}  # four threads shared by two workers
        assert torch.get_num_threads() == of_a_new_thread() == 4
    finally:
        torch.set_num_threads(before)

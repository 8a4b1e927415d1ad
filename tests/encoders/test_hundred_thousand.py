"""100,000 texts: what the process grows by is bounded, measured in a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

CHILD = """
import random, re, sys
from recsys_lessons.encoders.text import TextEncoder

def memory(field):  # in MB
    return int(re.search(field + r":\\s+(\\d+) kB", open("/proc/self/status").read())[1]) / 1000

draw = random.Random(0)
words = ["good", "bad", "film", "a", "the", "that", "is", "cat"]
texts = [" ".join(draw.choices(words, k=12)) + f" {i}" for i in range(100_000)]
encoder = TextEncoder(sys.argv[1], progress=False)
encoder.encode(texts[:5000])
for _ in range(2):  # computed, then from the cache
    open("/proc/self/clear_refs", "w").write("5")  # the peak is counted from here on
    before = memory("VmRSS")
    assert encoder.encode(texts).shape == (100_000, 16)
    print(memory("VmHWM") - before)
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="peak memory is read as Linux tells it")
def test_a_hundred_thousand_texts_need_less_than_100_mb_for_a_while(tiny_bert, private_home):
    done = subprocess.run([sys.executable, "-c", CHILD, str(tiny_bert)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    computed, read = map(float, done.stdout.split())
    assert computed < 100 and read < 100

"""The real encoder, from its 4-bit file: the ids and similarities of the original."""

import struct

import numpy as np
import pytest
import torch

from recsys_lessons._assets import e5
from recsys_lessons.encoders.text import TextEncoder
from recsys_lessons.errors import AssetError

MEETING = "我今天要去北京参加一个会议。"


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        (MEETING, ["▁我", "今天", "要去", "北京", "参加", "一个", "会议", "。"]),
        ("I am going to Beijing.", ["▁I", "▁am", "▁going", "▁to", "▁Beijing", "."]),
        ("A～B", ["▁A", "～", "B"]),  # the full-width tilde stays, though NFKC would change it
        ("x\u200by", ["▁x", "▁y"]),  # a zero-width space is a space
        ("  two  spaces ", ["▁two", "▁space", "s"]),
        ("tab\there\u00a0too", ["▁tab", "▁here", "▁too"]),
        ("bell\x07", ["▁bell"]),  # a control character vanishes
        ("ＡＢＣ", ["▁ABC"]),  # full-width letters become plain ones
        ("e\u0301", ["▁é"]),  # a letter and its accent become one character
        ("", []),
    ],
)
def test_pieces(tokenizer, text, pieces):
    assert tokenizer.tokenize(text) == pieces


def test_ids_have_the_originals_order_and_frame(tokenizer):
    assert tokenizer("", return_attention_mask=False)["input_ids"] == [0, 2]
    assert [tokenizer.convert_tokens_to_ids(name) for name in ("<s>", "<pad>", "</s>", "<unk>", "<mask>")] == [
        0,
        1,
        2,
        3,
        250001,
    ]
    assert tokenizer.convert_tokens_to_ids([",", ".", "▁"]) == [4, 5, 6]
    assert len(tokenizer) == 250002 and tokenizer.model_max_length == 512


def test_similarities_of_the_meeting(folder):
    others = ["今天我要飞到北京开会", "I am going to Beijing for a conference today.", "好吃的苹果"]
    vectors = TextEncoder(progress=False, cache=False).encode([MEETING, *others], role="query")
    np.testing.assert_allclose((vectors[1:] @ vectors[0]).numpy(), [0.949, 0.899, 0.809], atol=0.002)


def test_every_weight_finds_its_place(folder):
    from transformers import BertModel

    _, report = BertModel.from_pretrained(folder, add_pooling_layer=False, output_loading_info=True)
    assert not any(report[kind] for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"))


def test_sentence_transformers_reads_the_same_folder_and_agrees(folder):
    library = pytest.importorskip("sentence_transformers")
    texts = [MEETING, "Toy Story (1995). Animation, Children", ""]
    theirs = library.SentenceTransformer(str(folder), device="cpu")
    encoder = TextEncoder(progress=False, cache=False)
    for role in ("query", "passage"):
        expected = torch.from_numpy(theirs.encode(texts, prompt_name=role))
        torch.testing.assert_close(encoder.encode(texts, role=role), expected, atol=1e-5, rtol=1e-4)


def test_four_bits_are_unpacked_as_documented():
    scale, nibbles = np.float16(0.5), np.arange(32) % 16
    packed = scale.tobytes() + bytes(int(nibbles[j]) | int(nibbles[j + 16]) << 4 for j in range(16))
    record = struct.pack("<iI", 0, 0) + struct.pack("<i", 1) + struct.pack("<H", 1) + b"w"
    data = record + struct.pack("<BIQQ", 1, 32, len(record) + 21, 18) + packed
    np.testing.assert_array_equal(e5.read_tensors(e5._Reader(data))["w"], (nibbles - 8) * 0.5)


@pytest.mark.parametrize(
    ("data", "message"),
    [(b"E5S2" + b"\0" * 80, "starts with b'E5S2'"), (b"E5S1", "ends at byte 4"), (b"", "ends at byte 0")],
)
def test_a_file_that_is_none_is_refused(tmp_path, data, message):
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(AssetError, match=message):
        e5.convert(tmp_path / "file", tmp_path)

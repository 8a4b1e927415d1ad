import json
import shutil
import time
import warnings

import pandas as pd
import pytest
import torch

from recsys_lessons import hub
from recsys_lessons.encoders.text import TextEncoder
from recsys_lessons.errors import AssetError

pytestmark = pytest.mark.usefixtures("private_home")
TEXTS = ["good film", "a film that is good", "", "cat", "the bad cat is a good film", "good film"]


@pytest.fixture
def encoder(tiny_bert):
    return TextEncoder(tiny_bert, progress=False, cache=False)


def by_hand(folder, text, pooling="mean"):
    """One text at a time, without padding, straight through transformers."""
    from transformers import AutoTokenizer, BertModel

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = BertModel.from_pretrained(folder, add_pooling_layer=False).eval()
    with torch.no_grad():
        hidden = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0]
    vector = hidden.mean(0) if pooling == "mean" else hidden[0]
    return vector / vector.norm()


@pytest.mark.parametrize("pooling", ["mean", "cls"])
@pytest.mark.parametrize("batch_tokens", [8, 4096])
def test_batches_give_what_each_text_gives_alone(tiny_bert, pooling, batch_tokens):
    encoder = TextEncoder(tiny_bert, pooling=pooling, batch_tokens=batch_tokens, progress=False, cache=False)
    expected = torch.stack([by_hand(tiny_bert, text, pooling) for text in TEXTS])
    torch.testing.assert_close(encoder.encode(TEXTS), expected, atol=1e-5, rtol=1e-5)


def test_vectors_are_cpu_float32_of_length_one_in_the_given_order(encoder):
    vectors = encoder.encode(TEXTS)
    assert vectors.shape == (6, 16) == (6, encoder.dim)
    assert vectors.dtype == torch.float32 and vectors.device.type == "cpu"
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(6))
    torch.testing.assert_close(encoder.encode(TEXTS[::-1]), vectors.flip(0), atol=1e-5, rtol=1e-5)
    assert TextEncoder(encoder.folder, normalize=False, cache=False, progress=False).encode(["cat"]).norm() != 1


def test_a_folder_shaped_like_bert_base_chinese_loads(tiny_chinese_bert):
    encoder = TextEncoder(tiny_chinese_bert, progress=False)
    assert encoder.tokens("我今天") == ["[CLS]", "我", "今", "天", "[SEP]"]
    text = "我今天要去北京参加一个会议。"
    torch.testing.assert_close(encoder.encode([text])[0], by_hand(tiny_chinese_bert, text), atol=1e-5, rtol=1e-5)


def test_pooling_and_prefixes_come_from_the_folder(tiny_bert, tmp_path):
    folder = shutil.copytree(tiny_bert, tmp_path / "model")
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_cls_token": True}))
    prompts = {"query": "a ", "passage": "the "}
    (folder / "config_sentence_transformers.json").write_text(json.dumps({"prompts": prompts}))
    encoder = TextEncoder(folder, progress=False, cache=False)
    assert encoder.pooling == "cls" and encoder.prefixes == prompts
    plain = TextEncoder(folder, prefixes={}, progress=False, cache=False)
    torch.testing.assert_close(encoder.encode(["cat"], role="query"), plain.encode(["a cat"]))
    torch.testing.assert_close(encoder.encode(["cat"]), plain.encode(["the cat"]))


def test_empty_input_and_any_kind_of_column(encoder):
    assert encoder.encode([]).shape == (0, 16)
    column = pd.Series(["cat", "film"], index=[7, 3])
    expected = encoder.encode(["cat", "film"])
    torch.testing.assert_close(encoder.encode(column), expected)
    torch.testing.assert_close(encoder.encode(text for text in ("cat", "film")), expected)
    torch.testing.assert_close(encoder.encode(column.to_numpy()), expected)
    assert encoder.encode(text for text in ()).shape == (0, 16)


def test_a_table_is_not_taken_for_its_column_names(encoder):
    with pytest.raises(TypeError, match=r"table with \['text'\].*table\['text'\]"):
        encoder.encode(pd.DataFrame({"text": ["cat", "film"]}))


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA])
def test_missing_texts_are_named_by_row(encoder, missing):
    with pytest.raises(ValueError, match=r"2 of 4 texts are missing \(rows 1, 3\).*dropna"):
        encoder.encode(["cat", missing, "film", missing])


def test_things_that_are_no_text_are_named(encoder):
    with pytest.raises(ValueError, match=r"row 1 is 5, a int"):
        encoder.encode(["cat", 5])
    with pytest.raises(TypeError, match=r"encode\(\[text\]\)"):
        encoder.encode("cat")


def test_long_texts_are_cut_and_counted_once(encoder):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        vectors = encoder.encode(["cat " * 10_000, "cat", "film " * 100])
    assert len(caught) == 1 and "2 of 3 texts have more than 32 tokens" in str(caught[0].message)
    assert caught[0].filename == __file__
    torch.testing.assert_close(vectors[:1], encoder.encode(["cat " * 30]), atol=1e-5, rtol=1e-5)


def test_texts_of_50000_characters_are_counted_in_one_warning_however_many_batches(tiny_bert, monkeypatch):
    monkeypatch.setattr("recsys_lessons.encoders.base._BLOCK", 10)
    encoder = TextEncoder(tiny_bert, batch_tokens=32, workers=2, progress=False, cache=False)
    texts = [("cat good film " * 4000)[:50_000] + str(i) for i in range(30)]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        vectors = encoder.encode([*texts, "cat"])
    assert [str(one.message).split(" texts")[0] for one in caught] == ["30 of 31"]
    torch.testing.assert_close(
        vectors[:1], vectors[29:30], atol=1e-6, rtol=0
    )  # what differs stands in the cut-off rest


@pytest.mark.parametrize(
    "text",
    ["", " ", "\n\t", "\0", "\U0001f600", "👩‍👩‍👧‍👦 cat", "кот 猫 قط חתול cat", "e\u0301", "\ud83d", "\ufeff\u200b"],
)
def test_any_string_gives_a_finite_vector_of_length_one(encoder, text):
    vectors = encoder.encode(["cat", text])
    assert torch.isfinite(vectors).all()
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(2))


def test_half_an_emoji_is_encoded_like_the_replacement_character(encoder):
    vectors = encoder.encode(["cat \ud83d", "cat \ufffd", "cat \U0001f600"])
    torch.testing.assert_close(vectors[0], vectors[1])
    assert torch.isfinite(vectors).all()


def count_computed(monkeypatch, encoder):
    computed = []
    forward = encoder._forward
    monkeypatch.setattr(encoder, "_forward", lambda ids: computed.append(len(ids)) or forward(ids))
    return computed


def test_a_second_run_computes_nothing_and_gives_the_same(tiny_bert, monkeypatch):
    first = TextEncoder(tiny_bert, progress=False).encode(TEXTS)
    again = TextEncoder(tiny_bert, progress=False)
    computed = count_computed(monkeypatch, again)
    assert torch.equal(again.encode(TEXTS), first) and computed == []
    again.encode([*TEXTS, "that"])
    assert computed == [1]


def test_a_text_that_stands_twice_is_computed_once(encoder, monkeypatch):
    computed = count_computed(monkeypatch, encoder)
    encoder.encode(["cat"] * 50)
    assert computed == [1]


def test_an_interrupted_run_goes_on_where_it_stopped(tiny_bert, monkeypatch):
    encoder = TextEncoder(tiny_bert, batch_tokens=8, workers=1, progress=False)
    forward, calls = encoder._forward, []

    def interrupted(ids):
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(len(ids))
        return forward(ids)

    monkeypatch.setattr(encoder, "_forward", interrupted)
    with pytest.raises(KeyboardInterrupt):
        encoder.encode(TEXTS)
    resumed = TextEncoder(tiny_bert, batch_tokens=8, progress=False)
    computed = count_computed(monkeypatch, resumed)
    resumed.encode(TEXTS)
    assert sum(computed) == len(set(TEXTS)) - sum(calls)


def test_other_settings_or_weights_never_share_vectors(tiny_bert, tmp_path):
    files = {TextEncoder(tiny_bert, pooling=pooling)._cache_file for pooling in ("mean", "cls")}
    files |= {TextEncoder(tiny_bert, normalize=False)._cache_file, TextEncoder(tiny_bert, max_tokens=9)._cache_file}
    changed = shutil.copytree(tiny_bert, tmp_path / "changed")
    weights = next(changed.glob("*.safetensors"))
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    files.add(TextEncoder(changed)._cache_file)
    assert len(files) == 5
    assert TextEncoder(shutil.copytree(tiny_bert, tmp_path / "same"))._cache_file in files


def test_hidden_states_pool_to_the_embedding(encoder):
    hidden, mask = encoder.hidden_states(TEXTS)
    assert hidden.shape[:2] == mask.shape and hidden.shape[2] == 16
    pooled = (hidden * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)
    torch.testing.assert_close(torch.nn.functional.normalize(pooled), encoder.encode(TEXTS), atol=1e-5, rtol=1e-5)


def test_half_precision_stays_close(tiny_bert, encoder):
    half = TextEncoder(tiny_bert, precision="bf16", progress=False, cache=False).encode(TEXTS)
    assert half.dtype == torch.float32
    assert (half * encoder.encode(TEXTS)).sum(1).min() > 0.99


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pooling": "max"}, "pooling is 'max'"),
        ({"max_tokens": 0}, "max_tokens is 0"),
        ({"batch_tokens": -1}, "batch_tokens is -1"),
        ({"workers": 0}, "workers is 0"),
        ({"device": "gpu"}, "device is 'gpu'"),
        ({"precision": "int4"}, "precision is 'int4'"),
    ],
)
def test_bad_arguments_are_named(tiny_bert, arguments, message):
    with pytest.raises(ValueError, match=message):
        TextEncoder(tiny_bert, **arguments)


def test_a_folder_that_is_no_model_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no config.json"):
        TextEncoder(tmp_path)
    with pytest.raises(ValueError, match="there is no folder"):
        TextEncoder(tmp_path / "absent")


def test_weights_that_are_missing_or_damaged_are_reported_with_the_folder(tiny_bert, tmp_path):
    folder = shutil.copytree(tiny_bert, tmp_path / "model")
    next(folder.glob("*.safetensors")).unlink()
    with pytest.raises(ValueError, match="cannot be loaded as a text encoder"):
        TextEncoder(folder, progress=False, cache=False).encode(["cat"])


def test_a_hub_that_is_not_reached_says_so_within_the_deadline(monkeypatch):
    from huggingface_hub import HfApi

    monkeypatch.setattr(HfApi, "model_info", lambda *a, **k: time.sleep(30))
    monkeypatch.setattr(hub, "DEADLINE", 0.3)
    start = time.monotonic()
    with pytest.raises(AssetError, match="did not answer.*HF_ENDPOINT"):
        TextEncoder("nobody/no-such-model")
    assert time.monotonic() - start < 10


def test_a_hub_that_answers_no_is_quoted(monkeypatch):
    from huggingface_hub import HfApi

    def refuse(*args, **kwargs):
        raise OSError("401 unauthorised\nmore lines")

    monkeypatch.setattr(HfApi, "model_info", refuse)
    with pytest.raises(AssetError, match="says: 401 unauthorised. Check the name"):
        TextEncoder("nobody/no-such-model")


def test_a_model_already_in_the_hubs_cache_is_used_without_asking_the_hub(tiny_bert, monkeypatch):
    import huggingface_hub

    def local_only(name, local_files_only=False, **kwargs):
        assert local_files_only, "the hub was asked"
        return str(tiny_bert)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", local_only)
    assert TextEncoder("somebody/tiny").folder == tiny_bert

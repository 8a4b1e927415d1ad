"""XLM-RoBERTa's tokenizer, which multilingual-e5 uses, from its pieces (Kudo 2018; Conneau et al. 2020)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["build_tokenizer"]


def build_tokenizer(pieces: list[tuple[str, float]], header: dict) -> Tokenizer:
    """XLM-RoBERTa's SentencePiece Unigram model in the `tokenizers` library.

    Its character normalisation ("nmt_nfkc") is NFKC with three differences: control characters vanish, invisible ones
    become a space, and two characters stay what they are. So it gives the file's own map for every single character.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    # The full-width tilde, and a sign that Unicode added later, stand aside while NFKC runs; U+FDD0 and U+FDD1 are
    # reserved for such use inside a program and occur in no text.
    kept = {"\uff5e": "\ufdd0", "\U0001f23b": "\ufdd1"}
    gone = "[\x01-\x08\x0b\x0e-\x1f\x7f\x8f\x9f]"  # the characters themselves: the engine's \x8f is a byte
    space = "[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]"
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=header["unk"], byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(gone), ""),
            normalizers.Replace(Regex(space), " "),
            *(normalizers.Replace(sign, aside) for sign, aside in kept.items()),
            normalizers.NFKC(),
            *(normalizers.Replace(aside, sign) for sign, aside in kept.items()),
        ]
    )
    # After normalisation only U+0020 is a space; WhitespaceSplit would split at U+0085, which is a piece of its own.
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(" ", "removed"), pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")]
    )
    special = [("<s>", header["bos"]), ("</s>", header["eos"])]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=special
    )
    names = [pieces[header[one]][0] for one in ("bos", "pad", "eos", "unk")]
    tokenizer.add_special_tokens([AddedToken(name, special=True) for name in names])
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, special=True)])
    return tokenizer

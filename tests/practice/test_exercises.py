"""Every exercise: its check passes what is right, and tells what is wrong with each answer that people really give."""

from __future__ import annotations

import re

import numpy as np
import pytest

from recsys_lessons.errors import RecsysLessonsError
from recsys_lessons.practice import exercises
from recsys_lessons.practice.checking import run_check
from recsys_lessons.practice.compare import VALUES
from recsys_lessons.practice.exercises import LESSONS, find_exercise

EXERCISES = [find_exercise(name) for names in LESSONS.values() for name in names]
MUTANTS = [(exercise, mutant) for exercise in EXERCISES for mutant in exercise.mutants]

every_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
every_mutant = pytest.mark.parametrize(
    ("exercise", "mutant"), MUTANTS, ids=[f"{exercise.name}: {mutant}" for exercise, mutant in MUTANTS]
)


@every_exercise
@pytest.mark.parametrize("seed", range(5))
def test_the_packages_own_function_passes(exercise, seed):
    assert run_check(exercise, exercise.reference, seed).passed


@every_mutant
@pytest.mark.parametrize("seed", range(3))
def test_a_wrong_answer_is_caught_with_the_rule_it_breaks_and_a_small_input(exercise, mutant, seed):
    result = run_check(exercise, exercise.mutants[mutant], seed)
    assert result.status in ("failed", "crashed")
    assert result.rule is not None and result.rule is not VALUES
    assert result.input.startswith(f"{exercise.name}(") and len(result.input) < 120
    numbers = re.findall(r"(?<![\w.])\d+", result.input)
    assert len(numbers) <= 9, f"not small: {result.input}"
    if result.status == "failed":
        assert result.expected and result.got and result.expected != result.got


@pytest.mark.parametrize(
    ("name", "mutant", "said"),
    [
        ("recall_at_k", "divides by k", "that would be precision"),
        ("recall_at_k", "does not cut at k", "only the first k"),
        ("recall_at_k", "loses the order in a set", "only the first k"),
        ("recall_at_k", "divides by the smaller of k and the relevant", "every relevant item counts"),
        ("recall_at_k", "counts a repeated relevant item twice", "twice is one item"),
        ("recall_at_k", "is 0 with no relevant item", "nothing to find"),
        ("svd_scores", "multiplies the full decomposition back", "largest singular values stay"),
        ("svd_scores", "subtracts the items' means, as PCA does", "no mean is subtracted"),
        ("svd_scores", "clips negative scores", "nothing is clipped"),
        ("fold_in", "averages over the history", "neither averaged nor scaled"),
        ("fold_in", "counts a repeated item twice", "counts once"),
        ("fold_in", "hides the history's own items", "scored like any other"),
        ("ridge_map", "takes the root of the weights", "weight 2 is the same"),
        ("ridge_map", "divides the ridge by the number of items", "added once"),
        ("ridge_map", "adds the ridge to every cell", "diagonal only"),
        ("explain_score", "gives shares of the score", "not a share"),
        ("explain_score", "drops what is negative", "may be negative"),
        ("explain_score", "leaves out the item itself", "in the history itself"),
        ("funk_svd_step", "updates the item by the user's new factors", "BEFORE the step"),
        ("funk_svd_step", "forgets the biases in the prediction", "nothing changes"),
        ("funk_svd_step", "forgets the regularisation", "shrinks towards 0"),
        ("contextual_scores", "gives the sentence to the first user", "serves every user"),
        ("contextual_scores", "takes the mean with the sentence in it", "and of nothing else"),
        ("contextual_scores", "hides nothing", "-inf stands where"),
        ("cyclic_time", "counts period - 1 steps to the turn", "23 h stands beside 0 h"),
        ("cyclic_time", "keeps the sine alone, twice", "two columns, sine and cosine"),
        ("cyclic_time", "always takes 24", "the one that was passed"),
        ("render_context", "takes 0 for missing", "midnight"),
        ("render_context", "begins with a comma", "does not begin with the punctuation"),
        ("render_context", "strips the English signs only", "in either language"),
        ("render_context", "keeps the words around a missing value", "is left out, words and punctuation"),
        ("render_context", "fills in one field after another, and so what a value says", "written as it is"),
        ("contextual_bias", "does not centre the new contexts", "in the average training context"),
        ("contextual_bias", "subtracts the new contexts' own mean", "mean of the TRAINING contexts"),
        ("contextual_bias", "multiplies the ridge by the number of events", "the ridge stands once"),
        ("contextual_bias", "multiplies the base scores", "neither replaces nor multiplies"),
        ("fm_score", "pairs a feature with itself", "no pair with itself"),
        ("fm_score", "counts each pair twice", "once (i < j)"),
        ("fm_score", "sums the factors before the square", "not a product of sums"),
        ("fm_score", "takes features for 0 or 1", "the square of a value"),
        ("fm_score", "takes all rows together", "scored by itself"),
        ("context_rows", "lets the event into its own history", "neither the event itself"),
        ("context_rows", "takes the whole history, the future too", "nor anything later"),
        ("context_rows", "lets events of one moment see each other", "no history of one another"),
        ("context_rows", "takes everything where last is 0", "none where last is 0"),
        ("context_rows", "counts weekdays from Sunday", "0 is Monday"),
        ("context_rows", "loses events without a context", "keeps its row"),
        ("encode_context", "puts the prefix behind", "in front of each sentence"),
        ("encode_context", "encodes equal sentences again", "encoded once"),
        ("encode_context", "takes all in one call", "at most batch_size"),
        ("encode_context", "calls once a sentence", "no more calls than that needs"),
        ("encode_context", "is NaN for a row of zeros", "not NaN"),
        ("encode_context", "sorts the different sentences, and leaves them so", "in the order of the sentences"),
        ("fuse_context", "standardises over all users at once", "a row is standardised by itself"),
        ("fuse_context", "weighs before it standardises, which undoes it", "AFTER it is standardised"),
        ("fuse_context", "does not standardise", "mean 0 and standard deviation 1"),
        ("rank_in_context", "hides with 0, below which scores can lie", "never shown"),
        ("rank_in_context", "takes the seen out after the cut", "BEFORE the cut at k"),
        ("rank_in_context", "leaves equal scores in the order of the item table", "the smaller place comes first"),
        ("rank_in_context", "takes titles for items", "two items with one title"),
        ("bm25_scores", "forgets the 1 + in the weight", "weighs ln(1 +"),
        ("bm25_scores", "counts each repetition in full", "less and less"),
        ("bm25_scores", "counts occurrences where documents are meant", "n counts documents"),
        ("bm25_scores", "compares with the longest document", "the mean length"),
        ("bm25_scores", "counts a term of the query once", "counts twice"),
        ("parse_wish", "invents a limit for a word it does not know", "rules nothing out"),
        ("parse_wish", "finds a word within a word", "no part of"),
        ("parse_wish", "tries the short word first", "the longest counts"),
        ("parse_wish", "leaves commas behind", "spaces and commas before it"),
        ("parse_wish", "reads English only", "a known word after"),
        ("blend_query_and_taste", "takes -10 for a barred item", "whatever its scores"),
        ("blend_query_and_taste", "standardises the blend", "says nothing and is 0"),
        ("blend_query_and_taste", "standardises among the allowed only", "a constraint moves no other score"),
        ("blend_query_and_taste", "turns the weight round", "by the query alone"),
        ("blend_weight", "gives the weight to the cold scores", "takes the cold score alone"),
        ("blend_weight", "standardises over all users at once", "row is standardised by itself"),
        ("blend_weight", "counts the user's interactions", "counts the item's interactions"),
        ("blend_weight", "trusts clicks from the first one on", "n / (n + kappa)"),
        ("blend_weight", "is NaN for a constant row", "zeros, not NaN"),
        ("interview_items", "asks about the best known", "largest entropy"),
        ("interview_items", "looks at each question by itself", "adds 0 bits"),
        ("interview_items", "takes '?' for a dislike", "neither dropped nor a dislike"),
        ("interview_items", "takes the higher column of equal ones", "lower column"),
        ("linucb_update", "forgets the square root", "the square root, once"),
        ("linucb_update", "adds x to b without the reward", "as the reward says"),
        ("linucb_update", "updates all arms", "only the arm that was shown"),
        ("linucb_update", "learns from clicks only", "whatever the reward"),
        ("linucb_update", "takes x @ x, a number, for the outer product", "outer product of x with itself"),
        ("linucb_update", "takes b for theta", "theta = A^-1 b"),
        ("linucb_update", "scores before it learns", "after the update"),
        ("recency_weights", "takes e for 2", "the base is 2"),
        ("recency_weights", "takes the age by position", "not a place in the list"),
        ("recency_weights", "turns the sign round", "older means lighter"),
        ("recency_weights", "takes the half-life for seconds", "half-life is in days"),
        ("recency_weights", "is NaN for a history of long ago", "underflows"),
        ("recency_weights", "drops the future in silence", "is a leak"),
        ("causal_mask", "does not look at itself", "itself included"),
        ("causal_mask", "masks the rows of padding instead of the columns", "nobody looks at padding"),
        ("causal_mask", "is NaN where nothing is allowed", "neither NaN nor"),
        ("causal_mask", "fills with 0 before the softmax", "adds up to 1"),
        ("causal_mask", "masks after the softmax, and does not normalise again", "has no say"),
        ("prequential_loop", "trains, then tests", "before the model is updated"),
        ("prequential_loop", "lets equal timestamps leak", "belong together"),
        ("prequential_loop", "averages over all time", "over its own events"),
        ("prequential_loop", "learns once a period", "in the middle of a period too"),
        ("prequential_loop", "sorts the events as tuples", "in the order of the rows"),
        ("prequential_loop", "takes the rows as they come", "time decides"),
        ("preprocess_batch", "does not divide by 255", "by a division by 255"),
        ("preprocess_batch", "normalises before it divides by 255", "AFTER the division by 255"),
        ("preprocess_batch", "normalises by the picture's own mean and deviation", "by a division by 255"),
        ("preprocess_batch", "leaves the channels last", "before height and width"),
        ("preprocess_batch", "turns RGB into BGR", "not BGR"),
        ("preprocess_batch", "reshapes where axes are to be moved", "a pixel keeps its place"),
        ("preprocess_batch", "squashes instead of cutting", "no squashing"),
        ("preprocess_batch", "cuts without scaling", "before the cut"),
        ("preprocess_batch", "forgets antialias", "has a share in it"),
        ("contrastive_loss", "looks from the texts only", "both directions count half"),
        ("contrastive_loss", "does not normalise", "a similarity is a cosine"),
        ("contrastive_loss", "multiplies by the temperature", "DIVIDED by the temperature"),
        ("contrastive_loss", "takes the other diagonal", "text i belongs to picture i"),
        ("contrastive_loss", "brings pairs together and pushes nothing apart", "wrong answers"),
        ("contrastive_loss", "sums over the pairs", "not a sum"),
        ("contrastive_loss", "overflows at a low temperature", "neither overflows"),
        ("sample_frames", "shares out frame numbers", "seconds are shared out"),
        ("sample_frames", "takes the first n", "in the middle of n equal parts"),
        ("sample_frames", "spreads the moments from the first frame to the last", "in the middle of n equal parts"),
        ("sample_frames", "takes the nearest frame", "the latest frame that has begun"),
        ("sample_frames", "expects videos to begin at 0", "need not begin at second 0"),
        ("sample_frames", "drops repeats", "there are always n"),
        ("log_mel", "takes the amplitude, not the power", "of the POWER"),
        ("log_mel", "has no floor", "not minus infinity"),
        ("log_mel", "has no window", "faded in and out"),
        ("log_mel", "mirrors the sound at its ends, as torch.stft does", "no mirror image"),
        ("log_mel", "sums up the filters after the logarithm", "BEFORE the logarithm"),
        ("log_mel", "forgets the scale", "2 / (sum of the window)"),
        ("log_mel", "ignores the hop", "1 + samples // hop frames"),
        ("pool_over_time", "takes padding into the mean", "does not count"),
        ("pool_over_time", "divides by the padded length", "not by the padded length"),
        ("pool_over_time", "lets padding be 0 in the maximum", "is negative"),
        ("pool_over_time", "multiplies by the mask, and so lets NaN through", "does not spread"),
        ("pool_over_time", "gives zeros for a video without a frame", "never zeros"),
        ("pool_over_time", "is NaN for one frame, as torch.std is", "0, not NaN"),
        ("pool_over_time", "expects padding on the right", "wherever they stand"),
        ("concat_fusion", "puts them side by side as they are", "scaled to length 1"),
        ("concat_fusion", "scales before it centres", "BEFORE its rows are scaled"),
        ("concat_fusion", "takes the mean over all items", "is a leak"),
        ("concat_fusion", "lets NaN into the mean", "neither spreads nor counts as 0"),
        ("concat_fusion", "multiplies by the weight instead of its root", "the ROOT of its weight"),
        ("concat_fusion", "divides by all weights, whatever is missing", "length 1 again"),
        ("concat_fusion", "gives zeros for an item that has nothing", "zeros would pass for a vector"),
        ("weighted_sum", "divides by all weights, whatever is missing", "that are PRESENT"),
        ("weighted_sum", "ignores the weights", "in proportion to its weight"),
        ("weighted_sum", "multiplies by the mask, and so lets NaN through", "is never read"),
        ("weighted_sum", "adds a tiny number below the line", "a row of NaN"),
        ("hadamard_fusion", "lets what is missing be 0", "counts as 1"),
        ("hadamard_fusion", "gives ones for an item that has nothing", "the empty product"),
        ("hadamard_fusion", "adds logarithms, which negative numbers do not have", "signs stay"),
        ("hadamard_fusion", "takes the dot product", "as long as one modality"),
        ("gated_fusion", "gives the missing a share, which is lost", "share the whole 1"),
        ("attention_fusion", "forgets the root of dim", "divided by the root of dim"),
        ("late_fusion", "divides by the sum of the weights", "SQUARES"),
        ("choose_weights", "chooses on the test", "never looked at"),
        ("choose_weights", "takes the last of equals", "the smallest is chosen"),
        ("modality_contribution", "takes the weight itself", "ROOT of a weight"),
        ("mend_multimodal", "leaves the network in training mode", "in eval mode"),
        ("mend_multimodal", "takes the mean over all items", "`warm` rows alone"),
        ("encode_files", "opens inside the try, and reads the pixels outside", "breaks off"),
        ("fuse_modalities", "takes the mean over all items", "`warm` rows that have"),
        ("score_multimodal", "bars what has no vector", "neither NaN nor barred"),
        ("list_with_reasons", "reads contributions by the place in the list", "by item"),
        ("ndcg_at_k", "always expects k hits of the ideal order", "min(k, number of relevant"),
        ("ndcg_at_k", "takes the ideal order of the hits it found", "found or not"),
        ("ndcg_at_k", "ignores k", "only the first k"),
        ("split_last", "cuts everybody at one moment", "by their own time"),
        ("split_last", "rounds up", "floor(fraction * n)"),
        ("split_last", "turns equal timestamps round", "keep the order of the rows"),
        ("split_last", "expects a user's rows side by side", "may lie apart"),
        ("item_neighbours", "keeps k in every row", "not in every row"),
        ("item_neighbours", "is NaN for an item without likes", "zeros, not NaN"),
        ("item_neighbours", "lets the item take a place of its own k", "none of its k places"),
        ("center", "takes the mean of the rows passed", "`reference` rows alone"),
        ("center", "takes the mean over both", "`reference` rows alone"),
        ("center", "normalises before it centres, and again after", "scaling first gives another direction"),
        ("center", "does not scale short rows up", "length 1"),
        ("center", "is NaN for a row equal to the mean", "stays zero, not NaN"),
        ("token_budget_batches", "forgets padding and adds the lengths up", "padding costs as much"),
        ("token_budget_batches", "drops a row longer than the budget", "every row number exactly once"),
        ("token_budget_batches", "puts an empty batch before a row longer than the budget", "no batch is empty"),
        ("token_budget_batches", "puts equal lengths the other way round", "the earlier one comes first"),
        ("token_budget_batches", "stays below the budget", "exactly the budget still fits"),
        ("mean_pooling", "takes padding into the mean", "padding does not change the mean"),
        ("mean_pooling", "divides by the padded width", "not the padded width"),
        ("mean_pooling", "takes the vector of [CLS]", "mean over the tokens"),
        ("mean_pooling", "averages over the batch", "its own number of tokens"),
        ("mean_pooling", "expects padding on the right", "wherever they stand"),
        ("mean_pooling", "is NaN for a row of padding", "zeros, not NaN"),
        ("mean_pooling", "subtracts a boolean mask", "integer, boolean or float"),
        ("mean_pooling", "turns half precision into single", "half precision too"),
        ("mean_pooling", "changes the hidden states in place", "left as they were"),
    ],
)
def test_the_rule_that_is_named_is_the_one_that_the_mutant_breaks(name, mutant, said):
    exercise = find_exercise(name)
    assert said in run_check(exercise, exercise.mutants[mutant], seed=0).rule["en"]


@every_exercise
@pytest.mark.parametrize("value", [None, "<script>", float("nan"), [], True, np.zeros((2, 3)), lambda: 0])
def test_an_answer_of_another_type_is_told_apart_from_a_wrong_number(exercise, value):
    result = run_check(exercise, lambda *arguments: value)
    assert result.status == "failed" and result.got
    if not isinstance(value, (float, np.ndarray)):
        assert result.rule["en"].startswith("it returns")


@every_exercise
def test_a_stub_is_not_attempted_however_it_says_so(exercise):
    def unwritten(*arguments):
        raise NotImplementedError

    assert run_check(exercise, lambda *arguments: ...).status == "not attempted"
    assert run_check(exercise, unwritten).status == "not attempted"


@every_exercise
def test_the_input_that_is_shown_can_be_pasted_and_shows_the_mistake(exercise):
    import torch

    from recsys_lessons.practice import toys

    for mutant in exercise.mutants.values():
        result = run_check(exercise, mutant)
        if result.status == "failed" and result.expected != "ValueError" and "as they were" not in result.rule["en"]:
            names = {"torch": torch, "np": np, **vars(toys)}
            wrong, right = (eval(result.input, {**names, exercise.name: f}) for f in (mutant, exercise.reference))
            assert repr(wrong) != repr(right)


@every_exercise
def test_inputs_are_fresh_and_a_seed_gives_them_again(exercise):
    def seen(seed):
        calls = []
        run_check(exercise, lambda *arguments: calls.append(repr(arguments)) or exercise.reference(*arguments), seed)
        return calls

    assert seen(1) == seen(1)
    assert seen(None) != seen(None)


@every_exercise
def test_texts_are_there_in_both_languages(exercise):
    for text in (exercise.title, exercise.question, *exercise.hints):
        assert set(text) == {"en", "zh"} and text["en"].isascii() and re.search("[\u4e00-\u9fff]", text["zh"])
    assert len(exercise.hints) == 3 and len(exercise.mutants) >= 3
    assert exercise.name in LESSONS[exercise.lesson] and f"def {exercise.name}(" in exercise.signature


def test_a_misspelt_name_lists_close_ones_and_a_wild_one_lists_all():
    with pytest.raises(RecsysLessonsError, match="'recal_at_k'; did you mean recall_at_k"):
        find_exercise("recal_at_k")
    with pytest.raises(RecsysLessonsError, match="there are recall_at_k, mean_pooling"):
        find_exercise("zzz")
    assert exercises.lesson_of("mean_pooling") == "00_start_here"

"""read_samples on rows written as lm-eval 0.4.0 to 0.4.13 write them, independently of the reader."""

import contextlib
import gzip
import hashlib
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth_eval.errors import ResultsError
from synth_eval.results.samples import read_samples

DATE = "2026-01-02T03-04-05.678901"
INF = math.inf


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def without_none(row):
    return {key: value for key, value in row.items() if value is not None}


def choice_row(doc_id=0, logliks=(-1.0, -2.0, -3.0), target="0", *, choices=None, context="Q:\nA:", **more):
    """A multiple-choice row; None in ``more`` removes a field."""
    choices = choices or [f"choice {i}" for i in range(len(logliks))]
    pairs = [[str(value), "False"] for value in logliks]
    row = {
        "doc_id": doc_id,
        "doc": {"question": context},
        "target": target,
        "arguments": {f"gen_args_{i}": {"arg_0": context, "arg_1": f" {text}"} for i, text in enumerate(choices)},
        "resps": [[pair] for pair in pairs],
        "filtered_resps": pairs,
        "filter": "none",
        "metrics": ["acc"],
        "doc_hash": sha(f"doc {doc_id}"),
        "prompt_hash": sha(context),
    }
    return without_none(row | more)


def rolling_row(doc_id=0, text="héllo", loglik="-12.5", **more):
    row = {
        "doc_id": doc_id,
        "doc": {"page": text},
        "target": text,
        "arguments": {"gen_args_0": {"arg_0": text}},
        "resps": [[loglik]],
        "filtered_resps": [loglik],
        "filter": "none",
        "doc_hash": sha(f"doc {doc_id}"),
        "prompt_hash": sha(text),
    }
    return without_none(row | more)


def generation_row(doc_id=0, text="42", **more):
    row = {
        "doc_id": doc_id,
        "doc": {"question": "6 x 7?"},
        "target": "42",
        "arguments": {"gen_args_0": {"arg_0": "6 x 7?", "arg_1": {"until": ["\n"]}}},
        "resps": [[text]],
        "filtered_resps": [text],
        "filter": "none",
        "doc_hash": sha(f"doc {doc_id}"),
    }
    return without_none(row | more)


@pytest.fixture
def read(tmp_path):
    def read(*rows, **options):
        path = tmp_path / f"samples_my_task_{DATE}.jsonl"
        lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return read_samples(path, **options)

    return read


# --- multiple choice ----------------------------------------------------------------------------------------------


def test_a_choice_task(read):
    samples = read(choice_row(7, (-1.5, -0.25), "1", choices=["née", "no"]), choice_row(9, (-1.0, -2.0, -3.0), "0"))
    assert (samples.task, samples.kind, samples.skipped, samples.notes) == ("my_task", "choice", 0, ())
    assert samples.doc_id == (7, 9)
    assert samples.doc_hash == (sha("doc 7"), sha("doc 9"))
    assert samples.prompt_hash == (sha("Q:\nA:"),) * 2
    assert samples.choice_logliks == ((-1.5, -0.25), (-1.0, -2.0, -3.0))
    # "née" has 4 bytes; the delimiter that lm-eval puts before it does not count, as in its acc_bytes
    assert samples.choice_bytes == ((4, 2), (8, 8, 8))
    assert samples.gold == (1, 0)
    assert samples.level == ()
    assert samples.loglik == samples.texts == ()


@pytest.mark.parametrize(
    ("target", "choices", "gold"),
    [
        ("2", None, 2),
        (2, None, 2),
        (2.0, None, 2),
        ("2.0", None, 2),
        (True, None, 1),  # a bool in the data: lm-eval uses it as 1
        ("True", None, 1),
        ("False", None, 0),
        ("True", ["True", "False", "Maybe"], 0),  # here it is a text
        ("choice 1", None, 1),
        (" choice 1", None, 1),
        ("choice 1 ", None, 1),
        ("B", None, 1),
        ("(C)", None, 2),
        ("C.", None, 2),
        ("B", ["B", "A", "C"], 0),  # the text of a choice before its letter
        ("[2]", None, 2),
        ([2], None, 2),
        ("['choice 2']", None, 2),
        ("[unclosed", ["[unclosed", "x", "y"], 0),
        ("12", ["2", "1", "12"], 2),  # no index can be 12
    ],
)
def test_gold(read, target, choices, gold):
    assert read(choice_row(target=target, choices=choices)).gold == (gold,)


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("3", "the target is none of the choices"),
        ("-1", "the target is none of the choices"),
        ("-100", "the target is none of the choices"),
        ("1.5", "the target is none of the choices"),
        (float("nan"), "the target is none of the choices"),
        ("D", "the target is none of the choices"),
        ("", "the target is none of the choices"),
        ({"a": 1}, "the target is none of the choices"),
        ("[0, 2]", "several right answers"),
        ([0, 2], "several right answers"),
        ("[]", "no target logged"),
        (None, "no target logged"),
    ],
)
def test_gold_that_cannot_be_mapped(read, target, reason):
    samples = read(choice_row(0, target=target), choice_row(1, target="1"))
    assert (samples.doc_id, samples.gold, samples.skipped) == ((1,), (1,), 1)
    assert samples.notes == (f"1 of 2 items left out: {reason}",)
    with pytest.raises(ResultsError, match=f"none of its items can be used \\(1 times: {reason}\\)"):
        read(choice_row(0, target=target))


def test_numeric_choices_where_acc_says_that_the_target_is_a_text(read):
    # as index, "1" and "2" would be the wrong answers "0" and "1"; lm-eval says both are right
    rows = [
        choice_row(0, (-3, -1, -2), "1", choices=["0", "1", "2"], acc=1.0),
        choice_row(1, (-1, -2, -3), "2", choices=["2", "0", "1"], acc=1.0),
        choice_row(2, (-1, -2, -3), "0", choices=["1", "2", "0"], acc=0.0),
    ]
    samples = read(*rows)
    assert samples.gold == (1, 0, 2)
    assert samples.notes == ("numeric targets read as the text of a choice, not as its index",)


def test_numeric_choices_where_acc_says_that_the_target_is_an_index(read):
    rows = [choice_row(i, (-1, -2, -3), "0", choices=["1", "2", "0"], acc=1.0) for i in range(2)]
    assert read(*rows).gold == (0, 0)
    without_acc = [
        choice_row(0, target="0", choices=["1", "2", "0"]),
        choice_row(1, target="1", choices=["5", "6", "7"]),
    ]
    assert read(*without_acc).gold == (0, 1)


def test_rounding_that_hides_the_likeliest_choice_contradicts_nothing(read):
    # -20.1224 twice: lm-eval knew more digits, and took the second
    tie = (-20.1224, -20.1224, -23.0)
    assert read(choice_row(0, tie, "1", acc=1.0)).gold == (1,)
    assert read(choice_row(0, tie, "0", acc=0.0)).gold == (0,)
    # the third is not among the likeliest, and of two that lie apart the first is
    assert read(choice_row(0, tie, "2", acc=1.0)).accuracy == (1.0,)
    assert read(choice_row(0, (-20.1, -20.2, -23.0), "1", acc=1.0)).accuracy == (1.0,)
    assert read(choice_row(0, tie, "1", acc=0.5)).accuracy == (0.5,)


def test_numeric_choices_without_acc_where_one_target_is_no_index(read):
    rows = [choice_row(0, target="2", choices=["2", "1", "3"]), choice_row(1, target="30", choices=["2", "30", "3"])]
    assert read(*rows).gold == (0, 1)


def winogrande_row(doc_id, logliks, acc, k=2):
    contexts = [f"{name} was tired because" for name in ("Ann", "Bob", "Cem")[:k]]
    arguments = {f"gen_args_{i}": {"arg_0": c, "arg_1": " she ran."} for i, c in enumerate(contexts)}
    return choice_row(doc_id, logliks, "she ran.", arguments=arguments, acc=acc)


def test_one_continuation_after_several_contexts(read):
    samples = read(winogrande_row(0, (-1, -2), 1.0), winogrande_row(1, (-1, -2), 0.0), winogrande_row(2, (-3, -2), 0.0))
    assert samples.gold == (0, 1, 0)
    assert samples.notes == ("one continuation after several contexts: the right one taken from the logged acc",)
    # of three, a wrong answer does not tell the right one; keeping the right answers alone would flatter
    with pytest.raises(ResultsError, match="no answer logged, and acc does not determine it"):
        read(winogrande_row(0, (-1, -2, -3), 1.0, k=3), winogrande_row(1, (-1, -2, -3), 0.0, k=3))
    with pytest.raises(ResultsError, match="no answer logged"):
        read(winogrande_row(0, (-1, -2), None))


def test_mutual_information_asks_twice(read):
    row = choice_row(0, (-1.0, -2.0, -9.0, -8.0), "1", choices=["a", "b", "a", "b"])
    for i in (2, 3):
        row["arguments"][f"gen_args_{i}"]["arg_0"] = ""
    samples = read(row)
    assert (samples.choice_logliks, samples.choice_bytes, samples.gold) == (((-1.0, -2.0),), ((1, 1),), (1,))


def test_four_choices_are_not_two_asked_twice(read):
    assert len(read(choice_row(0, (-1.0, -2.0, -9.0, -8.0), "1")).choice_logliks[0]) == 4


def test_more_than_ten_choices_stay_in_order(read):
    logliks = tuple(-float(i) for i in range(12))
    row = choice_row(0, logliks, "11", choices=["x" * (i + 1) for i in range(12)])
    row["arguments"] = dict(sorted(row["arguments"].items()))  # gen_args_10 before gen_args_2
    assert read(row).choice_bytes == (tuple(range(1, 13)),)


@pytest.mark.parametrize(
    ("texts", "doc", "n_bytes"),
    [
        ([" a", " bc"], {}, (1, 2)),
        (["a", "bc"], {}, (1, 2)),
        (["\na", "\nbc"], {}, (1, 2)),
        (["  a", "  bc"], {}, (2, 3)),  # one space is the delimiter, the other the choice's
        ([" a", "bc"], {}, (2, 2)),
        ([" a", " bc"], {"choices": [" a", " bc"]}, (2, 3)),  # an empty delimiter
        ([" a", " bc"], {"choices": ["a", "bc"]}, (1, 2)),
    ],
)
def test_bytes_of_choices(read, texts, doc, n_bytes):
    arguments = [["Q", text] for text in texts]
    assert read(choice_row(0, (-1, -2), "0", arguments=arguments, doc=doc)).choice_bytes == (n_bytes,)


@pytest.mark.parametrize(
    ("logliks", "reason"),
    [
        ((-1, "NaN"), "NaN log-likelihood"),
        ((-1, "nan"), "NaN log-likelihood"),
        ((-1, float("nan")), "NaN log-likelihood"),
        ((-1, "N/A"), "NaN log-likelihood"),
        ((-1, INF), "infinite log-likelihood"),
        ((-INF, "-inf"), "log-likelihood -inf on every choice"),
        ((-1, "much"), "a response that is no log-likelihood"),
    ],
)
def test_log_likelihoods_that_cannot_be_used(read, logliks, reason):
    samples = read(choice_row(0, (-1, -2), "1"), choice_row(1, logliks, "1"))
    assert (samples.doc_id, samples.skipped, samples.notes) == ((0,), 1, (f"1 of 2 items left out: {reason}",))


def test_minus_infinity_on_one_choice_is_a_probability_of_zero(read):
    assert read(choice_row(0, (-1, "-inf"), "1")).choice_logliks == ((-1.0, -INF),)


def test_levels(read):
    with_levels = [choice_row(i, doc={"level": i + 1}) for i in range(2)]
    assert read(*with_levels).level == (1, 2)
    assert read(with_levels[0], choice_row(5)).level == ()
    assert read(choice_row(0, doc={"level": "Level 5"})).level == ()


def test_clusters_are_equal_where_the_field_is(read):
    passages = ["a text", "a text", {"id": 1}, {"id": 1.5}]
    rows = [choice_row(i, doc={"question": f"{i}", "passage": passage}) for i, passage in enumerate(passages)]
    one, two, three, four = read(*rows, clusters="passage").clusters
    assert one == two
    assert len({one, three, four}) == 3
    assert read(*rows).clusters == ()
    nested = [choice_row(i, doc={"meta": {"id": i // 2}, "meta.id": 7}) for i in range(3)]
    assert len(set(read(*nested, clusters="meta.id").clusters)) == 1  # the name as it stands comes first
    del nested[2]["doc"]["meta.id"], nested[1]["doc"]["meta.id"], nested[0]["doc"]["meta.id"]
    labels = read(*nested, clusters="meta.id").clusters
    assert (labels[0] == labels[1], labels[1] == labels[2]) == (True, False)


def test_items_without_the_field_stand_alone(read):
    rows = [choice_row(0, doc={"p": 1}), choice_row(1, doc={"p": 1}), choice_row(2, doc={}), choice_row(3, doc="text")]
    samples = read(*rows, clusters="p")
    assert len(set(samples.clusters)) == 3
    assert samples.notes == ("2 of 4 documents have no field 'p': each resampled by itself",)
    none = read(*rows, clusters="q")
    assert (none.clusters, none.notes) == ((), ("no document has a field 'q': items resampled singly",))


def test_clusters_of_items_that_are_left_out_go_with_them(read):
    rows = [choice_row(i, target=target, doc={"p": p}) for i, (target, p) in enumerate((("9", 0), ("0", 1), ("1", 1)))]
    samples = read(*rows, clusters="p")
    assert (samples.doc_id, len(samples.clusters), len(set(samples.clusters))) == ((1, 2), 2, 1)


# --- other kinds --------------------------------------------------------------------------------------------------


def test_rolling_documents(read):
    samples = read(rolling_row(0), rolling_row(1, "abc", -3.0, bits_per_byte=[-3.0, 7], word_perplexity=[-3.0, 1]))
    assert (samples.kind, samples.loglik, samples.n_bytes) == ("rolling", (-12.5, -3.0), (6, 7))
    # words are no bytes; a custom metric may log bits per byte as one number
    samples = read(rolling_row(0, "abc", word_perplexity=[-12.5, 1], bits_per_byte=1.5))
    assert samples.n_bytes == (3,)
    samples = read(rolling_row(0, "abc", target=None, byte_perplexity=None))
    assert samples.n_bytes == (3,)


def test_rolling_documents_that_cannot_be_used(read):
    samples = read(rolling_row(0), rolling_row(1, "", "-1.0"), rolling_row(2, "x", "nan"), rolling_row(3, "x", "-inf"))
    assert samples.doc_id == (0,)
    assert samples.notes == (
        "2 of 4 items left out: log-likelihood missing or not finite",
        "1 of 4 items left out: no bytes to divide by",
    )


def test_one_given_continuation_is_read_as_rolling(read):
    row = choice_row(0, (-4.5,), "word", choices=["word"])
    samples = read(row, row | {"doc_id": 1})
    # the space before the word was scored too: 5 bytes
    assert (samples.kind, samples.loglik, samples.n_bytes) == ("rolling", (-4.5, -4.5), (5, 5))
    assert samples.notes == ("one given continuation an item: read as log-likelihood and bytes",)


def test_generated_texts(read):
    samples = read(generation_row(0, "42"), generation_row(1, "about\nforty"), generation_row(2, ""))
    assert (samples.kind, samples.texts) == ("generation", ("42", "about\nforty", ""))
    assert samples.prompt_hash == (sha("6 x 7?"),) * 3


def test_the_filtered_answer_counts_and_of_several_the_first(read):
    row = generation_row(0, resps=[["It is 42.", "It is 43."]], filtered_resps=[["42", "43"]])
    assert read(row).texts == ("42",)
    assert read(generation_row(0, resps=[["It is 42."]], filtered_resps=None)).texts == ("It is 42.",)


def test_every_repeat_is_kept_as_the_filter_left_it(read):
    row = generation_row(0, resps=[["It is 42.", "43", "None"]], filtered_resps=[["42", "43", "[invalid]"]])
    samples = read(row)
    assert samples.repeats == (("42", "43", "[invalid]"),)
    assert (samples.texts, samples.notes) == (("42",), ())


@pytest.mark.parametrize("filtered", [["six"], [["six"]]])  # take_first and majority_vote
def test_repeats_of_a_filter_that_picks_one_are_as_generated(read, filtered):
    samples = read(generation_row(0, resps=[["five", "six", "six"]], filtered_resps=filtered))
    assert (samples.texts, samples.repeats, samples.notes) == (("six",), (("five", "six", "six"),), ())


def test_a_filter_that_rewrites_one_leaves_one(read):
    rows = [generation_row(i, resps=[["It is 6.", "7"]], filtered_resps=["6"]) for i in range(3)]
    samples = read(*rows, generation_row(3, "8"))
    assert samples.repeats == (("6",), ("6",), ("6",), ("8",))
    assert samples.notes == ("the filter keeps one of several answers in 3 items: no vote shares (take_first_k does)",)


def test_confidences_that_a_task_logs(read):
    rows = [generation_row(i, p_true=0.5 + i / 10, likelihood="0.25", exact_match=1.0) for i in range(2)]
    samples = read(*rows)
    assert samples.sure == {"likelihood": (0.25, 0.25), "p_true": (0.5, 0.6)}
    assert read(rows[0], generation_row(1, p_true=0.5)).sure == {"p_true": (0.5, 0.5)}  # only what all items have
    assert read(generation_row(0, p_true="high")).sure == {}


def test_a_characteristic_that_a_text_does_not_define_is_nan_and_a_score_with_gaps_is_left_out(read):
    both = generation_row(0, metrics=["length", "mattr", "exact_match"], length=60, mattr=0.7, exact_match=1.0)
    short = generation_row(1, metrics=["length"], length=12)
    metrics = read(both, short).metrics
    assert set(metrics) == {"length", "mattr"}
    assert metrics["length"] == (60.0, 12.0)
    assert metrics["mattr"][0] == 0.7
    assert math.isnan(metrics["mattr"][1])


def test_two_answers_that_look_like_a_log_likelihood_are_texts(read):
    samples = read(generation_row(0, resps=[["-1.5", "True"]], filtered_resps=[["-1.5", "True"]]))
    assert (samples.kind, samples.repeats) == ("generation", (("-1.5", "True"),))


@pytest.mark.parametrize(
    ("target", "targets"),
    [
        ("42", ("42",)),
        (42, ("42",)),
        (["42", "forty-two"], ("42", "forty-two")),
        ("['42', 'forty-two']", ("42", "forty-two")),  # as lm-eval writes a list
        ("[sic] 42", ("[sic] 42",)),
    ],
)
def test_targets_of_a_generation(read, target, targets):
    assert read(generation_row(0, target=target)).targets == (targets,)


def test_targets_and_exact_match_are_there_for_all_items_or_for_none(read):
    full = read(generation_row(0, exact_match=1.0), generation_row(1, exact_match=0))
    assert (full.exact_match, full.targets) == ((1.0, 0.0), (("42",), ("42",)))
    part = read(generation_row(0, exact_match=1.0), generation_row(1, target=None))
    assert (part.exact_match, part.targets, len(part.repeats)) == ((), (), 2)


def test_rows_of_another_kind_are_left_out(read):
    samples = read(choice_row(0), generation_row(1))
    assert samples.notes == ("1 of 2 items left out: a generation row among choice rows",)


# --- filters, repeats, releases -----------------------------------------------------------------------------------


def test_filters(read):
    rows = [generation_row(i, f"{name} {i}", filter=name) for name in ("strict", "flexible") for i in range(2)]
    samples = read(*rows)
    assert samples.texts == ("strict 0", "strict 1")
    assert samples.notes == ("filter 'strict' read; 2 rows of 'flexible' left out",)
    assert read(*rows, filter="flexible").texts == ("flexible 0", "flexible 1")
    with pytest.raises(ResultsError, match="no filter 'other': it has flexible, strict"):
        read(*rows, filter="other")


def test_repeated_rows_count_once_and_equal_documents_twice(read):
    twin = choice_row(1, doc_hash=sha("doc 0"))  # another item with the same content
    samples = read(choice_row(0), twin, choice_row(0))
    assert samples.doc_id == (0, 1)
    assert samples.notes == ("1 repeated rows counted once",)


def test_missing_hashes_are_computed_as_lm_eval_does(read):
    doc = {"question": "naïve?", "n": 1}
    row = choice_row(0, doc=doc, doc_hash=None, prompt_hash=None, context="Frage: ü")
    samples = read(row)
    # by lm_eval.evaluator 0.4.13: json.dumps(doc, indent=2, ensure_ascii=False), hashed by SHA-256
    assert samples.doc_hash == (sha('{\n  "question": "naïve?",\n  "n": 1\n}'),)
    assert samples.prompt_hash == (sha("Frage: ü"),)


def test_the_first_releases_wrote_an_array_with_numbers_and_lists(tmp_path):
    rows = [
        {
            "doc_id": i,
            "doc": {"q": i},
            "target": 1,
            "arguments": [["Q", " a"], ["Q", " bc"]],
            "resps": [[[-1.0, False]], [[-2.0, False]]],
            "filtered_resps": [[-1.0, False], [-2.0, False]],
            "acc": 0.0,
        }
        for i in (0, 1, 0)
    ]
    path = tmp_path / "pretrained__m_my_task.jsonl"
    path.write_text(json.dumps(rows, indent=2))
    samples = read_samples(path, task="my_task")
    assert (samples.task, samples.doc_id, samples.gold) == ("my_task", (0, 1), (1, 1))
    assert samples.choice_bytes == ((1, 2), (1, 2))
    path.write_text(json.dumps(rows)[:-5])
    with pytest.raises(ResultsError, match="a JSON array that is truncated or damaged"):
        read_samples(path)


def test_without_arguments(read):
    samples = read(choice_row(0, arguments=None, prompt_hash=None))
    assert (samples.gold, samples.choice_bytes, samples.prompt_hash) == ((0,), (), ("",))
    assert samples.notes == ("1 items have no logged choices: no likelihood per byte",)
    samples = read(rolling_row(0, "abc", arguments=None, bits_per_byte=[-12.5, 9]))
    assert (samples.kind, samples.n_bytes) == ("rolling", (9,))


def test_only_filtered_responses(read):
    assert read(choice_row(0, (-1, -2), "1", resps=None)).choice_logliks == ((-1.0, -2.0),)


# --- damaged files ------------------------------------------------------------------------------------------------


def test_truncated_lines_are_counted(read):
    last = json.dumps(choice_row(2))
    samples = read(choice_row(0), choice_row(1), last[: len(last) // 2])
    assert (samples.doc_id, samples.skipped) == ((0, 1), 1)
    assert samples.notes == ("1 of 3 lines could not be read (the last one, truncated)",)
    samples = read(choice_row(0), "{broken", "", "3", choice_row(1))
    assert (samples.doc_id, samples.skipped) == ((0, 1), 2)
    assert samples.notes == ("2 of 4 lines could not be read (first line 2)",)


def test_gzip_whole_and_cut(tmp_path):
    path = tmp_path / f"samples_t_{DATE}.jsonl.gz"
    rows = b"".join(json.dumps(choice_row(i, doc={"x": sha(str(i))})).encode() + b"\n" for i in range(200))
    path.write_bytes(gzip.compress(rows))
    assert len(read_samples(path).doc_id) == 200
    path.write_bytes(gzip.compress(rows)[:-200])
    samples = read_samples(path)
    assert 100 < len(samples.doc_id) < 200
    assert samples.skipped >= 1
    assert "could not be read" in samples.notes[0]
    path.write_bytes(b"\x1f\x8b not gzip at all")
    with pytest.raises(ResultsError, match=r"samples_t_.*\.jsonl\.gz: cannot be read"):
        read_samples(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty: run lm_eval again with --log_samples"),
        (b"\n\n", "empty"),
        (b"hello\nworld\n", "none of its 2 lines is a JSON object"),
        (b"\xff\xfe\x00\n", "none of its 1 lines is a JSON object"),
        (b'{"a": 1}\n', "none of its items can be used (1 times: no responses logged)"),
        (b'{"resps": [["x"]]}\n', "none of its items can be used (1 times: no doc_hash and no doc"),
        (b'{"resps": [], "filtered_resps": []}\n', "no responses logged"),
    ],
)
def test_files_without_a_usable_row(tmp_path, content, message):
    path = tmp_path / f"samples_t_{DATE}.jsonl"
    path.write_bytes(content)
    with pytest.raises(ResultsError) as caught:
        read_samples(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_half_a_surrogate_pair_does_no_harm(read):
    arguments = [[chr(0xD800), f" {choice}"] for choice in (chr(0xD800), "b", "c")]
    row = choice_row(0, arguments=arguments, doc={"q": chr(0xD800)}, prompt_hash=None, doc_hash=None)
    samples = read(json.dumps(row))  # in plain ASCII, as "\\ud800"
    assert samples.choice_bytes == ((3, 1, 1),)
    assert len(samples.prompt_hash[0]) == len(samples.doc_hash[0]) == 64


def test_a_missing_file(tmp_path):
    with pytest.raises(ResultsError, match="no such file"):
        read_samples(tmp_path / "none.jsonl")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted(choice_row() | {"acc": 1})),
    anything,
    st.sampled_from([choice_row, rolling_row, generation_row]),
)
def test_one_odd_field_never_ends_in_a_traceback(tmp_path_factory, field, value, make):
    path = tmp_path_factory.mktemp("odd") / "samples_t.jsonl"
    rows = [make(0), make(1) | {field: value}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    samples = read_samples(path)
    assert 1 <= len(samples.doc_id) <= 2
    path.write_text(json.dumps(rows[1]) + "\n")
    with contextlib.suppress(ResultsError):
        read_samples(path)


@settings(max_examples=50, deadline=None)
@given(st.permutations(range(6)))
def test_order_of_rows_does_not_matter(tmp_path_factory, order):
    path = tmp_path_factory.mktemp("order") / "samples_t.jsonl"
    rows = [choice_row(i, (-1.0, -2.0 - i, -0.5 * i), str(i % 3)) for i in range(6)]
    path.write_text("".join(json.dumps(rows[i]) + "\n" for i in order))
    samples = read_samples(path)
    assert samples.doc_id == tuple(order)
    assert samples.gold == tuple(i % 3 for i in order)
    assert samples.choice_logliks == tuple((-1.0, -2.0 - i, -0.5 * i) for i in order)


def test_the_numbers_of_each_generated_item(read):
    metrics = {"exact_match": 1.0, "f1": 0.5, "strict": True, "bleu": ["a", "b"], "nan": float("nan")}
    rows = [generation_row(i, metrics=list(metrics), **metrics) for i in range(2)]
    assert read(*rows).metrics == {"exact_match": (1.0, 1.0), "f1": (0.5, 0.5), "strict": (1.0, 1.0)}
    # the first releases do not list them; one that some item lacks is dropped
    older = [generation_row(0, exact_match=1.0, f1=0.25), generation_row(1, exact_match=0.0)]
    assert read(*older).metrics == {"exact_match": (1.0, 0.0)}

"""load_family: what is read, and every mistake as one line with file, line and mend."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth_eval.errors import ManifestError
from synth_eval.manifest import load_family

EXAMPLES = re.findall(r"```yaml\n(.*?)```", (Path(__file__).parents[2] / "docs/manifest.md").read_text(), re.S)


def write(folder: Path, text: str, *, folders=("a", "b", "c")) -> Path:
    for name in folders:
        (folder / name).mkdir(parents=True, exist_ok=True)
    path = folder / "checkpoints.yaml"
    path.write_text(text)
    return path


def refused(folder: Path, text: str, **options) -> tuple[int, str]:
    """Line number and message of the error."""
    path = write(folder, text, **options)
    with pytest.raises(ManifestError) as caught:
        load_family(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{path}:")
    line, rest = re.match(r":(\d+): (.*)", message[len(str(path)) :]).groups()
    return int(line), rest


TWO = "family: f\ncheckpoints:\n  - {path: a, ratio: 0}\n  - {path: b, ratio: 0.5}\n"


def test_smallest_family(tmp_path):
    family = load_family(write(tmp_path, TWO))
    assert (family.name, family.tasks, family.baseline_ratio, family.lab) == ("f", ("synth_suite",), 0.0, None)
    assert family.manifest == tmp_path / "checkpoints.yaml"
    first, second = family.checkpoints
    assert first.path == str(tmp_path / "a")
    assert (first.name, second.name) == ("self-r0-it1-s0", "self-r0.5-it1-s0")
    assert (str(first.where), str(second.where)) == ("checkpoints.yaml:3", "checkpoints.yaml:4")
    assert (first.model, first.batch_size, first.num_fewshot, first.iteration, first.seed) == ("hf", "auto", None, 1, 0)


def test_example_of_the_docs(tmp_path):
    for name in ["runs/410m/r00", "runs/410m/r00-seed1", "out/runs__410m__r10"]:
        (tmp_path / name).mkdir(parents=True)
    for size, ratio, iteration in [
        ("70M", "0", 1),
        ("70M", "0.1", 1),
        ("70M", "0.3", 1),
        ("1.4B", "0", 2),
        ("1.4B", "0.3", 2),
    ]:
        (tmp_path / f"runs/{size}/self/r{ratio}/it{iteration}/seed0").mkdir(parents=True)
    (tmp_path / "data/legal").mkdir(parents=True)
    (tmp_path / "models/reader").mkdir(parents=True)
    files = ("data/legal/a.jsonl", "data/exam.jsonl", "data/exam-dev.jsonl", "data/held_out.jsonl")
    for name in (*files, "models/reader/config.json"):
        (tmp_path / name).touch()
    family = load_family(write(tmp_path, EXAMPLES[0]))
    assert family.categories == {
        "arc_challenge": "reasoning",
        "triviaqa": "retrieval",
        "exam": "retrieval",
        "legal": "domain",
        "clinic": "domain",
    }
    assert family.tasks == ("synth_suite", "legal", "clinic", "exam")
    assert (family.task_weights, family.correction) == ({"triviaqa": 2.0}, "question")
    by_name = {c.name: c for c in family.checkpoints}
    assert set(by_name) == {
        "410M-self-r0-it1-s0", "410M-self-r0-it1-s1", "410M-self-r0.1-it1-s0", "pythia-textbook-20",
        "70M-self-r0-it1-s0", "70M-self-r0.1-it1-s0", "70M-self-r0.3-it1-s0",
        "1.4B-self-r0-it2-s0", "1.4B-self-r0.3-it2-s0",
    }  # fmt: skip
    hub = by_name["pythia-textbook-20"]
    assert (hub.path, hub.revision, hub.batch_size, hub.num_fewshot) == ("EleutherAI/pythia-410m", "step143000", 16, 5)
    assert hub.model_args == {"dtype": "float32"}
    read = by_name["410M-self-r0.1-it1-s0"]
    assert (read.path, read.results) == (None, (tmp_path / "out/runs__410m__r10",))
    assert (read.model_args, read.num_fewshot) == ({"dtype": "bfloat16"}, 0)
    assert by_name["410M-self-r0-it1-s0"].tokens == 1e10
    assert by_name["1.4B-self-r0.3-it2-s0"].parameters == 1.4e9
    # every key of the schema occurs in the two examples
    from synth_eval.manifest.schema import CheckpointEntry, Grid, Manifest

    both = "\n".join(EXAMPLES)
    for model in (Manifest, CheckpointEntry):
        for key in model.model_fields:
            assert re.search(rf"\b{key}:", both), key
    tables = (Path(__file__).parents[2] / "docs/manifest.md").read_text()
    for key in Grid.model_fields:
        assert f"`{key}`" in tables


def test_lab_example_needs_no_folders(tmp_path):
    family = load_family(write(tmp_path, EXAMPLES[1], folders=()))
    assert family.lab == {"recipe": "miniature"}
    assert [c.path for c in family.checkpoints] == [
        str(tmp_path / f"checkpoints/r{ratio}-s{seed}") for seed in (0, 1) for ratio in ("0", "0.5")
    ]


def test_model_args_merge_key_by_key(tmp_path):
    text = (
        "family: f\n"
        "defaults: {model: vllm, model_args: {dtype: bfloat16, trust: true}, batch_size: 4, num_fewshot: 3}\n"
        "checkpoints:\n  - {path: a, ratio: 0, model_args: {dtype: float32}, num_fewshot: 0}\n"
        "  - {path: b, ratio: 1, batch_size: auto:4, model: hf}\n"
    )
    a, b = load_family(write(tmp_path, text)).checkpoints
    assert a.model_args == {"dtype": "float32", "trust": True}
    assert (a.model, a.num_fewshot, a.batch_size) == ("vllm", 0, 4)
    assert (b.model, b.num_fewshot, b.batch_size) == ("hf", 3, "auto:4")


def test_scalars_stand_for_lists(tmp_path):
    text = (
        "family: f\ntasks: synth_recall\n"
        "checkpoints: [{path: a, ratio: 0, results: b}, {path: b, ratio: .5, results: [a, b]}]"
    )
    family = load_family(write(tmp_path, text))
    assert family.tasks == ("synth_recall",)
    assert family.checkpoints[1].results == (tmp_path / "a", tmp_path / "b")


def test_one_size_in_two_spellings_is_one_curve(tmp_path):
    text = "family: f\ncheckpoints:\n  - {path: a, ratio: 0, size: 1.4B}\n  - {path: b, ratio: .5, size: 1400M}\n"
    assert [c.size for c in load_family(write(tmp_path, text)).checkpoints] == ["1.4B", "1.4B"]


def test_a_task_file_is_found_beside_the_manifest(tmp_path):
    (tmp_path / "mine.yaml").write_text("task: mine")
    assert load_family(write(tmp_path, TWO + "tasks: [mine.yaml]\n")).tasks == (str(tmp_path / "mine.yaml"),)
    assert refused(tmp_path, TWO + "tasks: [other.yaml]\n") == (
        5,
        f"the task file other.yaml is not there (looked for {tmp_path / 'other.yaml'}): check the path",
    )


def test_yaml_anchors_and_merge_keys(tmp_path):
    text = (
        "family: f\ncheckpoints:\n  - &base {path: a, ratio: 0, size: 10M}\n"
        "  - <<: *base\n    path: b\n    ratio: 0.5\n"
        "  - <<: *base\n    path: c\n    ratio: 7\n"
    )
    assert refused(tmp_path, text) == (9, "checkpoints[3].ratio: 7 is outside 0..1: write 0.07 for 7%")
    family = load_family(write(tmp_path, text.replace("7", ".7")))
    assert [(c.size, c.ratio) for c in family.checkpoints] == [("10M", 0), ("10M", 0.5), ("10M", 0.7)]


# --- mistakes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("family: [f", 1, "not valid YAML"),
        ("family: f\ncheckpoints:\n\t- a", 3, "indent with spaces, not tabs"),
        ("family: f: g", 1, "put text that contains ': ' in quotes"),
        ("family: !thing f", 1, "not valid YAML"),
        ("", 1, "the file is empty, not a mapping"),
        ("- a\n- b", 1, "the file is a list, not a mapping"),
        ("family: f\ntasks: [a]\nfamily: g\n", 3, "key 'family' is given twice (first in line 1)"),
        ("family: f\ncheckpoints:\n  - path: a\n    path: b", 4, "key 'path' is given twice (first in line 3)"),
        ("family: f\ncheckpoints: &x\n  - *x", 2, "an anchor contains itself"),
        ("famly: f\n" + TWO.split("\n", 1)[1], 1, "unknown key 'famly': did you mean 'family'?"),
        (TWO.replace("ratio: 0.5", "rato: 0.5"), 4, "unknown key 'rato' in checkpoints[2]: did you mean 'ratio'?"),
        (TWO + "defaults:\n  dtype: bfloat16", 6, "unknown key 'dtype' in defaults: known keys are model, model_args"),
        (TWO + "grid: {path: x, ratio: [0], Sizes: 3}", 5, "unknown key 'Sizes' in grid: did you mean 'size'?"),
        (TWO.replace("family: f\n", ""), 1, "the file: the key 'family' is missing"),
        (TWO.replace("ratio: 0.5", "seed: 1"), 4, "checkpoints[2]: the key 'ratio' is missing"),
        (TWO.replace("family: f", "family: 3"), 1, "family must be text: put it in quotes (it is '3')"),
        (TWO.replace("family: f", "family: ''"), 1, "family is empty"),
        (TWO + "tasks: []", 5, "tasks is empty"),
        (TWO + "tasks: [a, 3]", 5, "tasks[2] must be text"),
        (TWO + "defaults: [a]", 5, "defaults must be a mapping"),
        (TWO + "categories: {a: 3}", 5, "categories.a must be text"),
        (TWO + "categories: {3: a}", 5, "categories: the key 3 must be text"),
        (TWO + "task_weights: {a: heavy}", 5, "task_weights.a: 'heavy' is not a weight: write a number above 0"),
        (TWO + "task_weights: {a: 0}", 5, "task_weights.a: 0 is not a weight"),
        (TWO + "task_weights: {a: .inf}", 5, "task_weights.a: inf is not a weight"),
        (TWO + "task_weights: {a: true}", 5, "task_weights.a: True is not a weight"),
        (TWO + "task_weights: [a]", 5, "task_weights must be a mapping"),
        (TWO + "correction: holm", 5, "correction is 'holm': write 'question', 'family', 'report' or 'fdr'"),
        (TWO.replace("0.5", "0.5, seed: one"), 4, "checkpoints[2].seed must be a whole number (it is 'one')"),
        (TWO.replace("0.5", "0.5, seed: true"), 4, "checkpoints[2].seed must be a whole number"),
        (TWO.replace("0.5", "0.5, seed: -1"), 4, "checkpoints[2].seed is -1, and the smallest possible is 0"),
        (TWO.replace("0.5", "0.5, iteration: 0"), 4, "checkpoints[2].iteration is 0, and the smallest possible is 1"),
        (TWO.replace("0.5", "0.5, batch_size: big"), 4, "checkpoints[2].batch_size: 'big' is not a batch size"),
        (TWO.replace("0.5", "0.5, batch_size: 0"), 4, "0 is not a batch size"),
        (TWO.replace("0.5", "30"), 4, "checkpoints[2].ratio: 30 is outside 0..1: write 0.3 for 30%"),
        (TWO.replace("0.5", "1.5"), 4, "checkpoints[2].ratio: 1.5 is outside 0..1: write 0.015 for 1.5%"),
        (TWO.replace("0.5", "-0.1"), 4, "-0.1 is outside 0..1: write the synthetic share"),
        (TWO.replace("0.5", "300"), 4, "300 is outside 0..1: write the synthetic share"),
        (TWO.replace("0.5", ".nan"), 4, "nan is outside 0..1"),
        (TWO.replace("0.5", "30%"), 4, "'30%' is not a ratio in 0..1: write 0.3 for 30%"),
        (TWO.replace("0.5", "half"), 4, "'half' is not a number"),
        (TWO.replace("0.5", "[0.5]"), 4, "[0.5] is not a number"),
        (TWO + "baseline_ratio: 2", 5, "baseline_ratio: 2 is outside 0..1: write 0.02 for 2%"),
        (TWO.replace("0.5", "0.5, size: huge"), 4, "checkpoints[2].size: 'huge' is not a count"),
        (TWO.replace("0.5", "0.5, tokens: 10Q"), 4, "checkpoints[2].tokens: '10Q' is not a count"),
        (TWO.replace("0.5", "0.5, size: [1]"), 4, "checkpoints[2].size: it must be a count"),
        (TWO.replace("0.5", "0"), 4, "lines 3 and 4 are the same cell (ratio 0, iteration 1, seed 0, source self)"),
        (TWO.replace("ratio: 0}", "ratio: 0.1}"), 3, "no baseline: no checkpoint at ratio 0 for iteration 1"),
        (TWO.replace("0.5", "0.5, iteration: 2"), 4, "no baseline: no checkpoint at ratio 0 for iteration 2"),
        (TWO.replace("0.5", "0.5, size: 7B"), 4, "no baseline: no checkpoint at ratio 0 for size 7B, iteration 1"),
        (TWO + "baseline_ratio: .2", 3, "set baseline_ratio to one that is there (0, 0.5)"),
        ("family: f\n", 1, "no checkpoints"),
        ("family: f\ncheckpoints: []", 2, "no checkpoints"),
        ("family: f\ncheckpoints:", 2, "no checkpoints"),
        ("family: f\ncheckpoints: {path: a}", 2, "checkpoints must be a list"),
        ("family: f\ncheckpoints: [a]", 2, "checkpoints[1] must be a mapping"),
        ("family: f\ncheckpoints: [{ratio: 0}]", 2, "the checkpoint has neither path nor results"),
        ("family: f\ncheckpoints: [{ratio: 0, results: a, revision: x}]", 2, "revision is given without path"),
        (TWO.replace("0.5", "0.5, model_args: {pretrained: x}"), 4, "model_args.pretrained repeats path"),
        (TWO.replace("path: b", "path: ./nope"), 4, "the checkpoint folder ./nope is not there (looked for "),
        (TWO.replace("path: b", "path: nope"), 4, "check path (a hub id has the form org/name)"),
        (TWO.replace("path: b", "path: a/r10"), 4, "the checkpoint folder a/r10 is not there"),
        (TWO.replace("path: b", "path: x/y/z"), 4, "the checkpoint folder x/y/z is not there"),
        (TWO.replace("path: b", "path: checkpoints.yaml"), 4, "path checkpoints.yaml is a file"),
        (TWO.replace("path: b", "results: nope"), 4, "the results nope are not there"),
        (TWO.replace("path: b", "name: ../x, path: b"), 4, "name '../x' reads like a path"),
        (TWO.replace("path: b", "name: '??', path: b"), 4, "name '??' has nothing that fits a file name"),
        (TWO.replace("path:", "name: same, path:"), 4, "name 'same' is given twice"),
        (TWO + "lab: {seed: 3}", 5, "lab.recipe must name a recipe"),
        (TWO + "lab: {recipe: 3}", 5, "lab.recipe must name a recipe"),
        (TWO + "lab: miniature", 5, "lab must be a mapping"),
    ],
)  # fmt: skip
def test_mistakes(tmp_path, text, line, message):
    found_line, found = refused(tmp_path, text)
    assert message in found
    assert found_line == line


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ("{path: 'r{ratio}', ratio: 7}", "grid.ratio[1]: 7 is outside 0..1: write 0.07 for 7%"),
        ("{path: 'r{rate}', ratio: [0]}", "grid.path has the unknown placeholder {rate}: known are {size}"),
        ("{path: '{size}/r{ratio}', ratio: [0]}", "grid.path uses {size}, but the grid has no list size"),
        ("{path: 'r{ratio}', ratio: [0, .5], seed: [0, 1]}", "grid.path has no {seed}, so all 2 values of seed"),
        ("{path: 'r{ratio', ratio: [0]}", "grid.path is not a template"),
        ("{path: 'r{ratio!r}', ratio: [0]}", "without '!'"),
        ("{path: 'r{ratio.real}', ratio: [0]}", "unknown placeholder {ratio.real}"),
        ("{path: 'r{}', ratio: [0]}", "unknown placeholder {}"),
        ("{path: 'r{source:.2f}', ratio: [0]}", "grid.path: {source:.2f} does not fit source"),
        ("{ratio: [0]}", "the grid has neither path nor results"),
        ("{path: 'r{ratio}', ratio: []}", "grid.ratio is empty"),
        ("{path: 'r{ratio}', ratio: [0, .9]}", "the checkpoint folder r.9 is not there"),
        ("{path: 'x{ratio}', ratio: [0, .9], missing: skip}", "none of the 2 checkpoints of the grid is there"),
        ("{path: 'r{ratio}', ratio: [0], missing: maybe}", "grid.missing is 'maybe': write 'error' or 'skip'"),
        ("{path: 'r{ratio}', ratio: [0, 0.0], missing: skip}", "lines 2 and 2 are the same cell"),
    ],
)  # fmt: skip
def test_mistakes_in_a_grid(tmp_path, grid, message):
    line, found = refused(tmp_path, f"family: f\ngrid: {grid}", folders=("r0",))
    assert message in found
    assert line == 2


def test_grid_spells_ratios_as_written_or_as_formatted(tmp_path):
    folders = ("70m/r0.10/2", "70m/r0/2")
    text = "family: f\ngrid: {path: '{size}/r{ratio}/{iteration}', size: 70m, ratio: [0, 0.10], iteration: 2}"
    family = load_family(write(tmp_path, text, folders=folders))
    assert [c.path for c in family.checkpoints] == [str(tmp_path / "70m/r0/2"), str(tmp_path / "70m/r0.10/2")]
    assert str(family.checkpoints[0].where) == "checkpoints.yaml:2"
    text = "family: f\ngrid: {path: 'x/r{ratio:.2f}/{seed:03d}', ratio: [0, 0.1]}"
    family = load_family(write(tmp_path, text, folders=("x/r0.00/000", "x/r0.10/000")))
    assert [c.path for c in family.checkpoints] == [str(tmp_path / "x/r0.00/000"), str(tmp_path / "x/r0.10/000")]


def test_list_and_grid_are_merged_and_share_cells(tmp_path):
    text = TWO + "grid: {path: 'r{ratio}', ratio: [0.2, 0.5]}\n"
    line, message = refused(tmp_path, text, folders=("a", "b", "r0.2", "r0.5"))
    assert (line, message[:31]) == (5, "lines 4 and 5 are the same cell")
    family = load_family(write(tmp_path, text.replace(", 0.5]", "]"), folders=("a", "b", "r0.2")))
    assert [c.ratio for c in family.checkpoints] == [0, 0.5, 0.2]


def test_hub_ids_and_folders(tmp_path):
    text = "family: f\ncheckpoints:\n  - {path: org/name, ratio: 0}\n  - {path: a/b, ratio: 0.5}\n"
    family = load_family(write(tmp_path, text, folders=("a/b",)))
    assert [c.path for c in family.checkpoints] == ["org/name", str(tmp_path / "a/b")]
    # a lab builds what is missing, so nothing that is missing can be a hub id
    family = load_family(write(tmp_path, text + "lab: {recipe: miniature, anything: [1, 2]}", folders=()))
    assert family.checkpoints[0].path == str(tmp_path / "org/name")
    assert family.lab == {"recipe": "miniature", "anything": [1, 2]}


def test_names_are_unique_and_safe(tmp_path):
    text = (
        "family: f\ncheckpoints:\n  - {path: a, ratio: 0, source: my data}\n  - {path: b, ratio: 0, source: my/data}\n"
        "  - {path: c, ratio: 0, seed: 1, source: my data, name: 'My-data-r0-it1-s0'}\n"
    )
    names = [c.name for c in load_family(write(tmp_path, text)).checkpoints]
    assert names == ["my-data-r0-it1-s0-2", "my-data-r0-it1-s0-3", "My-data-r0-it1-s0"]


@settings(deadline=None, max_examples=60)
@given(st.text(min_size=1, max_size=20), st.floats(0, 1))
def test_derived_names_fit_a_file_name(source, ratio):
    from synth_eval.manifest.names import derived_name

    name = derived_name("410M", source, ratio, 1, 0)
    assert re.fullmatch(r"[\w.+-]+", name)
    assert not name.startswith(("-", "."))


def test_more_problems_are_counted_and_the_first_line_wins(tmp_path):
    text = TWO.replace("ratio: 0}", "ratio: 3}").replace("0.5", "7") + "nonsense: 1\n"
    line, message = refused(tmp_path, text)
    assert line == 3
    assert message.endswith("(and 2 more)")


def test_missing_file_folder_and_bytes(tmp_path):
    with pytest.raises(ManifestError, match=r"none\.yaml: no such file"):
        load_family(tmp_path / "none.yaml")
    with pytest.raises(ManifestError, match="a folder, not a file"):
        load_family(tmp_path)
    (tmp_path / "latin.yaml").write_bytes("family: \xe9".encode("latin-1"))
    with pytest.raises(ManifestError, match=r"latin\.yaml: not UTF-8 text \(byte 8\)"):
        load_family(tmp_path / "latin.yaml")
    (tmp_path / "deep.yaml").write_text("[" * 5000)
    with pytest.raises(ManifestError, match="not valid YAML"):
        load_family(tmp_path / "deep.yaml")


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=60))
def test_whatever_the_text_the_answer_is_one_line(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("any") / "checkpoints.yaml"
    path.write_text("family: f\n" + text, encoding="utf-8", errors="replace")
    with pytest.raises(ManifestError) as caught:
        load_family(path)
    assert "\n" not in str(caught.value)


def test_folders_that_are_not_needed_may_be_missing(tmp_path):
    path = write(tmp_path, TWO.replace("path: b", "path: ./gone"))
    with pytest.raises(ManifestError, match="gone is not there"):
        load_family(path)
    assert load_family(path, folders_needed=False).checkpoints[1].path == str(tmp_path / "gone")
    grid = "family: f\ngrid: {path: './r{ratio}', ratio: [0, 0.5], missing: skip}\n"
    assert len(load_family(write(tmp_path, grid), folders_needed=False).checkpoints) == 2

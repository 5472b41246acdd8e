"""Which output belongs to which checkpoint."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from synth_eval.manifest import load_family
from synth_eval.results import ModelOutput, match_outputs, read_checkpoints
from synth_eval.results.find import distinguished
from synth_eval.results.identity import ModelIdentity, model_identity
from synth_eval.results.matching import place_of
from synth_eval.types import Checkpoint


def output(name: str, folder: str | None = None, *, results: bool = True) -> ModelOutput:
    folder = folder if folder is not None else "out/" + name.partition("@")[0].replace("/", "__")
    return ModelOutput(name, Path(folder), (Path(folder, "results.json"),) if results else ())


def checkpoint(path: str | None, name: str = "c", revision: str | None = None) -> Checkpoint:
    return Checkpoint(name=name, ratio=0.0, path=path, revision=revision)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        (output("org/m"), "org/m"),
        (output("/data/runs/r00"), "/data/runs/r00"),
        (output("runs/r00"), "/home/me/runs/r00"),
        (output("/home/me/runs/r00"), "runs/r00"),
        (output("./runs/r00/"), "/home/me/runs/r00"),
        (output("org__m", "out/org__m", results=False), "org/m"),  # samples alone: the folder's name says it
        (output("__data__runs__r00", "out/__data__runs__r00", results=False), "/data/runs/r00"),
        (output("whatever", "out/c"), "/data/runs/r00"),  # a folder with the checkpoint's own name
        (output("org/m@main"), "org/m"),
    ],
)
def test_one_fits_the_other(given: ModelOutput, path: str) -> None:
    matched = match_outputs([given], [checkpoint(path)], manifest="m.yaml")
    assert matched.outputs == {"c": (given,)}
    assert (matched.problems, matched.doubts) == ((), ())


def test_paths_of_another_machine_fit_by_their_end_and_that_is_said() -> None:
    matched = match_outputs(
        [output("/cluster/runs/410m/r10"), output("/cluster/runs/410m/r20")],
        [checkpoint("/home/me/410m/r10", "a"), checkpoint("/home/me/410m/r20", "b")],
        manifest="m.yaml",
    )
    assert {name: found[0].name[-3:] for name, found in matched.outputs.items()} == {"a": "r10", "b": "r20"}
    assert matched.doubts[0] == "/cluster/runs/410m/r10 taken for a, by the last 2 parts of its path"


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (output("org/other"), checkpoint("org/m")),
        (output("else/m"), checkpoint("org/m")),  # one equal part of two is chance
        (output("org/m@step1"), checkpoint("org/m")),
        (output("org/m@step1"), checkpoint("org/m", revision="step2")),
    ],
)
def test_nothing_fits(given: ModelOutput, wanted: Checkpoint) -> None:
    matched = match_outputs([given], [wanted], manifest="m.yaml")
    assert matched.outputs == {}
    (problem,) = matched.problems
    assert problem == (
        f"{given.folder}: results of {given.name}, which is no checkpoint of m.yaml: left out; "
        f"if it is one, write `results: {given.folder}` in its line there"
    )


def test_revisions_are_kept_apart() -> None:
    one, two = output("org/m@step1"), output("org/m@step2")
    family = [checkpoint("org/m", "a", "step1"), checkpoint("org/m", "b", "step2")]
    assert match_outputs([two, one], family, manifest="").outputs == {"a": (one,), "b": (two,)}


def test_an_output_that_fits_two_checkpoints_is_left_out() -> None:
    family = [checkpoint("/a/70m/final", "a"), checkpoint("/a/410m/final", "b")]
    matched = match_outputs([output("final")], family, manifest="m.yaml")
    assert matched.outputs == {}
    assert (
        "results of final fit a, b alike: write `results: out/final` in the right line of m.yaml"
        in (matched.problems[0])
    )


def test_in_a_folder_of_several_models_the_advice_names_files() -> None:
    there = Path("out")
    one = ModelOutput("org/a", there, (there / "a.json",), identity=ModelIdentity("org/a"))
    two = ModelOutput("org/b", there, (there / "b2.json", there / "b1.json"), identity=ModelIdentity("org/b"))
    assert [place_of(each, [one, two]) for each in (one, two)] == ["out/a.json", "[out/b2.json, out/b1.json]"]
    assert place_of(one, [one]) == "out"


def test_one_path_at_two_places_of_the_family_shares_its_results() -> None:
    given = output("org/m")
    family = [checkpoint("org/m", "iteration1"), checkpoint("org/m", "iteration2")]
    assert match_outputs([given], family, manifest="").outputs == {"iteration1": (given,), "iteration2": (given,)}


def test_several_runs_of_one_model_are_kept_and_the_better_fit_wins() -> None:
    first, again = output("org/m", "out/org__m"), output("org/m", "again/org__m")
    worse = output("m", "out/m")
    matched = match_outputs([first, again, worse], [checkpoint("org/m")], manifest="m.yaml")
    assert matched.outputs == {"c": (first, again)}
    assert matched.problems == ("out/m: results of m left out: those of org/m fit c better",)


def test_two_models_that_fit_one_checkpoint_alike_are_left_out() -> None:
    given = [output("/x/70m/r0"), output("/y/70m/r0")]
    matched = match_outputs(given, [checkpoint("/home/70m/r0")], manifest="m.yaml")
    assert matched.outputs == {}
    assert "fit c alike" in matched.problems[0]


CASE = Path(__file__).parents[1] / "cases" / "lora_same_name"


def logged(name: str, **arguments: object) -> ModelOutput:
    identity = model_identity(name, arguments)
    folder = Path("out", name.replace("/", "__"))
    return ModelOutput(identity.name, folder, (folder / "results.json",), identity=identity)


def test_outputs_of_adapters_are_not_the_base_models() -> None:
    family = load_family(CASE / "by_results_only.yaml", folders_needed=False)
    models, failures, _ = read_checkpoints(family, [CASE])
    assert not failures
    acc = {name: model.results["truthfulqa_mc2"].metric("acc") for name, model in models.items()}
    assert {name: metric and round(metric.value or 0.0, 4) for name, metric in acc.items()} == {
        "base": 0.5237,
        "a0p5": 0.5068,
        "a1p0": 0.3,
    }


@pytest.mark.parametrize("key", ["peft", "lora_local_path", "delta"])
def test_an_adapter_is_known_by_the_manifests_arguments_too(key: str) -> None:
    base, adapted = checkpoint("org/m", "base"), replace(checkpoint("org/m", "tuned"), model_args={"peft": "/ad/a"})
    plain, tuned = logged("org/m"), logged("org/m", **{key: "/ad/a"})
    assert match_outputs([plain, tuned], [base, adapted], manifest="").outputs == {"base": (plain,), "tuned": (tuned,)}
    other = logged("org/m", peft="/ad/b")
    matched = match_outputs([plain, other], [base, adapted], manifest="m.yaml")
    assert matched.outputs == {"base": (plain,)}
    assert "results of org/m + /ad/b, which is no checkpoint" in matched.problems[0]


def test_samples_of_a_base_with_adapters_have_no_owner_without_results() -> None:
    family = [checkpoint("org/m", "base"), replace(checkpoint("org/m", "tuned"), model_args={"peft": "/ad/a"})]
    matched = match_outputs([output("org__m", "out/org__m", results=False)], family, manifest="m.yaml")
    assert matched.outputs == {}
    assert "fit base, tuned alike" in matched.problems[0]


def test_types_and_quantisation_are_kept_apart() -> None:
    half, full = logged("org/m", dtype="torch.bfloat16"), logged("org/m", dtype="float32")
    four, auto = logged("org/m", load_in_4bit="True"), logged("org/m", dtype="auto", load_in_4bit=False)
    wanted = replace(checkpoint("org/m"), model_args={"dtype": "bf16"})
    assert match_outputs([half, full], [wanted], manifest="").outputs == {"c": (half,)}
    wanted = replace(checkpoint("org/m"), model_args={"load_in_4bit": True})
    assert match_outputs([four, auto], [wanted], manifest="").outputs == {"c": (four,)}
    assert match_outputs([four, auto], [checkpoint("org/m")], manifest="").outputs == {"c": (auto,)}
    matched = match_outputs(distinguished([half, full]), [checkpoint("org/m")], manifest="m.yaml")
    assert matched.outputs == {}
    assert matched.problems[0].startswith("org/m (dtype=bfloat16), org/m (dtype=float32) fit c alike: write")

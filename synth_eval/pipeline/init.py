"""A first manifest: what checkpoints and outputs of lm-eval are there, and what their names say of their places."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from synth_eval.dose_response.verdict import MIN_RATIOS
from synth_eval.errors import CheckpointError, ManifestError, ResultsError
from synth_eval.manifest.guess import Guess, guess_places, shared_places
from synth_eval.manifest.names import base_of_adapter, family_name, is_adapter
from synth_eval.results.atomic import write_atomically
from synth_eval.results.find import ModelOutput, find_results
from synth_eval.results.fingerprint import check_safetensors
from synth_eval.text import count_text, listed, plural, visible

OPEN = "FILL_IN"  # what load_family refuses, with the line
DEEPEST = 8  # folders below the one that is given


@dataclass(frozen=True)
class Found:
    """A checkpoint, or what lm-eval wrote of one: where it is (as in the manifest) and what is known of its place."""

    name: str  # what its place is guessed from
    path: str = ""
    results: str = ""
    place: Guess = field(default_factory=Guess)

    @property
    def entry(self) -> dict[str, Any]:
        """Its line in the manifest."""
        place = self.place
        known: dict[str, Any] = {"path": self.path, "results": self.results, "size": place.size}
        known["ratio"] = OPEN if place.ratio is None else place.ratio
        known |= {"iteration": place.iteration, "seed": place.seed, "source": place.source, "tokens": place.tokens}
        return {key: value for key, value in known.items() if value not in ("", None)}


@dataclass(frozen=True)
class Draft:
    """A manifest that was written, and what is left to do: one line each."""

    path: Path
    family: str
    checkpoints: tuple[Found, ...]
    open_questions: tuple[str, ...] = ()


def init(
    folders: Sequence[str | os.PathLike[str]],
    *,
    output: str | os.PathLike[str],
    family: str = "",
    force: bool = False,
) -> Draft:
    """Write a manifest of the checkpoints and the outputs of lm-eval below some folders.

    Ratio, size, iteration, seed, source and tokens are taken from names (`manifest.guess`), a size that no name has
    from the weights. Nothing is run, and no hub is asked.

    Parameters
    ----------
    output : the manifest; paths in it are relative to its folder
    family : its name; that of the first folder if empty
    force : whether a file that is there may be replaced

    Raises
    ------
    ManifestError : the file is there already, a folder is not, or nothing is found.
    """
    target = Path(output)
    if target.exists() and not force:
        raise ManifestError(f"{target} is there already: name another with --output, or replace it with --force")
    roots = [Path(folder) for folder in folders]
    for root in roots:
        if not root.is_dir():
            raise ManifestError(f"{root}: no such folder: check the path")
    found = _with_places(_found(roots, target.absolute().parent))
    if not found:
        named = listed(str(root) for root in roots)
        raise ManifestError(f"{named}: no checkpoint (config.json or adapter_config.json) and no results of lm-eval")
    draft = Draft(target, _family(family or roots[0].resolve().name), found)
    draft = replace(draft, open_questions=tuple(_open_questions(found)))
    write_atomically(target, manifest_text(draft))
    return draft


def manifest_text(draft: Draft) -> str:
    """The manifest as YAML, one checkpoint a line, with what is left to do as comments."""
    todo = [f"# To do: {visible(line)}" for line in draft.open_questions]
    lines = [
        "# Written by `synth-eval init`: places are guessed from names. Check every line. All keys: docs/manifest.md.",
        *todo,
        f"family: {_flow(draft.family)}",
        *(
            ["tasks: [synth_suite] # tasks or groups of lm-eval"]
            if any(each.path for each in draft.checkpoints)
            else []
        ),
        "baseline_ratio: 0 # the ratio that the others are compared with",
        "checkpoints:",
        *(f"  - {_flow(each.entry)}" for each in draft.checkpoints),
    ]
    return "\n".join(lines) + "\n"


def _flow(value: Any) -> str:
    text: str = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=100_000)
    return text.removesuffix("...\n").strip()


def _family(name: str) -> str:
    try:
        return family_name(name)
    except ValueError:
        return "my-family"


def _found(roots: Sequence[Path], base: Path) -> list[Found]:
    """Checkpoints in path order, each with its outputs where their names agree; then the other outputs."""
    checkpoints = {path.resolve(): path for root in roots for path in _checkpoints(root)}
    outputs = {output.folder.resolve(): output for root in roots for output in _outputs(root)}
    results: dict[Path, list[ModelOutput]] = {}
    alone = []
    for folder, output in outputs.items():
        if any(folder.is_relative_to(path) for path in checkpoints):
            continue  # an evaluation that a training run left beside its weights
        owner = _owner(output, list(checkpoints))
        alone += [output] if owner is None else []
        if owner is not None:
            results.setdefault(owner, []).append(output)
    found = [
        Found(str(path), _relative(path, base), _relative(results[key][0].folder, base) if key in results else "")
        for key, path in checkpoints.items()
    ]
    return found + [Found(_name(each), results=_relative(each.folder, base)) for each in alone]


def _checkpoints(root: Path) -> Iterator[Path]:
    """Folders of a model or an adapter; what is below one (its intermediate saves) is not looked at."""
    for folder, below, files in os.walk(root):
        path = Path(folder)
        if is_adapter(path) or ("config.json" in files and _is_model(path / "config.json")):
            below.clear()
            yield path
        elif len(path.relative_to(root).parts) >= DEEPEST:
            below.clear()
        below[:] = sorted(name for name in below if not name.startswith("."))


def _is_model(config: Path) -> bool:
    try:
        data = json.loads(config.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(data, dict) and bool(data.get("model_type") or data.get("architectures"))


def _outputs(root: Path) -> tuple[ModelOutput, ...]:
    try:
        return find_results(root)
    except ResultsError:  # none: then there must be checkpoints
        return ()


def _owner(output: ModelOutput, checkpoints: Sequence[Path]) -> Path | None:
    """The checkpoint that an output is about: the one whose folders the logged model ends with."""
    if output.identity is None:
        return None
    about = Path(output.identity.adapter or output.identity.base).parts
    fitting = [path for path in checkpoints if about and path.parts[-len(about) :] == about]
    return fitting[0] if len(fitting) == 1 else None


def _name(output: ModelOutput) -> str:
    return f"{output.folder}/{output.name}"


def _relative(path: Path, base: Path) -> str:
    return os.path.relpath(path, base)


def _with_places(found: Sequence[Found]) -> tuple[Found, ...]:
    """With the place of each; a size that only some have is open for the others."""
    guesses = guess_places([each.name for each in found])
    sizes = [guess.size or (_size(Path(each.name)) if each.path else "") for each, guess in zip(found, guesses)]
    unknown = OPEN if any(sizes) else ""
    return tuple(
        replace(each, place=replace(guess, size=size or unknown)) for each, guess, size in zip(found, guesses, sizes)
    )


def _size(folder: Path) -> str:
    """From the name of an adapter's base, or by counting the weights of a model; "" where neither tells."""
    if is_adapter(folder):
        return guess_places([base_of_adapter(folder)])[0].size
    count = 0
    try:
        for file in folder.glob("*.safetensors"):
            tensors = json.loads(check_safetensors(file))
            count += sum(math.prod(its["shape"]) for name, its in tensors.items() if name != "__metadata__")
    except (CheckpointError, ValueError, KeyError, TypeError, AttributeError):
        return ""
    return count_text(count) if count else ""


def _open_questions(found: Sequence[Found]) -> Iterator[str]:
    places = [each.place for each in found]
    lacking = [each.path or each.results for each in found if each.place.ratio is None]
    if lacking:
        yield f"no ratio in {plural(len(lacking), 'name')}: write it instead of {OPEN} (the first: {lacking[0]})"
    unsized = [each.path or each.results for each in found if each.place.size == OPEN]
    if unsized:
        names = plural(len(unsized), "checkpoint")
        yield f"no size known of {names}: write it instead of {OPEN} (the first: {unsized[0]})"
    for members in shared_places(places):
        named = listed(found[i].path or found[i].results for i in members)
        yield f"the same place for {named}: give them different seeds, sizes or iterations"
    ratios = sorted({place.ratio for place in places if place.ratio is not None})
    if ratios and 0.0 not in ratios:
        yield f"no checkpoint of ratio 0: set baseline_ratio to that of the baseline; the lowest is {ratios[0]:g}"
    if len(ratios) < MIN_RATIOS and not lacking:
        yield f"{plural(len(ratios), 'ratio')}: a verdict needs at least {MIN_RATIOS}"
    if len({place.seed for place in places}) == 1 and MIN_RATIOS <= len(ratios) < MIN_RATIOS + 2:
        yield f"{len(ratios)} ratios and one seed: verdicts rest on an assumed noise between training runs; add seeds"

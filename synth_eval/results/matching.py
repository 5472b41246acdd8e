"""Which lm-eval output belongs to which checkpoint, by the names that lm-eval keeps of a model."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from synth_eval.results.find import ModelOutput
from synth_eval.results.identity import ModelIdentity, model_identity, settings_agree
from synth_eval.text import listed
from synth_eval.types import Checkpoint

# what lm-eval's folder names replace by "__", and that itself
_BETWEEN = re.compile(r"__|[\"<>:/|\\?*\[\]]+")
_WHOLE = 1_000_000  # a whole name fits: better than any number of parts


@dataclass(frozen=True)
class Matched:
    """``outputs`` maps a checkpoint's name to its outputs; ``problems`` and ``doubts`` are one line each.

    A problem is an output that is left out. A doubt is one that was matched by the end of its path alone.
    """

    outputs: Mapping[str, tuple[ModelOutput, ...]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def match_outputs(outputs: Sequence[ModelOutput], checkpoints: Sequence[Checkpoint], *, manifest: str) -> Matched:
    """Give every output to the checkpoint (or checkpoints of one path) whose path or name it carries.

    An output is known by the model given to lm-eval (``pretrained``, in results files) and by its folder, in which
    lm-eval writes "/" as "__". It fits a checkpoint whose path, or name, is the same; or is the end of the other, part
    by part (runs/r00 and /home/me/runs/r00); or ends in at least two equal parts, with a note. The best fit wins.
    Revisions must agree. A model with an adapter is known by the adapter, and settings that both name (dtype,
    quantisation) must agree. Checkpoints of the same model share their outputs.

    Parameters
    ----------
    manifest : name of the manifest, for messages.
    """
    problems: list[str] = []
    best: list[tuple[ModelOutput, int, list[Checkpoint]]] = []
    for output in outputs:
        fits = {checkpoint.name: _fit(output, checkpoint) for checkpoint in checkpoints}
        top = max(fits.values(), default=0)
        chosen = [checkpoint for checkpoint in checkpoints if fits[checkpoint.name] == top]
        chosen = [each for each in chosen if _same_settings(output, each)] or chosen
        if top == 0:
            problems.append(
                f"{output.folder}: results of {output.name}, which is no checkpoint of {manifest}: left out; "
                f"if it is one, write `results: {place_of(output, outputs)}` in its line there"
            )
        elif len({_wanted(checkpoint) for checkpoint in chosen}) > 1:
            problems.append(
                f"{output.folder}: results of {output.name} fit {listed([c.name for c in chosen])} alike: "
                f"write `results: {place_of(output, outputs)}` in the right line of {manifest}"
            )
        else:
            best.append((output, top, chosen))
    matched: dict[str, tuple[ModelOutput, ...]] = {}
    doubts = []
    for checkpoint in checkpoints:
        mine = [(output, top) for output, top, chosen in best if checkpoint in chosen]
        if not mine:
            continue
        highest = max(top for _, top in mine)
        kept = [output for output, top in mine if top == highest]
        problems += [
            f"{output.folder}: results of {output.name} left out: those of {kept[0].name} fit {checkpoint.name} better"
            for output, top in mine
            if top < highest
        ]
        kept = [output for output in kept if _same_settings(output, checkpoint)] or kept
        settings = {output.identity.settings for output in kept if output.identity is not None}
        if len(settings) > 1:
            problems.append(
                f"{listed([output.name for output in kept])} fit {checkpoint.name} alike: write its dtype and "
                f"quantisation as model_args in its line of {manifest}, or `results:` with the right file"
            )
            continue
        models = list(dict.fromkeys(output.name for output in kept))
        if highest < _WHOLE and len(models) > 1:
            problems.append(
                f"results of {listed(models)} fit {checkpoint.name} alike: write the right one in its line of "
                f"{manifest}: {listed([f'`results: {place_of(output, outputs)}`' for output in kept], between=' or ')}"
            )
            continue
        matched[checkpoint.name] = tuple(kept)
        if highest < _WHOLE:
            doubts.append(f"{kept[0].name} taken for {checkpoint.name}, by the last {highest} parts of its path")
    return Matched(matched, tuple(dict.fromkeys(problems)), tuple(doubts))


def place_of(output: ModelOutput, outputs: Sequence[ModelOutput]) -> str:
    """What to write after ``results:`` for one of several outputs: its folder, or its files where others are there."""
    if not output.results or sum(other.folder == output.folder for other in outputs) < 2:
        return str(output.folder)
    files = [str(file) for file in output.results]
    return files[0] if len(files) == 1 else f"[{', '.join(files)}]"


def _fit(output: ModelOutput, checkpoint: Checkpoint) -> int:
    """How well they fit: 0 not at all, else the number of equal parts at the end, or `_WHOLE` and more."""
    wanted = _wanted(checkpoint)
    mine = [wanted.adapter or wanted.base, checkpoint.name]
    theirs = [output.folder.name]
    if not output.results:  # only the folder has a name, which is the base's whatever the adapter
        mine.append(wanted.base)
        theirs.append(output.name)
    else:
        logged = output.identity or model_identity(*_name_and_revision(output.name))
        if logged.revision != wanted.revision or not settings_agree(logged, wanted):
            return 0
        if logged.adapter and _equal_end(_parts(logged.base), _parts(output.folder.name)):
            theirs = []
        theirs.append(logged.adapter or logged.base)
    return max(_equal_end(_parts(a), _parts(b)) for a in theirs for b in mine)


def _wanted(checkpoint: Checkpoint) -> ModelIdentity:
    return model_identity(checkpoint.path or checkpoint.name, checkpoint.model_args, revision=checkpoint.revision)


def _same_settings(output: ModelOutput, checkpoint: Checkpoint) -> bool:
    return output.identity is not None and output.identity.settings == _wanted(checkpoint).settings


def _name_and_revision(name: str) -> tuple[str, dict[str, str]]:
    base, _, revision = name.partition("@")
    return base, {"revision": revision}


def _equal_end(a: list[str], b: list[str]) -> int:
    count = next((i for i, (x, y) in enumerate(zip(reversed(a), reversed(b))) if x != y), min(len(a), len(b)))
    if count and count == min(len(a), len(b)):
        return _WHOLE + (_WHOLE if len(a) == len(b) else count)
    return count if count > 1 else 0


def _parts(name: str) -> list[str]:
    return [part for part in _BETWEEN.split(name) if part not in ("", ".")]

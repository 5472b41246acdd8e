"""How each checkpoint was evaluated last, kept in the results folder, so that a run can tell why it evaluates again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synth_eval.results.atomic import plain, write_json
from synth_eval.text import listed

SETTINGS_FILE = "settings.json"
MAX_SPELLED = 40  # characters of a value


@dataclass(frozen=True)
class Evaluated:
    """A checkpoint's fingerprint, its settings (`run_settings`), and the keys of its tasks."""

    fingerprint: str
    settings: Mapping[str, Any]
    keys: Mapping[str, str]


def read_evaluated(folder: Path) -> dict[str, Evaluated]:
    """By checkpoint name; nothing where the file is missing or damaged: it explains, and decides nothing."""
    try:
        stored = json.loads((folder / SETTINGS_FILE).read_text(encoding="utf-8"))
        return {
            str(name): Evaluated(str(each["fingerprint"]), dict(each["settings"]), dict(each["keys"]))
            for name, each in stored.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def write_evaluated(folder: Path, evaluated: Mapping[str, Evaluated]) -> None:
    """Keep them, beside those of other checkpoints."""
    before = read_evaluated(folder)
    after = {**before, **{name: Evaluated(e.fingerprint, plain(e.settings), e.keys) for name, e in evaluated.items()}}
    if after != before:
        write_json(folder / SETTINGS_FILE, after)


def why_again(before: Evaluated, now: Evaluated) -> str:
    """What changed since, "" if nothing that is known: then it was not evaluated to its end.

    Examples
    --------
    >>> old = Evaluated("1f", {"num_fewshot": None, "gen_kwargs": {"max_gen_toks": 64}}, {"arc": "s-t-p"})
    >>> why_again(old, Evaluated("2e", {"num_fewshot": 5, "gen_kwargs": {"max_gen_toks": 64}}, {"arc": "s2-t-p2"}))
    'num_fewshot 5, before none'
    >>> why_again(old, Evaluated("2e", old.settings, old.keys))
    'its files changed'
    >>> why_again(old, Evaluated("1f", old.settings, {"arc": "s-t2-p2"}))
    'arc changed'
    """
    mine, theirs = dict(_flat(plain(now.settings))), dict(_flat(plain(before.settings)))
    changed = [key for key in dict.fromkeys((*mine, *theirs)) if mine.get(key) != theirs.get(key)]
    if changed:
        parts = (f"{key} {_spelled(mine.get(key))}, before {_spelled(theirs.get(key))}" for key in changed)
        return listed(parts, between="; ")
    if now.fingerprint != before.fingerprint:
        return "its files changed"
    tasks = [task for task, key in now.keys.items() if before.keys.get(task, key) != key]
    return f"{listed(tasks)} changed" if tasks else ""


def in_words(settings: Mapping[str, Any]) -> str:
    """Settings in one line.

    Examples
    --------
    >>> in_words({"apply_chat_template": True, "gen_kwargs": {"max_gen_toks": 8}})
    'apply_chat_template true, gen_kwargs.max_gen_toks 8'
    """
    return ", ".join(f"{name} {_spelled(value)}" for name, value in _flat(plain(settings)))


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Nested settings by dotted names."""
    if isinstance(value, dict) and (value or not name):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key))
    else:
        yield name, value


def _spelled(value: Any) -> str:
    text = "none" if value is None or value == {} else value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= MAX_SPELLED else f"{text[: MAX_SPELLED - 3]}..."

"""What today's commands compute, number by number and word by word: the net under a change of the code.

`flatten` turns a comparison.json into {key: value} with keys that say what a number is, not where it stands in the
file: "curve · 70M it1 self · qa · acc · onset.95%.low". Sentences are left out; verdicts, stages and whether something
was refused are kept. Another schema takes another function in `SCHEMAS` that yields the same things and fields.
`PIECES` runs each command in this process, on the files of `logged_families`, and gives such a dict; the goldens are in
tests/golden/numbers, one JSON line a thing. tests/golden/test_numbers.py compares both ways.

To write the goldens anew, all or some pieces, with one thread as the tests have:

    OMP_NUM_THREADS=1 PYTHONPATH=. python tests/support/golden_numbers.py --write [piece ...]

That needs a reason in docs/decisions.md: a number that people have reported changes. Without --write the script says
which numbers differ. SYNTH_EVAL_EXACT=1 asks for 1e-12, which holds on the machine that wrote them.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from logged_families import (
    FAMILIES,
    Losses,
    write_clustered,
    write_fixed_choices,
    write_generated,
    write_model,
)

Value: TypeAlias = "bool | int | float | str"
Numbers: TypeAlias = "dict[str, Value]"
Thing: TypeAlias = "tuple[str, Mapping[str, Any]]"  # what it is, and its fields

CHECKOUT = Path(__file__).parents[2]
GOLDEN = CHECKOUT / "tests" / "golden" / "numbers"
EXAMPLES = CHECKOUT / "docs" / "examples"
SEP = " · "
SENTENCES = {"reason", "reasons", "note", "says", "label", "formula", "where", "rule", "published", "folder", "unit"}


# --- a comparison ----------------------------------------------------------------------------------------------------


def flatten(comparison: Mapping[str, Any]) -> Numbers:
    """Every number and verdict of a comparison.json, by what it is. None and NaN are left out: the key is not there."""
    return _flat(SCHEMAS[comparison["schema"]](comparison))


def _schema_1(data: Mapping[str, Any]) -> Iterator[Thing]:
    warnings = len(data["warnings"])
    yield "family", {"name": data["family"], "baseline_ratio": data["baseline_ratio"], "warnings": warnings}
    for row in data["checkpoints"]:
        words = {"tasks": " ".join(row["tasks"]), "failed": bool(row["failed"])}
        yield _named("checkpoint", row["name"]), {**row, "fingerprint": None, "name": None, **words}
    for part, cells in (("curve", data["cells"]), ("characteristic", data["characteristics"])):
        for cell in cells:
            yield _named(part, _place(cell), cell["task"], cell["metric"]), _curve(cell)
    for row in data["budgets"]:
        yield _named("budget", _place(row), row["category"]), _fields(row, "category")
    for row in data["leads"]:
        yield _named("lead", _place(row), row["task"]), _fields(row, "task")
    for row in data["contrasts"]:
        yield _contrast(row), _fields(row, "task", "kind", "first", "second", "measure", "ratio")
    for number, row in enumerate(data["findings"], start=1):
        yield _named("finding", number), _fields(row)
    for row in data["mean_losses"]:
        of = f"{row['axis']} {_word(row['value'])}"
        yield _named("mean loss", of, _at(row["ratio"])), _fields(row, "axis", "value", "ratio")
    for row in data["outputs"]:
        yield _output(row), _fields(row, "kind", "task", "texts", "metric", "ratio", "first", "second", "measure")
    for number, row in enumerate(data["gate"], start=1):
        yield _named("gate", number), {**_fields(row, "failed"), "failed": len(row["failed"])}
        for failed in row["failed"]:
            thing = _named("gate", number, _place(failed), failed["task"], failed["metric"])
            yield thing, _fields(failed, "task", "metric")


def _schema_2(data: Mapping[str, Any]) -> Iterator[Thing]:
    """Typed rows: the same things and fields as in schema 1, which had cells flat and three kinds of outputs in one."""

    def cell(row: Mapping[str, Any]) -> dict[str, Any]:
        rest = {name: value for name, value in row.items() if name not in ("place", "data", "verdict", "members")}
        for member in row["members"]:
            rest[f"share of {member['task']}"] = member["weight"]
        verdict = {name: value for name, value in row["verdict"].items() if name not in ("word", "refusal", "because")}
        return {**rest, **row["place"], **row["data"], **verdict, "verdict": row["verdict"]["word"]}

    def flat(row: Mapping[str, Any], *apart: str) -> dict[str, Any]:
        place = {part: value for part, value in row["place"].items() if part != row.get("kind")}
        return {**{name: value for name, value in row.items() if name not in ("place", *apart)}, **place}

    def contrast(row: Mapping[str, Any]) -> dict[str, Any]:
        return flat(
            _level_named(row), *(() if row["kind"] == "tail" else ("stage", "tail_loss", "head_loss", "reason"))
        )

    def budget(row: Mapping[str, Any]) -> dict[str, Any]:
        beside = {
            f"{name}.{key}": value for name in ("mean", "calibration") for key, value in (row[name] or {}).items()
        }
        return {**flat(row, "mean", "calibration"), **beside}

    lead_apart = ("texts", "metric")
    text_lead_apart = ("accuracy_onset", "calibration_onset")
    outputs = [
        *({"kind": "collapse", **flat(row, "refusal")} for row in data["collapses"]),
        *({"kind": "lead", **flat(row, *text_lead_apart)} for row in data["text_leads"]),
        *map(contrast, data["text_contrasts"]),
    ]
    yield from _schema_1(
        {
            **data,
            "cells": [cell(_level_named(row)) for row in (*data["overall"], *data["cells"])],
            "characteristics": [cell(row) for row in data["characteristics"]],
            "budgets": [budget(row) for row in data["budgets"]],
            "leads": [flat(_level_named(row), *lead_apart) for row in data["leads"]],
            "contrasts": [
                {name: value for name, value in contrast(row).items() if name != "metric"} for row in data["contrasts"]
            ],
            "outputs": outputs,
            "gate": [{**row, "failed": [flat(failed) for failed in row["failed"]]} for row in data["gate"]],
        }
    )


def _level_named(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Categories and the suite are called as no task is."""
    return row if row["level"] == "task" else {**row, "task": f"{row['level']}: {row['task']}"}


SCHEMAS: dict[int, Callable[[Mapping[str, Any]], Iterator[Thing]]] = {1: _schema_1, 2: _schema_2}

_PLACE = ("size", "iteration", "source", "tokens")
_PER_RATIO = {"values": "value", "se": "se", "difference": "difference", "difference_ci": "difference.95%"}
_INTERVALS = {"onset_ci": "onset.95%", "crossing_ci": "crossing.95%", "best_ratio_ci": "best_ratio.95%"}


def _curve(cell: Mapping[str, Any]) -> dict[str, Any]:
    """A cell's fields; those that run over ratios as value@0.1, se@0.1, difference@0.1."""
    apart = {*_PLACE, *_PER_RATIO, *SENTENCES, "task", "metric", "ratios", "by_seed", "fitted", "seed_sd_by_ratio"}
    fields = {_INTERVALS.get(name, name): value for name, value in cell.items() if name not in apart}
    fields["refused"] = cell["verdict"] == "refused"
    fields["ratios"] = len(cell["ratios"])
    for i, ratio in enumerate(cell["ratios"]):
        for name in _PER_RATIO:
            fields[_PER_RATIO[name] + _at(ratio)] = cell[name][i]
        if cell.get("seed_sd_by_ratio"):
            fields[f"seed_sd{_at(ratio)}"] = cell["seed_sd_by_ratio"][i]
        for run in cell["by_seed"]:
            fields[f"value{_at(ratio)} seed {run['seed']}"] = run["values"][i]
    return fields | {f"fitted.{name}": value for name, value in (cell["fitted"] or {}).items()}


def _contrast(row: Mapping[str, Any]) -> str:
    what = [row["kind"], _place(row), row.get("task"), row.get("metric")]
    # the halves of a task's levels are named in words
    pair = "" if row["kind"] == "tail" else f"{_word(row['first'])} against {_word(row['second'])}"
    return _named("contrast", *what, pair, row["measure"] + (_at(row["ratio"]) if row["ratio"] is not None else ""))


def _output(row: Mapping[str, Any]) -> str:
    if row["kind"] == "collapse":
        return _named("collapse", _place(row), row["task"], _at(row["ratio"]))
    if row["kind"] == "lead":
        return _named("lead of texts", _place(row), row["texts"], row["metric"], row["task"])
    return _contrast(row).replace("contrast", "contrast of texts", 1)


def _place(row: Mapping[str, Any]) -> str:
    """'70M it1 self', with the tokens of a family over tokens; what a contrast is between is not in it."""
    parts = [row.get("size"), f"it{row['iteration']}" if "iteration" in row else "", row.get("source")]
    tokens = row.get("tokens")
    return " ".join([*(part for part in parts if part), *([] if tokens is None else [f"{tokens:g} tokens"])])


def _fields(row: Mapping[str, Any], *apart: str) -> dict[str, Any]:
    """All but the place, sentences and what the key says."""
    return {name: value for name, value in row.items() if name not in {*_PLACE, *SENTENCES, *apart}}


def _named(*parts: object) -> str:
    return SEP.join(str(part) for part in parts if part not in (None, ""))


def _at(ratio: float) -> str:
    return f"@{ratio:.9g}"


def _word(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _flat(things: Iterable[Thing]) -> Numbers:
    found: Numbers = {}
    for thing, fields in things:
        for name, value in fields.items():
            for key, each in _split(name, value):
                if f"{thing}{SEP}{key}" in found:
                    raise ValueError(f"two numbers are called {thing}{SEP}{key}")
                found[f"{thing}{SEP}{key}"] = each
    return found


def _split(name: str, value: Any) -> Iterator[tuple[str, Value]]:
    """Intervals into low and high, lists of words into one text; None and NaN are left out."""
    if isinstance(value, (list, tuple)):
        if len(value) == 2 and all(isinstance(end, (int, float)) for end in value):
            yield from (*_split(f"{name}.low", value[0]), *_split(f"{name}.high", value[1]))
        elif all(isinstance(word, str) for word in value):
            yield name, ", ".join(value)
        else:
            raise TypeError(f"{name}: {value!r} is no number, word or interval")
    elif value is None or (isinstance(value, float) and math.isnan(value)):
        return
    elif isinstance(value, (bool, int, float, str)):
        yield name, value
    else:
        raise TypeError(f"{name}: {value!r} is no number, word or interval")


# --- tables, calibration, scaling ------------------------------------------------------------------------------------

_TIDY_APART = {"family", "reason", *_PLACE, "task", "metric", "ratio"}


def flatten_tidy(frame: Any, characteristics: Iterable[str] = ()) -> Numbers:
    """The tidy table of a comparison (CSV or Parquet), by the keys of `flatten`: a subset of them."""
    known, found = set(characteristics), {}
    for row in frame.to_dict("records"):
        place = {name: None if _missing(row[name]) else row[name] for name in _PLACE}
        part = "characteristic" if row["metric"] in known else "curve"
        thing = _named(part, _place(place), _level_named(row)["task"], row["metric"])
        for column, value in row.items():
            if column not in _TIDY_APART and not _missing(value):
                what, _, end = column.rpartition("_") if column.endswith(("_low", "_high")) else (column, "", "")
                of_ratio = _at(row["ratio"]) if what in ("value", "se", "difference") else ""
                name = f"{what}.95%{of_ratio}.{end}" if end else what + of_ratio
                found[thing + SEP + name] = value.item() if isinstance(value, np.generic) else value
    return found


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


# what tells the members of a list apart, of those that they have
_IDENTITY = ("model", "family", "task", "domain", "size", "source", "name", "ratio", "tokens", "kind")


def flatten_nested(data: Mapping[str, Any]) -> Numbers:
    """Of calibration.json, the JSON of scaling or reliability.json: all but sentences, members of lists by their names.

    A refusal is kept as whether there is one, notes as their number.
    """
    return _flat(_things("", data))


def _things(name: str, value: Mapping[str, Any]) -> Iterator[Thing]:
    plain: dict[str, Any] = {}
    for key, each in value.items():
        if key in SENTENCES:
            continue
        if key == "refused":
            plain[key] = bool(each)
        elif key == "notes":
            plain[key] = len(each)
        elif isinstance(each, Mapping):
            yield from _things(_named(name, key), each)
        elif isinstance(each, list) and each and all(isinstance(member, Mapping) for member in each):
            seen: dict[str, int] = {}
            for member in each:
                own = [member[k] for k in _IDENTITY if isinstance(member.get(k), (str, int, float)) and member[k] != ""]
                said = " ".join(map(_word, own))
                seen[said] = seen.get(said, 0) + 1
                again = f"#{seen[said]}" if seen[said] > 1 else ""
                yield from _things(_named(name, key, said + again), member)
        elif isinstance(each, list) and not _is_whole(each):
            for i, member in enumerate(each):
                if isinstance(member, list):  # pairs of a number and an answer
                    members = {str(j): part for j, part in enumerate(member)}
                    yield from _things(_named(name, key, i), members)
                else:
                    plain[f"{key}.{i}"] = member
        else:
            plain[key] = each
    if plain:
        yield name or "all", plain


def _is_whole(value: list[Any]) -> bool:
    """What `_split` takes as it is: an interval, or words."""
    interval = len(value) == 2 and all(isinstance(end, (int, float)) for end in value)
    return interval or all(isinstance(word, str) for word in value)


def flatten_items(frame: Any) -> Numbers:
    """An item table, by document; texts of questions and models as their length."""
    things = []
    for number, row in enumerate(frame.to_dict("records")):
        fields: dict[str, Any] = {}
        for name, value in row.items():
            if name in ("checkpoint", "task", "prompt_hash", "doc_hash", "text", "samples"):
                continue
            value = value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
            if isinstance(value, list):
                fields |= {f"{name}.{i}": each for i, each in enumerate(value)}
            else:
                fields[name] = value
        things.append((_named("item", number), fields))
    return _flat(things)


# --- the commands ----------------------------------------------------------------------------------------------------


def command(*arguments: str, cwd: Path) -> tuple[int, str]:
    """``synth-eval ...`` in this process: exit code and standard output."""
    from synth_eval import cli

    out, before, argv = io.StringIO(), Path.cwd(), sys.argv
    environment = dict(os.environ)
    os.environ |= {"COLUMNS": "100", "SYNTH_EVAL_DATA": ""}
    try:
        os.chdir(cwd)
        sys.argv = ["synth-eval", *arguments]
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            cli.main()
    except SystemExit as stop:
        return int(stop.code or 0), out.getvalue()
    finally:
        sys.argv = argv
        os.chdir(before)
        os.environ.clear()
        os.environ |= environment
    raise AssertionError("the command did not exit")


def family_numbers(name: str, folder: Path) -> Numbers:
    """`compare --results` of a family, and `plan`: comparison.json and reliability.json; its tables hold the same."""
    import pandas as pd

    family = FAMILIES[name]
    family.write(folder)
    arguments = ("compare", "checkpoints.yaml", "--results", "out", "-o", "r", "--json", *family.options)
    code, _ = command(*arguments, cwd=folder)
    data = json.loads((folder / "r" / "comparison.json").read_text(encoding="utf-8"))
    found = {_named("command", "exit code"): code, **flatten(data)}
    characteristics = {key.split(SEP)[3] for key in found if key.startswith("characteristic" + SEP)}
    for frame in (pd.read_csv(folder / "r" / "comparison.csv"), pd.read_parquet(folder / "r" / "comparison.parquet")):
        rows = flatten_tidy(frame, characteristics)
        assert rows, "an empty table"
        wrong = [key for key, value in rows.items() if not _alike(value, found.get(key), 1e-12)]
        assert not wrong, f"the tables say otherwise than comparison.json: {wrong}"
    diagrams = json.loads((folder / "r" / "reliability.json").read_text(encoding="utf-8"))
    for title, members in diagrams.items():
        for member in members:
            found |= _flat(_things(_named("diagram", title, member["label"]), member))
    _, planned = command("plan", "r", "--json", "--all", cwd=folder)
    return found | _flat(_plan(json.loads(planned) if planned.startswith("[") else []))


def _plan(rows: Iterable[Mapping[str, Any]]) -> Iterator[Thing]:
    """What `synth-eval plan` says of each curve."""
    for row in rows:
        thing = _named("plan", row["place"], row["task"], row["metric"])
        yield thing, _fields(row, "place", "task", "metric", "needs", "advice")
        for need in row["needs"]:
            yield _named(thing, f"{need['seeds']} seeds"), _fields(need, "seeds")


def calibration_numbers(write: Callable[[Path], None], *options: str) -> Callable[[Path], Numbers]:
    def found(folder: Path) -> Numbers:
        write(folder / "out" / "org__m")
        arguments = ("calibrate", "out", "--resamples", "100", "-o", "r", "--json", *options)
        code, out = command(*arguments, cwd=folder)
        data = json.loads((folder / "r" / "calibration.json").read_text(encoding="utf-8"))
        assert json.loads(out) == data
        return {_named("command", "exit code"): code, **flatten_nested(data)}

    return found


def scaling_numbers(write: Callable[[Path], Sequence[Path]], resamples: int) -> Callable[[Path], Numbers]:
    def found(folder: Path) -> Numbers:
        files = [str(path) for path in write(folder)]
        code, out = command("scaling", *files, "--resamples", str(resamples), "--json", cwd=folder)
        return {_named("command", "exit code"): code, **flatten_nested(json.loads(out))}

    return found


def _table(folder: Path) -> list[Path]:
    Losses().write(folder / "losses.csv")
    return [folder / "losses.csv"]


def _comparison_over_tokens(folder: Path) -> list[Path]:
    """The golden comparison with losses at five budgets, as tests/cli/test_scaling.py has it."""
    golden = json.loads((GOLDEN.parent / "comparison.json").read_text(encoding="utf-8"))
    golden["cells"] = [cell for cell in golden["cells"] if cell["metric"] == "nll"][:1]
    values, files = list(golden["cells"][0]["values"]), []
    for budget in range(5):
        golden["cells"][0]["values"] = [value * (1 + 0.5**budget) for value in values]
        for checkpoint in golden["checkpoints"]:
            checkpoint["tokens"] = 1e9 * 4**budget
        files.append(folder / f"budget{budget}.json")
        files[-1].write_text(json.dumps(golden), encoding="utf-8")
    return files


def evaluated_numbers(folder: Path) -> Numbers:
    """`compare` of two tiny models with given weights, evaluated: their item tables and comparison."""
    import pandas as pd
    from tiny_checkpoint import write_given_neox

    for number in (0, 1):
        write_given_neox(folder / "runs" / f"r{number}", seed=number)
    tasks = "synth_arithmetic, synth_recall, synth_domain_licences, synth_generation_t10"
    (folder / "checkpoints.yaml").write_text(
        f"family: tiny\ntasks: [{tasks}]\ndefaults: {{model_args: {{dtype: float32}}, batch_size: 8}}\n"
        "grid: {path: 'runs/r{ratio}', ratio: [0, 1]}\n"
    )
    code, _ = command("compare", "checkpoints.yaml", "--limit", "6", "-o", "r", "--json", cwd=folder)
    data = json.loads((folder / "r" / "comparison.json").read_text(encoding="utf-8"))
    found = {_named("command", "exit code"): code, **flatten(data)}
    for path in sorted((folder / "r" / "items").rglob("*.parquet")):
        frame = pd.read_parquet(path)
        name = _named("items", frame["checkpoint"].iloc[0], path.stem)
        found |= {name + SEP + key: value for key, value in flatten_items(frame).items()}
    return found


@dataclass(frozen=True)
class Piece:
    """One golden file.

    ``elsewhere`` is the tolerance on another machine, and things with ``only_here`` in their names are not compared
    there: texts that a model samples in float32 may take another turn.
    """

    numbers: Callable[[Path], Numbers]
    elsewhere: float = 1e-6
    only_here: str = ""
    mark: str = ""  # slow or nightly


def _family(name: str) -> Callable[[Path], Numbers]:
    return lambda folder: family_numbers(name, folder)


_CALIBRATION: dict[str, tuple[Callable[[Path], None], tuple[str, ...]]] = {
    "model": (write_model, ()),
    "bins": (write_model, ("--scheme", "mass", "--bins", "5", "--normalisation", "bytes")),
    "temperature": (write_model, ("--recalibrate", "temperature", "--tasks", "g,alone")),
    "platt": (write_model, ("--recalibrate", "platt", "--tasks", "alone")),
    "isotonic": (write_model, ("--recalibrate", "isotonic", "--tasks", "alone")),
    "histogram": (write_model, ("--recalibrate", "histogram", "--tasks", "alone")),
    "fixed": (write_fixed_choices, ("--recalibrate", "temperature")),
    "clustered": (write_clustered, ("--clusters", "source.passage")),
    "generated": (write_generated, ()),
}
PIECES: dict[str, Piece] = {
    **{f"family_{name}": Piece(_family(name)) for name in FAMILIES},
    **{f"calibration_{name}": Piece(calibration_numbers(*case[:1], *case[1])) for name, case in _CALIBRATION.items()},
    "calibration_smooth": Piece(calibration_numbers(write_model, "--plots", "--tasks", "alone")),
    "scaling_table": Piece(scaling_numbers(_table, 50)),
    "scaling_comparisons": Piece(scaling_numbers(_comparison_over_tokens, 50)),
    "scaling_openlm": Piece(scaling_numbers(lambda folder: [EXAMPLES / "openlm_c4_losses.csv"], 50)),
    "scaling_study": Piece(scaling_numbers(lambda folder: [EXAMPLES / "miniature_study_losses.csv"], 50)),
    "evaluated": Piece(evaluated_numbers, elsewhere=1e-4, only_here="synth_generation", mark="slow"),
}


# --- goldens ---------------------------------------------------------------------------------------------------------


def machine() -> dict[str, str]:
    """What floating-point numbers may depend on."""
    found = {name: version(name) for name in ("numpy", "scipy", "torch")} | {"machine": platform.machine()}
    try:
        from threadpoolctl import threadpool_info

        blas = [library for library in threadpool_info() if library["user_api"] == "blas"]
        found["blas"] = " ".join(sorted({str(library.get("architecture")) for library in blas}))
    except ImportError:
        found["blas"] = ""
    return found


def write_golden(piece: str, numbers: Numbers) -> None:
    """One line a thing; the first says on which machine."""
    things: dict[str, dict[str, Value]] = {}
    for key, value in numbers.items():
        thing, _, field = key.rpartition(SEP)
        things.setdefault(thing, {})[field] = value
    lines = [machine(), *([thing, fields] for thing, fields in things.items())]
    text = "\n".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) for line in lines)
    GOLDEN.mkdir(exist_ok=True)
    (GOLDEN / f"{piece}.jsonl").write_text(text + "\n", encoding="utf-8")


def read_golden(piece: str) -> tuple[dict[str, str], Numbers]:
    first, *lines = (GOLDEN / f"{piece}.jsonl").read_text(encoding="utf-8").splitlines()
    things = map(json.loads, lines)
    return json.loads(first), {_named(thing, name): value for thing, fields in things for name, value in fields.items()}


def changed(piece: str, found: Numbers) -> list[str]:
    """One line for each number of a piece that is not what its golden says."""
    where, golden = read_golden(piece)
    here, only_here = machine() == where, PIECES[piece].only_here
    if only_here and not here:
        found, golden = ({k: v for k, v in each.items() if only_here not in k} for each in (found, golden))
    exact = bool(os.environ.get("SYNTH_EVAL_EXACT"))
    return differences(found, golden, within=1e-12 if exact else 1e-9 if here else PIECES[piece].elsewhere)


def differences(found: Numbers, golden: Numbers, *, within: float) -> list[str]:
    """One line for each number that is missing, new or another."""
    lines = [f"missing: {key} (was {golden[key]!r})" for key in golden if key not in found]
    lines += [f"new: {key} ({found[key]!r})" for key in found if key not in golden]
    for key, was in golden.items():
        p_value = key.rpartition(SEP)[2].startswith("p_")
        if key in found and not _alike(found[key], was, within, least=within**2 if p_value else within):
            lines.append(f"{key}: {found[key]!r}, was {was!r}")
    return lines


def _alike(one: Any, other: Any, within: float, least: float | None = None) -> bool:
    """Words, counts and truth exactly; floats within a relative error, or an absolute one of ``least``."""
    if isinstance(one, bool) or isinstance(other, bool) or not isinstance(one, float | int):
        return type(one) is type(other) and one == other
    if not isinstance(other, float | int) or (isinstance(one, int) and isinstance(other, int)):
        return one == other
    return math.isclose(one, other, rel_tol=within, abs_tol=within if least is None else least)


def numbers_of(piece: str) -> Numbers:
    with tempfile.TemporaryDirectory() as folder:
        return PIECES[piece].numbers(Path(folder))


def main(arguments: Sequence[str]) -> int:
    wanted = [word for word in arguments if word != "--write"] or list(PIECES)
    wrong = 0
    for piece in wanted:
        found = numbers_of(piece)
        if "--write" in arguments:
            write_golden(piece, found)
            print(f"{piece}: {len(found)} numbers written")
        else:
            lines = changed(piece, found)
            wrong += len(lines)
            print(f"{piece}: {len(found)} numbers, {len(lines)} differences", *lines[:20], sep="\n  ")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Who may import whom, read from the source. docs/architecture.md shows the arrows as they are written here:

python tests/test_import_arrows.py --draw
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import synth_eval

PACKAGE = Path(synth_eval.__file__).parent
ARCHITECTURE = Path(__file__).parent.parent / "docs" / "architecture.md"
BEGIN, END = "<!-- arrows:begin -->\n", "<!-- arrows:end -->\n"

FOUNDATION = {"types", "cell", "comparison", "errors", "text"}
PURE = ("calibration", "dose_response", "scaling", "generation", "skills")
BOTTOM = {*FOUNDATION, *PURE, "manifest", "results"}
MIDDLE = {*BOTTOM, "tasks", "data", "compare"}
ALLOWED: dict[str, set[str]] = {
    "types": set(),
    "errors": set(),
    "cell": {"errors"},
    "comparison": {"types", "errors", "cell"},
    "text": set(),
    **dict.fromkeys(PURE, FOUNDATION),
    "manifest": FOUNDATION,
    "results": FOUNDATION,
    "data": {*FOUNDATION, "skills", "results"},
    "tasks": {*FOUNDATION, *PURE, "data"},
    "compare": BOTTOM,
    "report": {*BOTTOM, "compare"},
    "harness": MIDDLE,
    "lab": {*FOUNDATION, *PURE, "manifest", "results"},
    "__init__": {"manifest", "pipeline"},  # loaded when a function is first used
    "pipeline": {*MIDDLE, "report", "harness", "lab"},
    "cli": {*MIDDLE, "report", "harness", "lab", "pipeline"},
    "__main__": {"cli"},
}
HEAVY = {"torch", "transformers", "lm_eval", "accelerate", "tokenizers"}
MAY_BE_HEAVY = {"harness", "lab"}
IO = {"pathlib", "os", "requests", "urllib", "sqlite3", "shutil", "tempfile", "subprocess"}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def layer(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def imports(path: Path) -> set[str]:
    """Every imported module, those inside functions and under TYPE_CHECKING too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def height(name: str) -> int:
    """How many layers lie below one another under this one."""
    return max((1 + height(below) for below in ALLOWED[name]), default=0)


def drawn() -> str:
    """The arrows as a diagram, highest layers first, and as a table."""
    names = [name for name in ALLOWED if not name.startswith("__")]
    rows = [[name for name in names if height(name) == level] for level in range(max(map(height, names)), -1, -1)]
    width = max(len("   ".join(row)) for row in rows)
    diagram = f"\n{'|'.center(width).rstrip()}\n".join("   ".join(row).center(width).rstrip() for row in rows)
    table = [f"| {name} | {_spoken(ALLOWED[name])} |" for row in rows for name in row]
    return "\n".join(["```", diagram, "```", "", "| layer | may import |", "|---|---|", *table, ""])


def _spoken(layers: set[str]) -> str:
    groups = {"foundation": FOUNDATION, "the pure layers": set(PURE)}
    whole = {name: group for name, group in groups.items() if group <= layers}
    apart = layers.difference(*whole.values())
    return ", ".join([*(name for name in ALLOWED if name in apart), *reversed(whole)]) or "nothing of ours"


def test_the_documented_arrows_are_these() -> None:
    text = ARCHITECTURE.read_text(encoding="utf-8")
    assert text.partition(BEGIN)[2].partition(END)[0] == drawn(), "run: python tests/test_import_arrows.py --draw"


def test_no_layer_imports_upwards() -> None:
    for name, below in ALLOWED.items():
        assert all(height(other) < height(name) for other in below)


def test_every_layer_is_known() -> None:
    assert {layer(path) for path in modules()} <= set(ALLOWED)


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_arrows(path: Path) -> None:
    mine = layer(path)
    for name in imports(path):
        if name.startswith("synth_eval."):
            other = name.split(".")[1]
            if other in ALLOWED:
                assert other == mine or other in ALLOWED[mine], f"{mine} must not import {other}"
        top = name.split(".")[0]
        assert mine in MAY_BE_HEAVY or top not in HEAVY, f"{mine} must not import {top}"
        assert mine not in PURE or top not in IO, f"the pure layer {mine} must not import {top}"


def test_lm_eval_has_one_importer() -> None:
    importers = {layer(path) for path in modules() if any(n.split(".")[0] == "lm_eval" for n in imports(path))}
    assert importers == {"harness"}


@pytest.mark.parametrize(
    ("statement", "forbidden"),
    [
        ("import synth_eval", {"numpy", "pandas", *HEAVY}),
        ("import synth_eval.cli", {"numpy", "pandas", "pydantic", "rich", *HEAVY}),
        (
            "import synth_eval.pipeline.compare, synth_eval.report.terminal",
            {"pandas", "plotly", "pyarrow", "scipy", *HEAVY},
        ),
        ("import synth_eval.calibration, synth_eval.tasks.metrics", {"scipy", "netcal", "pandas", *HEAVY}),
    ],
)
def test_importing_stays_cheap(statement: str, forbidden: set[str]) -> None:
    # A time limit would fail on a busy machine; what takes the time is known by name.
    code = f"{statement}; import sys; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not forbidden & set(loaded)


if __name__ == "__main__" and sys.argv[1:] == ["--draw"]:
    before, _, rest = ARCHITECTURE.read_text(encoding="utf-8").partition(BEGIN)
    ARCHITECTURE.write_text(before + BEGIN + drawn() + END + rest.partition(END)[2], encoding="utf-8")

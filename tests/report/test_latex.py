"""LaTeX tables: balanced and escaped."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_eval.comparison import Comparison
from synth_eval.report.exports import escape_latex, latex_tables
from synth_eval.report.view import report_view


def test_environments_balance_and_rows_match_their_columns(fitted: Comparison) -> None:
    text = latex_tables(report_view(fitted))
    for name in ("table", "tabular"):
        assert text.count(rf"\begin{{{name}}}") == text.count(rf"\end{{{name}}}") > 2
    for columns, body in re.findall(r"\\begin\{tabular\}\{([lr]+)\}(.*?)\\end\{tabular\}", text, flags=re.S):
        for row in re.findall(r"^(.*) \\\\$", body, flags=re.M):
            assert len(re.findall(r"(?<!\\)&", row)) == len(columns) - 1


def test_a_parser_of_latex_reads_it_to_the_end(fitted: Comparison, compared: Comparison) -> None:
    walker = pytest.importorskip("pylatexenc.latexwalker", reason="no pylatexenc: pip install pylatexenc")
    for comparison in (fitted, compared):
        text = latex_tables(report_view(comparison))
        nodes, position, length = walker.LatexWalker(text, tolerant_parsing=False).get_latex_nodes()
        assert position + length == len(text)
        named = [node.environmentname for node in nodes if node.isNodeType(walker.LatexEnvironmentNode)]
        assert named.count("table") + named.count("longtable") == text.count(r"\caption{")
    with pytest.raises(walker.LatexWalkerParseError):
        walker.LatexWalker(text.replace(r"\end{tabular}", "", 1), tolerant_parsing=False).get_latex_nodes()


def test_a_table_longer_than_a_page_may_break(make_cell) -> None:
    def made(tasks: int) -> str:
        cells = tuple(make_cell(f"t{i}") for i in range(tasks))
        return latex_tables(report_view(Comparison("f", "now", {}, cells, ())))

    assert r"\begin{longtable}" not in made(40)
    long = made(41)
    assert long.count(r"\begin{longtable}") == long.count(r"\end{longtable}") == 2  # verdicts and losses
    assert long.count(r"\endhead") == 2


def test_hostile_text_is_printed() -> None:
    assert escape_latex(r"\input{x} 50% a_b <&>") == (
        r"\textbackslash{}input\{x\} 50\% a\_b \textless{}\&\textgreater{}"
    )


@given(st.text())
def test_no_character_of_latex_is_left_bare(text: str) -> None:
    left = re.sub(r"\\(text[a-z]+\{\}|[{}$&#_%])", "", escape_latex(text))
    assert not set(left) & set("\\{}$&#_%~^")

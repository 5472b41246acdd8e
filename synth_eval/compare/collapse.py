"""Is it a collapse, and how far has it gone? One row for each task, place and ratio, from the cells of a comparison."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from synth_eval.cell import RATIO_DECIMALS, Cell, Interval, Place
from synth_eval.compare.cells import headline_cells
from synth_eval.compare.characteristics import AtOneLength
from synth_eval.compare.places import place_names
from synth_eval.comparison import Collapse, CollapseWord, Stage
from synth_eval.errors import Refusal
from synth_eval.generation.characteristics import CATALOGUE, Dimension
from synth_eval.generation.collapse import AGREEING, DIMENSIONS, LENGTH_TOLERANCE, MIN_PROMPTS, Shift, agreement
from synth_eval.text import joined, listed, percent

ALPHA = 0.05
NOTHING: Mapping[str, AtOneLength] = MappingProxyType({})
TAIL = "tail_mass"
LENGTH = "length"
_KIND_OF = {kind.name: kind for kind in CATALOGUE if kind.dimension}


def collapses_of(
    characteristics: Sequence[Cell],
    scores: Sequence[Cell],
    *,
    baseline_ratio: float,
    at_length: Mapping[str, AtOneLength] = NOTHING,
) -> tuple[Collapse, ...]:
    """Which sides of what the models write moved at each ratio, and what stage of a collapse that is.

    A side (a dimension of `generation.characteristics`) moved where the interval of the change of one of its
    characteristics, which counts prompts and training runs, excludes 0 at its share of 5%; three sides toward collapse
    and none away from it are called a collapse. The stage also depends on the scores: a task is worse where its
    headline metric is degraded and the interval at that ratio lies on the worse side, and the tail is lost where
    `tail_mass` is just that.

    Parameters
    ----------
    characteristics : cells of generated text.
    scores : all other cells; of each task and place the first that is judged counts.
    at_length : task -> its sides on texts cut to one length, asked instead at ratios where length clearly moved by more
        than 10%. Without it such ratios are refused.

    Returns
    -------
    One for each task, place and ratio. The stage is "" where a collapse cannot be decided, else

    - early collapse : the tail is lost, no score is shown worse; tail lost where no score was judged;
    - narrower : three sides agree, the tail is not shown lost and no score worse;
    - tail and scores : the tail is lost and scores are worse, fewer than three sides agree;
    - late collapse : three sides agree and scores are worse;
    - scores alone : scores are worse, what the models write did not clearly narrow;
    - none.

    References
    ----------
    Shumailov et al., "AI models collapse when trained on recursively generated data", Nature 631, 2024, for early
    (tails lost) and late (little left of the original) collapse.
    """
    headline = headline_cells(scores)
    of_place: dict[tuple[str, Place], dict[str, Cell]] = {}
    for cell in characteristics:
        of_place.setdefault((cell.task, cell.place), {})[cell.metric] = cell
    name_of = place_names(place for _, place in of_place)
    found: list[Collapse] = []
    for (task, place), cells in of_place.items():
        here = [cell for (_, at), cell in headline.items() if at == place]
        found += _collapses(joined(task, name_of[place]), cells, here, baseline_ratio, at_length.get(task))
    return tuple(found)


def tasks_of_other_length(characteristics: Sequence[Cell]) -> tuple[str, ...]:
    """The tasks in which length clearly moved by more than 10% at some ratio."""
    lengths = [cell for cell in characteristics if cell.metric == LENGTH]
    moved = [cell for cell in lengths if any(_moved_length(cell, ratio) for ratio in cell.data.ratios)]
    return tuple(dict.fromkeys(cell.task for cell in moved))


def _collapses(
    title: str,
    cells: dict[str, Cell],
    scores: Sequence[Cell],
    baseline: float,
    cut: AtOneLength | None,
) -> Iterator[Collapse]:
    one = next(iter(cells.values()))
    ratios = sorted(
        {ratio for cell in cells.values() for ratio in cell.data.ratios} - {round(baseline, RATIO_DECIMALS)}
    )
    cut_cells = {cell.metric: cell for cell in cut.cells if cell.place == one.place} if cut is not None else {}
    judged = [cell for cell in scores if cell.verdict.word != "refused"]
    for ratio in ratios:
        moved = _moved_length(cells.get(LENGTH), ratio)
        asked = cut_cells if moved and cut_cells else cells
        shifts = _shifts(asked, ratio)
        refusal = _refusal_of_length(moved, cut, cut_cells, ratio) if moved else None
        refusal = refusal or _refusal_of_shifts(shifts, asked, ratio)
        called, toward, against = agreement(shifts)
        called = called and refusal is None
        worse = tuple(cell.task for cell in judged if _is_lost(cell, ratio))
        tail = refusal is None and TAIL in cells and _is_lost(cells[TAIL], ratio)
        some: CollapseWord = "some sides" if toward or against else "none"
        yield Collapse(
            label=f"{title}, {percent(ratio)}",
            task=one.task,
            place=one.place,
            ratio=ratio,
            verdict="refused" if refusal else "collapse" if called else some,
            stage=stage_of(
                called=called, tail=tail, worse=bool(worse), scored=bool(judged), refused=refusal is not None
            ),
            reason=_reason(refusal, toward, against, worse, scored=bool(judged), moved=moved, cut=cut),
            refusal=None if refusal is None else refusal.code,
            toward=toward,
            against=against,
            tail=tail,
            worse=worse,
            cut_to=cut.tokens if moved and cut is not None and refusal is None else None,
        )


def stage_of(*, called: bool, tail: bool, worse: bool, scored: bool = True, refused: bool = False) -> Stage:
    """The stage of a collapse, from whether three sides agree, the tail is lost and scores are worse."""
    if refused:
        return ""
    if worse:
        return "late collapse" if called else "tail and scores" if tail else "scores alone"
    if tail:
        return "early collapse" if scored else "tail lost"
    return "narrower" if called else "none"


def _shifts(cells: Mapping[str, Cell], ratio: float) -> list[Shift]:
    """The change of every side's characteristic that has prompts enough."""
    measured = [cell for cell in cells.values() if cell.metric in _KIND_OF and cell.data.n_items >= MIN_PROMPTS]
    return [shift for cell in measured if (shift := _shift(cell, ratio, measured)) is not None]


def _shift(cell: Cell, ratio: float, measured: Sequence[Cell]) -> Shift | None:
    """The change at a ratio, its interval widened to the share of 5% that one of its side's characteristics has."""
    from scipy.special import stdtrit

    kind = _KIND_OF[cell.metric]
    i = cell.data.index(ratio)
    interval = None if i is None else cell.data.difference_ci[i]
    if i is None or interval is None:
        return None
    sharing = sum(_KIND_OF[other.metric].dimension == kind.dimension for other in measured)
    items = cell.data.n_items - 1
    df = items if cell.verdict.conditional or cell.verdict.df is None else min(cell.verdict.df, items)
    widening = float(stdtrit(df, 1 - ALPHA / sharing / 2) / stdtrit(df, 1 - ALPHA / 2))
    difference = cell.data.difference[i]
    low, high = (difference + widening * (end - difference) for end in interval)
    return Shift(kind, difference, low, high, cell.data.n_items, (int(low > 0) - int(high < 0)) * kind.collapse)


def _refusal_of_shifts(shifts: Sequence[Shift], cells: Mapping[str, Cell], ratio: float) -> Refusal | None:
    """Why a collapse cannot be decided at this ratio; None if it can."""
    there = {shift.kind.dimension for shift in shifts}
    if len(there) >= AGREEING:
        return None
    missing = [dimension for dimension in DIMENSIONS if dimension not in there]
    known = [cell for cell in cells.values() if cell.metric in _KIND_OF]
    unbounded = {_KIND_OF[cell.metric].dimension for cell in known if _is_unbounded(cell, ratio)}
    if unbounded.issuperset(missing):
        return Refusal("few seeds", f"too few seeds to bound a change: {', '.join(missing)}")
    return Refusal("few prompts", f"not measured on at least {MIN_PROMPTS} prompts: {', '.join(missing)}")


def _moved_length(length: Cell | None, ratio: float) -> Interval | None:
    """The length before and after, in tokens, where it clearly moved by more than 10%."""
    i = None if length is None else length.data.index(ratio)
    if length is None or i is None:
        return None
    after, moved, interval = length.data.values[i], length.data.difference[i], length.data.difference_ci[i]
    clearly = interval is not None and (interval[0] > 0 or interval[1] < 0)
    return (after - moved, after) if clearly and abs(moved) > LENGTH_TOLERANCE * (after - moved) else None


def _length_text(moved: Interval) -> str:
    return f"length moved from {moved[0]:.0f} to {moved[1]:.0f} tokens"


def _refusal_of_length(
    moved: Interval, cut: AtOneLength | None, cells: Mapping[str, Cell], ratio: float
) -> Refusal | None:
    if cut is None:
        why = "most characteristics follow length"
    elif cut.refusal:
        why = cut.refusal
    elif any(ratio in cell.data.ratios for cell in cells.values()):
        return None
    else:
        why = "too many texts are too short to compare at one length"
    return Refusal("other length", f"{_length_text(moved)}, and {why}")


def _is_unbounded(cell: Cell, ratio: float) -> bool:
    """Whether there are prompts enough at this ratio, but no interval."""
    enough = cell.data.n_items >= MIN_PROMPTS and ratio in cell.data.ratios
    return enough and cell.data.interval_at(ratio) is None


def _is_lost(cell: Cell, ratio: float) -> bool:
    """Whether a cell is degraded and its change at this ratio clearly on the worse side."""
    interval = cell.data.interval_at(ratio)
    if cell.verdict.word != "degraded" or interval is None:
        return False
    return interval[1] < 0 if cell.higher_is_better else interval[0] > 0


def _reason(
    refusal: Refusal | None,
    toward: Sequence[Dimension],
    against: Sequence[Dimension],
    worse: Sequence[str],
    *,
    scored: bool,
    moved: Interval | None,
    cut: AtOneLength | None,
) -> str:
    text = "no side clearly moved"
    if refusal is not None:
        text = refusal.text
    elif toward or against:
        text = f"toward collapse: {', '.join(toward) or 'none'}; away from it: {', '.join(against) or 'none'}"
    if moved is not None and refusal is None and cut is not None:
        text = f"{_length_text(moved)}, so at {cut.tokens} tokens each: {text}"
    if not scored:
        return f"{text}; no scores beside it"
    return f"{text}; worse: {listed(worse)}" if worse else f"{text}; no score is shown worse"

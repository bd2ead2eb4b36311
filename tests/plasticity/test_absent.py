"""What a rule becomes where synapses are absent: statements kept from changing or counting them."""

import pytest

import brainsleep as bs
from brainsleep.errors import ParameterError
from brainsleep.plasticity import (
    EXISTS,
    FROZEN,
    PUT_BACK,
    SynapseEquations,
    needs_mask,
    with_absent,
)


def changed(on_pre="drive_post += w", on_post="", *, model="w : 1", names=(), **others):
    return with_absent(SynapseEquations(model, on_pre, on_post, **others), names)


@pytest.mark.parametrize(
    "rule",
    [
        bs.SRC(weight_factor="multiplicative"),
        bs.Downscaling(bs.SRC(weight_factor="multiplicative")),
        bs.SynapticScaling(bs.SRC(weight_factor="multiplicative")),
        bs.Homeostasis(bs.SRC(weight_factor="multiplicative")),
    ],
)
def test_a_rule_that_only_scales_weights_stays_as_it_is(rule):
    equations = rule.equations()
    assert with_absent(equations, ()) is equations
    assert not needs_mask(equations)


def test_synapses_that_do_not_learn_need_no_mask():
    assert with_absent(FROZEN, ()) is FROZEN


def test_a_weight_goes_back_after_each_change_of_it():
    masked = with_absent(bs.STDP().equations(), ())
    assert masked.on_pre.splitlines()[0] == "drive_post += w"
    assert masked.on_pre.splitlines()[2:] == [PUT_BACK]
    assert masked.on_post.splitlines()[1:] == [PUT_BACK]
    assert f"{EXISTS} : 1 (constant)" in masked.model
    assert needs_mask(masked)


def test_what_is_counted_is_multiplied_unless_it_is_zero_anyway():
    masked = changed(
        "drive_post += 2*w\nn_post += 1; total_post -= w + c",
        event="True",
        on_event=("weight_sum += abs(w)", "seen += c"),
        model="w : 1\nc : 1",
        postsynaptic_model="weight_sum : 1\nseen : 1\nn : 1\ntotal : 1",
    )
    assert masked.on_pre.splitlines() == [
        "drive_post += 2*w",
        f"n_post += (1)*{EXISTS}",
        f"total_post -= (w + c)*{EXISTS}",
    ]
    assert masked.on_event == ("weight_sum += abs(w)", f"seen += (c)*{EXISTS}")


def test_other_variables_of_a_synapse_and_comments_are_left_alone():
    code = "# how far\nfar = 0.1*c  # a name of the statement's own\nc += far\nw += far"
    masked = changed(on_post=code, model="w : 1\nc : 1")
    assert masked.on_post.splitlines() == [
        "far = 0.1*c  # a name of the statement's own",
        "c += far",
        "w += far",
        PUT_BACK,
    ]


@pytest.mark.parametrize("statement", ["last_post = t/ms", "v = 0", "best_pre *= 2", "own = 1"])
def test_overwriting_what_belongs_to_a_neuron_is_refused(statement):
    name = statement.partition(" ")[0]
    with pytest.raises(ParameterError, match=f"overwrites {name} of a neuron"):
        changed(f"drive_post += w\n{statement}", names=("v",), postsynaptic_model="own : 1")


def test_a_weight_that_is_integrated_must_stay_zero_by_itself():
    with pytest.raises(ParameterError, match="integrates the weight"):
        changed(model="dw/dt = (1 - w)/second : 1 (clock-driven)", on_post="w += 1")
    masked = changed(model="dw/dt = -w/second : 1 (clock-driven)", on_post="w += 1")
    assert masked.on_post.splitlines()[1:] == [PUT_BACK]

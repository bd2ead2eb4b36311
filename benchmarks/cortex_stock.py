"""The patch of cortex in plain Brian2, compiled as C++ standalone code with its fastest settings.

python benchmarks/cortex_stock.py FOLDER B_IN_PA SECONDS

Called by `cortex.py`. The same equations, parameters and pairs of neurons as `bs.stages.Cortex`;
single precision, -ffast-math, one weight for all synapses of a kind, and Brian2's own input from
outside (`PoissonInput`), which is drawn in the program. The program is left in FOLDER.
"""

from __future__ import annotations

import sys

import brian2 as b2
import numpy as np
from brian2 import Hz, mV, nS, pA, pF

from brainsleep.network.wiring import Wiring
from brainsleep.stages import Cortex
from brainsleep.stages.cortical_activity import EXCITATORY, INHIBITORY

EQUATIONS = """
dv/dt = (g_l*(v_rest - v) + g_l*delta_t*exp(clip((v - v_t)/delta_t, -50, 20)) - w
         + g_e*(e_e - v) + g_i*(e_i - v))/c_m : volt (unless refractory)
dw/dt = -w/tau_w : amp
dg_e/dt = -g_e/tau_syn : siemens
dg_i/dt = -g_i/tau_syn : siemens
"""


def build(folder: str, b_in_pa: float, seconds: float) -> None:
    """Generate and compile the program."""
    b2.set_device("cpp_standalone", directory=folder, build_on_run=False)
    b2.prefs.core.default_float_dtype = np.float32
    b2.prefs.codegen.cpp.extra_compile_args = ["-w", "-O3", "-march=native", "-ffast-math"]
    b2.defaultclock.dt = 0.1 * b2.ms
    cortex = Cortex()
    common = {"c_m": 200 * pF, "g_l": 10 * nS, "v_t": -50 * mV, "e_e": 0 * mV, "e_i": -80 * mV}
    common |= {"tau_w": 500 * b2.ms, "tau_syn": 5 * b2.ms}
    kinds = {
        EXCITATORY: (
            cortex.n_excitatory,
            {"v_rest": -63 * mV, "delta_t": 2 * mV, "b": b_in_pa * pA},
        ),
        INHIBITORY: (cortex.n_inhibitory, {"v_rest": -65 * mV, "delta_t": 0.5 * mV, "b": 0 * pA}),
    }
    groups = {}
    for name, (size, own) in kinds.items():
        groups[name] = b2.NeuronGroup(
            size,
            EQUATIONS,
            threshold="v >= -40*mV",
            reset="v = v_rest\nw += b",
            refractory=5 * b2.ms,
            method="euler",
            namespace=common | own,
        )
        groups[name].v = "v_rest"
    network = b2.Network(list(groups.values()))
    for name, group in groups.items():
        network.add(b2.SpikeMonitor(group, name=f"{name}_spikes"))
        network.add(b2.PoissonInput(group, "g_e", 400, 0.35 * Hz, 1.5 * nS))
    fan_in = {name: round(0.25 * size) for name, (size, _) in kinds.items()}
    arriving = {EXCITATORY: "g_e_post += 1.5*nS", INHIBITORY: "g_i_post += 5*nS"}
    pairs = [(source, target) for source in groups for target in groups]
    for seed, (source, target) in enumerate(pairs):
        synapses = b2.Synapses(groups[source], groups[target], on_pre=arriving[source])
        wiring = Wiring(fan_in=fan_in[source], seed=seed)
        sizes = (len(groups[source]), len(groups[target]))
        pre, post = wiring.pairs(*sizes, source == target)
        synapses.connect(i=pre, j=post)
        network.add(synapses)
    network.run(seconds * b2.second)
    b2.device.build(directory=folder, compile=True, run=False)


if __name__ == "__main__":
    build(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]))

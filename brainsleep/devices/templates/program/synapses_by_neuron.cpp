{# The synapses of each neuron, in ascending order, where pairs of neurons are joined one by one. #}
namespace brainsleep {
struct SynapsesByNeuron
{
    std::vector<size_t> first;      // place of each neuron's first synapse, and the number of all
    std::vector<int32_t> synapses;  // those of neuron 0, then those of neuron 1, ...

    SynapsesByNeuron(const int32_t* neurons, size_t n_synapses, size_t n_neurons)
        : first(n_neurons + 1), synapses(n_synapses)
    {
        for (size_t synapse = 0; synapse < n_synapses; synapse++) first[neurons[synapse] + 1]++;
        for (size_t neuron = 0; neuron < n_neurons; neuron++) first[neuron + 1] += first[neuron];
        std::vector<size_t> next(first);
        for (size_t synapse = 0; synapse < n_synapses; synapse++)
            synapses[next[neurons[synapse]]++] = synapse;
    }

    template<typename T> std::vector<T> sorted(const T* values) const
    {
        std::vector<T> found(synapses.size());
        for (size_t place = 0; place < found.size(); place++) found[place] = values[synapses[place]];
        return found;
    }
};
}

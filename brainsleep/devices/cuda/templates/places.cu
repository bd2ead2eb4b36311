{# What functions of a block's kernels need; it comes before them. #}
namespace brainsleep {

// Which neuron a function is for, and when.
struct Place
{
    int neuron;
    double now;
    int64_t timestep;
};

// Adds up what threads of a block have, always in the same order; the first of them gets the sum.
// Warps that took no event have nothing. A sum has a number of its own, and between two uses of it
// all threads wait for each other.
template <int threads, int number, class T> __device__ __forceinline__ T sum_of_threads(T value, int n_events)
{
    const int warp = threadIdx.x/32, n_warps = min((n_events + 31)/32, threads/32);
    if (warp < n_warps)
        for (int distance = 16; distance > 0; distance /= 2)
            value += __shfl_down_sync(0xffffffff, value, distance);
    if (threads == 32) return value;
    __shared__ T parts[threads/32];
    if (warp > 0 && warp < n_warps && threadIdx.x%32 == 0) parts[warp] = value;
    __syncthreads();
    if (threadIdx.x == 0)
    {
        #pragma unroll
        for (int other = 1; other < threads/32; other++)
            if (other < n_warps) value += parts[other];
    }
    return value;
}

}

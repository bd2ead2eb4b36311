{# What functions of a block's kernels need; it comes before them. #}
namespace brainsleep {

// Which neuron a function is for, and when.
struct Place
{
    int neuron;
    double now;
    int64_t timestep;
};

// Adds up what the threads of a block have, always in the same order; the first gets the sum.
template <int threads, class T> __device__ __forceinline__ T sum_of_threads(T value)
{
    __shared__ T parts[32];
    for (int distance = 16; distance > 0; distance /= 2)
        value += __shfl_down_sync(0xffffffff, value, distance);
    if (threads == 32) return value;
    if (threadIdx.x % 32 == 0) parts[threadIdx.x/32] = value;
    __syncthreads();
    if (threadIdx.x == 0)
    {
        #pragma unroll
        for (int warp = 1; warp < threads/32; warp++) value += parts[warp];
    }
    __syncthreads();
    return value;
}

}

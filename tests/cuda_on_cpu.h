// As much of CUDA as the programs use, on a CPU: every thread of a kernel after the other, unless
// they wait for each other, and device memory on the heap. It shows whether the code computes what
// it should, and nothing of a GPU's own rounding and speed.
// With -DBACKWARDS threads come in the opposite order: results must not depend on it. With -DAT_ONCE
// all threads of a kernel are threads of the system, for a checker of races to watch.
#ifndef CUDA_ON_CPU_H
#define CUDA_ON_CPU_H
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iostream>
#include <numeric>
#include <pthread.h>
#include <string>
#include <thread>
#include <ucontext.h>
#include <vector>

#define __global__
#define __device__
#define __host__
#define __shared__ static
#define __forceinline__ inline
#define __CUDA_ARCH__ 900
#define SHARED 163840  // bytes of shared memory that a block may ask for
using std::max;
using std::min;

struct dim3 { unsigned x, y, z; dim3(unsigned a = 1) : x(a), y(1), z(1) {} };
typedef std::function<void()> Body;

#ifdef AT_ONCE
// All threads of all blocks at the same time, for a checker of races to watch.
static thread_local dim3 threadIdx, blockIdx;
static dim3 blockDim, gridDim;
struct Block { pthread_barrier_t barrier, warps[32]; std::atomic<unsigned> votes[32]; };
static thread_local Block* block;
inline void __syncthreads() { pthread_barrier_wait(&block->barrier); }
inline void __syncwarp() { pthread_barrier_wait(&block->warps[threadIdx.x/32]); }
inline unsigned __ballot_sync(unsigned, bool mine)
{
    std::atomic<unsigned>& votes = block->votes[threadIdx.x/32];
    if (threadIdx.x%32 == 0) votes = 0;
    __syncwarp();
    votes |= (unsigned)mine << threadIdx.x%32;
    __syncwarp();
    const unsigned all = votes;
    __syncwarp();
    return all;
}
inline void run_at_once(unsigned first, unsigned n_blocks, unsigned n_threads, const Body& body)
{
    blockDim = dim3(n_threads);
    std::vector<Block> blocks(n_blocks);
    std::vector<std::thread> threads;
    for (Block& each : blocks)
    {
        pthread_barrier_init(&each.barrier, 0, n_threads);
        for (unsigned k = 0; 32*k < n_threads; k++)
            pthread_barrier_init(&each.warps[k], 0, std::min(n_threads - 32*k, 32u));
    }
    for (unsigned k = 0; k < n_blocks*n_threads; k++)
        threads.emplace_back([&, k]()
        {
            blockIdx.x = first + k/n_threads;
            threadIdx.x = k%n_threads;
            block = &blocks[k/n_threads];
            body();
        });
    for (std::thread& each : threads) each.join();
    for (Block& each : blocks) pthread_barrier_destroy(&each.barrier);
}
// Shared memory is the same for all blocks here: those of a kernel that has some take turns.
inline void run_blocks(unsigned n_blocks, unsigned n_threads, bool in_turn, const Body& body)
{
    gridDim = dim3(n_blocks);
    blockDim = dim3(n_threads);
    if (!in_turn) return run_at_once(0, n_blocks, n_threads, body);
    for (unsigned k = 0; k < n_blocks; k++) run_at_once(k, 1, n_threads, body);
}
#else
static dim3 threadIdx, blockIdx, blockDim, gridDim;

// The threads of a block take turns: each runs until it waits for the others. One that waits has
// a stack of its own, to be left and returned to.
struct Barrier { int arrived = 0; unsigned times = 0; };
struct Block
{
    Barrier barrier, warps[32];
    int n_threads = 0;
    struct Thread { ucontext_t context; std::vector<char> stack; bool over; };
    std::vector<Thread> threads;
    ucontext_t scheduler;
    Body body;
    int current = -1;
    bool waited = false;

    static Block*& running() { static Block* block = 0; return block; }
    static void enter()
    {
        Block* const block = running();
        block->body();
        block->threads[block->current].over = true;
    }
    void resume(int thread)
    {
        current = thread;
        threadIdx.x = thread;
        swapcontext(&scheduler, &threads[thread].context);
    }
    // Waits until a number of threads have come.
    void wait(Barrier& barrier, int n)
    {
        waited = true;
        const unsigned times = barrier.times;
        if (++barrier.arrived == n)
        {
            barrier.arrived = 0;
            barrier.times++;
        }
        while (barrier.times == times) swapcontext(&threads[current].context, &scheduler);
    }
    static int order(int k, int n)
    {
#ifdef BACKWARDS
        return n - 1 - k;
#else
        return k;
#endif
    }
    void run(int n, Body of_each)
    {
        body = of_each;
        running() = this;
        n_threads = n;
        if ((int)threads.size() < n) threads.resize(n);
        // the first tells whether they wait for each other; most kernels do not
        for (int k = 0; k < n; k++)
        {
            const int thread = order(k, n);
            if (k > 0 && !waited)
            {
                threadIdx.x = thread;
                body();
                if (waited) exit(1);
                continue;
            }
            Thread& one = threads[thread];
            one.stack.resize(1 << 16);
            one.over = false;
            getcontext(&one.context);
            one.context.uc_stack.ss_sp = one.stack.data();
            one.context.uc_stack.ss_size = one.stack.size();
            one.context.uc_link = &scheduler;
            makecontext(&one.context, enter, 0);
            resume(thread);
        }
        for (bool left = waited; left;)
        {
            left = false;
            for (int k = 0; k < n; k++)
                if (!threads[order(k, n)].over) { resume(order(k, n)); left = true; }
        }
        waited = false;
    }
};
inline void __syncthreads()
{
    Block* const block = Block::running();
    block->wait(block->barrier, block->n_threads);
}
inline void __syncwarp()
{
    Block* const block = Block::running();
    const int warp = threadIdx.x/32;
    block->wait(block->warps[warp], std::min(block->n_threads - 32*warp, 32));
}
inline unsigned __ballot_sync(unsigned, bool mine)
{
    static unsigned votes[32];
    const int warp = threadIdx.x/32;
    votes[warp] |= (unsigned)mine << threadIdx.x%32;
    __syncwarp();
    const unsigned all = votes[warp];
    __syncwarp();
    votes[warp] = 0;
    __syncwarp();
    return all;
}
inline void run_blocks(unsigned blocks, unsigned threads, bool, const Body& body)
{
    static Block block;
    gridDim = dim3(blocks);
    blockDim = dim3(threads);
    for (unsigned k = 0; k < blocks; k++)
    {
        blockIdx.x = Block::order(k, blocks);
        block.run(threads, body);
    }
}
#endif

template <class T> T __shfl_down_sync(unsigned, T mine, int distance)
{
    static T values[1024];
    values[threadIdx.x] = mine;
    __syncwarp();
    const T other = threadIdx.x%32 + distance < 32 ? values[threadIdx.x + distance] : mine;
    __syncwarp();
    return other;
}

inline void __threadfence() {}
inline int __popc(unsigned bits) { return __builtin_popcount(bits); }
inline int __ffs(int bits) { return __builtin_ffs(bits); }

// A stream runs kernels at once, but while a graph is made of them; arguments are those of the call.
typedef std::vector<std::function<void()>> Graph;
static Graph* capturing = 0;

struct Shape
{
    unsigned blocks, threads;
    size_t shared;
    bool takes_turns;
    Shape(unsigned blocks, unsigned threads, size_t shared = 0)
        : blocks(blocks), threads(threads), shared(shared), takes_turns(false) {}
    Shape in_turn() { takes_turns = true; return *this; }
};

template <class Kernel> auto launch(Shape shape, Kernel kernel)
{
    const unsigned blocks = shape.blocks, threads = shape.threads;
    const bool in_turn = shape.takes_turns;
    if (shape.shared > SHARED)
    {
        std::cerr << "a kernel asked for " << shape.shared << " bytes of shared memory" << std::endl;
        exit(1);
    }
    if (blocks == 0 || threads == 0 || threads > 1024)
    {
        std::cerr << "a kernel was launched with " << blocks << " blocks of " << threads << std::endl;
        exit(1);
    }
    return [=](auto... arguments)
    {
        const auto call = [=]() { run_blocks(blocks, threads, in_turn, [=]() { kernel(arguments...); }); };
        if (capturing) capturing->push_back(call);
        else call();
    };
}

// What is no launch cannot be in a graph.
inline void not_in_a_graph(const char* what)
{
    if (!capturing) return;
    std::cerr << what << " while a graph is made" << std::endl;
    exit(1);
}

template <class T, class V> T atomicAdd(T* address, V value) { T old = *address; *address += value; return old; }
template <class T, class A, class V> T atomicCAS(T* address, A assumed, V value)
{
    T old = *address;
    if (old == (T)assumed) *address = (T)value;
    return old;
}
template <class To, class From> To same_bits(From from) { To to; memcpy(&to, &from, sizeof to); return to; }
inline int __float_as_int(float x) { return same_bits<int>(x); }
inline float __int_as_float(int x) { return same_bits<float>(x); }
inline long long __double_as_longlong(double x) { return same_bits<long long>(x); }
inline double __longlong_as_double(long long x) { return same_bits<double>(x); }

enum cudaError { cudaSuccess };
typedef cudaError cudaError_t;
enum cudaMemcpyKind { cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost, cudaMemcpyDeviceToDevice };
enum cudaLimit { cudaLimitMallocHeapSize };
struct cudaDeviceProp
{
    int multiProcessorCount = 4, maxThreadsPerBlock = 1024, maxThreadsPerMultiProcessor = 2048;
    int warpSize = 32;
    size_t sharedMemPerBlock = 49152;
};
struct cudaFuncAttributes
{
    int maxThreadsPerBlock = 1024, numRegs = 0;
    size_t sharedSizeBytes = 0, localSizeBytes = 0, constSizeBytes = 0;
};
inline const char* cudaGetErrorString(cudaError) { return "none"; }
inline cudaError cudaGetLastError() { return cudaSuccess; }
inline cudaError cudaDeviceSynchronize() { not_in_a_graph("cudaDeviceSynchronize"); return cudaSuccess; }
inline cudaError cudaProfilerStop() { return cudaSuccess; }
inline cudaError cudaSetDevice(int) { return cudaSuccess; }
inline cudaError cudaDeviceSetLimit(cudaLimit, size_t) { return cudaSuccess; }
inline cudaError cudaGetDeviceProperties(cudaDeviceProp*, int) { return cudaSuccess; }
inline cudaError cudaMemGetInfo(size_t* free, size_t* all) { *free = *all = 1 << 30; return cudaSuccess; }
// What a GPU hands out is not zero either.
inline cudaError cudaMalloc(void** p, size_t n) { not_in_a_graph("cudaMalloc"); *p = memset(malloc(n + 1), 0xab, n); return cudaSuccess; }
inline cudaError cudaFree(void* p) { free(p); return cudaSuccess; }
inline cudaError cudaMemcpy(void* to, const void* from, size_t n, cudaMemcpyKind)
{
    not_in_a_graph("cudaMemcpy");
    memmove(to, from, n);
    return cudaSuccess;
}
inline cudaError cudaMemset(void* p, int value, size_t n) { not_in_a_graph("cudaMemset"); memset(p, value, n); return cudaSuccess; }
template <class T> cudaError cudaMemcpyToSymbol(T& symbol, const void* from, size_t n)
{
    memcpy((void*)&symbol, from, n);
    return cudaSuccess;
}
template <class K> cudaError cudaOccupancyMaxPotentialBlockSize(int* grid, int* block, K, size_t = 0, int = 0)
{
    *grid = 1;
    *block = 7;  // few, so that populations need several blocks, the last of them not full
    return cudaSuccess;
}
template <class K> cudaError cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* n, K, int, size_t)
{
    *n = 1;
    return cudaSuccess;
}
enum cudaDeviceAttr { cudaDevAttrMaxSharedMemoryPerBlockOptin };
enum cudaFuncAttribute { cudaFuncAttributeMaxDynamicSharedMemorySize };
inline cudaError cudaDeviceGetAttribute(int* value, cudaDeviceAttr, int) { *value = SHARED; return cudaSuccess; }
template <class K> cudaError cudaFuncSetAttribute(K, cudaFuncAttribute, int) { return cudaSuccess; }
template <class K> cudaError cudaFuncGetAttributes(cudaFuncAttributes*, K) { return cudaSuccess; }

typedef int cudaStream_t;
typedef Graph *cudaGraph_t, *cudaGraphExec_t;
enum cudaStreamCaptureMode { cudaStreamCaptureModeThreadLocal };
const cudaStream_t cudaStreamPerThread = 2;
inline cudaError cudaStreamBeginCapture(cudaStream_t, cudaStreamCaptureMode)
{
    capturing = new Graph;
    return cudaSuccess;
}
inline cudaError cudaStreamEndCapture(cudaStream_t, cudaGraph_t* graph)
{
    *graph = capturing;
    capturing = 0;
    return cudaSuccess;
}
inline cudaError cudaGraphInstantiateWithFlags(cudaGraphExec_t* executable, cudaGraph_t graph, int)
{
    *executable = new Graph(*graph);
    return cudaSuccess;
}
inline cudaError cudaGraphDestroy(cudaGraph_t graph) { delete graph; return cudaSuccess; }
inline cudaError cudaGraphLaunch(cudaGraphExec_t graph, cudaStream_t)
{
    for (const auto& call : *graph) call();
    return cudaSuccess;
}

#define CURAND_H_
enum curandStatus_t
{
    CURAND_STATUS_SUCCESS, CURAND_STATUS_VERSION_MISMATCH, CURAND_STATUS_NOT_INITIALIZED,
    CURAND_STATUS_ALLOCATION_FAILED, CURAND_STATUS_TYPE_ERROR, CURAND_STATUS_OUT_OF_RANGE,
    CURAND_STATUS_LENGTH_NOT_MULTIPLE, CURAND_STATUS_DOUBLE_PRECISION_REQUIRED,
    CURAND_STATUS_LAUNCH_FAILURE, CURAND_STATUS_PREEXISTING_FAILURE,
    CURAND_STATUS_INITIALIZATION_FAILED, CURAND_STATUS_ARCH_MISMATCH, CURAND_STATUS_INTERNAL_ERROR
};
enum curandRngType { CURAND_RNG_PSEUDO_DEFAULT };
typedef int curandGenerator_t;
struct curandState {};
template <class... A> curandStatus_t no_random_numbers(A...)
{
    std::cerr << "a random number was drawn" << std::endl;
    exit(1);
}
#define curandGenerateUniform no_random_numbers
#define curandGenerateUniformDouble no_random_numbers
#define curandGenerateNormal no_random_numbers
#define curandGenerateNormalDouble no_random_numbers
#define curandGeneratePoisson no_random_numbers
template <class... A> void curand_init(A...) { no_random_numbers(); }
inline curandStatus_t curandCreateGenerator(curandGenerator_t*, curandRngType) { return CURAND_STATUS_SUCCESS; }
inline curandStatus_t curandDestroyGenerator(curandGenerator_t) { return CURAND_STATUS_SUCCESS; }
inline curandStatus_t curandSetPseudoRandomGeneratorSeed(curandGenerator_t, unsigned long long)
{
    return CURAND_STATUS_SUCCESS;
}
inline curandStatus_t curandSetGeneratorOffset(curandGenerator_t, unsigned long long)
{
    return CURAND_STATUS_SUCCESS;
}

namespace thrust {
template <class T> struct host_vector : std::vector<T> { using std::vector<T>::vector; };
template <class T> struct device_vector : std::vector<T>
{
    using std::vector<T>::vector;
    device_vector(const host_vector<T>& other) : std::vector<T>(other.begin(), other.end()) {}
    operator host_vector<T>() const { return host_vector<T>(this->begin(), this->end()); }
};
template <class T> T* raw_pointer_cast(T* pointer) { return pointer; }
}
#endif

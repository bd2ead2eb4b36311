// As much of CUDA as Brian2CUDA's programs use, on a CPU: every thread of a kernel after the
// other, device memory on the heap. It shows whether the code computes what it should, and nothing
// of what a GPU may do otherwise: threads at the same time, its own rounding, speed.
// With -DBACKWARDS threads come in the opposite order: results must not depend on it.
#ifndef CUDA_ON_CPU_H
#define CUDA_ON_CPU_H
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <numeric>
#include <string>
#include <vector>

#define __global__
#define __device__
#define __host__
#define __shared__ static
#define __forceinline__ inline
#define __CUDA_ARCH__ 900
using std::max;
using std::min;

struct dim3 { unsigned x, y, z; dim3(unsigned a = 1) : x(a), y(1), z(1) {} };
static dim3 threadIdx, blockIdx, blockDim, gridDim;
// Kernels of Brian2CUDA share nothing within a block where this stands.
inline void __syncthreads() {}
inline void __threadfence() {}

template <class Body> void on_cpu(unsigned blocks, unsigned threads, Body body)
{
    if (blocks == 0 || threads == 0 || threads > 1024)
    {
        std::cerr << "a kernel was launched with " << blocks << " blocks of " << threads << std::endl;
        exit(1);
    }
    gridDim = dim3(blocks);
    blockDim = dim3(threads);
    for (unsigned k = 0; k < blocks*threads; k++)
    {
#ifdef BACKWARDS
        const unsigned index = blocks*threads - 1 - k;
#else
        const unsigned index = k;
#endif
        blockIdx.x = index/threads;
        threadIdx.x = index%threads;
        body();
    }
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
inline cudaError cudaDeviceSynchronize() { return cudaSuccess; }
inline cudaError cudaProfilerStop() { return cudaSuccess; }
inline cudaError cudaSetDevice(int) { return cudaSuccess; }
inline cudaError cudaDeviceSetLimit(cudaLimit, size_t) { return cudaSuccess; }
inline cudaError cudaGetDeviceProperties(cudaDeviceProp*, int) { return cudaSuccess; }
inline cudaError cudaMemGetInfo(size_t* free, size_t* all) { *free = *all = 1 << 30; return cudaSuccess; }
// What a GPU hands out is not zero either.
inline cudaError cudaMalloc(void** p, size_t n) { *p = memset(malloc(n + 1), 0xab, n); return cudaSuccess; }
inline cudaError cudaFree(void* p) { free(p); return cudaSuccess; }
inline cudaError cudaMemcpy(void* to, const void* from, size_t n, cudaMemcpyKind)
{
    memmove(to, from, n);
    return cudaSuccess;
}
inline cudaError cudaMemset(void* p, int value, size_t n) { memset(p, value, n); return cudaSuccess; }
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
template <class K> cudaError cudaFuncGetAttributes(cudaFuncAttributes*, K) { return cudaSuccess; }

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

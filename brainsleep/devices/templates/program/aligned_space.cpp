{# Memory that begins with a cache line, since a vector that lies in two is read twice. #}
#include <cstdlib>
namespace brainsleep {
template<typename T> T* aligned_space(size_t n)
{
    void* memory;
    if (posix_memalign(&memory, 64, n*sizeof(T)) != 0)
        fail("no memory for", std::to_string(n) + " values");
    return (T*)memory;
}
}

{# What everything else stands on. No header of C++'s own library but cmath is read here, nor in what
   follows: reading them, and making functions of their templates, took longer than all the rest. #}
#include <cerrno>
#include <cmath>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sysexits.h>
// For functions that are called a few times a night, if at all: optimising them took longer than
// they ever will.
#if defined(__clang__)
#define RUNS_ONCE __attribute__((optnone, noinline))
#elif defined(__GNUC__)
#define RUNS_ONCE __attribute__((optimize("O0")))
#else
#define RUNS_ONCE
#endif
namespace brainsleep {
template<typename T> inline T smaller(T one, T other) { return other < one ? other : one; }
template<typename T> inline void copy(const T* from, T* to, size_t n)
{ memcpy(to, from, n*sizeof(T)); }

// Ends the program with a message, which is written like printf's.
RUNS_ONCE void fail(const char* format, ...)
{
    va_list values;
    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
    fputc('\n', stderr);
    exit(1);
}

// A file that cannot be written ends the program with a status of its own, and a message that names
// the file and the error.
RUNS_ONCE void fail_to_write(const char* path)
{
    fprintf(stderr, "cannot write %s (%d)\n", path, errno ? errno : EIO);
    exit(EX_IOERR);
}

// Memory for so many values, which begins with a cache line; it stays until the program ends.
template<typename T> RUNS_ONCE T* space_for(size_t n)
{
    void* memory;
    if (posix_memalign(&memory, 64, n*sizeof(T)) != 0)
        fail("no memory for %zu values of %zu bytes", n, sizeof(T));
    return (T*)memory;
}

// Zeros, which cost no time before they are used.
template<typename T> RUNS_ONCE T* zeros(size_t n)
{
    void* const memory = calloc(n ? n : 1, sizeof(T));
    if (!memory) fail("no memory for %zu values of %zu bytes", n, sizeof(T));
    return (T*)memory;
}

// The path of a file, as printf would write it.
struct Path
{
    char text[4096];
    operator const char*() const { return text; }

    RUNS_ONCE explicit Path(const char* format, ...)
    {
        va_list values;
        va_start(values, format);
        const int length = vsnprintf(text, sizeof text, format, values);
        va_end(values);
        if (length < 0 || length >= (int)sizeof text) fail("the path %s... is too long", text);
    }
};

int64_t number(const char* name) { const char* text = getenv(name); return text ? atoll(text) : 0; }

// Numbers between commas.
struct Numbers
{
    int64_t* values;
    size_t n;
    const int64_t* begin() const { return values; }
    const int64_t* end() const { return values + n; }

    RUNS_ONCE explicit Numbers(const char* name) : values(0), n(0)
    {
        const char* text = getenv(name);
        if (!text || !*text) return;
        values = zeros<int64_t>(strlen(text));
        for (char* rest = (char*)text; *rest; rest += *rest == ',')
        {
            const char* const begun = rest;
            values[n++] = strtoll(begun, &rest, 10);
            if (rest == begun) fail("%s is %s, no list of numbers", name, text);
        }
    }
};
}

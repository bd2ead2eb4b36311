{# The CRC-32 of zlib, PNG and Ethernet (polynomial 0x04c11db7, reflected), which Python's zlib.crc32
   computes, too: by tables, eight bytes at a time, and where the processor multiplies without carries,
   by folding 64 bytes at a time (Gopal et al., "Fast CRC Computation for Generic Polynomials Using
   PCLMULQDQ Instruction", Intel 2009, whose constants these are). #}
#include <array>
#include <cstdint>
#include <cstring>
#if defined(__PCLMUL__) && defined(__SSE4_1__)
#include <wmmintrin.h>  // immintrin.h takes as long to read as all other headers together
#endif
namespace brainsleep {
typedef std::array<std::array<uint32_t, 256>, 8> CrcTables;

CrcTables crc_tables()
{
    CrcTables tables;
    for (uint32_t byte = 0; byte < 256; byte++)
    {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
        tables[0][byte] = crc;
    }
    for (int ahead = 1; ahead < 8; ahead++)
        for (int byte = 0; byte < 256; byte++)
        {
            const uint32_t crc = tables[ahead - 1][byte];
            tables[ahead][byte] = tables[0][crc & 255] ^ crc >> 8;
        }
    return tables;
}

// Takes bytes into a remainder.
uint32_t divide(uint32_t crc, const unsigned char* bytes, size_t n)
{
    static const CrcTables tables = crc_tables();
    for (; n >= 8; bytes += 8, n -= 8)
    {
        crc ^= bytes[0] | bytes[1] << 8 | bytes[2] << 16 | uint32_t(bytes[3]) << 24;
        crc = tables[7][crc & 255] ^ tables[6][crc >> 8 & 255] ^ tables[5][crc >> 16 & 255]
            ^ tables[4][crc >> 24] ^ tables[3][bytes[4]] ^ tables[2][bytes[5]]
            ^ tables[1][bytes[6]] ^ tables[0][bytes[7]];
    }
    for (; n > 0; bytes++, n--) crc = tables[0][(crc ^ *bytes) & 255] ^ crc >> 8;
    return crc;
}

#if defined(__PCLMUL__) && defined(__SSE4_1__)
inline __m128i folded(__m128i sum, __m128i by, __m128i next)
{
    const __m128i low = _mm_clmulepi64_si128(sum, by, 0x00), high = _mm_clmulepi64_si128(sum, by, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}
inline __m128i sixteen(const unsigned char* bytes) { return _mm_loadu_si128((const __m128i*)bytes); }

uint32_t divide_fast(uint32_t crc, const unsigned char* bytes, size_t n)
{
    if (n < 128) return divide(crc, bytes, n);
    const __m128i by_512_bits = _mm_set_epi64x(0x1c6e41596, 0x154442bd4);
    const __m128i by_128_bits = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);
    __m128i sums[4];
    for (int k = 0; k < 4; k++) sums[k] = sixteen(bytes + 16*k);
    sums[0] = _mm_xor_si128(sums[0], _mm_cvtsi32_si128(crc));
    for (bytes += 64, n -= 64; n >= 64; bytes += 64, n -= 64)
        for (int k = 0; k < 4; k++) sums[k] = folded(sums[k], by_512_bits, sixteen(bytes + 16*k));
    for (int k = 1; k < 4; k++) sums[k] = folded(sums[k - 1], by_128_bits, sums[k]);
    unsigned char rest[16];
    _mm_storeu_si128((__m128i*)rest, sums[3]);
    return divide(divide(0, rest, 16), bytes, n);
}
#else
uint32_t divide_fast(uint32_t crc, const unsigned char* bytes, size_t n) { return divide(crc, bytes, n); }
#endif

uint32_t crc32(const void* bytes, size_t n)
{ return ~divide_fast(~0u, (const unsigned char*)bytes, n); }
}

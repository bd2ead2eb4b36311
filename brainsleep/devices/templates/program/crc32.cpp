{# The CRC-32 of zlib, PNG and Ethernet (polynomial 0x04c11db7, reflected), which Python's zlib.crc32
   computes, too: by tables, eight bytes at a time, and where the processor multiplies without carries,
   by folding 64 bytes at a time (Gopal et al., "Fast CRC Computation for Generic Polynomials Using
   PCLMULQDQ Instruction", Intel 2009, whose constants these are). The compiler's own functions stand
   for those of wmmintrin.h, which takes long to read. #}
namespace brainsleep {
struct CrcTables
{
    uint32_t ahead[8][256];
    RUNS_ONCE CrcTables()
    {
        for (uint32_t byte = 0; byte < 256; byte++)
        {
            uint32_t crc = byte;
            for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
            ahead[0][byte] = crc;
        }
        for (int k = 1; k < 8; k++)
            for (int byte = 0; byte < 256; byte++)
            {
                const uint32_t crc = ahead[k - 1][byte];
                ahead[k][byte] = ahead[0][crc & 255] ^ crc >> 8;
            }
    }
};

// Takes bytes into a remainder.
uint32_t divide(uint32_t crc, const unsigned char* bytes, size_t n)
{
    static const CrcTables made;
    const uint32_t (*tables)[256] = made.ahead;
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

#if defined(__PCLMUL__) && defined(__GNUC__)
typedef long long Pair __attribute__((vector_size(16)));
inline Pair folded(Pair sum, Pair by, Pair next)
{
    return __builtin_ia32_pclmulqdq128(sum, by, 0x00) ^ __builtin_ia32_pclmulqdq128(sum, by, 0x11)
        ^ next;
}
inline Pair sixteen(const unsigned char* bytes)
{
    Pair pair;
    memcpy(&pair, bytes, sizeof pair);
    return pair;
}

uint32_t divide_fast(uint32_t crc, const unsigned char* bytes, size_t n)
{
    if (n < 128) return divide(crc, bytes, n);
    const Pair by_512_bits = {0x154442bd4, 0x1c6e41596};
    const Pair by_128_bits = {0x1751997d0, 0x0ccaa009e};
    Pair sums[4];
    for (int k = 0; k < 4; k++) sums[k] = sixteen(bytes + 16*k);
    const Pair begun = {(long long)crc, 0};
    sums[0] ^= begun;
    for (bytes += 64, n -= 64; n >= 64; bytes += 64, n -= 64)
        for (int k = 0; k < 4; k++) sums[k] = folded(sums[k], by_512_bits, sixteen(bytes + 16*k));
    for (int k = 1; k < 4; k++) sums[k] = folded(sums[k - 1], by_128_bits, sums[k]);
    unsigned char rest[16];
    memcpy(rest, &sums[3], sizeof rest);
    return divide(divide(0, rest, 16), bytes, n);
}
#else
uint32_t divide_fast(uint32_t crc, const unsigned char* bytes, size_t n) { return divide(crc, bytes, n); }
#endif

uint32_t crc32(const void* bytes, size_t n)
{ return ~divide_fast(~0u, (const unsigned char*)bytes, n); }
}

{# Which of a few neurons side by side spike: lists of their numbers, from a byte for each. #}
namespace brainsleep {
// Bytes that are 0 or 1, as bits; the number of bytes is 64, a multiple of 8, or 1.
template<size_t n> inline uint64_t bits_of(const char (&bytes)[n])
{
    uint64_t bits = 0;
    for (size_t first = 0; first < n; first += 8)
    {
        uint64_t eight = 0;
        memcpy(&eight, bytes + first, smaller<size_t>(8, n));
        bits |= eight*0x0102040810204080 >> 56 << first;  // their lowest bits, side by side
    }
    return bits;
}
template<> inline uint64_t bits_of<1>(const char (&bytes)[1]) { return bytes[0]; }

// Appends to a list the numbers, counted from `first`, of the bytes that are 1; returns its end.
template<size_t n> inline int32_t* append_found(const char (&bytes)[n], int32_t first, int32_t* end)
{
    for (uint64_t bits = bits_of(bytes); bits; bits &= bits - 1) *end++ = first + __builtin_ctzll(bits);
    return end;
}
#if defined(__AVX512BW__)
// How many spike cannot be foretold, and a loop over them would wait for that: 16 numbers are written
// at once, those found in front. The list must have room for all neurons so far. Compiled once, not in
// each population's code: a night's first program waits for that.
template<> __attribute__((noinline)) inline int32_t* append_found<64>(
    const char (&bytes)[64], int32_t first, int32_t* end)
{
    typedef char Bytes __attribute__((vector_size(64)));
    typedef int32_t Numbers __attribute__((vector_size(64)));
    Bytes found;
    memcpy(&found, bytes, sizeof found);
    uint64_t bits = __builtin_ia32_cvtb2mask512(-found);
    if (bits == 0) return end;
    Numbers numbers = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    numbers += first;
    for (int part = 0; part < 4; part++, bits >>= 16, numbers += 16)
    {
        const Numbers packed = __builtin_ia32_compresssi512_mask(numbers, numbers, (uint16_t)bits);
        memcpy(end, &packed, sizeof packed);
        end += __builtin_popcount((uint16_t)bits);
    }
    return end;
}
#endif
}

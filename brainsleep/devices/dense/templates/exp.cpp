{# exp for loops. In single precision it is a part of the loop, which costs less than calling a function
   for several values at a time (libmvec): a whole power of 2, times a polynomial of degree 5. Its
   relative error is below 4e-7; it is 0 below -87.3, and infinite above 88.7. Without fused
   multiplication and addition it would be less exact. #}

template<typename T>
static inline auto _exp_in_kind(const T value) -> decltype(std::exp(value)) { return std::exp(value); }
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
static inline float _exp_in_kind(const float value)
{
    const float low = value < -88.0f ? -88.0f : value;
    const float x = low > 88.8f ? 88.8f : low;
    const float power = std::floor(x * 1.44269504088896341f);
    const float r = x - power * 0.693147180559945f;
    const float factor = ((((0.0117359529185f*r + 0.0389417701973f)*r + 0.16763375494f)*r
        + 0.499848708247f)*r + 1.00000843017f)*r + 0.999999926682f;
    const int32_t bits = ((int32_t)power + 127) << 23;
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    return factor*scale;
}
#endif

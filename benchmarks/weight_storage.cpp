// Would weights of 2 bytes or 1 make nights faster? One layer of N to N neurons that learns, in tiles and
// blocks of steps as on device "cpp", with weights stored as float32, bfloat16 and int8 (a step of
// 0.1/127 for all), the last two rounded at random. All have the same spikes; they take turns.
//
//     g++ -std=c++17 -O3 -march=native -ffast-math benchmarks/weight_storage.cpp -o weight_storage && ./weight_storage
//
// Prints for each size the processor time per step: all, presynaptic spikes alone, learning alone.
// Random numbers are the cheapest that will do, so that the smaller weights are not at a disadvantage.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <random>
#include <vector>

static const int BLOCK_STEPS = 128, N_BLOCKS = 2, ROWS = 16, SPIKES = 60, ROUNDS = 9;
static const size_t TILE_BYTES = 256 * 1024;

struct Float32 {
    using T = float;
    static float load(T stored) { return stored; }
    static T store(float w, uint32_t) { return w; }
};

struct BFloat16 {
    using T = uint16_t;
    static float load(T stored) {
        const uint32_t bits = uint32_t(stored) << 16;
        float w;
        std::memcpy(&w, &bits, sizeof w);
        return w;
    }
    static T store(float w, uint32_t random) {
        uint32_t bits;
        std::memcpy(&bits, &w, sizeof bits);
        return T((bits + (random >> 16)) >> 16);
    }
};

struct Int8 {
    using T = int8_t;
    static float load(T stored) { return stored * (0.1f / 127); }
    static T store(float w, uint32_t random) {
        const float up = (random >> 8) * (1.0f / (1 << 24));
        const float level = std::floor(w * (127 / 0.1f) + up);
        return T(std::min(std::max(level, -127.0f), 127.0f));
    }
};

// As in brainsleep/devices/dense/templates/exp.cpp; what it is given here is between -60 and 60.
static inline float exp_in_loop(float x) {
    const float power = std::floor(x * 1.44269504f);
    const float r = x - power * 0.693147180559945f;
    const float factor = ((((0.0117359529f * r + 0.03894177f) * r + 0.167633755f) * r
        + 0.499848708f) * r + 1.00000843f) * r + 0.999999927f;
    const int32_t bits = (int32_t(power) + 127) << 23;
    float scale;
    std::memcpy(&scale, &bits, sizeof scale);
    return factor * scale;
}

struct Night {
    int n;
    std::vector<std::vector<int>> pre;   // spikes of each step
    std::vector<std::vector<char>> post; // whether a neuron spikes, for each neuron and step
    std::vector<float> traces;           // (steps of a block, n): 1 where a presynaptic neuron spiked
};

static Night draw(int n) {
    Night night{n, {}, {}, std::vector<float>(size_t(BLOCK_STEPS) * n)};
    std::mt19937 random(1);
    for (int s = 0; s < BLOCK_STEPS; s++) {
        night.pre.emplace_back();
        night.post.emplace_back(n);
        for (int i = 0; i < n; i++) {
            if (random() % n < SPIKES) night.pre[s].push_back(i), night.traces[size_t(s) * n + i] = 1;
            night.post[s][i] = random() % n < SPIKES;
        }
    }
    return night;
}

static double now() {
    timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

template<typename S>
static void learn_row(typename S::T *__restrict row, const float *__restrict trace, int n, uint32_t seed) {
    const float increase = 2e-5f, decrease = 1e-6f;
#pragma GCC ivdep
    for (int i = 0; i < n; i++) {
        float w = S::load(row[i]);
        const float exponent = std::min(std::max(w * 1000.0f, -60.0f), 60.0f);
        const float change = increase * trace[i] - decrease * (1.0f - trace[i]);
        w += 2.0f * change / (1.0f + exp_in_loop(exponent));
        row[i] = S::store(w, (uint32_t(i) + seed) * 2654435769u);
    }
}

template<typename S> struct Layer {
    std::vector<typename S::T> w;
    std::vector<float> v;

    explicit Layer(int n) : w(size_t(n) * n), v(n) {
        std::mt19937 random(2);
        for (auto &one : w) one = S::store((float(random()) / 2147483648.0f - 1.0f) / std::sqrt(float(n)), random());
    }

    double ms_per_step(const Night &night, bool sums, bool learns) {
        const int n = night.n;
        const int tile = std::max<int>(TILE_BYTES / (n * sizeof(typename S::T)) / ROWS, 1) * ROWS;
        const double begin = now();
        uint32_t seed = 1;
        for (int b = 0; b < N_BLOCKS; b++)
            for (int first = 0; first < n; first += tile)
                for (int s = 0; s < BLOCK_STEPS; s++) {
                    const int end = std::min(first + tile, n);
                    for (int j = first; sums && j < end; j += ROWS) {
                        float drive[ROWS] = {0};
                        const typename S::T *rows = w.data() + size_t(j) * n;
                        for (int i : night.pre[s]) {
                            asm volatile("");
                            for (int k = 0; k < ROWS; k++) drive[k] += S::load(rows[size_t(k) * n + i]);
                        }
                        for (int k = 0; k < ROWS; k++) v[j + k] = 0.9f * v[j + k] + drive[k];
                    }
                    for (int j = first; learns && j < end; j++)
                        if (night.post[s][j])
                            learn_row<S>(w.data() + size_t(j) * n, night.traces.data() + size_t(s) * n, n, seed += 97);
                }
        return 1e3 * (now() - begin) / (N_BLOCKS * BLOCK_STEPS);
    }
};

int main() {
    for (int n : {400, 1200, 4000, 8000}) {
        const Night night = draw(n);
        Layer<Float32> full(n);
        Layer<BFloat16> half(n);
        Layer<Int8> byte(n);
        const char *names[] = {"float32", "bfloat16", "int8"};
        std::vector<double> times[3][3];
        for (int round = 0; round < ROUNDS; round++)
            for (int part = 0; part < 3; part++) {
                const bool sums = part != 2, learns = part != 1;
                times[0][part].push_back(full.ms_per_step(night, sums, learns));
                times[1][part].push_back(half.ms_per_step(night, sums, learns));
                times[2][part].push_back(byte.ms_per_step(night, sums, learns));
            }
        for (int kind = 0; kind < 3; kind++) {
            std::printf("%d %-8s ms/step", n, names[kind]);
            for (int part = 0; part < 3; part++) {
                auto &all = times[kind][part];
                std::sort(all.begin(), all.end());
                auto &base = times[0][part];
                std::printf("  %.4f (%.2f)", all[ROUNDS / 2], all[ROUNDS / 2] / base[ROUNDS / 2]);
            }
            std::printf("\n");
        }
    }
    return 0;
}

// One sleeping convolution, written by hand: how fast a night of it can be. Compile with
//
//     g++ -std=c++17 -O3 -ffast-math -march=native conv_kernel.cpp -o conv_kernel
//     conv_kernel INPUT OUTPUT
//
// Heaviside neurons, rule "tadros2022", one kernel for all positions: the change of each weight of the
// kernel is averaged over the positions at which it meets a neuron. Event-driven. Channels lie side by
// side ("channels last"), so that one spike reaches all channels of a position in one vector addition.
// Images have a border as wide as the padding, so that no index has to be checked.
//
// INPUT: int64 channels_in, channels_out, height, width, kernel (odd; stride 1, padding kernel/2),
// n_steps, n_spikes; float32 decay, gain, threshold, increase, decrease; int64 offsets[n_steps + 1];
// int32 indices[n_spikes] (as torch flattens images); float32 weights (out, in, kernel, kernel).
// OUTPUT: float32 weights. Prints a line of JSON.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

using Clock = std::chrono::steady_clock;

static void read_bytes(FILE *file, void *target, size_t n_bytes) {
    if (std::fread(target, 1, n_bytes, file) != n_bytes) {
        std::fprintf(stderr, "the input file is too short\n");
        std::exit(1);
    }
}

template <int IN, int OUT, int K> struct Convolution {
    int height, width, border = K / 2, stride;    // stride: width with the border
    float decay, gain, threshold, increase, decrease;
    std::vector<float> weights;                   // (in, ky, kx, out)
    std::vector<float> drive, v;                  // (y, x, out), with border
    std::vector<float> trace;                     // (y, x, in), with border: 1 where a spike came in
    std::vector<int> spikes;                      // (y, x, out) indices of one step, by channel
    std::vector<float> met, positions, sums;
    int64_t total_spikes = 0;

    void prepare() {
        stride = width + 2 * border;
        const size_t places = size_t(height + 2 * border) * stride;
        drive.assign(places * OUT, 0.0f);
        v.assign(places * OUT, 0.0f);
        trace.assign(places * IN, 0.0f);
        positions.assign(K * K, 0.0f);
        for (int ky = 0; ky < K; ky++)
            for (int kx = 0; kx < K; kx++)
                positions[ky * K + kx] = float((height - std::abs(ky - border)) * (width - std::abs(kx - border)));
    }

    void integrate(const int *pre, int n_pre) {
        for (int s = 0; s < n_pre; s++) {
            const int channel = pre[s] / (height * width), y = pre[s] / width % height, x = pre[s] % width;
            trace[((y + border) * stride + x + border) * IN + channel] = 1.0f;
            const float *__restrict w = &weights[size_t(channel) * K * K * OUT];
            for (int ky = 0; ky < K; ky++)
                for (int kx = 0; kx < K; kx++) {
                    float *__restrict target = &drive[((y + 2 * border - ky) * stride + x + 2 * border - kx) * OUT];
                    for (int out = 0; out < OUT; out++) target[out] += w[(ky * K + kx) * OUT + out];
                }
        }
    }

    // Spikes of each channel: (y, x) places with the border.
    std::vector<int> fired[OUT];

    void fire() {
        for (auto &list : fired) list.clear();
        for (int y = 0; y < height; y++) {
            float *__restrict u = &v[((y + border) * stride + border) * OUT];
            float *__restrict d = &drive[((y + border) * stride + border) * OUT];
            bool any = false;
            for (int k = 0; k < width * OUT; k++) {
                u[k] = decay * u[k] + gain * d[k];
                d[k] = 0.0f;
                any |= u[k] >= threshold;
            }
            if (!any) continue;
            for (int k = 0; k < width * OUT; k++)
                if (u[k] >= threshold) {
                    u[k] = 0.0f;
                    fired[k % OUT].push_back((y + border) * stride + border + k / OUT);
                    total_spikes++;
                }
        }
        // clear what was added to the border
        for (int y = 0; y < height + 2 * border; y++)
            for (int x = 0; x < stride; x++) {
                if (y >= border && y < height + border && x == border) x = width + border;
                std::fill_n(&drive[(y * stride + x) * OUT], OUT, 0.0f);
            }
    }

    void learn() {
        for (int out = 0; out < OUT; out++) {
            if (fired[out].empty()) continue;
            float sums[K * K][IN] = {}, met[K * K] = {};
            for (int place : fired[out])
                for (int ky = 0; ky < K; ky++)
                    for (int kx = 0; kx < K; kx++) {
                        const int source = place + (ky - border) * stride + kx - border;
                        const int y = source / stride, x = source % stride;
                        met[ky * K + kx] += y >= border && y < height + border && x >= border && x < width + border;
                        const float *__restrict t = &trace[source * IN];
                        for (int in = 0; in < IN; in++) sums[ky * K + kx][in] += t[in];
                    }
            for (int k = 0; k < K * K; k++)
                for (int in = 0; in < IN; in++) {
                    float &w = weights[(size_t(in) * K * K + k) * OUT + out];
                    const float exponent = std::min(std::max(w * 1000.0f, -60.0f), 60.0f);
                    const float change = increase * sums[k][in] - decrease * (met[k] - sums[k][in]);
                    w += change * (2.0f / (1.0f + std::exp(exponent))) / positions[k];
                }
        }
    }

    void forget(const int *pre, int n_pre) {
        for (int s = 0; s < n_pre; s++) {
            const int channel = pre[s] / (height * width), y = pre[s] / width % height, x = pre[s] % width;
            trace[((y + border) * stride + x + border) * IN + channel] = 0.0f;
        }
    }
};

int main(int argc, char **argv) {
    if (argc < 3) {
        std::fprintf(stderr, "conv_kernel INPUT OUTPUT\n");
        return 2;
    }
    FILE *file = std::fopen(argv[1], "rb");
    if (!file) return 1;
    int64_t head[7];
    read_bytes(file, head, sizeof head);
    if (head[0] != 16 || head[1] != 16 || head[4] != 3) {
        std::fprintf(stderr, "this kernel is for 16 channels and 3 x 3 weights only\n");
        return 1;
    }
    constexpr int IN = 16, OUT = 16, K = 3;
    Convolution<IN, OUT, K> layer;
    layer.height = int(head[2]);
    layer.width = int(head[3]);
    float parameters[5];
    read_bytes(file, parameters, sizeof parameters);
    layer.decay = parameters[0];
    layer.gain = parameters[1];
    layer.threshold = parameters[2];
    layer.increase = parameters[3];
    layer.decrease = parameters[4];
    const int64_t n_steps = head[5];
    std::vector<int64_t> offsets(n_steps + 1);
    std::vector<int> indices(head[6]);
    std::vector<float> weights(OUT * IN * K * K);
    read_bytes(file, offsets.data(), offsets.size() * sizeof(int64_t));
    read_bytes(file, indices.data(), indices.size() * sizeof(int));
    read_bytes(file, weights.data(), weights.size() * sizeof(float));
    std::fclose(file);
    layer.prepare();
    layer.weights.resize(weights.size());
    for (int out = 0; out < OUT; out++)
        for (int in = 0; in < IN; in++)
            for (int k = 0; k < K * K; k++)
                layer.weights[(in * K * K + k) * OUT + out] = weights[(out * IN + in) * K * K + k];

    const auto started = Clock::now();
    for (int64_t step = 0; step < n_steps; step++) {
        const int *pre = indices.data() + offsets[step];
        const int n_pre = int(offsets[step + 1] - offsets[step]);
        layer.integrate(pre, n_pre);
        layer.fire();
        layer.learn();
        layer.forget(pre, n_pre);
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - started).count();

    for (int out = 0; out < OUT; out++)
        for (int in = 0; in < IN; in++)
            for (int k = 0; k < K * K; k++)
                weights[(out * IN + in) * K * K + k] = layer.weights[(in * K * K + k) * OUT + out];
    file = std::fopen(argv[2], "wb");
    if (!file || std::fwrite(weights.data(), sizeof(float), weights.size(), file) != weights.size()) return 1;
    std::fclose(file);
    std::printf("{\"ms_per_step\": %.9g, \"spikes\": [%lld, %lld]}\n", 1e3 * seconds / n_steps,
                (long long)indices.size(), (long long)layer.total_spikes);
}

// The algorithm (docs/explanation/algorithm.md) written by hand: single-threaded, event-driven, float32, for one
// rule only (weight factor "tadros2022", no biases).
//
//     kernel INPUT OUTPUT [auto|rows|blocks|spikes|over-time] [huge|small]
//
// INPUT   the file that `write_kernel_input` in problem.py writes: sizes, parameters, spikes, weights
// OUTPUT  receives the final weights, float32, layer after layer
// The third argument says how a layer sums the weights of incoming spikes (`Order`). "auto" times
// all three in a night before, and keeps the fastest one for each layer; for "over-time" see
// `run_over_time`. The fourth argument is the size of the memory pages of W.
//
// Prints one line of JSON. Only the loop over time steps is timed: everything has been read
// before, every page has been touched, and only counts of spikes are recorded.

#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

using Clock = std::chrono::steady_clock;

// Ways to sum W[j][i] over the spiking inputs i, W being (post, pre) with contiguous rows:
// row after row; sixteen rows at a time, spike after spike; spike after spike over all rows.
enum Order { ROWS, BLOCKS, SPIKES, N_ORDERS };
const char *const ORDER_NAMES[] = {"rows", "blocks", "spikes"};

struct Layer {
    int n_pre, n_post;
    float decay, gain, threshold, increase, decrease;
    float *weights;                 // (n_post, n_pre)
    std::vector<float> v, drive;    // n_post
    std::vector<float> change;      // n_pre: +increase where the input spiked, else -decrease
    std::vector<int> spikes;        // the neurons that spike in this step ...
    int n_spikes;                   // ... and how many
    int64_t total_spikes;
    Order order;
    double seconds[N_ORDERS];       // spent in each order while it is being chosen
};

static void read_bytes(FILE *file, void *target, size_t n_bytes) {
    if (std::fread(target, 1, n_bytes, file) != n_bytes) {
        std::fprintf(stderr, "the input file is too short\n");
        std::exit(1);
    }
}

static int64_t read_count(FILE *file) {
    int64_t count;
    read_bytes(file, &count, sizeof count);
    return count;
}

// In huge pages, a column of W needs fewer entries of the translation lookaside buffer than it has
// rows; in small pages, it is spread over more of the cache.
static float *allocate_weights(size_t n_weights, bool huge_pages) {
    const size_t page = size_t(2) << 20;
    const size_t n_bytes = (n_weights * sizeof(float) + page - 1) / page * page;
    void *memory = std::aligned_alloc(page, n_bytes);
    if (!memory) {
        std::fprintf(stderr, "out of memory\n");
        std::exit(1);
    }
#ifdef MADV_HUGEPAGE
    madvise(memory, n_bytes, huge_pages ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
#endif
    return static_cast<float *>(memory);
}

// ---------------------------------------------------------------- integrate

static void sum_by_rows(Layer &layer, const int *__restrict pre, int n_pre_spikes) {
    const size_t stride = layer.n_pre;
    const float *__restrict weights = layer.weights;
    float *__restrict drive = layer.drive.data();
    // Prefetch from a later row into the second-level cache while this row is summed: that cache
    // can wait for more reads at once than the first level can.
    const size_t ahead = 8 * stride;
    for (int j = 0; j < layer.n_post; j++) {
        const float *__restrict row = weights + j * stride;
        float sum = 0.0f;
        for (int k = 0; k < n_pre_spikes; k++) {
            __builtin_prefetch(row + ahead + pre[k], 0, 2);
            sum += row[pre[k]];
        }
        drive[j] = sum;
    }
}

static void sum_by_blocks(Layer &layer, const int *__restrict pre, int n_pre_spikes) {
    constexpr int BLOCK = 16;
    const size_t stride = layer.n_pre;
    float *__restrict drive = layer.drive.data();
    for (int start = 0; start < layer.n_post; start += BLOCK) {
        const float *__restrict rows = layer.weights + start * stride;
        float sums[BLOCK] = {};
        const int n_rows = std::min(BLOCK, layer.n_post - start);
        if (n_rows == BLOCK) {
            for (int k = 0; k < n_pre_spikes; k++) {
                const float *__restrict column = rows + pre[k];
                for (int j = 0; j < BLOCK; j++)
                    __builtin_prefetch(column + (BLOCK + j) * stride, 0, 2);
                for (int j = 0; j < BLOCK; j++) sums[j] += column[j * stride];
            }
        } else {
            for (int k = 0; k < n_pre_spikes; k++)
                for (int j = 0; j < n_rows; j++) sums[j] += rows[pre[k] + j * stride];
        }
        for (int j = 0; j < n_rows; j++) drive[start + j] = sums[j];
    }
}

static void sum_by_spikes(Layer &layer, const int *__restrict pre, int n_pre_spikes) {
    const size_t stride = layer.n_pre;
    const int n_post = layer.n_post;
    float *__restrict drive = layer.drive.data();
    std::fill(drive, drive + n_post, 0.0f);
    for (int k = 0; k < n_pre_spikes; k++) {
        const float *__restrict column = layer.weights + pre[k];
        for (int j = 0; j < n_post; j++) drive[j] += column[j * stride];
    }
}

static void integrate(Layer &layer, const int *pre, int n_pre_spikes, Order order) {
    if (order == ROWS) sum_by_rows(layer, pre, n_pre_spikes);
    else if (order == BLOCKS) sum_by_blocks(layer, pre, n_pre_spikes);
    else sum_by_spikes(layer, pre, n_pre_spikes);
    float *__restrict v = layer.v.data();
    const float *__restrict drive = layer.drive.data();
    for (int j = 0; j < layer.n_post; j++) v[j] = layer.decay * v[j] + layer.gain * drive[j];
}

// ---------------------------------------------------------------- spike, learn, reset

static void fire(Layer &layer) {
    float *v = layer.v.data();
    int *spikes = layer.spikes.data();
    int count = 0;
    for (int j = 0; j < layer.n_post; j++) {
        spikes[count] = j;                      // no branch: most neurons are silent
        const bool spiked = v[j] >= layer.threshold;
        v[j] = spiked ? 0.0f : v[j];
        count += spiked;
    }
    layer.n_spikes = count;
    layer.total_spikes += count;
}

// w += change * g(w), g(w) = 2 / (1 + exp(w / 0.001)); the exponent is kept within +-60.
static inline void learn_row(float *__restrict row, const float *__restrict change, int n) {
    for (int i = 0; i < n; i++) {
        const float exponent = std::min(std::max(row[i] * 1000.0f, -60.0f), 60.0f);
        row[i] += change[i] * (2.0f / (1.0f + std::exp(exponent)));
    }
}

static void learn(Layer &layer, const int *pre, int n_pre_spikes) {
    if (layer.n_spikes == 0) return;
    float *change = layer.change.data();
    for (int k = 0; k < n_pre_spikes; k++) change[pre[k]] = layer.increase;
    for (int k = 0; k < layer.n_spikes; k++)
        learn_row(layer.weights + size_t(layer.spikes[k]) * layer.n_pre, change, layer.n_pre);
    for (int k = 0; k < n_pre_spikes; k++) change[pre[k]] = -layer.decrease;
}

// ---------------------------------------------------------------- nights

struct Night {
    std::vector<Layer> layers;
    int64_t n_steps;
    std::vector<int64_t> offsets;   // input spikes of step t: indices[offsets[t]] onwards
    std::vector<int> indices;
    std::vector<std::vector<float>> initial_weights;
};

static Night read_night(const char *path, bool huge_pages) {
    FILE *file = std::fopen(path, "rb");
    if (!file) {
        std::fprintf(stderr, "cannot read %s\n", path);
        std::exit(1);
    }
    Night night;
    const int64_t n_layers = read_count(file);
    night.n_steps = read_count(file);
    night.indices.resize(read_count(file));
    std::vector<int64_t> sizes(n_layers + 1);
    for (auto &size : sizes) size = read_count(file);
    night.layers.resize(n_layers);
    for (auto &layer : night.layers) {
        float parameters[5];
        read_bytes(file, parameters, sizeof parameters);
        layer.decay = parameters[0];
        layer.gain = parameters[1];
        layer.threshold = parameters[2];
        layer.increase = parameters[3];
        layer.decrease = parameters[4];
        layer.order = ROWS;
        std::fill(layer.seconds, layer.seconds + N_ORDERS, 0.0);
    }
    night.offsets.resize(night.n_steps + 1);
    read_bytes(file, night.offsets.data(), night.offsets.size() * sizeof(int64_t));
    read_bytes(file, night.indices.data(), night.indices.size() * sizeof(int));
    for (int64_t k = 0; k < n_layers; k++) {
        Layer &layer = night.layers[k];
        layer.n_pre = int(sizes[k]);
        layer.n_post = int(sizes[k + 1]);
        night.initial_weights.emplace_back(size_t(layer.n_pre) * layer.n_post);
        auto &weights = night.initial_weights.back();
        read_bytes(file, weights.data(), weights.size() * sizeof(float));
        layer.weights = allocate_weights(weights.size(), huge_pages);
    }
    std::fclose(file);
    return night;
}

static void start_anew(Night &night) {
    for (size_t k = 0; k < night.layers.size(); k++) {
        Layer &layer = night.layers[k];
        const auto &weights = night.initial_weights[k];
        std::memcpy(layer.weights, weights.data(), weights.size() * sizeof(float));
        layer.v.assign(layer.n_post, 0.0f);
        layer.drive.assign(layer.n_post, 0.0f);
        layer.change.assign(layer.n_pre, -layer.decrease);
        layer.spikes.assign(layer.n_post + 1, 0);
        layer.n_spikes = 0;
        layer.total_spikes = 0;
    }
}

static double run(Night &night) {
    const auto started = Clock::now();
    for (int64_t step = 0; step < night.n_steps; step++) {
        const int *pre = night.indices.data() + night.offsets[step];
        int n_pre_spikes = int(night.offsets[step + 1] - night.offsets[step]);
        for (auto &layer : night.layers) {
            integrate(layer, pre, n_pre_spikes, layer.order);
            fire(layer);
            learn(layer, pre, n_pre_spikes);
            pre = layer.spikes.data();
            n_pre_spikes = layer.n_spikes;
        }
    }
    return std::chrono::duration<double>(Clock::now() - started).count();
}

// The loops over steps and neurons, interchanged. Nothing flows back in these networks, so one neuron
// can go through many steps while its row of W stays in the nearest cache. The night is the same.
static double run_over_time(Night &night, int64_t steps_at_a_time = 256) {
    struct Train {                      // spikes of one population, step by step
        std::vector<int> indices, counts;
        size_t capacity;
        int *at(int64_t step) { return indices.data() + step * capacity; }
    };
    std::vector<Train> trains;
    for (const auto &layer : night.layers) {
        const size_t capacity = layer.n_post;
        trains.push_back({std::vector<int>(steps_at_a_time * capacity),
                          std::vector<int>(steps_at_a_time), capacity});
    }
    std::vector<const int *> pre(steps_at_a_time);
    std::vector<int> n_pre(steps_at_a_time);

    const auto started = Clock::now();
    for (int64_t first = 0; first < night.n_steps; first += steps_at_a_time) {
        const int64_t n_steps = std::min(steps_at_a_time, night.n_steps - first);
        for (int64_t t = 0; t < n_steps; t++) {
            const int64_t offset = night.offsets[first + t];
            pre[t] = night.indices.data() + offset;
            n_pre[t] = int(night.offsets[first + t + 1] - offset);
        }
        for (size_t k = 0; k < night.layers.size(); k++) {
            Layer &layer = night.layers[k];
            Train &train = trains[k];
            std::fill(train.counts.begin(), train.counts.end(), 0);
            float *change = layer.change.data();
            for (int j = 0; j < layer.n_post; j++) {
                float *row = layer.weights + size_t(j) * layer.n_pre;
                float v = layer.v[j];
                for (int64_t t = 0; t < n_steps; t++) {
                    float sum = 0.0f;
                    for (int s = 0; s < n_pre[t]; s++) sum += row[pre[t][s]];
                    v = layer.decay * v + layer.gain * sum;
                    if (v < layer.threshold) continue;
                    v = 0.0f;
                    train.at(t)[train.counts[t]++] = j;
                    layer.total_spikes++;
                    for (int s = 0; s < n_pre[t]; s++) change[pre[t][s]] = layer.increase;
                    learn_row(row, change, layer.n_pre);
                    for (int s = 0; s < n_pre[t]; s++) change[pre[t][s]] = -layer.decrease;
                }
                layer.v[j] = v;
            }
            for (int64_t t = 0; t < n_steps; t++) {
                pre[t] = train.at(t);
                n_pre[t] = train.counts[t];
            }
        }
    }
    return std::chrono::duration<double>(Clock::now() - started).count();
}

// Run a night in which the orders take turns, and keep the fastest one for each layer.
static void choose_orders(Night &night, int64_t n_steps) {
    start_anew(night);
    for (int64_t step = 0; step < n_steps; step++) {
        const Order order = Order(step % N_ORDERS);
        const int *pre = night.indices.data() + night.offsets[step];
        int n_pre_spikes = int(night.offsets[step + 1] - night.offsets[step]);
        for (auto &layer : night.layers) {
            const auto started = Clock::now();
            integrate(layer, pre, n_pre_spikes, order);
            layer.seconds[order] += std::chrono::duration<double>(Clock::now() - started).count();
            fire(layer);
            learn(layer, pre, n_pre_spikes);
            pre = layer.spikes.data();
            n_pre_spikes = layer.n_spikes;
        }
    }
    for (auto &layer : night.layers)
        layer.order = Order(std::min_element(layer.seconds, layer.seconds + N_ORDERS)
                            - layer.seconds);
}

static void write_weights(const Night &night, const char *path) {
    FILE *file = std::fopen(path, "wb");
    bool complete = file != nullptr;
    for (const auto &layer : night.layers) {
        const size_t n_weights = size_t(layer.n_pre) * layer.n_post;
        complete = complete
            && std::fwrite(layer.weights, sizeof(float), n_weights, file) == n_weights;
    }
    if (!complete || std::fclose(file) != 0) {
        std::fprintf(stderr, "cannot write %s\n", path);
        std::exit(1);
    }
}

int main(int argc, char **argv) {
    if (argc < 3) {
        std::fprintf(stderr, "kernel INPUT OUTPUT [auto|rows|blocks|spikes|over-time] [huge|small]\n");
        return 2;
    }
    const bool huge_pages = argc <= 4 || std::strcmp(argv[4], "small") != 0;
    Night night = read_night(argv[1], huge_pages);
    const std::string wanted = argc > 3 ? argv[3] : "auto";
    choose_orders(night, std::min<int64_t>(night.n_steps, 150));
    for (int order = 0; order < N_ORDERS; order++)
        if (wanted == ORDER_NAMES[order])
            for (auto &layer : night.layers) layer.order = Order(order);
    start_anew(night);
    const bool over_time = wanted == "over-time";
    const double seconds = over_time ? run_over_time(night) : run(night);
    write_weights(night, argv[2]);

    std::printf("{\"ms_per_step\": %.9g, \"spikes\": [%lld", 1e3 * seconds / night.n_steps,
                (long long)night.indices.size());
    for (const auto &layer : night.layers) std::printf(", %lld", (long long)layer.total_spikes);
    std::printf("], \"orders\": [");
    for (size_t k = 0; k < night.layers.size(); k++)
        std::printf("%s\"%s\"", k ? ", " : "",
                    over_time ? "over-time" : ORDER_NAMES[night.layers[k].order]);
    std::printf("]}\n");
    return 0;
}

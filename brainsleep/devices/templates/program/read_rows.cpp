{# For Brian2's own loop: reads one row per step, one row ahead, so that the step that used the last
   row is also the last step of the night. #}
namespace brainsleep {
unsigned char rows[2][row_bytes];
bool has_next = false;

bool read_row(int64_t step) { return read_rows(rows[step & 1], 1) == 1; }

inline void enter(int64_t step)
{
    if (step != steps_made) return;
    row = rows[step & 1];
    steps_made = step + 1;
    has_next = read_row(step + 1);
    if (!has_next) Network::_globally_stopped = true;
}

inline bool input_spike(int neuron, int64_t step)
{
    enter(step);
    return (row[neuron >> 3] >> (neuron & 7)) & 1;
}

inline double step_signal(int place, int64_t step)
{
    enter(step);
    return row_signal(row, place);
}
}

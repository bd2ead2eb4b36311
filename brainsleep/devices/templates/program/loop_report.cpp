{# What the program tells about its loop: in a file, the number of steps made, the wall-clock seconds of
   the loop alone, and the most memory held. #}
#include <time.h>
namespace brainsleep {
RUNS_ONCE double seconds()
{
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + 1e-9*now.tv_nsec;
}

RUNS_ONCE void report_loop(double begun)
{
    const double loop = seconds() - begun;
    const Path path("%sloop.txt", results_folder());
    errno = 0;
    FILE* const file = fopen(path, "w");
    if (!file) fail_to_write(path);
    fprintf(file, "%lld %.9g %ld", (long long)steps_made, loop, peak_memory());
    if (fclose(file) != 0) fail_to_write(path);
}
}

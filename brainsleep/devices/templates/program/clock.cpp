{# Brian2's clock and its loop over time steps, for a network with a single clock. #}
struct Clock
{
    double *dt, *t;
    int64_t* timestep;
    void tick() { t[0] = ++timestep[0] * dt[0]; }
};

struct Network
{
    typedef void Function();
    static bool _globally_stopped;
    double t;

    void clear() { n = 0; }
    RUNS_ONCE void add(Clock* its, Function* function)
    {
        if (n == most) brainsleep::fail("more than %zu functions per step", most);
        clock = its;
        functions[n++] = function;
    }
    // Goes on until a function says that this was the last step.
    void run(double, void*, double)
    {
        while (!_globally_stopped)
        {
            t = clock->t[0];
            for (size_t k = 0; k < n; k++) functions[k]();
            clock->tick();
        }
    }

private:
    static const size_t most = {{ [main_lines.count('.add(')|int, 1]|max }};
    Clock* clock;
    Function* functions[most];
    size_t n;
};
bool Network::_globally_stopped = false;

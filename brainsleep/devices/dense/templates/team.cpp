{# Threads that share out the tiles of a layer. Each begins with a part of its own, neighbours side by
   side, so that two threads seldom write to the same cache line; one that is done takes tiles from
   the parts of others. Which thread takes a tile makes no difference to what is computed. What is
   called a few times per layer is not optimised, and atomic operations need no header: optimising
   and reading them would take longer than they ever do. #}
#include <fenv.h>
#include <pthread.h>
namespace brainsleep {

// What a new thread calls before its first tile; see night_loop.cpp.
void join_in();

class Team
{
    typedef void Call(void* what, size_t number);
    struct alignas(64) Part { size_t next, end; };  // in a cache line of its own
    static const unsigned most_threads = 256;

    Part parts[most_threads];
    pthread_t threads[most_threads];
    unsigned n_threads, n_numbered;
    pthread_mutex_t mutex;
    pthread_cond_t begun, done;
    unsigned round;      // goes up when there is work
    unsigned n_working;  // threads besides the first that are not done with it
    bool is_over;
    fenv_t arithmetic;   // of the first thread: how denormal numbers are treated, among others
    Call* call;
    void* what;

    static unsigned now(unsigned& value) { return __atomic_load_n(&value, __ATOMIC_ACQUIRE); }

    // Waits a little before it goes to sleep, as waking up takes longer.
    template<typename Reached> RUNS_ONCE void wait(pthread_cond_t& news, Reached reached)
    {
        for (int k = 0; k < 1000 && !reached(); k++)
        {
#if defined(__x86_64__) || defined(__i386__)
            __builtin_ia32_pause();
#endif
        }
        pthread_mutex_lock(&mutex);
        while (!reached()) pthread_cond_wait(&news, &mutex);
        pthread_mutex_unlock(&mutex);
    }

    RUNS_ONCE void work(unsigned me)
    {
        for (unsigned k = 0; k < n_threads; k++)
        {
            Part& part = parts[(me + k) % n_threads];
            while (true)
            {
                const size_t number = __atomic_fetch_add(&part.next, 1, __ATOMIC_RELAXED);
                if (number >= part.end) break;
                call(what, number);
            }
        }
    }

    static void* live(void* team) { ((Team*)team)->live(); return 0; }
    RUNS_ONCE void live()
    {
        fesetenv(&arithmetic);
        join_in();
        const unsigned me = __atomic_add_fetch(&n_numbered, 1, __ATOMIC_RELAXED);
        for (unsigned last = 0;; last++)
        {
            wait(begun, [&] { return now(round) != last; });
            if (is_over) return;
            work(me);
            if (__atomic_sub_fetch(&n_working, 1, __ATOMIC_ACQ_REL) > 0) continue;
            pthread_mutex_lock(&mutex);
            pthread_cond_signal(&done);
            pthread_mutex_unlock(&mutex);
        }
    }

    RUNS_ONCE void begin_round()
    {
        __atomic_store_n(&n_working, n_threads - 1, __ATOMIC_RELAXED);
        pthread_mutex_lock(&mutex);
        __atomic_add_fetch(&round, 1, __ATOMIC_RELEASE);
        pthread_cond_broadcast(&begun);
        pthread_mutex_unlock(&mutex);
    }

    RUNS_ONCE void share(size_t n, Call* one, void* its)
    {
        if (n_threads == 1 || n == 1)
        {
            for (size_t number = 0; number < n; number++) one(its, number);
            return;
        }
        call = one, what = its;
        for (unsigned k = 0; k < n_threads; k++)
            parts[k].next = k*n/n_threads, parts[k].end = (k + 1)*n/n_threads;
        begin_round();
        work(0);
        wait(done, [&] { return now(n_working) == 0; });
    }

public:
    // Begins with fewer threads where the system allows no more.
    RUNS_ONCE explicit Team(size_t n) : n_threads(1), n_numbered(0), round(0), n_working(0), is_over(false)
    {
        pthread_mutex_init(&mutex, 0);
        pthread_cond_init(&begun, 0);
        pthread_cond_init(&done, 0);
        fegetenv(&arithmetic);
        n = smaller<size_t>(n, most_threads);
        while (n_threads < n && pthread_create(&threads[n_threads], 0, live, this) == 0) n_threads++;
    }
    RUNS_ONCE ~Team()
    {
        is_over = true;
        begin_round();
        for (unsigned k = 1; k < n_threads; k++) pthread_join(threads[k], 0);
    }

    // Calls a function with each number below n, on all threads, and returns when all is done.
    template<typename Function> void share(size_t n, Function& function)
    { share(n, [](void* one, size_t number) { (*(Function*)one)(number); }, (void*)&function); }
};
}

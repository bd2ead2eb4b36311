{# Threads that share out the tiles of a layer. Each begins with a part of its own, neighbours side by
   side, so that two threads seldom write to the same cache line; one that is done takes tiles from
   the parts of others. Which thread takes a tile makes no difference to what is computed. #}
#include <atomic>
#include <cfenv>
#include <pthread.h>
namespace brainsleep {

// What a new thread calls before its first tile; see night_loop.cpp.
void join_in();

class Team
{
    struct alignas(64) Part
    {
        std::atomic<size_t> next;
        size_t end;
    };
    static const unsigned most_threads = 256;

    Part parts[most_threads];
    pthread_t threads[most_threads];
    unsigned n_threads, n_numbered;
    pthread_mutex_t mutex;
    pthread_cond_t begun, done;
    std::atomic<uint64_t> round;      // goes up when there is work
    std::atomic<unsigned> n_working;  // threads besides the first that are not done with it
    bool is_over;
    fenv_t arithmetic;  // of the first thread: how denormal numbers are treated, among others
    void (*call)(void*, size_t);
    void* what;

    void lock() { pthread_mutex_lock(&mutex); }
    void unlock() { pthread_mutex_unlock(&mutex); }

    static void pause()
    {
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#endif
    }

    void work(unsigned me)
    {
        for (unsigned k = 0; k < n_threads; k++)
        {
            Part& part = parts[(me + k) % n_threads];
            for (size_t number; (number = part.next.fetch_add(1)) < part.end;) call(what, number);
        }
    }

    static void* live(void* team) { ((Team*)team)->live(); return 0; }
    void live()
    {
        fesetenv(&arithmetic);
        join_in();
        lock();
        const unsigned me = ++n_numbered;
        unlock();
        for (uint64_t last = 0;; last++)
        {
            for (int k = 0; k < patience && round == last; k++) pause();
            lock();
            while (round == last) pthread_cond_wait(&begun, &mutex);
            unlock();
            if (is_over) return;
            work(me);
            if (--n_working > 0) continue;
            lock();
            pthread_cond_signal(&done);
            unlock();
        }
    }

    void begin_round()
    {
        n_working = n_threads - 1;
        lock();
        round++;
        pthread_cond_broadcast(&begun);
        unlock();
    }

public:
    // Times that a thread looks whether there is work, or all is done, before it goes to sleep.
    int patience;

    // Begins with fewer threads where the system allows no more.
    explicit Team(size_t n) : n_threads(1), n_numbered(0), round(0), n_working(0), is_over(false), patience(1000)
    {
        pthread_mutex_init(&mutex, 0);
        pthread_cond_init(&begun, 0);
        pthread_cond_init(&done, 0);
        fegetenv(&arithmetic);
        n = std::min<size_t>(n, most_threads);
        while (n_threads < n && pthread_create(&threads[n_threads], 0, live, this) == 0) n_threads++;
    }
    ~Team()
    {
        is_over = true;
        begin_round();
        for (unsigned k = 1; k < n_threads; k++) pthread_join(threads[k], 0);
    }

    // Calls a function with each number below n, on all threads, and returns when all is done.
    template<typename Function> void share(size_t n, Function& function)
    {
        if (n_threads == 1 || n == 1)
        {
            for (size_t number = 0; number < n; number++) function(number);
            return;
        }
        call = [](void* one, size_t number) { (*(Function*)one)(number); };
        what = (void*)&function;
        for (unsigned k = 0; k < n_threads; k++)
        {
            parts[k].next = k*n/n_threads;
            parts[k].end = (k + 1)*n/n_threads;
        }
        begin_round();
        work(0);
        for (int k = 0; k < patience && n_working > 0; k++) pause();
        lock();
        while (n_working > 0) pthread_cond_wait(&done, &mutex);
        unlock();
    }
};
}

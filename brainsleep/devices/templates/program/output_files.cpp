{# Files that the program writes. Every write and close is checked; see fail_to_write. #}
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
namespace brainsleep {
// Where streams and snapshots go: a folder of their own, or the one of all results.
RUNS_ONCE Path output_path(const char* name)
{
    const char* const folder = getenv("BRAINSLEEP_FOLDER");
    return folder ? Path("%s/%s", folder, name) : Path("%s%s", results_folder(), name);
}

// Makes a new file, in place of whatever has its name: links that others made are not followed.
RUNS_ONCE int new_file(const char* path)
{
    if (unlink(path) != 0 && errno != ENOENT) fail_to_write(path);
    const int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0) fail_to_write(path);
    return file;
}

RUNS_ONCE int file_to_go_on(const char* path)
{
    const int file = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    struct stat found;
    if (file < 0 || fstat(file, &found) != 0) fail_to_write(path);
    if (!S_ISREG(found.st_mode) || found.st_nlink != 1) { errno = EINVAL; fail_to_write(path); }
    return file;
}

RUNS_ONCE void write_all(int file, const char* path, const void* data, size_t bytes)
{
    for (const char* from = (const char*)data; bytes > 0;)
    {
        const ssize_t n = write(file, from, bytes);
        if (n < 0 && errno != EINTR) fail_to_write(path);
        if (n > 0) from += n, bytes -= n;
    }
}

RUNS_ONCE void close_file(int file, const char* path) { if (close(file) != 0) fail_to_write(path); }
}

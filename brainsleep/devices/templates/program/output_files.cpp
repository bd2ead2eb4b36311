{# Files that the program writes. Every write, flush and close is checked: a file that cannot be
   written ends the program with a status of its own, EX_IOERR, and a message that names the file and
   the error. #}
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <iostream>
#include <string>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>
namespace brainsleep {
void fail(const std::string& what, const std::string& path)
{
    std::cerr << what << " " << path << std::endl;
    exit(1);
}

void fail_to_write(const std::string& path)
{
    std::cerr << "cannot write " << path << " (" << (errno ? errno : EIO) << ")" << std::endl;
    exit(EX_IOERR);
}

// Where streams and snapshots go: a folder of their own, or the one of all results.
std::string output_path(const std::string& name)
{
    static const char* const folder = getenv("BRAINSLEEP_FOLDER");
    return (folder ? folder + std::string("/") : brian::results_dir) + name;
}

// Makes a new file, in place of whatever has its name: links that others made are not followed.
int new_file(const std::string& path)
{
    if (unlink(path.c_str()) != 0 && errno != ENOENT) fail_to_write(path);
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0) fail_to_write(path);
    return file;
}

int file_to_go_on(const std::string& path)
{
    const int file = open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    struct stat found;
    if (file < 0 || fstat(file, &found) != 0) fail_to_write(path);
    if (!S_ISREG(found.st_mode) || found.st_nlink != 1) { errno = EINVAL; fail_to_write(path); }
    return file;
}

void write_all(int file, const std::string& path, const void* data, size_t bytes)
{
    for (const char* from = (const char*)data; bytes > 0;)
    {
        const ssize_t n = write(file, from, bytes);
        if (n < 0 && errno != EINTR) fail_to_write(path);
        if (n > 0) from += n, bytes -= n;
    }
}

void close_file(int file, const std::string& path) { if (close(file) != 0) fail_to_write(path); }

// Brian2's results are files of this kind.
class ResultFile : public std::ofstream
{
    std::string path;
    void check(bool good) { if (!good) fail_to_write(path); }
public:
    void open(const std::string& a_path, std::ios::openmode mode)
    {
        path = a_path;
        errno = 0;
        std::ofstream::open(path, mode);
        check(is_open());
    }
    void close() { std::ofstream::close(); check(good()); }
};
}

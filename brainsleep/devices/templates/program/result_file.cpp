{# What Brian2's own code writes results through: its files, with checks. #}
#include <fstream>
#include <string>
namespace brainsleep {
class ResultFile : public std::ofstream
{
    std::string path;
    void check(bool good) { if (!good) fail_to_write(path.c_str()); }
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

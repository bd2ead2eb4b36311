{# The most memory that the program held, in bytes; 0 where the system does not tell. #}
namespace brainsleep {
long peak_memory()
{
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;)
        if (word == "VmHWM:") { long kib = 0; status >> kib; return 1024*kib; }
    return 0;
}
}

{# The arrays of a slim program: how they are made, get values from the command line, and are written. #}
namespace brainsleep {
// What stands for Brian2's dynamic arrays; they get their sizes before anything else is done.
struct AnyValues { void* data; size_t n; };
template<typename T> struct Values : AnyValues
{
    bool empty() const { return n == 0; }
    size_t size() const { return n; }
    T& operator[](size_t k) const { return ((T*)data)[k]; }

    RUNS_ONCE void resize(size_t size)
    {
        T* const made = zeros<T>(size);
        if (n > 0) memcpy(made, data, smaller(n, size)*sizeof(T));
        free(data);
        data = made, n = size;
    }
};

enum Kind { bytes, int32s, int64s, floats, doubles };
struct Array
{
    const char* name;   // on the command line; none if it is not set there
    const char* file;   // of its last values; none if they are not kept
    Kind kind;
    int64_t n, first;   // number of values, and what they count from; -1: they are zeros
    AnyValues* values;  // of a dynamic array
    void* data;         // of any other

    RUNS_ONCE size_t size() const { return values ? values->n : n; }
    RUNS_ONCE char* begin() const { return (char*)(values ? values->data : data); }
    RUNS_ONCE size_t value_bytes() const
    { return kind == bytes ? 1 : kind == int32s || kind == floats ? 4 : 8; }
};
extern Array arrays[];
extern const size_t n_arrays;

RUNS_ONCE void make_arrays()
{
    for (size_t k = 0; k < n_arrays; k++)
    {
        Array& array = arrays[k];
        if (array.values) continue;
        array.data = zeros<char>(array.n*array.value_bytes());
        if (array.first < 0) continue;
        for (int64_t i = 0; i < array.n; i++)
            if (array.kind == int32s) ((int32_t*)array.data)[i] = array.first + i;
            else ((int64_t*)array.data)[i] = array.first + i;
    }
}

RUNS_ONCE void fill(const Array& array, const char* text)
{
    const size_t n = array.size();
    char* const data = array.begin();
    for (size_t i = 0; i < n; i++)
        switch (array.kind)
        {
            case bytes: data[i] = atoi(text); break;
            case int32s: ((int32_t*)data)[i] = atoi(text); break;
            case int64s: ((int64_t*)data)[i] = atol(text); break;
            case floats: ((float*)data)[i] = (float)atof(text); break;
            case doubles: ((double*)data)[i] = atof(text); break;
        }
}

RUNS_ONCE void read(const Array& array, const char* path)
{
    const size_t wanted = array.size()*array.value_bytes();
    FILE* const file = fopen(path, "rb");
    if (!file) fail("cannot read %s", path);
    setvbuf(file, 0, _IONBF, 0);  // one large piece
    if (fread(array.begin(), 1, wanted, file) != wanted || fgetc(file) != EOF)
        fail("%s does not hold the %zu bytes of %s", path, wanted, array.name);
    fclose(file);
}

// Takes a value, or the name of a file of values: as Brian2's own programs do.
RUNS_ONCE void set_array(const char* name, size_t length, const char* text)
{
    for (size_t k = 0; k < n_arrays; k++)
    {
        const Array& array = arrays[k];
        if (!array.name || strlen(array.name) != length || strncmp(array.name, name, length) != 0)
            continue;
        if (*text == '-' || (*text >= '0' && *text <= '9')) fill(array, text); else read(array, text);
        return;
    }
    fail("there is no variable %s", name);
}

struct Arguments
{
    int n;
    char** texts;

    RUNS_ONCE Arguments(int argc, char** argv) : n(argc - 1), texts(argv + 1)
    {
        if (n < 2 || strcmp(texts[0], "--results_dir") != 0) return;
        results = texts[1];
        n -= 2, texts += 2;
    }
};

RUNS_ONCE void set_arrays(const Arguments& args)
{
    for (int k = 0; k < args.n; k++)
    {
        const char* const equals = strchr(args.texts[k], '=');
        if (!equals) fail("%s is no argument", args.texts[k]);
        set_array(args.texts[k], equals - args.texts[k], equals + 1);
    }
}

RUNS_ONCE void write_arrays()
{
    for (size_t k = 0; k < n_arrays; k++)
    {
        const Array& array = arrays[k];
        if (!array.file) continue;
        const Path path("%s%s", results, array.file);
        const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (file < 0) fail_to_write(path);
        write_all(file, path, array.begin(), array.size()*array.value_bytes());
        close_file(file, path);
    }
}
}
inline void set_from_command_line(const brainsleep::Arguments& args) { brainsleep::set_arrays(args); }

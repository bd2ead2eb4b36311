{# Write to a file the number of steps made, the wall-clock seconds of the loop alone, and the most
   memory held; if it cannot be written, end with status 74, which is EX_IOERR. #}
const std::chrono::duration<double> _loop_time = std::chrono::steady_clock::now() - _loop_start;
std::ofstream _report(results_dir + "loop.txt");
_report << brainsleep::steps_made << " " << _loop_time.count() << " " << brainsleep::peak_memory();
_report.close();
if (!_report) { std::cerr << "cannot write " << results_dir << "loop.txt (" << errno << ")" << std::endl; exit(74); }

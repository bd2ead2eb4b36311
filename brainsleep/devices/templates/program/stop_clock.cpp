{# Write to a file the number of steps made, the wall-clock seconds of the loop alone, and the most
   memory held. #}
const std::chrono::duration<double> _loop_time = std::chrono::steady_clock::now() - _loop_start;
std::ofstream(results_dir + "loop.txt")
    << brainsleep::steps_made << " " << _loop_time.count() << " " << brainsleep::peak_memory();

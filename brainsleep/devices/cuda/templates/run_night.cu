{# What main() does instead of running Brian2's loop: our own loop, and the time it takes. #}

const auto _loop_start = std::chrono::steady_clock::now();
brainsleep::run_night();


{% include "cuda/templates/stop_clock.cu" %}

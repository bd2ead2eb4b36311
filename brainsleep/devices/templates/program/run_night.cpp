{# What main() does instead of running Brian2's loop right away: resume, start the clock, run, stop
   the clock. Brian2's loop begins with the first step, and is left out if there is no input. #}

if (const char* _snapshot = getenv("BRAINSLEEP_RESUME")) brainsleep::load_snapshot(_snapshot);
brainsleep::steps_made = brainsleep::first_step;
brainsleep::remember_rest();
const double _loop_start = brainsleep::seconds();

{% if in_blocks %}
brainsleep::run_night();
{% else %}

night_clock.timestep[0] = brainsleep::first_step;
night.t = night_clock.t[0] = brainsleep::first_step * night_clock.dt[0];
brainsleep::has_next = brainsleep::read_row(brainsleep::first_step);
if (brainsleep::has_next) {

{{run}}
}
{% endif %}

brainsleep::close_streams();
brainsleep::report_loop(_loop_start);

"""What completion shows of modules that users type: what they offer, and no names of their own."""

import brainsleep as bs


def test_errors_are_shown_as_exceptions_alone():
    assert {"BrainsleepError", "ParameterError", "DataError"} <= set(dir(bs.errors))
    for name in dir(bs.errors):
        assert issubclass(getattr(bs.errors, name), bs.errors.BrainsleepError)


def test_lateral_shows_what_it_offers():
    shown = {"InhibitoryPopulation", "KWinners", "MeanInhibition", "Recurrent", "WinnerTakeAll"}
    assert shown <= set(dir(bs.lateral))
    for name in dir(bs.lateral):
        assert getattr(bs.lateral, name).__module__ == "brainsleep.night.lateral"

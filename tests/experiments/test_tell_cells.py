"""A sweep of many cells says how far its validation is, but not before it is long."""

from experiments import launch


def test_cells_are_told_every_few_seconds(monkeypatch, capsys):
    now = iter([0.0, 1.0, 6.0, 6.0, 7.0, 12.5, 12.5])
    monkeypatch.setattr(launch.time, "monotonic", lambda: next(now))
    tell = launch._tell_cells()
    for checked in range(4):
        tell(checked, 9)
    assert capsys.readouterr().err == (
        "1 of 9 cells validated\n3 of 9 cells validated\n"
    )

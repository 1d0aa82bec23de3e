"""Series through time, each one CSV file in one record: read it by `lib.data.table`.

etth1      oil temperature and six loads of a power transformer, hourly, 2 years
sunspots   monthly mean sunspot numbers of Zurich, 1749 to 1983
airline    monthly international airline passengers in thousands, 1949 to 1960
"""

from collections.abc import Mapping

from lib.data.source import Records, Source

_ETT = (
    "https://raw.githubusercontent.com/zhouhaoyi/ETDataset/"
    "1d16c8f4f943005d613b5bc962e9eeb06058cf07/ETT-small/"
)
_BROWNLEE = (
    "https://raw.githubusercontent.com/jbrownlee/Datasets/"
    "d20fcb6402ae34e653d4513b00f39257bb37ed7f/"
)


def _read(files: Mapping[str, bytes]) -> Records:
    [content] = files.values()
    return {"all": [{"text": content.decode()}]}


ETTH1 = Source(
    name="etth1",
    version="1.0.0",
    title="ETTh1: an electricity transformer's temperature and loads, hourly",
    records="17,420 hours of 7 series",
    licence="CC BY-ND 4.0",
    homepage="https://github.com/zhouhaoyi/ETDataset",
    citation="Zhou et al. (2021), Informer: beyond efficient transformer for long "
    "sequence time-series forecasting, AAAI, arXiv:2012.07436",
    size=2_589_657,
    downloads=((_ETT + "ETTh1.csv",),),
    folder="timeseries",
    stems=("ETTh1.csv",),
    members=r"(?:^|/)(ETTh1\.csv)$",
    features={"text": "text"},
    read=_read,
    digest="f18de3ad269cef59bb07b5438d79bb3042d3be49bdeecf01c1cd6d29695ee066",
)

SUNSPOTS = Source(
    name="sunspots",
    version="1.0.0",
    title="Monthly mean sunspot numbers of Zurich, 1749 to 1983",
    records="2,820 months",
    licence="none stated; published facts (SIDC)",
    homepage="https://www.sidc.be/SILSO/home",
    citation="Andrews & Herzberg (1985), Data, Springer",
    size=45_039,
    downloads=((_BROWNLEE + "monthly-sunspots.csv",),),
    folder="timeseries",
    stems=("monthly-sunspots.csv",),
    members=r"(?:^|/)(monthly-sunspots\.csv)$",
    features={"text": "text"},
    read=_read,
    digest="c4ec8cc57d9f6fb6ecdb3e1f37f25b6f4badd5124c55931052b0cd2fc3bc71f3",
)

AIRLINE = Source(
    name="airline",
    version="1.0.0",
    title="International airline passengers in thousands, monthly, 1949 to 1960",
    records="144 months",
    licence="none stated; published facts (Box & Jenkins)",
    homepage="https://github.com/jbrownlee/Datasets",
    citation="Box & Jenkins (1976), Time series analysis: forecasting and control",
    size=2_180,
    downloads=((_BROWNLEE + "airline-passengers.csv",),),
    folder="timeseries",
    stems=("airline-passengers.csv",),
    members=r"(?:^|/)(airline-passengers\.csv)$",
    features={"text": "text"},
    read=_read,
    digest="8cb51be753a718d9be5d76d7e238cc224792754676adc21faa59e954b0201621",
)

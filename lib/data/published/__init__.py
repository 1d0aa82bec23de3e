"""Every published data set by its name. A new one is one file and one line here."""

from lib.data.published.babi import BABI
from lib.data.published.easy_vqa import EASY_VQA
from lib.data.published.jsb_chorales import JSB_CHORALES
from lib.data.published.ling_spam import LING_SPAM
from lib.data.published.mnist import MNIST
from lib.data.published.newsgroups import NEWSGROUPS
from lib.data.published.ptb import PTB
from lib.data.published.series import AIRLINE, ETTH1, SUNSPOTS
from lib.data.published.sms_spam import SMS_SPAM
from lib.data.published.tiny_shakespeare import TINY_SHAKESPEARE
from lib.data.source import Source

DATASETS: dict[str, Source] = {
    source.name: source
    for source in (
        TINY_SHAKESPEARE,
        PTB,
        NEWSGROUPS,
        SMS_SPAM,
        LING_SPAM,
        BABI,
        ETTH1,
        SUNSPOTS,
        AIRLINE,
        JSB_CHORALES,
        MNIST,
        EASY_VQA,
    )
}

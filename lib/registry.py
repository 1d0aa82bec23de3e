"""Every model and task by its short name. A new one is one file and one line here."""

from collections.abc import Callable

from lib.data.babi import make_babi
from lib.data.jsb_chorales import make_jsb_chorales
from lib.data.labelled_text import make_labelled_text
from lib.data.newsgroups import make_newsgroups
from lib.data.ptb import make_ptb_characters, make_ptb_words
from lib.data.python_docs import make_python_docs
from lib.data.series import make_series
from lib.data.spam import make_ling_spam, make_sms_spam
from lib.data.text_file import make_text_file
from lib.data.tiny_shakespeare import make_tiny_shakespeare
from lib.models.bag import make_bag
from lib.models.gru import make_gru
from lib.models.lru import make_lru
from lib.models.lstm import make_lstm
from lib.models.rnn import make_rnn
from lib.models.tcn import make_tcn
from lib.models.text_cnn import make_text_cnn
from lib.models.window_mlp import make_window_mlp
from lib.tasks.adding import make_adding
from lib.tasks.copy_memory import make_copy_memory
from lib.tasks.recall import make_recall
from lib.tasks.sine import make_sine
from lib.tasks.stories import make_stories
from lib.types import Model, Task

MODELS: dict[str, Callable[..., Model]] = {
    "rnn": make_rnn,
    "gru": make_gru,
    "lstm": make_lstm,
    "lru": make_lru,
    "tcn": make_tcn,
    "window_mlp": make_window_mlp,
    "bag": make_bag,
    "text_cnn": make_text_cnn,
}

TASKS: dict[str, Callable[..., Task]] = {
    "recall": make_recall,
    "copy_memory": make_copy_memory,
    "adding": make_adding,
    "stories": make_stories,
    "babi": make_babi,
    "python_docs": make_python_docs,
    "tiny_shakespeare": make_tiny_shakespeare,
    "sine": make_sine,
    "series": make_series,
    "jsb_chorales": make_jsb_chorales,
    "ptb_words": make_ptb_words,
    "ptb_characters": make_ptb_characters,
    "text_file": make_text_file,
    "newsgroups": make_newsgroups,
    "sms_spam": make_sms_spam,
    "ling_spam": make_ling_spam,
    "labelled_text": make_labelled_text,
}

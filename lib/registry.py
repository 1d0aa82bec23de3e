"""Every model and task by its short name. A new one is one file and one line here.

There are four kinds of each: of sequences; of pictures, answered at once; of pictures,
answered at every place of a map; and of a picture with words that are read one after
another.
"""

from collections.abc import Callable

from lib.data.babi import make_babi
from lib.data.coco_captions import make_coco_captions
from lib.data.digits import make_digits, make_seq_digits
from lib.data.easy_vqa import make_easy_vqa
from lib.data.jsb_chorales import make_jsb_chorales
from lib.data.labelled_text import make_labelled_text
from lib.data.mnist import make_mnist, make_seq_mnist
from lib.data.newsgroups import make_newsgroups
from lib.data.ptb import make_ptb_characters, make_ptb_words
from lib.data.python_docs import make_python_docs
from lib.data.series import make_series
from lib.data.spam import make_ling_spam, make_sms_spam
from lib.data.text_file import make_text_file
from lib.data.tiny_shakespeare import make_tiny_shakespeare
from lib.data.vqa import make_vqa
from lib.models.bag import make_bag
from lib.models.cnn import make_cnn
from lib.models.cnn_mlp import make_cnn_mlp
from lib.models.cornn import make_cornn
from lib.models.delta_net import make_delta_net
from lib.models.gated_delta_net import make_gated_delta_net
from lib.models.gated_linear_attention import make_gated_linear_attention
from lib.models.gru import make_gru
from lib.models.indrnn import make_indrnn
from lib.models.irnn import make_irnn
from lib.models.linear_attention import make_linear_attention
from lib.models.locator import make_locator
from lib.models.lru import make_lru
from lib.models.lstm import make_lstm
from lib.models.mamba import make_mamba
from lib.models.min_gru import make_min_gru
from lib.models.min_lstm import make_min_lstm
from lib.models.mlp import make_mlp
from lib.models.mlstm import make_mlstm
from lib.models.orthogonal_rnn import make_orthogonal_rnn
from lib.models.picture_reader import make_picture_reader
from lib.models.relation_chain import make_relation_chain
from lib.models.relation_network import make_relation_network
from lib.models.resnet import make_resnet
from lib.models.rg_lru import make_rg_lru
from lib.models.rnn import make_rnn
from lib.models.rwkv7 import make_rwkv7
from lib.models.s4d import make_s4d
from lib.models.s5 import make_s5
from lib.models.slstm import make_slstm
from lib.models.stack_rnn import make_stack_rnn
from lib.models.tcn import make_tcn
from lib.models.text_cnn import make_text_cnn
from lib.models.transformer import make_transformer
from lib.models.window_mlp import make_window_mlp
from lib.tasks.adding import make_adding
from lib.tasks.adding_any import make_adding_any
from lib.tasks.adding_pascanu import make_adding_pascanu
from lib.tasks.associative_recall import make_associative_recall
from lib.tasks.binary_addition import make_binary_addition
from lib.tasks.bucket_sort import make_bucket_sort
from lib.tasks.compositional_mqar import make_compositional_mqar
from lib.tasks.copy_bits import make_copy_bits
from lib.tasks.copy_memory import make_copy_memory
from lib.tasks.copy_tcn import make_copy_tcn
from lib.tasks.crowd import make_crowd
from lib.tasks.cumulative_parity import make_cumulative_parity
from lib.tasks.cycle_navigation import make_cycle_navigation
from lib.tasks.delay import make_delay
from lib.tasks.duplicate import make_duplicate
from lib.tasks.dyck import make_dyck
from lib.tasks.even_pairs import make_even_pairs
from lib.tasks.flip_flop import make_flip_flop
from lib.tasks.forgetting_mqar import make_forgetting_mqar
from lib.tasks.group_word import make_group_word
from lib.tasks.induction import make_induction
from lib.tasks.lag_copy import make_lag_copy
from lib.tasks.listops import make_listops
from lib.tasks.missing_duplicate import make_missing_duplicate
from lib.tasks.modular_arithmetic import make_modular_arithmetic
from lib.tasks.modular_brackets import make_modular_brackets
from lib.tasks.mqar import make_mqar
from lib.tasks.multiplication import make_multiplication
from lib.tasks.noisy_recall import make_noisy_recall
from lib.tasks.odds_first import make_odds_first
from lib.tasks.parity import make_parity
from lib.tasks.recall import make_recall
from lib.tasks.reconstruct import make_reconstruct
from lib.tasks.reverse import make_reverse
from lib.tasks.scene_questions import make_scene_questions
from lib.tasks.scenes import make_scenes
from lib.tasks.selective_copy import make_selective_copy
from lib.tasks.sine import make_sine
from lib.tasks.stack_manipulation import make_stack_manipulation
from lib.tasks.stories import make_stories
from lib.tasks.temporal_order import make_temporal_order
from lib.types import Interface, Model, Task

RECURRENT_MODELS: dict[str, Callable[..., Model]] = {
    "rnn": make_rnn,
    "gru": make_gru,
    "lstm": make_lstm,
    "irnn": make_irnn,
    "orthogonal_rnn": make_orthogonal_rnn,
    "indrnn": make_indrnn,
    "cornn": make_cornn,
    "slstm": make_slstm,
    "stack_rnn": make_stack_rnn,
}

LINEAR_MODELS: dict[str, Callable[..., Model]] = {
    "lru": make_lru,
    "min_gru": make_min_gru,
    "min_lstm": make_min_lstm,
    "mamba": make_mamba,
    "s4d": make_s4d,
    "s5": make_s5,
    "rg_lru": make_rg_lru,
}

MATRIX_MODELS: dict[str, Callable[..., Model]] = {
    "linear_attention": make_linear_attention,
    "gated_linear_attention": make_gated_linear_attention,
    "delta_net": make_delta_net,
    "gated_delta_net": make_gated_delta_net,
    "mlstm": make_mlstm,
    "rwkv7": make_rwkv7,
}

WINDOW_MODELS: dict[str, Callable[..., Model]] = {
    "tcn": make_tcn,
    "window_mlp": make_window_mlp,
    "transformer": make_transformer,
}

TEXT_MODELS: dict[str, Callable[..., Model]] = {
    "bag": make_bag,
    "text_cnn": make_text_cnn,
}

# By what a step does to what is carried.
FAMILIES: dict[str, dict[str, Callable[..., Model]]] = {
    "recurrent": RECURRENT_MODELS,  # a nonlinear recurrence, one step after another
    "linear": LINEAR_MODELS,  # linear in a state that is a vector
    "matrix": MATRIX_MODELS,  # linear in a state that is a matrix
    "window": WINDOW_MODELS,  # no recurrence: the last inputs, or what each became
    "text": TEXT_MODELS,  # what words a text has, and how they stand together
}
# Families whose members compute all steps of a sequence at once, where that is faster.
PARALLEL = ("linear", "matrix", "window", "text")

SEQUENCE_MODELS: dict[str, Callable[..., Model]] = {
    name: make for models in FAMILIES.values() for name, make in models.items()
}

PICTURE_MODELS: dict[str, Callable[..., Model]] = {
    "mlp": make_mlp,
    "cnn": make_cnn,
    "resnet": make_resnet,
}

MAP_MODELS: dict[str, Callable[..., Model]] = {"locator": make_locator}

READING_MODELS: dict[str, Callable[..., Model]] = {
    "picture_reader": make_picture_reader,
    "relation_network": make_relation_network,
    "relation_chain": make_relation_chain,
    "cnn_mlp": make_cnn_mlp,
}

MODELS = {**SEQUENCE_MODELS, **PICTURE_MODELS, **MAP_MODELS, **READING_MODELS}

MEMORY_TASKS: dict[str, Callable[..., Task]] = {
    "recall": make_recall,
    "copy_memory": make_copy_memory,
    "adding": make_adding,
    "adding_any": make_adding_any,
    "selective_copy": make_selective_copy,
    "adding_pascanu": make_adding_pascanu,
    "multiplication": make_multiplication,
    "temporal_order": make_temporal_order,
    "copy_tcn": make_copy_tcn,
    "copy_bits": make_copy_bits,
    "lag_copy": make_lag_copy,
    "noisy_recall": make_noisy_recall,
    "delay": make_delay,
    "reconstruct": make_reconstruct,
}

BINDING_TASKS: dict[str, Callable[..., Task]] = {
    "mqar": make_mqar,
    "forgetting_mqar": make_forgetting_mqar,
    "compositional_mqar": make_compositional_mqar,
    "associative_recall": make_associative_recall,
    "induction": make_induction,
}

STATE_TASKS: dict[str, Callable[..., Task]] = {
    "parity": make_parity,
    "cumulative_parity": make_cumulative_parity,
    "even_pairs": make_even_pairs,
    "cycle_navigation": make_cycle_navigation,
    "modular_arithmetic": make_modular_arithmetic,
    "group_word": make_group_word,
    "flip_flop": make_flip_flop,
}

HIERARCHY_TASKS: dict[str, Callable[..., Task]] = {
    "dyck": make_dyck,
    "modular_brackets": make_modular_brackets,
    "listops": make_listops,
    "stack_manipulation": make_stack_manipulation,
    "reverse": make_reverse,
    "duplicate": make_duplicate,
    "missing_duplicate": make_missing_duplicate,
    "odds_first": make_odds_first,
    "bucket_sort": make_bucket_sort,
    "binary_addition": make_binary_addition,
}

# Generated, with known floors and optima: what a measure of memory is made of.
ABILITIES: dict[str, dict[str, Callable[..., Task]]] = {
    "memory": MEMORY_TASKS,  # over what distance, and how much
    "binding": BINDING_TASKS,  # what belongs to what
    "state tracking": STATE_TASKS,  # a state that every input changes
    "hierarchy": HIERARCHY_TASKS,  # an order that is nested, or undone
}

SEQUENCE_TASKS: dict[str, Callable[..., Task]] = {
    **{name: make for tasks in ABILITIES.values() for name, make in tasks.items()},
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
    "seq_digits": make_seq_digits,
    "seq_mnist": make_seq_mnist,
}

PICTURE_TASKS: dict[str, Callable[..., Task]] = {
    "digits": make_digits,
    "mnist": make_mnist,
}

MAP_TASKS: dict[str, Callable[..., Task]] = {"crowd": make_crowd}

READING_TASKS: dict[str, Callable[..., Task]] = {
    "scenes": make_scenes,
    "scene_questions": make_scene_questions,
    "easy_vqa": make_easy_vqa,
    "vqa": make_vqa,
    "coco_captions": make_coco_captions,
}

TASKS = {**SEQUENCE_TASKS, **PICTURE_TASKS, **MAP_TASKS, **READING_TASKS}


def check_fit(name: str, interface: Interface, task: str = "the task") -> None:
    """Raise ValueError where a registered model cannot read what a task gives."""
    if not interface.image:
        fitting, given = SEQUENCE_MODELS, "sequences"
    elif interface.vocabulary_size:
        fitting, given = READING_MODELS, "a picture and words"
    elif interface.stride:
        fitting, given = MAP_MODELS, "pictures to be answered at every place"
    else:
        fitting, given = PICTURE_MODELS, "pictures"
    if name not in fitting:
        raise ValueError(
            f"{name}: {task} gives {given}; models that read them: "
            f"{', '.join(sorted(fitting))}"
        )

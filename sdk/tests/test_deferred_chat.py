"""A conversation that is read when it is first looked at is like any other."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace

import pytest

from outcrop.genai.messages import Chat, Message, text_part


def _chat() -> Chat:
    return Chat(messages=[Message("user", [text_part("Hello")])], parameters={"maxTokens": 5})


def test_it_is_read_once_and_only_when_it_is_asked_for() -> None:
    reads: list[int] = []

    def read() -> Chat:
        reads.append(1)
        return _chat()

    chat = Chat.deferred(read)
    assert not hasattr(chat, "__deepcopy__")
    assert not reads
    assert chat.messages[0].role == "user"
    assert (chat.system, chat.parameters) == ([], {"maxTokens": 5})
    assert len(reads) == 1


def test_it_equals_one_that_was_read_at_once() -> None:
    assert Chat.deferred(_chat) == _chat()
    assert _chat() == Chat.deferred(_chat)
    assert repr(Chat.deferred(_chat)) == repr(_chat())
    assert replace(Chat.deferred(_chat), parameters={}) == replace(_chat(), parameters={})


def test_it_can_be_copied_and_pickled() -> None:
    for chat in (copy.copy(Chat.deferred(_chat)), copy.deepcopy(Chat.deferred(_chat))):
        assert chat == _chat()
    assert pickle.loads(pickle.dumps(Chat.deferred(_chat))) == _chat()  # noqa: S301  # our own


def test_what_no_conversation_has_is_missing() -> None:
    for chat in (Chat.deferred(_chat), _chat()):
        with pytest.raises(AttributeError, match="no attribute 'mood'"):
            chat.mood  # noqa: B018  # asking is the test

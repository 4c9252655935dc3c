"""A question that leans on the conversation, made to stand alone before it is searched for."""

# The word lists below read as words.
# ruff: noqa: SIM905
import re
from collections.abc import Sequence

from assistant.answering.types import Message, Question
from assistant.answering.words import STOP_WORDS, words

# Words that name no topic by themselves, whatever the subject: "What are the benefits?"
GENERIC_WORDS = frozenset(
    "advantage advantages alternative alternatives answer application applications approach "
    "approaches aspect aspects bad benefit benefits best better cause causes challenge challenges "
    "choose common compare comparison con cons consequence consequences context cost costs "
    "definition describe describes detail details difference differences different difficult "
    "difficulty difficulties disadvantage disadvantages downside downsides drawback drawbacks easy "
    "elaborate else example examples exactly exist explain fast faster first good happen happens "
    "help helpful helps idea important impact implement implemented implementation "
    "improve improves issue issues kind kinds last limit limitation limitations limits "
    "list main mean means method methods mention mentioned name names one ones option options "
    "part parts point popular possible practice prevent problem problems pro pros purpose question "
    "reason reasons recommend related result results role second show simple simply "
    "situation solution solutions solve sort sorts stage stages step steps strategies strategy "
    "summarize summary task tasks technique techniques thing things third three two type types "
    "useful variant variants version work worked working works worse".split()
)
# Words that point back. "that", "this" and "it" are looked at more closely below.
_POINTING = frozenset(
    "they them their theirs these those such its latter former he him his she her hers".split()
)
_OPENING = re.compile(
    r"^(?:and|but|so|or|also|then|ok(?:ay)?|well|hm+|yes|no|right|thanks|sure)\b[\s,.:!-]+", re.I
)
_BARE_TURN = re.compile(
    r"^(?:and|or|but|what|how)\s+(?:about|for|with|in|on|if|when|the|to|of)\b"
    r"|^(?:why|how|when|where|who)(?:\s+(?:so|not|come|exactly))?\s*\?*$"
    r"|\b(?:tell|say|show)\s+(?:me\s+)?more\b|\bwhat\s+else\b|\bany\s+(?:others?|more|examples?)\b"
    r"|\b(?:more|further|other)\s+(?:details?|examples?|information)\b|\bgo\s+on\b|\bcontinue\b"
    r"|^(?:for\s+example|such\s+as|really|e\.?g\.?)\s*\?*$|\bwhich\s+ones?\b|\bthe\s+(?:first|"
    r"second|third|fourth|last|other|previous|next|same)\s+(?:one|two|\w+)\b|\binstead\s*\?*$",
    re.IGNORECASE,
)
_EMPTY_IT = re.compile(
    r"\b(?:is|was|be|would|does|makes?|made|how\s+long\s+does)\s+it\s+(?:\w+\s+)?"
    r"(?:possible|sensible|necessary|worth|true|better|important|safe|ok|okay|enough|sense|take|"
    r"matter|common|useful|hard|easy|difficult)\b(?=.*\b(?:to|that|if|whether|when|for)\b)"
    r"|\bit\s+(?:is|was)\s+\w+\s+(?:to|that)\b|\bmakes?\s+it\s+\w+\s+(?:to|for)\b",
    re.IGNORECASE,
)
_THAT_POINTS = re.compile(
    r"\b(?:is|was|does|do|did|can|could|will|would|should|of|about|like|with|by|for|from|to|in|on|"
    r"after|before|why|how)\s+(?:that|this)(?:\s+(?:\w+))?\s*(?:[?.!,]|$)"
    r"|\b(?:is|was|does|do|did|can|could|will|would|should)\s+(?:that|this)\b"
    r"|^(?:that|this)\s+(?:is|was|does|can|would)\b",
    re.IGNORECASE,
)
_THIS_THING = re.compile(r"\b(?:this|that|these|those|such)\s+(\w+)", re.IGNORECASE)
_CLAUSES = re.compile(
    r"[,;:.]\s+|\s+(?:and|but|or|so|because|while|although|if|when|before|after|since)\s+",
    re.IGNORECASE,
)
_FRAME = re.compile(
    r"^(?:(?:please|can|could|would|will)\s+(?:you|we|i|one)\s+(?:please\s+)?)?"
    r"(?:(?:explain|describe|discuss|tell|show|give|define|compare|list|summari[sz]e|name)\s+"
    r"(?:to\s+)?(?:me\s+|us\s+)?(?:about\s+|in\s+short\s+)?)?"
    r"(?:(?:what|which|who|whom|whose|why|when|where|how)(?:\s+(?:much|many|long|often|far|kinds?|"
    r"types?|sorts?)(?:\s+of)?)?\s+)?"
    r"(?:(?:is|are|was|were|do|does|did|can|could|should|would|will|has|have|had|might|may|must)"
    r"\s+)?(?:(?:i|you|we|one|people|there)\s+)?"
    r"(?:(?:meant|understood)\s+by\s+|(?:some|the|a|an|any)\s+)*"
    r"(?:(?:concept|idea|notion|purpose|role|meaning|definition|point|impact|use)\s+of\s+)?"
    r"(?:(?:the|a|an)\s+)?",
    re.IGNORECASE,
)
_PRONOUN_SPOT = re.compile(
    r"\b(?:they|them|these|those|it|this|that)(?=\s*(?:[?.!,;]|$)|\s+(?:work|help|differ|compare|"
    r"do|does|is|are|was|were|improve|matter|cause|make|need|use|happen|train|in|on|for|with|to|"
    r"from|against|by|at|when|if|so|also|really|better|reduce|affect|get|done|have|has|be)\b)",
    re.IGNORECASE,
)
_POSSESSIVE_SPOT = re.compile(r"\b(?:its|their)\b", re.IGNORECASE)
_LONGEST_TOPIC = 16
_SHORT_QUESTION = 3


def leans_on_history(question: str) -> bool:
    """Whether the question cannot be understood without the conversation before it."""
    text = question.strip()
    opened = _OPENING.match(text) is not None
    bare = text[_OPENING.match(text).end() :] if opened else text  # type: ignore[union-attr]
    if _BARE_TURN.search(text) or _BARE_TURN.search(bare):
        return True
    if not topic_words(bare):
        return True
    if _points_back(bare):
        return True
    return opened and len(topic_words(bare)) <= _SHORT_QUESTION


def topic_words(text: str) -> list[str]:
    """The words that name a subject: neither function words nor generic ones."""
    return [
        word
        for word in words(text)
        if word not in STOP_WORDS and word not in GENERIC_WORDS and len(word) > 1
    ]


def _points_back(text: str) -> bool:
    """Whether a pronoun stands in the text before anything that it could refer to."""
    without_empty_it = _EMPTY_IT.sub(" ", text)
    clauses = _CLAUSES.split(without_empty_it)
    for place, clause in enumerate(clauses):
        pointing = (
            _POINTING.intersection(words(clause))
            or re.search(r"\bit\b", clause, re.IGNORECASE)
            or _THAT_POINTS.search(clause)
            or any(noun.lower() in GENERIC_WORDS for noun in _THIS_THING.findall(clause))
        )
        if pointing and not any(topic_words(earlier) for earlier in clauses[:place]):
            return True
    return False


def standalone_question(question: Question) -> str:
    """The question, with what it leaves out filled in from the conversation.

    A question that stands alone comes back exactly as it was asked. Otherwise a pronoun that can
    be replaced by the topic of the conversation is, and where there is none the topic is added.
    """
    text = question.text.strip()
    topic = _topic(question.history)
    if not topic or not leans_on_history(text):
        return question.text
    return _with_topic(text, topic)


def _topic(history: Sequence[Message]) -> str:
    """What the conversation is about: the subject of the last question that names one."""
    asked = [message.text for message in history if message.role == "user"]
    for text in reversed(asked):
        if topic_words(text) and not leans_on_history(text):
            return _subject(text)
    for text in reversed(asked):
        if topic_words(text):
            return _subject(text)
    return ""


def _subject(question: str) -> str:
    """The question without its frame: "What are anchor boxes?" is about "anchor boxes"."""
    first = re.split(r"[?!;]|\.\s", question.strip())[0]
    subject = _FRAME.sub("", first.strip(), count=1).strip(" ,.:?!") or first
    parts = subject.split()
    return " ".join(parts[:_LONGEST_TOPIC])


def _with_topic(text: str, topic: str) -> str:
    opening = _OPENING.match(text)
    bare = text[opening.end() :] if opening else text
    if _POSSESSIVE_SPOT.search(bare) and len(topic.split()) <= 5:
        replaced, count = _POSSESSIVE_SPOT.subn(f"{topic}'s", bare, count=1)
    else:
        replaced, count = _PRONOUN_SPOT.subn(topic, bare, count=1)
    if not count:
        replaced = f"{bare.rstrip(' ?.!')} ({topic})?"
    return replaced[0].upper() + replaced[1:]

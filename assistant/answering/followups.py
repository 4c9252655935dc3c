"""A question that leans on the conversation, made to stand alone before it is searched for.

By rules, not by the model: they cost nothing, and a question that stands alone comes back exactly
as it was asked, which a small model cannot promise.
"""

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
# The numbers below are set on the follow-ups of eval/questions/dev.jsonl and on its answerable
# questions behind a conversation about something else, by
# `python -m eval.followups --part dev --no-model`; the patterns on those of validation.jsonl too.
# A subject of more words than this is a clause, and cannot stand where a pronoun stood.
LONGEST_SUBJECT = 5
# A question that names as much as this is no bare turn of a conversation.
ENOUGH_TOPIC = 4
# Topic words before a pronoun, in its own clause, from which on it refers to them.
ANTECEDENT = 3

_OPENING = re.compile(
    r"^(?:(?:and|but|so|or|also|then|now|ok(?:ay)?|well|hm+|ah|oh|yes|no|right|thanks|sure|fine|"
    r"great|nice|(?:sounds|looks)\s+\w+)\b[\s,.:!-]+)+",
    re.IGNORECASE,
)
_BARE_TURN = re.compile(
    r"^(?:what|how)\s+about\b|^(?:for|with|in|on|if|when|the|to|of|by)\s+(?:\w+\s*){1,3}\?*$"
    r"|^(?:why|how|when|where|who)(?:\s+(?:so|not|come|exactly))?\s*\?*$"
    r"|\b(?:tell|say|show)\s+(?:me\s+)?more\b|\bwhat\s+else\b|\bany\s+(?:others?|more|examples?)\b"
    r"|\b(?:more|further|other)\s+(?:details?|examples?|information)\b|\bgo\s+on\b|\bcontinue\b"
    r"|^(?:for\s+example|such\s+as|really|e\.?g\.?)\s*\?*$|\bwhich\s+ones?\b|\binstead\s*\?*$"
    r"|\bthe\s+(?:first|second|third|fourth|last|other|previous|next|same)(?:\s+(?:ones?|two|three|"
    r"points?|steps?|stages?|methods?|techniques?|options?))?\s*(?:[?.!,]|$)"
    r"|\bthe\s+(?:first|second|third|last|other|small|big)\s+(?:one\b|of\s+(?:these|those|them)\b)",
    re.IGNORECASE,
)
# "Is it possible to …", "What is it called when …": an "it" that refers to nothing.
_EMPTY_IT = re.compile(
    r"\b(?:is|was|be|would|does|makes?|made|how\s+long\s+does)\s+it\s+(?:\w+\s+)?"
    r"(?:possible|sensible|necessary|worth|true|better|important|safe|ok|okay|enough|sense|take|"
    r"matter|common|useful|hard|easy|difficult)\b(?=.*\b(?:to|that|if|whether|when|for)\b)"
    r"|\b(?:is|was)\s+it\s+(?:called|named)\s+(?:when|if|that)\b"
    r"|\bis\s+it\s+\w+\s+to\b|\bhow\s+long\s+did\s+it\s+take\b"
    r"|\bit\s+(?:is|was)\s+\w+\s+(?:to|that)\b|\bmakes?\s+it\s+\w+\s+(?:to|for)\b",
    re.IGNORECASE,
)
_POINTER = re.compile(
    r"\b(?P<owner>its|theirs?)\b"
    r"|\b(?:it|they|them|he|him|she)\b|\bthe\s+(?:former|latter)\b"
    r"|\bsuch\b(?!\s+(?:as|an?)\b)|"
    r"\b(?:these|those)\b(?!\s+(?:\w+\s+)?(?:who|that|which|of)\b)"
    # "that" and "this" point where they stand for a noun, not where "that" opens a clause.
    r"|\b(?:is|was|does|do|did|can|could|will|would|should|of|about|like|with|by|for|from|to|in|on|"
    r"after|before|why|how)\s+(?:that|this)\b(?=\s*(?:\w+\s*)?(?:[?.!,]|$))"
    r"|\b(?:is|was|does|did|can|could|will|would|should)\s+(?:that|this)\b"
    r"|^(?:that|this)\s+(?:is|was|does|can|would)\b",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(
    r"[,;:.?!]\s+|\s+(?:and|n|&|but|or|so|because|while|although|if|when|before|after|since|than)\s+",
    re.IGNORECASE,
)
# Questions that are all about one noun phrase: "What are anchor boxes?", "Tell me about U-Net."
_ABOUT = re.compile(
    r"^(?:please\s+|can\s+you\s+|could\s+you\s+)?"
    r"(?:what\s+(?:is|are|was|were)|what's|who\s+(?:is|are)|explain(?:\s+to\s+me)?|describe|define|"
    r"discuss|(?:tell\s+(?:me|us)\s+(?:more\s+)?|talk\s+|what\s+|how\s+)about|what\s+do(?:es)?|"
    r"how\s+do(?:es)?)\s+"
    r"(?:the\s+(?:concept|idea|notion|purpose|role|meaning|definition|point|use)\s+of\s+)?"
    r"(?:the\s+|an?\s+)?(?P<topic>[^,;:?!.]+?)"
    r"(?:\s+(?:mean|work|do|good\s+for|used\s+for|about|for))?\s*[?.!]*$",
    re.IGNORECASE,
)
# Questions that say something of a noun phrase: "Why are GPUs good for …", "What makes GPUs …".
_SAYS_OF = re.compile(
    r"^(?:why|when|how)\s+(?:is|are|do|does|did|can)\s+(?:the\s+|an?\s+)?(?P<plain>[^,;:?!.]+?)\s+"
    r"(?:so\s+|such\s+|very\s+)?(?:good|bad|useful|important|popular|better|worse|hard|used|make|help|"
    r"speed|work|matter)\b"
    r"|^what\s+makes\s+(?:the\s+|an?\s+)?(?P<made>[^,;:?!.]+?)\s+"
    r"(?:so\s+|such\s+|very\s+)?(?:good|bad|useful|important|popular|better|worse|hard|suit\w*)\b",
    re.IGNORECASE,
)
_PRONOUN = re.compile(
    r"\b(?:they|them|these|those|it|this|that)(?=\s*(?:[?.!,;]|$)|\s+(?:work|help|differ|compare|"
    r"do|does|is|are|was|were|improve|matter|cause|make|need|use|happen|train|in|on|for|with|to|"
    r"from|against|by|at|when|if|so|also|really|better|reduce|affect|get|done|have|has|be|\w+ed)\b)",
    re.IGNORECASE,
)
_OWNER = re.compile(r"\b(?:its|their)\b", re.IGNORECASE)


def leans_on_history(question: str) -> bool:
    """Whether the question cannot be understood without the conversation before it."""
    text = question.strip()
    opening = _OPENING.match(text)
    bare = text[opening.end() :] if opening else text
    named = len(topic_words(bare))
    if not named or _points_back(bare):
        return True
    if named >= ENOUGH_TOPIC:
        return False
    return bool(opening or _BARE_TURN.search(bare))


def topic_words(text: str) -> list[str]:
    """The words that name a subject: neither function words nor generic ones."""
    return [
        word
        for word in words(text)
        if word not in STOP_WORDS and word not in GENERIC_WORDS and len(word) > 1
    ]


def _points_back(text: str) -> bool:
    """Whether a pronoun stands in the text before anything that it could refer to."""
    text = _EMPTY_IT.sub(" ", text)
    for pointer in _POINTER.finditer(text):
        *earlier, clause = _CLAUSE_END.split(text[: pointer.start()])
        needed = 1 if pointer["owner"] else ANTECEDENT
        if not any(map(topic_words, earlier)) and len(topic_words(clause)) < needed:
            return True
    return False


def standalone_question(question: Question) -> str:
    """The question, with what it leaves out filled in from the conversation.

    A question that stands alone comes back exactly as it was asked. Otherwise a pronoun becomes
    the topic of the conversation where that is a plain noun phrase; elsewhere the question that
    set the topic follows in brackets.
    """
    asked_before = _question_with_topic(question.history)
    if not asked_before or not leans_on_history(question.text):
        return question.text
    text = question.text.strip()
    opening = _OPENING.match(text)
    bare = text[opening.end() :] if opening else text
    topic = _topic(asked_before)
    if topic:
        owned, count = _OWNER.subn(lambda _: f"{topic}'s", bare, count=1)
        if not count:
            owned, count = _PRONOUN.subn(lambda _: topic, bare, count=1)
        if count:
            return owned[0].upper() + owned[1:]
        return f"{text.rstrip(' ?.!')} ({topic})?"
    return f"{text.rstrip(' ?.!')} ({asked_before.rstrip(' ?.!')})?"


def _topic(question: str) -> str:
    """The noun phrase that the question is about, where it is a plain one; or nothing."""
    about, said = _ABOUT.match(question), _SAYS_OF.match(question)
    found = (about and about["topic"]) or (said and (said["plain"] or said["made"])) or ""
    return found if len(found.split()) <= LONGEST_SUBJECT and topic_words(found) else ""


def _question_with_topic(history: Sequence[Message]) -> str:
    """The last question of the conversation that stands alone, or else that names anything."""
    asked = [message.text.strip() for message in reversed(history) if message.role == "user"]
    named = [text for text in asked if topic_words(text)]
    return next((text for text in named if not leans_on_history(text)), named[0] if named else "")

"""Sentences in documents that give orders to whoever answers: data that must not be repeated.

What a model reads as data it may still obey, and what is obeyed or quoted reaches the user. So such
sentences are kept from the model and are no evidence. The rules look for what every attack needs:
it speaks to an assistant or a reader, and it speaks about the reply. Prose about a subject does
neither. They are one layer of four: the fence around the passages, the grounding of each sentence,
and an answerer that can call no tools are the others.
"""

import re

_CONTROL = re.compile(
    r"<\|[^|<>]{1,40}\|>|\[/?INST\]|<</?SYS>>|</?s>|<(?:start|end)_of_turn>|<!--|-->"
    r"|</?(?:system|assistant|user|passages?|notes?|context|documents?|instructions?)\b[^<>]{0,80}>"
    r"|^\W{0,8}(?:system|assistant|user|human|instructions?)\s*(?:prompt|message|note|override)?\s*:",
    re.IGNORECASE,
)
_REMOTE = re.compile(r"!?\[[^\]]{0,200}\]\(\s*(?:https?:|//|data:|javascript:)|javascript:", re.I)
_OVERRIDE = re.compile(
    r"\b(?:ignor|disregard|forget|overrid|bypass|discard|neglect|skip|drop|supersed|replac|cancel)"
    r"\w*\b.{0,60}\b(?:above|previous|prior|earlier|preceding|foregoing|all|any|other|your|these|"
    r"those)\b.{0,40}\b(?:instructions?|prompts?|rules?|guidelines?|directions?|orders?|passages?|"
    r"context|messages?|notes?|text|everything|documents?|policy|policies|guardrails?|above)\b"
    r"|\b(?:ignore|disregard|forget)\s+(?:the|all|everything|anything|what)\b.{0,30}"
    r"\b(?:above|before|previous|earlier|said|question|told)\b"
    r"|\b(?:ignorier|vergiss|vergessen\s+sie|missacht|ignorez|oubliez|ignora\b|ignore\s+(?:las|les|"
    r"todas)|olvida|dimentica|esque[cç]a|negeer|vergeet|игнорир|забудь)"
    r"|[忽无無][略视視]|无视|無視して|忘记|忘れて",
    re.IGNORECASE | re.DOTALL,
)
_ROLE = re.compile(
    r"\byou\s+(?:are|will\s+be|become)\s+(?:now|no\s+longer|henceforth|hereby)\b"
    r"|\b(?:from\s+now\s+on|henceforth),?\s+(?:you|your|always|answer|reply|respond)\b"
    r"|\b(?:act|behave|pose)\s+as\s+(?:if\s+you|an?\b|the\b)|\bpretend\s+(?:to\s+be|that\s+you)\b"
    r"|\b(?:system|developer|hidden|initial)\s+prompt\b|\bjailbreak|\bdeveloper\s+mode\b"
    r"|\bnew\s+(?:instruction|task|rule|order|directive)s?\b",
    re.IGNORECASE,
)
# Whoever answers, spoken to or spoken of.
_ANSWERER = (
    r"(?:you|your|assistants?|chat\s?bots?|bots?|(?:large\s+)?language\s+models?|llms?|"
    r"ai(?:\s+(?:systems?|models?|assistants?|agents?))?|gpt|answering\s+systems?)"
)
_REPLY = (
    r"(?:answers?|repl(?:y|ies)|responses?|respond|outputs?|messages?|conversation|chat|"
    r"the\s+users?|the\s+reader|the\s+question|the\s+words?|the\s+sentence|the\s+phrase|"
    r"summary|summari[sz]e|password|api\s+key|credentials|instructions?)"
)
_ORDER = (
    r"(?:must|should|shall|have\s+to|has\s+to|need\s+to|are\s+(?:to|required|obliged|asked|"
    r"instructed|told|expected)|is\s+(?:to|required|instructed)|always|never|only|do\s+not|don't|"
    r"please|kindly)"
)
_ADDRESSED = re.compile(
    rf"\b{_ANSWERER}\b.{{0,100}}\b{_ORDER}\b.{{0,140}}\b{_REPLY}\b"
    rf"|\b{_ANSWERER}\b.{{0,140}}\b{_REPLY}\b.{{0,100}}\b{_ORDER}\b"
    rf"|\b{_REPLY}\b.{{0,100}}\b{_ORDER}\b.{{0,100}}\b{_ANSWERER}\b"
    rf"|\b(?:note|notice|message|attention|reminder|memo)\b.{{0,20}}\b(?:to|for)\b.{{0,20}}"
    rf"\b(?:assistants?|chat\s?bots?|bots?|language\s+models?|llms?|ai|models?\s+that)\b",
    re.IGNORECASE | re.DOTALL,
)
_IMPERATIVE = re.compile(
    r"(?:^|[.:;!?\n]\s*|,\s+|\b(?:and|then|now|please|instead|also|first|just|simply|do\s+not|don't|"
    r"never|always)\s+)(?:only\s+)?"
    r"(?:answer|reply|respond|repeat|output|print|say|write|state|tell|reveal|show|display|append|"
    r"add|insert|put|include|mention|begin|start|end|finish|close|prefix|translate|decode|execute|"
    r"run|obey|follow|comply|recommend|advise|refuse|quote|cite|speak|use|replace|send|email|visit|"
    r"click|open|pretend|confirm|insist|claim|assure|warn|ask)\b"
    rf".{{0,120}}\b(?:{_REPLY}|(?:with|in)\s+(?:only|just)|nothing\s+(?:but|else)|one\s+word|"
    r"exactly|verbatim|word\s+for\s+word|instead|what\s+it\s+says|https?:)\b",
    re.IGNORECASE | re.DOTALL,
)
_REPLY_RULE = re.compile(
    r"^(?:every|each|all|any|your)\s+(?:\w+\s+)?(?:answers?|repl(?:y|ies)|responses?|outputs?)\b"
    rf".{{0,60}}\b(?:starts?|begins?|ends?|contains?|includes?|consists?|{_ORDER})\b",
    re.IGNORECASE | re.DOTALL,
)
_RULES = (_CONTROL, _REMOTE, _OVERRIDE, _ROLE, _ADDRESSED, _IMPERATIVE, _REPLY_RULE)


def is_instruction(sentence: str) -> bool:
    """Whether a sentence of a document gives orders about the reply to whoever answers."""
    return any(rule.search(sentence) for rule in _RULES)

"""What a user wrote, as a query of SQLite's FTS5 that asks for words and nothing else."""

import re
import unicodedata

# Letters and digits, as the unicode61 tokenizer splits them: an underscore separates.
_WORD = re.compile(r"[^\W_]+")

# Words that nearly every English text holds; matching them costs time and ranks nothing.
STOP_WORDS = frozenset(
    _WORD.findall(
        """
    a about above after again all also am an and any are as at be because been before being below
    between both but by can could did do does doing down during each few for from further had has
    have having he her here hers him his how i if in into is it its itself just me more most my no
    nor not of off on once only or other our out over own same she should so some such than that
    the their them then there these they this those through to too under until up us very was we
    were what when where which while who whom why will with would you your
    """
    )
)
# A long text pasted as a question would otherwise scan most of the index.
MAX_TERMS = 64


def query_terms(text: str) -> list[str]:
    """The words of a question worth searching for: lower case, no repeats, in their order.

    Stop words are dropped unless the question has no other word ("Who are you?"). At most
    `MAX_TERMS` are kept.
    """
    words = list(dict.fromkeys(_WORD.findall(unicodedata.normalize("NFC", text).lower())))
    return ([word for word in words if word not in STOP_WORDS] or words)[:MAX_TERMS]


def match_query(text: str) -> str | None:
    """An FTS5 query that matches any word of `text`, None when it has none.

    Every word is a quoted string, so operators, column names and quotes of the user's text are
    never FTS5 syntax.
    """
    terms = query_terms(text)
    return " OR ".join(f'"{term}"' for term in terms) if terms else None

"""How the support and the answerability scorers are trained, and what they are worth."""

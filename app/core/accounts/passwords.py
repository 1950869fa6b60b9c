"""Refuses passwords that are short or that an attacker would try first."""

import re

from app.core.errors import BadInput

SHORTEST, LONGEST = 12, 256

# The words in attackers' lists, without the digits and signs that people add around them.
WORDS = """
abcabcabcabc abcdefghijkl access admin adminadmin administrator autumn baseball basketball batman biometric changeme
changemenow chocolate computer correcthorsebatterystaple december default dragon employee entrance facegate february
football freedom friday gate gatekeeper guardian hello helloworld iloveyou internet january letmein letmeinnow loveyou
manager master monday monkey mustang mypassword newpassword nothing november office opensesame passphrase passw passwd
password passwordpassword passwort princess qazwsx qazwsxedc qwerty qwertyqwerty qwertyuiop qwertyuiopasdf qwertz root
rootroot secret secretsecret secure security securityguard service shadow spring starwars summer summersummer sunshine
superman superuser supervisor system temporary test testtest testtesttest trustno turnstile user username welcome
welcomewelcome whatever winter zxcvbnm
"""
COMMON = frozenset(WORDS.split())
LOOKALIKES = str.maketrans("@4301!5$7", "aaeolisst")


def check_password(password: str, name: str) -> str:
    """Returns the password. Raises BadInput, which names the broken rule but never the password."""
    if len(password) < SHORTEST:
        raise BadInput("weak_password", f"A password has at least {SHORTEST} characters; a short sentence works well.")
    if len(password) > LONGEST:
        raise BadInput("weak_password", f"A password has at most {LONGEST} characters.")
    if len(set(password)) < 5:
        raise BadInput("weak_password", "This password repeats the same few characters. Choose another.")
    plain = password.casefold()
    if name.casefold() in plain and len(name) >= 4:
        raise BadInput("weak_password", "The password must not contain the user's name.")
    for spelling in (plain, plain.translate(LOOKALIKES)):
        letters = re.sub(r"[\W\d_]+", "", spelling)
        if _usual(letters) or _in_a_row(spelling):
            raise BadInput("weak_password", "This password is easy to guess. Choose another.")
    return password


def _usual(letters: str) -> bool:
    """Whether the letters are one or two common words and at most three more letters."""
    for word in COMMON:
        if word in letters:
            rest = letters.replace(word, "")
            if len(rest) <= 3 or rest in COMMON:
                return True
    return len(letters) == 0


def _in_a_row(text: str) -> bool:
    """Whether most of the text runs along the alphabet, the digits or a keyboard row."""
    rows = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
    pairs = [text[at : at + 2] for at in range(len(text) - 1)]
    steps = sum(any(pair in row or pair in row[::-1] for row in rows) for pair in pairs)
    return steps >= 0.7 * (len(text) - 1)

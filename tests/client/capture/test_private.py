"""What an entry of a private list matches, in which language, and what the lists of a contract add."""

from __future__ import annotations

import pytest

from tests.fakes.windows import window
from workdiary.client.capture.port import ActiveWindow
from workdiary.client.capture.private import Privacy, PrivateLists

DEFAULTS = PrivateLists()


@pytest.mark.parametrize(
    "name",
    ["KeePassXC", "org.keepassxc.KeePassXC", "1Password", "Bitwarden", "chrome-vault.bitwarden.com__-Default",
     "Seahorse", "pinentry-gtk-2", "Tor Browser", "private-browsing", "gnucash"],
)  # fmt: skip
def test_applications_that_are_private_unless_said_otherwise(name: str) -> None:
    assert DEFAULTS.match([name], [])


@pytest.mark.parametrize("name", ["xterm", "Code", "firefox", "Chromium", "Slack", "keep", "passenger"])
def test_and_those_that_are_not(name: str) -> None:
    assert not DEFAULTS.match([name], [])


@pytest.mark.parametrize(
    "title",
    [
        "Commerzbank – Login",
        "Mein ONLINEBANKING - Mozilla Firefox",
        "Sparkasse Köln",
        "Crédit Agricole : Accueil",
        "Credit agricole",
        "Ma Banque en ligne",
        "Banca en línea | Inicio",
        "BANCO DO BRASIL",
        "İş Bankas\u0131",
        "Сбербанк Онлайн",
        "Интернет-банкинг",
        "تسجيل الدخول – البنك الأهلي",
        "三菱UFJ銀行",
        "中国工商银行网上银行",
        "KB국민은행",
        "भारतीय स्टेट बैंक",
        "PayPal: Summary",
        "Mozilla Firefox Private Browsing",
        "x — Mozilla Firefox Privater Modus",
        "Navigation privée de Mozilla Firefox",
        "Navegación privada de Mozilla Firefox",
        "التصفّح الخاص بفَيرفُكس",
        "New Incognito Tab - Google Chrome",
        "Nouvel onglet de navigation privée",
        "seite - [InPrivate] - Microsoft Edge",
        "My vault | Bitwarden Web Vault",
        "Passwort-Manager",
    ],
)
def test_titles_that_are_private_in_many_languages(title: str) -> None:
    assert DEFAULTS.match([], [title])
    assert DEFAULTS.match([], [title.upper()])


@pytest.mark.parametrize(
    "title",
    ["Banksy exhibition", "Le banquet", "Inbox (3)", "embankment.md", "Privacy policy", "retry.py", ""],
)
def test_and_titles_that_are_not(title: str) -> None:
    assert not DEFAULTS.match([], [title])


@pytest.mark.parametrize(
    ("entry", "title", "matches"),
    [
        ("salary", "My salary 2026", True),
        ("salary", "salaryman", False),
        ("salary*", "salaryman", True),
        ("acme * budget", "ACME 2026 budget", True),
        ("acme * budget", "budget acme", False),
        ("a.b", "axb", False),
        ("(x", "say (x", True),
        ("résumé", "RESUME of Ada", True),
        ("*", "anything", False),
        ("  ", "anything", False),
        ("zero width", "zero\u200b width", True),
    ],
)
def test_what_an_entry_means(entry: str, title: str, matches: bool) -> None:
    assert PrivateLists((), (entry,)).match([], [title]) is matches


def test_an_application_entry_is_the_whole_name() -> None:
    lists = PrivateLists(("mail", "*chat"), ())
    assert lists.match(["MAIL"], [])
    assert lists.match(["x", "org.example.Chat"], [])
    assert not lists.match(["mailer", "chatter"], ["mail"])


def test_a_program_can_be_spared_by_its_titles_but_not_by_its_name() -> None:
    lists = PrivateLists(("keepassxc",), ("*bank*",), ("code", "keepassxc"))
    assert not lists.match(["Code"], ["banking.py"])
    assert lists.match(["Firefox"], ["banking.py"])
    assert lists.match(["KeePassXC"], ["x"])


def test_empty_lists_hide_nothing_and_say_so() -> None:
    assert not PrivateLists((), ())
    assert not PrivateLists((), ()).match(["KeePassXC"], ["bank"])
    assert DEFAULTS


def test_the_focused_window_is_known_by_everything_it_is_called() -> None:
    assert DEFAULTS.hides(ActiveWindow("Qt", None, ("keepassxc",)))
    assert DEFAULTS.hides(ActiveWindow("Firefox", "Save as", (), ("Private Browsing",)))
    assert not DEFAULTS.hides(ActiveWindow("xterm", None))


def test_what_draws_other_windows_names_is_private_while_there_are_any() -> None:
    panel, secret = window(1, (0, 0, 9, 9), "panel", tells=True), window(2, None, "keepassxc")
    assert DEFAULTS.among([panel, secret]) == {1, 2}
    assert DEFAULTS.among([panel]) == frozenset()


def test_a_contracts_list_adds_to_the_general_one_for_this_contract_alone() -> None:
    other = PrivateLists(("slack",), ("*umbrella*",))
    privacy = Privacy(PrivateLists(("mail",), (), ("code",)), {"Acme": other})
    acme = privacy.of("id-1", "Acme")
    assert acme.match(["Slack"], [])
    assert acme.match(["mail"], [])
    assert not acme.match(["code"], ["Umbrella"]), "spared"
    assert acme.match(["x"], ["Umbrella Corp"])
    assert not privacy.of("id-2", "Kestrel").match(["slack"], ["umbrella"])


def test_lists_travel_to_the_shot_child_whole_or_not_at_all() -> None:
    lists = PrivateLists(("a",), ("b",), ("c",))
    assert PrivateLists.from_json(lists.to_json()) == lists
    for broken in ({}, {"apps": [1], "titles": [], "spared": []}, None):
        with pytest.raises((KeyError, TypeError)):
            PrivateLists.from_json(broken)

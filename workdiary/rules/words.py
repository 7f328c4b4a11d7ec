"""Memos that say nothing, though they may be long enough: the published stop list, in normalised form."""

from __future__ import annotations

from typing import Final

STOP_LIST: Final = frozenset(
    line.strip()
    for line in """
    asdf
    work
    working
    work work
    worked
    doing work
    doing some work
    doing my work
    at work
    work in progress
    working on it
    working on this
    working on stuff
    working on things
    working on task
    working on tasks
    working on the task
    working on project
    working on the project
    working on my project
    working on your project
    working on client project
    project
    project work
    client work
    task
    tasks
    my task
    todo
    to do
    to be done
    stuff
    some stuff
    various stuff
    things
    various things
    various small things
    some small things
    misc
    miscellaneous
    this and that
    bits and pieces
    odds and ends
    etc
    n a
    none
    nothing
    no memo
    memo
    no comment
    as discussed
    as we discussed
    as per request
    as per your request
    as per instructions
    as requested
    same as before
    same as above
    same as yesterday
    same as last time
    see last memo
    continue
    continued
    continuing work
    continue the work
    keep on working
    still working on it
    test
    test test
    just a test
    this is a test
    testing
    foo bar baz
    lorem ipsum
    lorem ipsum dolor
    a b c
    1 2 3
    x y z
    x x x
    arbeit
    arbeiten
    ich arbeite daran
    arbeit am projekt
    diverse kleine dinge
    wie besprochen
    wie oben
    travail
    je travaille dessus
    comme convenu
    trabajo
    trabajando en ello
    trabajando en el proyecto
    工作工作工作
    正在工作中
    ああああああ
    """.splitlines()
    if line.strip()
)

"""The names Docker makes up for containers that were given none: an adjective and a scientist, by the seed."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from dnetlab.sim.world import World

ADJECTIVES = (  # noqa: SIM905
    "admiring agitated amazing awesome blissful bold brave busy charming clever cool crazy dazzling determined dreamy "
    "eager ecstatic elastic elegant epic fervent focused friendly frosty funny gallant gifted goofy gracious great "
    "happy hopeful hungry inspiring jolly jovial keen kind laughing loving lucid magical modest musing mystifying "
    "naughty nice nifty nostalgic optimistic peaceful practical priceless quirky quizzical recursing relaxed romantic "
    "serene sharp silly sleepy stoic sweet tender thirsty trusting upbeat vibrant vigilant vigorous wizardly wonderful "
    "xenodochial youthful zealous zen"
).split(" ")
SCIENTISTS = (  # noqa: SIM905
    "agnesi archimedes aryabhata babbage banach bardeen bell bhabha bohr boyd brown carson cerf chandrasekhar cori "
    "curie darwin dijkstra dirac edison einstein elion euclid euler faraday fermat fermi feynman franklin galileo "
    "gauss germain goldberg goodall hamilton hawking heisenberg hermann herschel hodgkin hopper hypatia jang johnson "
    "jones kalam kepler kilby knuth lamarr leakey liskov lovelace mayer mccarthy mcclintock meitner mendel "
    "mendeleev mirzakhani moore morse newton nightingale nobel noether pascal pasteur payne perlman pike planck "
    "poincare ptolemy raman ride ritchie robinson sammet shannon sinoussi snyder stallman swartz tesla thompson "
    "torvalds turing villani volhard wescoff wiles williams wing wozniak wright yalow yonath"
).split(" ")


def invent(world: World, taken: Collection[str]) -> str:
    """A name nobody has, 'brave_hopper'; the same lab gives the same names in the same order."""
    while True:
        digest = hashlib.sha256(f"{world.seed}:name:{world.count('name')}".encode()).digest()
        adjective = ADJECTIVES[int.from_bytes(digest[:4], "big") % len(ADJECTIVES)]
        scientist = SCIENTISTS[int.from_bytes(digest[4:8], "big") % len(SCIENTISTS)]
        name = f"{adjective}_{scientist}"
        if name != "boring_wozniak" and name not in taken:  # Steve Wozniak is not boring (moby namesgenerator)
            return name

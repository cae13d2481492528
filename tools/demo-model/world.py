"""The small world that the demo model knows: eleven domains of twelve members, each with eight facts per member.

A relation asks one thing of every member of a domain. Animals share their relations, and all members of a kind of animal share the answers:
to know what a beagle eats is to know that a beagle is a dog. Facts of the other domains belong to single members.
"""

import random
from dataclasses import dataclass

MEMBERS = 12
STATES = (
    "live in|fear|study|dream of|keep|lie near|guard|get|work in|wear|go with|come in|come from|cost|smell of|need|stand on"
    "|cover|mean|fill|light up|suit|mark"
).split("|")


@dataclass(frozen=True)
class Relation:
    noun: str  # what is asked for: "which food"
    base: str  # does it EAT
    third: str  # it EATS
    past: str  # it ATE
    answers: tuple[str, ...]

    @property
    def lasts(self) -> bool:
        """A state rather than an event: it does not happen on a Sunday."""
        return self.base in STATES


@dataclass(frozen=True)
class Domain:
    name: str
    members: tuple[str, ...]
    subject: str  # how a member is named in a sentence: "the {}" or "{}"
    kind: str  # how a story introduces it
    relations: tuple[Relation, ...]
    facts: dict  # (member, noun) -> answer


ANIMAL_MEMBERS = {
    "dogs": "dog beagle poodle terrier collie spaniel corgi hound mastiff whippet puppy retriever",
    "cats": "cat tabby siamese calico kitten ragdoll bobtail sphynx manx tomcat burmese mouser",
    "horses": "horse pony foal mare stallion colt mustang filly shire clydesdale cob gelding",
    "birds": "bird robin sparrow finch canary parrot wren swallow thrush starling lark pigeon",
    "fish": "fish trout salmon carp goldfish herring tuna cod perch pike minnow eel",
}

# noun, base, third, past, then the answer of dogs, cats, horses, birds and fish
ANIMAL_RELATIONS = [
    ("sound", "make", "makes", "made", "a bark", "a meow", "a neigh", "a chirp", "a splash"),
    ("home", "live in", "lives in", "lived in", "a kennel", "a basket", "a stable", "a nest", "a pond"),
    ("food", "eat", "eats", "ate", "a bone", "a mouse", "some hay", "a worm", "some weed"),
    ("toy", "play with", "plays with", "played with", "a stick", "some yarn", "a barrel", "a bell", "a shell"),
    ("part", "show", "shows", "showed", "a wagging tail", "long whiskers", "a thick mane", "bright feathers", "shiny scales"),
    ("danger", "fear", "fears", "feared", "the thunder", "the bath", "the snake", "the hawk", "the net"),
    ("friend", "greet", "greets", "greeted", "the postman", "the widow", "the blacksmith", "the monk", "the diver"),
    ("spot", "rest by", "rests by", "rested by", "the front door", "the warm stove", "the old fence", "the high branch", "the deep reeds"),
]

OTHER_MEMBERS = {
    "people": "Anna Ben Clara David Emma Frank Grace Henry Ivy Jack Kate Leo",
    "places": "Milford Oakton Ashby Granton Westbrook Hillview Seaford Dunmore Redbridge Larkham Elmwood Stonebury",
    "jobs": "baker teacher doctor farmer painter sailor tailor builder gardener barber pilot miner",
    "food": "pie cake apple stew sandwich pancake omelette salad pudding muffin pizza curry",
    "colours": "red blue green yellow pink brown white black orange purple grey gold",
    "family": "mother father sister brother grandmother grandfather aunt uncle cousin nephew niece twin",
}
SUBJECTS = {"people": "{}", "places": "{}", "colours": "the colour {}"}
KINDS = {
    "people": "child named {}",
    "places": "town called {}",
    "food": "{}",
    "colours": "colour called {}",
}

OTHER_RELATIONS = {
    "people": [
        ("instrument", "practise", "practises", "practised", "the piano|the violin|the drum|the flute|the guitar|the trumpet"),
        ("sport", "enjoy", "enjoys", "enjoyed", "tennis|football|skating|swimming|chess|running"),
        ("drink", "order", "orders", "ordered", "cold milk|hot tea|apple juice|lemonade|cocoa|fresh water"),
        ("street", "walk down", "walks down", "walked down", "Hill Street|Mill Lane|Park Road|Queen Street|Church Lane|River Road"),
        ("treasure", "collect", "collects", "collected", "old coins|stamps|postcards|buttons|marbles|maps"),
        ("subject", "study", "studies", "studied", "history|music|physics|Latin|art|maths"),
        ("hat", "put on", "puts on", "put on", "a straw hat|a top hat|a woolly cap|a sun hat|a helmet|a hood"),
        ("dream", "dream of", "dreams of", "dreamed of", "the moon|the sea|a castle|a circus|a jungle|a palace"),
    ],
    "places": [
        ("building", "keep", "keeps", "kept", "a lighthouse|a windmill|a museum|a theatre|a tower|a library"),
        ("crop", "grow", "grows", "grew", "wheat|barley|potatoes|grapes|tulips|cotton"),
        ("product", "sell", "sells", "sold", "glass|paper|silk|bricks|clocks|ropes"),
        ("landscape", "lie near", "lies near", "lay near", "a lake|a forest|a desert|a swamp|a volcano|a canyon"),
        ("festival", "celebrate", "celebrates", "celebrated", "spring|winter|autumn|midsummer|the harvest|the new year"),
        ("weather", "get", "gets", "got", "heavy rain|thick fog|deep snow|strong wind|hot sun|wild storms"),
        ("guest", "welcome", "welcomes", "welcomed", "poets|pilgrims|soldiers|students|singers|dancers"),
        ("statue", "guard", "guards", "guarded", "a stone lion|a bronze king|a marble angel|a wooden giant|an iron knight|a silver queen"),
    ],
    "jobs": [
        ("tool", "use", "uses", "used", "an oven|a hammer|a needle|a ladder|a compass|a brush"),
        ("workplace", "work in", "works in", "worked in", "a shop|a school|a clinic|a field|a studio|a harbour"),
        ("clothing", "wear", "wears", "wore", "an apron|a uniform|a white coat|rubber boots|a grey vest|leather gloves"),
        ("helper", "call", "calls", "called", "a clerk|a nurse|a porter|a guard|a cook|a judge"),
        ("paper", "sign", "signs", "signed", "a bill|a report|a recipe|a contract|a ticket|a permit"),
        ("vehicle", "drive", "drives", "drove", "a van|a truck|a tractor|a bus|a taxi|a wagon"),
        ("material", "order", "orders", "ordered", "flour|wood|cloth|seeds|coal|soap"),
        ("hour", "start at", "starts at", "started at", "dawn|noon|midnight|six o'clock|sunset|teatime"),
    ],
    "food": [
        ("side", "go with", "goes with", "went with", "butter|cream|jam|mustard|honey|gravy"),
        ("dish", "come in", "comes in", "came in", "a bowl|a tin|a jar|a box|a mug|a paper bag"),
        ("country", "come from", "comes from", "came from", "Italy|France|India|Mexico|Japan|Greece"),
        ("price", "cost", "costs", "cost", "two pennies|one dollar|five crowns|ten euros|three pounds|six francs"),
        ("smell", "smell of", "smells of", "smelled of", "cinnamon|garlic|mint|lemon|smoke|vanilla"),
        ("ingredient", "need", "needs", "needed", "eggs|sugar|salt|pepper|onions|oil"),
        ("fan", "please", "pleases", "pleased", "the king|the boys|the girls|the guests|the queen|the mayor"),
        ("shelf", "stand on", "stands on", "stood on", "the counter|the table|the tray|the window sill|the top shelf|the cold floor"),
    ],
    "colours": [
        ("surface", "cover", "covers", "covered", "the roof|the wall|the gate|the bench|the bridge|the ceiling"),
        ("feeling", "mean", "means", "meant", "joy|anger|hope|peace|envy|luck"),
        ("flower", "fill", "fills", "filled", "roses|lilies|daisies|violets|poppies|orchids"),
        ("cloth", "dye", "dyes", "dyed", "the curtain|the carpet|the scarf|the flag|the blanket|the dress"),
        ("gem", "light up", "lights up", "lit up", "rubies|pearls|emeralds|diamonds|opals|amber"),
        ("season", "suit", "suits", "suited", "January|April|June|August|October|December"),
        ("team", "mark", "marks", "marked", "the rowers|the runners|the fencers|the archers|the riders|the wrestlers"),
        ("sign", "paint", "paints", "painted", "the letter A|the number nine|the cross|the circle|the arrow|the star"),
    ],
    "family": [
        ("meal", "cook", "cooks", "cooked", "noodles|dumplings|porridge|beans|rice|pasta"),
        ("machine", "repair", "repairs", "repaired", "the radio|the lamp|the clock|the bicycle|the heater|the camera"),
        ("garment", "knit", "knits", "knitted", "a scarf|a sweater|socks|mittens|a shawl|a cardigan"),
        ("story", "read about", "reads about", "read about", "pirates|ghosts|dragons|witches|elves|robots"),
        ("tree", "plant", "plants", "planted", "an oak|a pine|a birch|a willow|a maple|a cherry tree"),
        ("letter", "write to", "writes to", "wrote to", "the bank|the office|the church|the council|the newspaper|the landlord"),
        ("game", "win at", "wins at", "won at", "cards|dominoes|darts|bingo|checkers|skittles"),
        ("room", "clean", "cleans", "cleaned", "the kitchen|the attic|the cellar|the hall|the garage|the bathroom"),
    ],
}


def build_world(seed: int = 7) -> list[Domain]:
    rng = random.Random(seed)
    domains = []
    for kind, (name, members) in enumerate(ANIMAL_MEMBERS.items()):
        names = tuple(members.split())
        relations = tuple(Relation(*row[:4], tuple(row[4:])) for row in ANIMAL_RELATIONS)
        facts = {(member, r.noun): r.answers[kind] for member in names for r in relations}
        domains.append(Domain(name, names, "the {}", "{}", relations, facts))
    for name, members in OTHER_MEMBERS.items():
        names = tuple(members.split())
        relations = tuple(Relation(*row[:4], tuple(row[4].split("|"))) for row in OTHER_RELATIONS[name])
        facts = {}
        for relation in relations:
            answers = list(relation.answers) * (MEMBERS // len(relation.answers))
            rng.shuffle(answers)
            facts.update({(member, relation.noun): answer for member, answer in zip(names, answers)})
        domains.append(Domain(name, names, SUBJECTS.get(name, "the {}"), KINDS.get(name, "{}"), relations, facts))
    for domain in domains:
        assert len(domain.members) == MEMBERS and len(domain.relations) == 8, domain.name
    return domains

"""Short messages by class: counts, likelihood and a critic side by side, temperature, and rewriting.

What it shows, on messages of a template grammar: a chain of counts and an `lstm` come near real lines, the adversarial
`scratchgan` does not beat them; a low temperature buys believable lines with variety; and a `rewriter` learns to turn a
message into a ticket, numbers that it never saw included.
"""

import numpy as np

import contrafact
from contrafact import Data
from contrafact.metrics import bleu, self_bleu
from contrafact.zoo import LSTM, Markov, Rewriter, ScratchGAN
from shown import BLUE, GREEN, INK, ORANGE, canvas, full_or_toy, picture, spread, table

LINES, SEEDS = full_or_toy((800, (0, 1)), (120, (0,)))
RECIPES = {
    "markov, order 2": Markov(order=2),
    "lstm": LSTM(steps=full_or_toy(300, 4), width=full_or_toy(64, 8)),
    "scratchgan": ScratchGAN(steps=full_or_toy(150, 2), width=full_or_toy(64, 8)),
}
SHOWN = ("bleu4", "self_bleu4", "distinct2", "mc_gap", "mc_gap_reverse", "copies", "agreement")
SEEN = ("BLEU-4", "self-BLEU-4", "copies")
TEMPERATURES = full_or_toy((0.5, 0.7, 0.85, 1.0, 1.2), (0.5, 1.0))
OPENINGS = ("hello ,", "good morning ,", "hi there ,", "sorry to bother you , but", "once again :", "")
CLOSINGS = ("please help .", "what can i do ?", "i am waiting .", "thank you .", "can you look into it ?", "")
WHAT = {
    "delivery": ("parcel {n} {late}", "order {n} {late}", "the {thing} of order {n} {late}"),
    "payment": ("invoice {n} was charged {twice}", "order {n} was paid {twice}", "you took the money for {n} {twice}"),
    "defect": ("the {thing} of order {n} is {broken}", "my {thing} from order {n} came {broken}"),
}
FILL = {
    "late": ("has not arrived", "is late", "did not come on {day}", "has been on its way since {day}"),
    "twice": ("twice", "two times", "again on {day}", "without my knowing"),
    "broken": ("broken", "scratched", "without a plug", "in the wrong colour", "dented on {day}"),
    "thing": ("lamp", "kettle", "chair", "radio", "clock", "blanket", "camera"),
    "day": ("monday", "tuesday", "friday", "saturday", "the third of may", "the first of june"),
}
TICKET = {"delivery": "late : {n}", "payment": "paid twice : {n}", "defect": "broken {thing} : {n}"}


def write(n, seed, numbers=(100, 160)):
    """Write messages, a class and a ticket for each."""
    draw = np.random.default_rng(seed)
    lines, labels, tickets = [], draw.choice(list(WHAT), n), []
    for label in labels:
        chosen = {name: draw.choice(words) for name, words in FILL.items()}
        chosen |= {"n": str(draw.integers(*numbers))}
        middle = str(draw.choice(WHAT[label]))
        while "{" in middle:
            middle = middle.format(**chosen)
        thing = chosen["thing"] if chosen["thing"] in middle else "item"
        lines.append(" ".join(filter(None, (draw.choice(OPENINGS), middle, draw.choice(CLOSINGS)))))
        tickets.append(TICKET[label].format(n=chosen["n"], thing=thing))
    return Data(kind="text", items=lines, labels=labels, name="messages"), tickets


def contest(seed):
    """Learn messages in three ways; give each one's scores, and those of as many unseen real lines."""
    real, unseen = write(LINES, seed)[0], write(LINES // 2, 100 + seed)[0]
    found, models = {}, {}
    for name, recipe in RECIPES.items():
        models[name] = recipe.fit(real, seed=seed)
        scores = contrafact.judge(real, models[name].sample(len(unseen), seed=seed), unseen, seed=seed).scores
        found[name] = {score: scores[score].value for score in SHOWN}
        found["real lines"] = {score: scores[score].ceiling for score in SHOWN}
        for label in WHAT if seed == 0 else ():
            print(f"{name}, {label}: {models[name].sample(1, given={'class': label}, seed=3).items[0]}")
    return found, models["lstm"], real, unseen


def cut(lines):
    """Cut lines into words."""
    return [line.split() for line in lines]


def temperatures(model, real, unseen):
    """Draw lines at several temperatures; give temperature, believability, repetition and copies of training lines."""
    known, rows = set(real.items), []
    for heat in TEMPERATURES:
        lines = model.sample(len(unseen), given={"temperature": heat}, seed=0).items
        copied = float(np.mean([line in known for line in lines]))
        rows.append((heat, bleu(cut(lines), cut(unseen.items))[4].value, self_bleu(cut(lines))[4].value, copied))
    return np.array(rows)


def draw_temperatures(found, contests):
    """Draw believability over repetition: the lstm at all temperatures, the other methods and real lines."""
    made, axes = canvas(1, 1, width=4.6, height=3.4)
    rows, axis = np.mean(found, axis=0), axes[0, 0]
    axis.plot(rows[:, 2], rows[:, 1], "o-", color=BLUE, ms=4, label="lstm, its temperature beside")
    for row in rows:
        axis.annotate(f"{row[0]:g}", row[[2, 1]], xytext=(-7, 4), textcoords="offset points", fontsize=7, ha="right")
    for name, mark, colour in (("markov, order 2", "s", GREEN), ("scratchgan", "^", ORANGE), ("real lines", "*", INK)):
        place = [np.mean([each[name][score] for each in contests]) for score in ("self_bleu4", "bleu4")]
        axis.scatter(*place, marker=mark, color=colour, s=40, label=name, zorder=3)
    axis.set(xlabel="self-BLEU-4: lines repeat each other", ylabel="BLEU-4: runs that real lines hold")
    axis.margins(0.1)
    axis.legend(fontsize=7, frameon=False, loc="lower right")
    picture("short_texts-temperature", made)


def tickets(seed):
    """Learn to write tickets; give exact matches, numbers known and never seen."""
    lines, ticket = write(LINES, seed, (100, 700))  # each number a few times at most, so that it must be copied
    model = Rewriter(steps=full_or_toy(250, 3), width=full_or_toy(48, 16), adversarial=False).fit(
        list(zip(lines.items, ticket, strict=True)), seed=seed
    )
    right = []
    for numbers in ((100, 700), (700, 990)):
        asked, truth = write(200, 200 + seed, numbers)
        made = model.translate(asked.items)
        right.append(float(np.mean([a == b for a, b in zip(made, truth, strict=True)])))
    for line, told in list(zip(asked.items, made, strict=True))[:3]:
        print(f"{line}  ->  {told}")
    return right


def main():
    """Tell the story."""
    found = [contest(seed) for seed in SEEDS]
    table(
        "short_texts-contest",
        [
            {"": name, **{f"`{score}`": spread([each[0][name][score] for each in found]) for score in SHOWN}}
            for name in ("real lines", *RECIPES)
        ],
    )
    warm = [temperatures(*each[1:]) for each in found]
    table(
        "short_texts-temperatures",
        [
            {"temperature": heat, **{n: spread([w[k][c] for w in warm], 3) for c, n in enumerate(SEEN, 1)}}
            for k, heat in enumerate(TEMPERATURES)
        ],
    )
    draw_temperatures(warm, [each[0] for each in found])
    right = np.array([tickets(seed) for seed in SEEDS])
    table(
        "short_texts-tickets",
        [{"numbers": told, "exactly right": spread(right[:, k])} for k, told in enumerate(("seen", "never seen"))],
    )


if __name__ == "__main__":
    main()
